//! From a rule of the library to the rules of a policy: its form in this flavour, its values, its ids.

use stopgate_model::Action;

use super::{Flavour, RenderedRule, Renderer, site_key};
use crate::error::Place;
use crate::library::{Each, LibraryRule, Params};
use crate::manifest::RuleRef;
use crate::triggers::Known;
use crate::{Control, PackError, set_id};

/// A rule in one flavour.
struct Form<'a> {
    gate: &'a str,
    trigger: &'a str,
    params: Params,
    note: Option<&'a str>,
    known: Known,
}

/// What a rule of a control becomes: rules, or why none.
type Made = Result<Vec<RenderedRule>, String>;

impl<'a> Renderer<'a> {
    /// The rules that a reference stands for, or why it is left out.
    pub(super) fn rules(
        &self,
        control: &Control,
        number: usize,
        reference: &RuleRef,
        rule: &'a LibraryRule,
    ) -> Result<Made, PackError> {
        let place = self.place(control).rule(&reference.rule);
        let mut form = match self.form(rule) {
            Ok(form) => form,
            Err(reason) => return Ok(Err(reason)),
        };
        change(&mut form.params, reference, rule);
        let Some(items) = self.items(&place, rule)? else {
            let key = list_key(rule).unwrap_or("the list is empty");
            return Ok(Err(format!("site value missing: {key}")));
        };
        let site = self.site_values(&form);
        let sets = if self.decides_sources(rule, &form) { &[false, true][..] } else { &[false] };
        let mut made = Vec::new();
        for item in &items {
            let params = match self.params(&place, &form, item.as_deref())? {
                Ok(params) => params,
                Err(key) => return Ok(Err(format!("site value missing: {key}"))),
            };
            for for_sources in sets {
                let suffix = if *for_sources { "-src" } else { "" };
                let rule_set_id = format!("{}{suffix}", set_id(&self.selected.manifest.pack.prefix, &control.id));
                let suffix = item.as_ref().map(|item| format!("-{item}")).unwrap_or_default();
                made.push(RenderedRule {
                    id: format!("{rule_set_id}-r{number}{suffix}"),
                    rule_set_id,
                    library: reference.rule.clone(),
                    item: item.clone(),
                    gate: form.gate.to_owned(),
                    trigger: form.trigger.to_owned(),
                    action: self.action(reference.action.unwrap_or(rule.action)),
                    params: params.clone(),
                    site: site.clone(),
                    summary: rule.summary.clone(),
                    recommendation: rule.recommendation.clone(),
                    note: form.note.map(str::to_owned),
                    for_sources: *for_sources,
                });
            }
        }
        Ok(Ok(made))
    }

    fn action(&self, action: Action) -> Action {
        if self.values.report_only() { action.min(Action::Warn) } else { action }
    }

    /// The rule as this flavour can say it, or why it cannot.
    fn form(&self, rule: &'a LibraryRule) -> Result<Form<'a>, String> {
        let strict = self.options.flavour == Flavour::Strict;
        let (gate, trigger, params) = match &rule.strict {
            Some(instead) if strict => (&instead.gate, &instead.trigger, instead.params.clone()),
            _ => (&rule.gate, &rule.trigger, rule.params.clone()),
        };
        let missing = || format!("rule not available: {gate}.{trigger}");
        if strict && rule.strict.is_none() && rule.extension {
            return Err(missing());
        }
        let known = self.options.triggers.find(gate, trigger).ok_or_else(missing)?;
        let mut form = Form { gate, trigger, params, note: rule.strict_note.as_deref().filter(|_| strict), known };
        if !strict {
            for (name, value) in &rule.extended_params {
                if !known.has(name) {
                    return Err(format!("{} with {name}", missing()));
                }
                set(&mut form.params, name, value);
            }
        }
        Ok(form)
    }

    /// The items that a rule is repeated for, each once; `None`: there are none.
    fn items(&self, place: &Place, rule: &LibraryRule) -> Result<Option<Vec<Option<String>>>, PackError> {
        let all: Vec<String> = match &rule.each {
            None => return Ok(Some(vec![None])),
            Some(Each::Items(items)) => items.clone(),
            Some(Each::Parameter(text)) => {
                let key = list_key(rule).ok_or_else(|| place.fault(format!("`{text}` names no parameter")))?;
                self.site_value(place, key)?.split(',').map(|item| item.trim().to_owned()).collect()
            }
        };
        let mut items: Vec<Option<String>> = Vec::new();
        for item in all.into_iter().filter(|item| !item.is_empty()).map(Some) {
            if !items.contains(&item) {
                items.push(item);
            }
        }
        Ok((!items.is_empty()).then_some(items))
    }

    /// The parameters with their values, or the key of the site value that is missing.
    fn params(&self, place: &Place, form: &Form<'_>, item: Option<&str>) -> Result<Result<Params, String>, PackError> {
        let mut params = Params::new();
        for (name, text) in &form.params {
            let value = match (site_key(text), text.strip_prefix('@')) {
                (Some(key), _) => match self.site_value(place, key)? {
                    "" => return Ok(Err(key.to_owned())),
                    value => value.to_owned(),
                },
                (None, Some("each")) => {
                    item.ok_or_else(|| place.fault("it names `@each` and has no `each`"))?.to_owned()
                }
                (None, Some(name)) if name.starts_with("RX-") => {
                    let pattern = self.library.patterns.get(name);
                    pattern.ok_or_else(|| place.fault(format!("the rule library has no pattern `{name}`")))?.clone()
                }
                (None, _) => text.clone(),
            };
            params.push((name.clone(), value));
        }
        Ok(Ok(params))
    }

    /// The site parameters that the rule's own parameters name.
    fn site_values(&self, form: &Form<'_>) -> Params {
        let keys = form.params.iter().filter_map(|(_, text)| site_key(text));
        keys.filter_map(|key| Some((key.to_owned(), self.values.get(key)?.to_owned()))).collect()
    }

    fn site_value(&self, place: &Place, key: &str) -> Result<&str, PackError> {
        self.values.get(key).ok_or_else(|| place.fault(format!("the pack has no parameter `{key}`")))
    }

    /// Whether the rule stands in the rule set for source trees as well.
    fn decides_sources(&self, rule: &LibraryRule, form: &Form<'_>) -> bool {
        // What Anchore evaluates of a source tree.
        let anchore = || {
            matches!(
                (form.gate, form.trigger),
                ("vulnerabilities", "package" | "denylist" | "stale_feed_data") | ("always", _)
            )
        };
        rule.sources && form.known.sees_sources() && (self.options.flavour == Flavour::Extended || anchore())
    }
}

/// The site parameter that lists what a rule is repeated for.
fn list_key(rule: &LibraryRule) -> Option<&str> {
    match &rule.each {
        Some(Each::Parameter(text)) => site_key(text),
        Some(Each::Items(_)) | None => None,
    }
}

/// Puts the values of a reference in place of the library's. A name that only the other flavour has is not for this
/// one; a name that neither has is a further parameter.
fn change(params: &mut Params, reference: &RuleRef, rule: &LibraryRule) {
    let strict = rule.strict.iter().flat_map(|strict| &strict.params);
    let elsewhere: Vec<&String> =
        rule.params.iter().chain(&rule.extended_params).chain(strict).map(|(name, _)| name).collect();
    for (name, value) in &reference.params {
        if params.iter().any(|(known, _)| known == name) || !elsewhere.contains(&name) {
            set(params, name, value);
        }
    }
}

fn set(params: &mut Params, name: &str, value: &str) {
    match params.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => value.clone_into(old),
        None => params.push((name.to_owned(), value.to_owned())),
    }
}

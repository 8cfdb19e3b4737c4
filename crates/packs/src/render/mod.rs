//! From a pack and its site parameters to a policy document that Anchore loads too.
//!
//! A rule stands once, under the first control that it serves; further controls refer to it. A rule whose site
//! value is empty or whose trigger does not exist is left out, and its controls say so.

mod document;
mod rule;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use serde_json::Value;
use stopgate_model::{Action, PackIdentity};
use uuid::Uuid;

use crate::error::Place;
use crate::framework::FrameworkControl;
use crate::library::{Each, Library, LibraryRule, Params};
use crate::manifest::{RuleRef, Variant};
use crate::triggers::Triggers;
use crate::values::{ResolvedParameter, Values};
use crate::{AssessClass, Control, PackError, Selected};

/// Which triggers a rendered pack may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Anchore's only: the document loads there.
    Strict,
    /// Ours as well.
    Extended,
}

impl Flavour {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Strict, Self::Extended];

    /// Name in policy ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Extended => "extended",
        }
    }

    /// The flavour of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flavour| flavour.name() == name)
    }
}

/// How to render a pack.
#[derive(Debug, Clone)]
pub struct RenderOptions {
    /// Which triggers may be used.
    pub flavour: Flavour,
    /// Values in place of the defaults of parameters.
    pub values: BTreeMap<String, String>,
    /// What the engine can run.
    pub triggers: Triggers,
}

impl RenderOptions {
    /// With all that the engine can run, and the defaults of parameters.
    pub fn new(flavour: Flavour) -> Self {
        Self { flavour, values: BTreeMap::new(), triggers: Triggers::of_engine() }
    }
}

/// A rule as it was rendered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedRule {
    /// Id in the policy.
    pub id: String,
    /// Id of its rule set.
    pub rule_set_id: String,
    /// Id in the rule library.
    pub library: String,
    /// The item of a list that it is for.
    pub item: Option<String>,
    /// Gate.
    pub gate: String,
    /// Trigger.
    pub trigger: String,
    /// Action.
    pub action: Action,
    /// Parameters, in their order.
    pub params: Params,
    /// Site parameters that it has a value of, with their values.
    pub site: Params,
    /// What it finds, one clause.
    pub summary: String,
    /// What to do, one sentence.
    pub recommendation: String,
    /// What this flavour of it does not see, one clause.
    pub note: Option<String>,
    /// Whether it stands in a rule set for source trees.
    pub for_sources: bool,
}

impl RenderedRule {
    /// The value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A rule that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Id in the rule library.
    pub library: String,
    /// What it finds, one clause.
    pub summary: String,
    /// Why, one clause.
    pub reason: String,
}

/// A control as it was rendered.
#[derive(Debug, Clone)]
pub struct RenderedControl {
    /// The control.
    pub control: Control,
    /// What the framework says of it.
    pub named: FrameworkControl,
    /// Ids of the rules that serve it, those for source trees as well.
    pub rule_ids: Vec<String>,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
}

/// A pack as a policy.
#[derive(Debug, Clone)]
pub struct RenderedPack {
    /// Name by which it is selected: `cis-docker`, `nist-800-53-low`.
    pub name: String,
    /// `cis-docker 2026.1`.
    pub title: String,
    /// What reports name it.
    pub identity: PackIdentity,
    /// The flavour.
    pub flavour: Flavour,
    /// The policy document.
    pub policy: Value,
    /// Its controls.
    pub controls: Vec<RenderedControl>,
    /// Its rules, in the order of the policy.
    pub rules: Vec<RenderedRule>,
    /// Its parameters with the values that were used.
    pub parameters: Vec<ResolvedParameter>,
}

impl RenderedPack {
    /// Ids of the controls that a rule serves.
    pub fn controls_of<'a>(&'a self, rule_id: &'a str) -> impl Iterator<Item = &'a str> {
        self.controls
            .iter()
            .filter(move |rendered| rendered.rule_ids.iter().any(|id| id == rule_id))
            .map(|rendered| rendered.control.id.as_str())
    }

    /// The controls of every rule, by its id.
    pub fn controls_by_rule(&self) -> BTreeMap<String, Vec<String>> {
        let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for rendered in &self.controls {
            for id in &rendered.rule_ids {
                all.entry(id.clone()).or_default().push(rendered.control.id.clone());
            }
        }
        all
    }

    /// The rules that serve a control.
    pub fn rules_of<'a>(&'a self, control: &'a RenderedControl) -> impl Iterator<Item = &'a RenderedRule> {
        control.rule_ids.iter().filter_map(|id| self.rules.iter().find(|rule| rule.id == *id))
    }
}

/// What a rule does: gate, trigger, parameters, action, and whether it looks at source trees.
type Deed = (String, String, Params, Action, bool);

impl RenderedRule {
    fn deed(&self) -> Deed {
        (self.gate.clone(), self.trigger.clone(), self.params.clone(), self.action, self.for_sources)
    }
}

/// Ids of the rules that already stand under a control. Two references may differ and come to the same, as when a site
/// gives two parameters one value.
type Placed = BTreeMap<Deed, String>;

/// What rendering works with.
pub(crate) struct Renderer<'a> {
    selected: &'a Selected,
    library: &'a Library,
    options: &'a RenderOptions,
    values: Values,
    placed: Placed,
}

/// Renders a pack.
pub fn render(selected: &Selected, options: &RenderOptions) -> Result<RenderedPack, PackError> {
    render_with(selected, options, Library::embedded()?)
}

pub(crate) fn render_with(
    selected: &Selected,
    options: &RenderOptions,
    library: &Library,
) -> Result<RenderedPack, PackError> {
    let (manifest, variant) = (&selected.manifest, selected.variant());
    let values = Values::of(manifest, variant, &options.values)?;
    let mut renderer = Renderer { selected, library, options, values, placed: Placed::new() };
    let (mut controls, mut rules) = (Vec::new(), Vec::new());
    for control in manifest.controls.iter().filter(|control| is_selected(variant, &control.id)) {
        let (made, rendered) = renderer.control(control)?;
        rules.extend(made);
        controls.push(rendered);
    }
    let parameters = renderer.values.all;
    let mut pack = RenderedPack {
        name: selected.name(),
        title: format!("{} {}", selected.name(), manifest.pack.version),
        identity: identity(selected),
        flavour: options.flavour,
        policy: Value::Null,
        controls,
        rules,
        parameters,
    };
    pack.policy = document::policy(selected, &pack, &policy_id(selected, options.flavour));
    Ok(pack)
}

fn identity(selected: &Selected) -> PackIdentity {
    let (pack, framework) = (&selected.manifest.pack, &selected.framework);
    PackIdentity {
        id: selected.name(),
        title: pack.title.clone(),
        version: pack.version.clone(),
        framework: framework.id.clone(),
        framework_name: framework.name.clone(),
        framework_version: framework.version.clone(),
        publisher: framework.publisher.clone(),
    }
}

fn is_selected(variant: Option<&Variant>, control: &str) -> bool {
    variant.is_none_or(|variant| variant.controls.iter().any(|id| id == control))
}

/// The key of a site parameter in `${key}`.
fn site_key(text: &str) -> Option<&str> {
    let key = text.strip_prefix("${")?.strip_suffix('}')?;
    key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-').then_some(key)
}

/// The same for every release, so that importing a newer one replaces the older.
fn policy_id(selected: &Selected, flavour: Flavour) -> String {
    let variant = selected.variant.as_deref().unwrap_or("default");
    let name = format!("{}/{variant}/{}", selected.manifest.pack.id, flavour.name());
    Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string()
}

impl<'a> Renderer<'a> {
    /// The rules that stand under a control, and the control with all that serve it.
    fn control(&mut self, control: &Control) -> Result<(Vec<RenderedRule>, RenderedControl), PackError> {
        let (mut rules, mut left_out, mut rule_ids) = (Vec::new(), Vec::new(), Vec::new());
        for (position, reference) in control.rules.iter().enumerate() {
            let place = self.place(control).rule(&reference.rule);
            let rule = self.library.rules.get(&reference.rule);
            let rule: &'a LibraryRule = rule.ok_or_else(|| place.fault("the rule library does not have it"))?;
            self.note_uses(control, reference, rule);
            match self.rules(control, position + 1, reference, rule)? {
                Ok(made) => {
                    for rule in made {
                        match self.placed.entry(rule.deed()) {
                            Entry::Occupied(known) => rule_ids.push(known.get().clone()),
                            Entry::Vacant(free) => {
                                rule_ids.push(free.insert(rule.id.clone()).clone());
                                rules.push(rule);
                            }
                        }
                    }
                }
                Err(reason) => {
                    let (library, summary) = (reference.rule.clone(), rule.summary.clone());
                    left_out.push(LeftOut { library, summary, reason });
                }
            }
        }
        rules.sort_by_key(|rule| rule.for_sources);
        let known = self.selected.framework.control(&control.id).cloned();
        let named = known.unwrap_or_else(|| FrameworkControl { id: control.id.clone(), ..FrameworkControl::default() });
        Ok((rules, RenderedControl { control: control.clone(), named, rule_ids, left_out }))
    }

    fn place(&self, control: &Control) -> Place {
        Place::pack(&self.selected.manifest.pack.id).control(&control.id)
    }

    /// Notes the site parameters that a rule uses.
    fn note_uses(&mut self, control: &Control, reference: &RuleRef, rule: &LibraryRule) {
        let strict = rule.strict.iter().flat_map(|strict| &strict.params);
        let values = rule.params.iter().chain(&rule.extended_params).chain(strict).chain(&reference.params);
        let each = match &rule.each {
            Some(Each::Parameter(text)) => Some(text.as_str()),
            Some(Each::Items(_)) | None => None,
        };
        let keys: Vec<&str> = values.map(|(_, value)| value.as_str()).chain(each).filter_map(site_key).collect();
        for key in keys {
            self.values.used(key, &control.id);
        }
    }
}

impl Selected {
    /// Controls of which an artifact shows something, by class: full, partial, supporting; and nothing.
    pub fn classes(&self) -> [usize; 4] {
        let mut counts = [0; 4];
        let [full, partial, supporting, none] = &mut counts;
        for control in self.manifest.controls.iter().filter(|control| is_selected(self.variant(), &control.id)) {
            *match control.assess {
                AssessClass::Full => &mut *full,
                AssessClass::Partial => &mut *partial,
                AssessClass::Supporting => &mut *supporting,
                AssessClass::None => &mut *none,
            } += 1;
        }
        counts
    }
}

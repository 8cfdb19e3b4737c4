//! From a pack and its site parameters to a policy document that Anchore loads too.
//!
//! A rule stands once, under the first control that it serves; further controls refer to it. A rule whose site
//! value is empty or whose trigger does not exist is left out, and its controls say so.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::library::{Each, Library, LibraryRule};
use crate::manifest::RuleRef;
use crate::{AssessClass, Control, Manifest, PackError};

/// Which triggers a rendered pack may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flavour {
    /// Anchore's only: the document loads there.
    Strict,
    /// Ours as well.
    Extended,
}

impl Flavour {
    /// Name in policy ids.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Extended => "extended",
        }
    }
}

/// A control as it was rendered.
#[derive(Debug, Clone)]
pub struct RenderedControl {
    /// The control.
    pub control: Control,
    /// Ids of the rules that serve it.
    pub rule_ids: Vec<String>,
    /// Why rules were left out, one clause each.
    pub left_out: Vec<String>,
}

/// A pack as a policy.
#[derive(Debug, Clone)]
pub struct RenderedPack {
    /// Id of the pack.
    pub pack_id: String,
    /// `cis-docker 2026.1`.
    pub title: String,
    /// The policy document.
    pub policy: Value,
    /// Its controls.
    pub controls: Vec<RenderedControl>,
}

impl RenderedPack {
    /// Ids of the controls that a rule serves.
    pub fn controls_of<'a>(&'a self, rule_id: &'a str) -> impl Iterator<Item = &'a str> {
        self.controls
            .iter()
            .filter(move |rendered| rendered.rule_ids.iter().any(|id| id == rule_id))
            .map(|rendered| rendered.control.id.as_str())
    }
}

/// Renders a pack. `available` tells whether the engine has a trigger of a gate; `values` override the
/// defaults of site parameters.
pub fn render(
    manifest: &Manifest,
    values: &BTreeMap<String, String>,
    flavour: Flavour,
    available: &dyn Fn(&str, &str) -> bool,
) -> Result<RenderedPack, PackError> {
    let library = Library::embedded()?;
    let mut renderer = Renderer { library, parameters: parameters(manifest, values)?, flavour, available };
    let (mut rule_sets, mut image_ids, mut source_ids) = (Vec::new(), Vec::new(), Vec::new());
    let mut controls = Vec::new();
    let mut placed = BTreeMap::new();
    for control in &manifest.controls {
        let (rules, rendered) = renderer.control(manifest, control, &mut placed)?;
        let source_rules: Vec<Value> = rules.iter().filter(|rule| decides_sources(rule)).map(for_sources).collect();
        if !rules.is_empty() {
            let id = set_id(manifest, control);
            rule_sets.push(rule_set(manifest, control, &id, "image", &rules));
            image_ids.push(id);
        }
        if !source_rules.is_empty() {
            let id = format!("{}-src", set_id(manifest, control));
            rule_sets.push(rule_set(manifest, control, &id, "source", &source_rules));
            source_ids.push(id);
        }
        controls.push(rendered);
    }
    let pack = &manifest.pack;
    let name = format!("{}/default/{}", pack.id, flavour.name());
    let source_mappings = if source_ids.is_empty() {
        json!([])
    } else {
        json!([{"id": "default-src", "name": "every source tree", "host": "*", "repository": "*",
                "rule_set_ids": source_ids, "allowlist_ids": []}])
    };
    let policy = json!({
        "id": Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string(),
        "name": format!("{} {}", pack.title, pack.version),
        "description": format!("{} {}, rendered for {} inputs", pack.framework.name, pack.framework.version, flavour.name()),
        "version": "2",
        "rule_sets": rule_sets,
        "allowlists": [],
        "mappings": [{"id": "default", "name": "every image", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"}, "rule_set_ids": image_ids, "allowlist_ids": []}],
        "source_mappings": source_mappings,
        "allowlisted_images": [],
        "denylisted_images": [],
    });
    Ok(RenderedPack { pack_id: pack.id.clone(), title: format!("{} {}", pack.id, pack.version), policy, controls })
}

fn parameters(manifest: &Manifest, values: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, PackError> {
    let mut merged: BTreeMap<String, String> =
        manifest.parameters.iter().map(|parameter| (parameter.key.clone(), parameter.default.clone())).collect();
    for (key, value) in values {
        if merged.insert(key.clone(), value.clone()).is_none() {
            let known: Vec<_> = manifest.parameters.iter().map(|parameter| parameter.key.as_str()).collect();
            return Err(PackError::UnknownParameter {
                pack: manifest.pack.id.clone(),
                key: key.clone(),
                known: known.join(", "),
            });
        }
    }
    Ok(merged)
}

fn set_id(manifest: &Manifest, control: &Control) -> String {
    format!("{}-{}", manifest.pack.prefix, control.id.replace('(', ".").replace(')', ""))
}

fn rule_set(manifest: &Manifest, control: &Control, id: &str, artifact_type: &str, rules: &[Value]) -> Value {
    json!({
        "id": id,
        "name": format!("{} {} - {}", manifest.pack.framework.name, control.id, control.title),
        "description": format!("Not assessed: {}.", control.not_assessed),
        "version": "2",
        "artifact_type": artifact_type,
        "rules": rules,
    })
}

/// Source trees are decided by vulnerabilities alone (policy-spec: source rule sets).
fn decides_sources(rule: &Value) -> bool {
    let is =
        |key: &str, words: &[&str]| rule.get(key).and_then(Value::as_str).is_some_and(|word| words.contains(&word));
    is("gate", &["vulnerabilities"]) && is("trigger", &["package", "denylist", "stale_feed_data"])
}

fn for_sources(rule: &Value) -> Value {
    let mut rule = rule.clone();
    if let Some(Value::String(id)) = rule.get_mut("id") {
        // `cis-4.4-r3` becomes `cis-4.4-src-r3`.
        *id = match id.rsplit_once("-r") {
            Some((set, number)) => format!("{set}-src-r{number}"),
            None => format!("{id}-src"),
        };
    }
    rule
}

struct Renderer<'a> {
    library: Library,
    parameters: BTreeMap<String, String>,
    flavour: Flavour,
    available: &'a dyn Fn(&str, &str) -> bool,
}

/// Rule references that already stand under a control, with the ids that they got.
type Placed = BTreeMap<(String, String), Vec<String>>;

impl Renderer<'_> {
    fn control(
        &mut self,
        manifest: &Manifest,
        control: &Control,
        placed: &mut Placed,
    ) -> Result<(Vec<Value>, RenderedControl), PackError> {
        let mut rules = Vec::new();
        let mut rendered = RenderedControl { control: control.clone(), rule_ids: Vec::new(), left_out: Vec::new() };
        for (position, reference) in control.rules.iter().enumerate() {
            let rule = self
                .library
                .rules
                .get(&reference.rule)
                .ok_or_else(|| PackError::UnknownRule { control: control.id.clone(), rule: reference.rule.clone() })?;
            let key = (reference.rule.clone(), reference.action.clone().unwrap_or_else(|| rule.action.clone()));
            if let Some(ids) = placed.get(&key) {
                rendered.rule_ids.extend(ids.iter().cloned());
                continue;
            }
            match self.rule(manifest, control, position + 1, reference, rule)? {
                Ok(made) => {
                    let ids: Vec<String> =
                        made.iter().filter_map(|rule| Some(rule.get("id")?.as_str()?.to_owned())).collect();
                    rendered.rule_ids.extend(ids.iter().cloned());
                    placed.insert(key, ids);
                    rules.extend(made);
                }
                Err(reason) => rendered.left_out.push(reason),
            }
        }
        if control.assess == AssessClass::None {
            rendered.rule_ids.clear();
        }
        Ok((rules, rendered))
    }

    /// The rules that a reference stands for, or why it is left out.
    fn rule(
        &self,
        manifest: &Manifest,
        control: &Control,
        number: usize,
        reference: &RuleRef,
        rule: &LibraryRule,
    ) -> Result<Result<Vec<Value>, String>, PackError> {
        if (rule.extension && self.flavour == Flavour::Strict) || !(self.available)(&rule.gate, &rule.trigger) {
            return Ok(Err(format!("rule not available: {}.{}", rule.gate, rule.trigger)));
        }
        let base = format!("{}-r{number}", set_id(manifest, control));
        let items: Vec<Option<&str>> = match &rule.each {
            None => vec![None],
            Some(Each::Items(items)) => items.iter().map(|item| Some(item.as_str())).collect(),
            Some(Each::Parameter(text)) => {
                let value = self.site_value(text).unwrap_or_default();
                value.split(',').map(str::trim).filter(|item| !item.is_empty()).map(Some).collect()
            }
        };
        let mut made = Vec::new();
        for item in &items {
            let mut params = Vec::new();
            for (name, value) in &rule.params {
                let value =
                    reference.params.get(name).map_or_else(|| value.as_str().unwrap_or_default(), String::as_str);
                let Some(value) = self.value(&reference.rule, value, *item)? else {
                    return Ok(Err(format!("site value missing: {}", value.trim_matches(['$', '{', '}']))));
                };
                params.push(json!({"name": name, "value": value}));
            }
            let framework = &manifest.pack.framework.name;
            made.push(json!({
                "id": item.map_or_else(|| base.clone(), |item| format!("{base}-{item}")),
                "gate": rule.gate,
                "trigger": rule.trigger,
                "action": reference.action.as_ref().unwrap_or(&rule.action),
                "params": params,
                "description": format!("[{framework} {}] {}", control.id, rule.summary),
                "recommendation": format!("{} ({framework} {})", rule.recommendation, control.id),
            }));
        }
        Ok(if made.is_empty() { Err("site value missing: the list is empty".to_owned()) } else { Ok(made) })
    }

    fn site_value(&self, text: &str) -> Option<&str> {
        let key = text.strip_prefix("${")?.strip_suffix('}')?;
        self.parameters.get(key).map(String::as_str)
    }

    /// A parameter's value; `None` when its site value is empty.
    fn value(&self, rule: &str, text: &str, item: Option<&str>) -> Result<Option<String>, PackError> {
        if let Some(name) = text.strip_prefix('@').filter(|name| name.starts_with("RX-")) {
            let pattern = self.library.patterns.get(name);
            return pattern
                .map(|pattern| Some(pattern.clone()))
                .ok_or_else(|| PackError::UnknownPattern { rule: rule.to_owned(), pattern: name.to_owned() });
        }
        if text == "@each" {
            return Ok(item.map(str::to_owned));
        }
        if text.starts_with("${") {
            return Ok(self.site_value(text).filter(|value| !value.is_empty()).map(str::to_owned));
        }
        Ok(Some(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::{Flavour, render};
    use crate::{AssessClass, PACKS};

    fn rendered(values: &[(&str, &str)], available: &dyn Fn(&str, &str) -> bool) -> crate::RenderedPack {
        let values: BTreeMap<String, String> =
            values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        render(&PACKS[0].manifest().unwrap(), &values, Flavour::Extended, available).unwrap()
    }

    #[test]
    fn every_control_has_rules_or_a_reason_and_every_rule_a_recommendation() {
        for pack in PACKS {
            let manifest = pack.manifest().unwrap();
            for control in &manifest.controls {
                assert!(!control.rules.is_empty() || !control.not_assessed.is_empty(), "{}", control.id);
                assert_eq!(control.rules.is_empty(), control.assess == AssessClass::None, "{}", control.id);
            }
            let pack = rendered(&[], &|_, _| true);
            let sets = pack.policy["rule_sets"].as_array().unwrap().iter();
            let rules: Vec<_> = sets.flat_map(|set| set["rules"].as_array().unwrap()).collect();
            let ids: BTreeSet<_> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
            assert_eq!(ids.len(), rules.len());
            assert!(rules.iter().all(|rule| rule["recommendation"].as_str().unwrap().len() > 20));
        }
    }

    #[test]
    fn a_rule_without_its_site_value_or_trigger_is_left_out_and_said_so() {
        let pack = rendered(&[], &|gate, _| gate != "ancestry");
        let bases = pack.controls.iter().find(|rendered| rendered.control.id == "4.2").unwrap();
        assert!(bases.rule_ids.is_empty());
        assert!(bases.left_out.iter().any(|reason| reason == "rule not available: ancestry.no_ancestors_analyzed"));
        assert!(bases.left_out.iter().any(|reason| reason == "site value missing: approved_base_pattern"));
        let pack = rendered(&[("approved_base_pattern", "^quay.io/.*")], &|_, _| true);
        let bases = pack.controls.iter().find(|rendered| rendered.control.id == "4.2").unwrap();
        assert!(bases.rule_ids.iter().any(|id| id == "cis-4.2-r4"));
    }

    #[test]
    fn a_rule_that_serves_two_controls_stands_once() {
        let pack = rendered(&[], &|_, _| true);
        assert_eq!(pack.controls_of("cis-4.6-r1").collect::<Vec<_>>(), ["4.6", "5.27"]);
    }

    #[test]
    fn an_unknown_site_parameter_is_named() {
        let values = BTreeMap::from([("ports".to_owned(), "1".to_owned())]);
        let manifest = PACKS[0].manifest().unwrap();
        let error = render(&manifest, &values, Flavour::Strict, &|_, _| true).unwrap_err().to_string();
        assert!(error.contains("no parameter `ports`") && error.contains("allowed_ports"), "{error}");
    }
}

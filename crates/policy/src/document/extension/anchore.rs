//! A policy for Anchore, which knows no side-car: parameters filled in, modes as actions, exceptions as allowlist
//! items where a trigger id can express them. An item never accepts more than its exception; what cannot be
//! expressed is told.

use serde_json::{Map, Value, json};
use stopgate_model::{Action, Purl};

use super::{Exception, Extension, Mode, RuleExtension, Selector, VersionSelector};
use crate::document::policy::{Policy, Rule};
use crate::pattern::Pattern;

/// Id of the allowlist that the exceptions become.
const LIST: &str = "stopgate-exceptions";

/// A document for Anchore, and what of the side-car it does not say.
#[derive(Debug)]
pub struct ForAnchore {
    /// The policy, bundle format v2.
    pub document: Value,
    /// One clause for each thing that was left out.
    pub left_out: Vec<String>,
}

/// Makes a document of a policy and its side-car.
pub fn for_anchore(policy: &Policy) -> ForAnchore {
    let mut left_out = Vec::new();
    let mut document = policy.to_value();
    for (set_index, set) in policy.rule_sets.iter().enumerate() {
        let rules: Vec<Value> = set.rules.iter().filter_map(|rule| plain_rule(rule, &mut left_out)).collect();
        if let Some(slot) = document.pointer_mut(&format!("/rule_sets/{set_index}/rules")) {
            *slot = Value::Array(rules);
        }
    }
    let exceptions = policy.extension.as_ref().map_or(&[][..], |extension: &Extension| &extension.exceptions);
    let items: Vec<Value> = exceptions.iter().filter_map(|exception| item(exception, &mut left_out)).collect();
    if !items.is_empty() {
        add_list(&mut document, &items);
    }
    ForAnchore { document, left_out }
}

fn plain_rule(rule: &Rule, left_out: &mut Vec<String>) -> Option<Value> {
    let RuleExtension { mode, enforce_from, old, .. } = &rule.extension;
    let mut told = |what: &str| left_out.push(format!("rule `{}`: {what}", rule.id));
    if *mode == Mode::Off {
        told("it is off, so it was left out");
        return None;
    }
    if enforce_from.is_some() {
        told("its start date was left out, so it counts at once");
    }
    if old.is_some() {
        told("its grace period for old findings was left out");
    }
    let mut value = rule.to_value();
    let params = rule.values.iter().map(|param| json!({"name": param.name, "value": param.value}));
    if let Value::Object(fields) = &mut value {
        fields.insert("params".to_owned(), params.collect());
        if *mode == Mode::Audit && rule.action == Action::Stop {
            fields.insert("action".to_owned(), "WARN".into());
        }
    }
    Some(value)
}

fn item(exception: &Exception, left_out: &mut Vec<String>) -> Option<Value> {
    let Some(trigger_id) = trigger_id(&exception.select) else {
        left_out.push(format!("exception `{}`: no trigger id selects the same findings", exception.id));
        return None;
    };
    let mut item = Map::new();
    item.insert("id".to_owned(), exception.id.as_str().into());
    item.insert("gate".to_owned(), "vulnerabilities".into());
    item.insert("trigger_id".to_owned(), trigger_id.into());
    item.insert("expires_on".to_owned(), exception.expires.text.as_str().into());
    let words = [Some(&exception.reason), exception.ticket.as_ref()];
    let description: Vec<&str> = words.into_iter().flatten().map(String::as_str).collect();
    item.insert("description".to_owned(), description.join(", ").into());
    Some(Value::Object(item))
}

/// `CVE+package` for a selector that names a vulnerability, and a package whose key is known.
fn trigger_id(select: &Selector) -> Option<String> {
    let named = |pattern: &Option<Pattern>, words: &[&str]| {
        pattern.as_ref().is_none_or(|pattern| pattern.literal().is_some_and(|text| words.contains(&text)))
    };
    let others = [&select.path, &select.rule, &select.control, &select.image, &select.tag, &select.trigger];
    if others.iter().any(|pattern| pattern.is_some()) || !named(&select.gate, &["vulnerabilities"]) {
        return None;
    }
    let vulnerability = select.vulnerability.as_ref()?.as_str();
    if vulnerability.starts_with("regexp:") || vulnerability.contains('+') {
        return None;
    }
    let (Some(purl), version) = (&select.purl, &select.version) else {
        return select.version.is_none().then(|| format!("{vulnerability}+*"));
    };
    let purl = Purl::parse(purl.literal()?).ok()?;
    let exact = match version {
        None => Some(purl.version.clone()).filter(|version| !version.is_empty()),
        Some(VersionSelector::Exactly(pattern)) => Some(pattern.literal()?.to_owned()),
        Some(VersionSelector::Range(_)) => return None,
    };
    match (purl.package_type.as_str(), exact) {
        // The key of a distribution's package is its name, whatever the version.
        ("deb" | "rpm" | "apk" | "alpm", None) => Some(format!("{vulnerability}+{}", purl.name)),
        ("golang" | "composer", Some(version)) if !purl.namespace.is_empty() => {
            Some(format!("{vulnerability}+{}/{}-{version}", purl.namespace, purl.name))
        }
        ("pypi" | "golang" | "cargo" | "nuget", Some(version)) => {
            Some(format!("{vulnerability}+{}-{version}", purl.name))
        }
        _ => None,
    }
}

fn add_list(document: &mut Value, items: &[Value]) {
    let list = json!({"id": LIST, "name": "Exceptions", "version": "2", "items": items});
    if let Some(Value::Array(lists)) = document.get_mut("allowlists") {
        lists.push(list);
    }
    for mappings in ["mappings", "source_mappings", "sbom_mappings"] {
        let Some(Value::Array(mappings)) = document.get_mut(mappings) else { continue };
        for mapping in mappings {
            if let Some(Value::Array(ids)) = mapping.get_mut("allowlist_ids") {
                ids.push(LIST.into());
            }
        }
    }
}

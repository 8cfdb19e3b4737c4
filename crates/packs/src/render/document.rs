//! The policy document: one rule set per control, for images and, where a rule says something of them, source trees.

use serde_json::{Value, json};

use super::{Flavour, RenderedControl, RenderedPack, RenderedRule};
use crate::framework::Framework;
use crate::library::action_word;
use crate::{Selected, set_id};

pub(super) fn policy(selected: &Selected, pack: &RenderedPack, id: &str) -> Value {
    let (manifest, framework) = (&selected.manifest, &selected.framework);
    let mut rule_sets = Vec::new();
    let (mut image_ids, mut source_ids) = (Vec::new(), Vec::new());
    for control in &pack.controls {
        let id = set_id(&manifest.pack.prefix, &control.control.id);
        for (suffix, artifact_type, ids) in [("", "image", &mut image_ids), ("-src", "source", &mut source_ids)] {
            let id = format!("{id}{suffix}");
            let rules = pack.rules.iter().filter(|rule| rule.rule_set_id == id);
            let rules: Vec<Value> = rules.map(|rule| rule_value(framework, control, rule, pack.flavour)).collect();
            if !rules.is_empty() {
                rule_sets.push(rule_set(framework, control, &id, artifact_type, &rules));
                ids.push(id);
            }
        }
    }
    // Without a rule nothing may pass for checked: what no mapping matches is not decided.
    let mappings = if image_ids.is_empty() {
        json!([])
    } else {
        json!([{"id": "default", "name": "every image", "registry": "*", "repository": "*",
                "image": {"type": "tag", "value": "*"}, "rule_set_ids": image_ids, "allowlist_ids": []}])
    };
    let source_mappings = if source_ids.is_empty() {
        json!([])
    } else {
        json!([{"id": "default-src", "name": "every source tree", "host": "*", "repository": "*",
                "rule_set_ids": source_ids, "allowlist_ids": []}])
    };
    let variant = selected.variant().map(|variant| format!(" ({})", variant.title)).unwrap_or_default();
    json!({
        "id": id,
        "name": format!("{}{variant} {}", manifest.pack.title, manifest.pack.version),
        "description": format!("{} {}, rendered for {} inputs", framework.name, framework.version, pack.flavour.name()),
        "version": "2",
        "rule_sets": rule_sets,
        "allowlists": [],
        "mappings": mappings,
        "source_mappings": source_mappings,
        "allowlisted_images": [],
        "denylisted_images": [],
    })
}

fn rule_set(framework: &Framework, control: &RenderedControl, id: &str, artifact_type: &str, rules: &[Value]) -> Value {
    let left = match control.control.not_assessed.as_str() {
        "" => "All that an artifact can show of it is assessed.".to_owned(),
        text => format!("Not assessed: {text}."),
    };
    let title = if control.named.title.is_empty() { String::new() } else { format!(" - {}", control.named.title) };
    json!({
        "id": id,
        "name": format!("{} {}{title}", framework.name, control.control.id),
        "description": left,
        "version": "2",
        "artifact_type": artifact_type,
        "rules": rules,
    })
}

fn rule_value(framework: &Framework, control: &RenderedControl, rule: &RenderedRule, flavour: Flavour) -> Value {
    let cited = format!("{} {}", framework.name, control.control.id);
    let related: Vec<String> = std::iter::once(cited.clone()).chain(control.named.related.texts()).collect();
    let note = match (&rule.note, flavour) {
        (Some(note), Flavour::Strict) => format!("; {note}"),
        _ => String::new(),
    };
    let params: Vec<Value> = rule.params.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({
        "id": rule.id,
        "gate": rule.gate,
        "trigger": rule.trigger,
        "action": action_word(rule.action),
        "params": params,
        "description": format!("[{}] {}{note}", related.join("; "), rule.summary),
        "recommendation": format!("{} ({cited})", rule.recommendation),
    })
}

//! The schema of a parameter's value, which is always a text.

use serde_json::{Value, json};

use crate::trigger::AnyTrigger;
use crate::trigger::params::{Param, ParamSpec};

/// What stands for the value of a parameter of the policy.
const PLACEHOLDER: &str = r"^\$\{[A-Za-z0-9_.-]+\}$";

/// Values of one parameter.
pub(super) fn value(row: &dyn AnyTrigger, spec: &ParamSpec) -> Value {
    let mut forms = Vec::new();
    match (spec.kind.words, spec.kind.pattern) {
        ([], "") if spec.required => forms.push(json!({"minLength": 1})),
        ([], "") => forms.push(json!({})),
        ([], pattern) => forms.push(json!({"pattern": pattern})),
        (words, _) => {
            forms.push(json!({"enum": words}));
            let others = other_spellings(row, spec);
            if !others.is_empty() {
                forms.push(json!({"pattern": format!("^(?:{})$", others.join("|"))}));
            }
        }
    }
    if !spec.required && spec.default.is_none() {
        forms.push(json!({"const": "", "description": "As good as absent."}));
    }
    forms.push(json!({"pattern": PLACEHOLDER, "description": "A parameter of the policy, from its side-car."}));
    let mut value = json!({"type": "string", "description": description(spec), "anyOf": forms});
    if let Some(members) = value.as_object_mut() {
        if let Some(default) = spec.default {
            members.insert("default".to_owned(), Value::from(default));
        }
        if let Some(example) = spec.example {
            members.insert("examples".to_owned(), json!([example]));
        }
    }
    value
}

fn description(spec: &ParamSpec) -> String {
    let expected = match spec.kind.words {
        [] => format!(" A value is {}.", spec.kind.expected),
        _ => String::new(),
    };
    let default = spec.default.map_or(String::new(), |default| format!(" `{default}` when absent."));
    format!("{}{expected}{default}", spec.description.trim())
}

/// Words in other cases that the trigger takes as well, as expressions. Words are letters and `_` then.
fn other_spellings(row: &dyn AnyTrigger, spec: &ParamSpec) -> Vec<String> {
    let words = spec.kind.words;
    let variants = words.iter().flat_map(|word| {
        let (lower, upper) = (word.to_lowercase(), word.to_uppercase());
        let title = upper.chars().take(1).chain(lower.chars().skip(1)).collect();
        [lower, upper, title]
    });
    let mut spellings: Vec<String> = variants
        .filter(|variant| variant.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_'))
        .filter(|variant| !words.contains(&variant.as_str()) && accepts(row, spec, variant))
        .collect();
    spellings.sort();
    spellings.dedup();
    spellings
}

/// Whether the trigger takes this value, the other required parameters being their examples.
fn accepts(row: &dyn AnyTrigger, spec: &ParamSpec, value: &str) -> bool {
    let others = row.params().iter().filter(|other| other.required && other.name != spec.name);
    let others = others.filter_map(|other| Some((other.name, other.example?)));
    let params: Vec<Param> = others
        .chain([(spec.name, value)])
        .map(|(name, value)| Param { name: name.to_owned(), value: value.to_owned() })
        .collect();
    row.bind(&params).is_ok()
}

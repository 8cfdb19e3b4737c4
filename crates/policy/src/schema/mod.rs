//! JSON Schema (draft 2020-12) of policies and side-cars, the policy specification as JSON, and example
//! rules: all made from the registry, for editors, servers and documentation.
//!
//! The schemas say how documents should be written. Reading is more lenient: it takes other cases of words
//! and names, older names, `null` for what is absent, and version `1_0`.

mod bundle;
mod example;
mod extension;
mod policy_spec;
mod rules;
mod values;

use serde_json::{Map, Value, json};

pub use bundle::schema;
pub use example::example_rule;
#[cfg(test)]
pub(crate) use example::full_example_rule;
pub use extension::extension_schema;
pub use policy_spec::policy_spec;

/// The draft that both schemas are written in.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A closed object. Fields whose name ends in `!` must be there.
fn object<const N: usize>(description: &str, fields: [(&str, Value); N]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (name, schema) in fields {
        let bare = name.trim_end_matches('!');
        if bare != name {
            required.push(Value::from(bare));
        }
        properties.insert(bare.to_owned(), schema);
    }
    let mut schema = json!({"type": "object", "description": description, "additionalProperties": false});
    if let Some(members) = schema.as_object_mut() {
        if !required.is_empty() {
            members.insert("required".to_owned(), Value::Array(required));
        }
        members.insert("properties".to_owned(), Value::Object(properties));
    }
    schema
}

/// A text that is not blank.
fn full_text(description: &str) -> Value {
    json!({"type": "string", "pattern": "\\S", "description": description})
}

/// A text that must be there and may be empty.
fn text(description: &str) -> Value {
    json!({"type": "string", "description": description})
}

/// A text that may be left out.
fn maybe_text(description: &str) -> Value {
    json!({"type": ["string", "null"], "description": description})
}

/// One of some words.
fn word(description: &str, words: &[(&str, &str)]) -> Value {
    let words: Vec<Value> = words.iter().map(|(word, about)| json!({"const": word, "description": about})).collect();
    json!({"description": description, "anyOf": words})
}

/// A time, as it should be written.
fn time(description: &str) -> Value {
    json!({"type": "string", "pattern": "^\\d{4}-\\d{2}-\\d{2}(?:[T ]|$)", "description": description,
           "examples": ["2027-01-31T00:00:00Z"]})
}

fn list(description: &str, items: &Value) -> Value {
    json!({"type": "array", "description": description, "items": items})
}

fn maybe_list(description: &str, items: &Value) -> Value {
    json!({"type": ["array", "null"], "description": description, "items": items})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/$defs/{name}")})
}

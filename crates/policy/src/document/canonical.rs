//! Canonical JSON (RFC 8785 as far as policies need it: texts, booleans, integers; members sorted by
//! their names' UTF-16 units) and its digest.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use stopgate_model::Digest;

/// Digest of a value's canonical JSON.
pub(crate) fn digest(value: &Value) -> Digest {
    Digest::sha256(&Sha256::digest(text(value).as_bytes()).into())
}

/// A value as canonical JSON.
pub(crate) fn text(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            out.push('{');
            for (index, (name, item)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(item, out);
            }
            out.push('}');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::digest;

    #[test]
    fn does_not_depend_on_the_order_of_members() {
        assert_eq!(digest(&json!({"a": [1, "x"], "b": true})), digest(&json!({"b": true, "a": [1, "x"]})));
        assert_ne!(digest(&json!({"a": 1})), digest(&json!({"a": 2})));
    }
}

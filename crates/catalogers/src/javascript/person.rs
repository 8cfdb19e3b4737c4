//! The people of a `package.json`: `Name <mail> (address)` as text or as an object, alone or in a list
//! (docs.npmjs.com, "people fields").

use serde_json::Value;

/// All people of these fields as text, joined by commas. In a list somebody without a readable name
/// still takes a place, as in syft.
pub(super) fn people(fields: &[Option<&Value>]) -> String {
    let mut all = Vec::new();
    for field in fields.iter().flatten() {
        let list = match field {
            Value::Array(list) => list.as_slice(),
            single => std::slice::from_ref(*single),
        };
        all.push(list.iter().map(person).collect::<Vec<_>>().join(", "));
    }
    all.retain(|text| !text.is_empty());
    all.join(", ")
}

fn person(value: &Value) -> String {
    match value {
        Value::String(text) => from_text(text),
        Value::Object(fields) => {
            let field = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or("");
            written(field("name"), field("email"), field("url"))
        }
        _ => String::new(),
    }
}

fn written(name: &str, email: &str, url: &str) -> String {
    let mut text = name.to_owned();
    for (value, open, close) in [(email, " <", ">"), (url, " (", ")")] {
        if !value.is_empty() {
            text.push_str(open);
            text.push_str(value);
            text.push_str(close);
        }
    }
    text
}

/// Reads `Name <mail> (address)`. A bracket must follow a space, else the text names nobody, as in npm.
fn from_text(text: &str) -> String {
    let Some(bracket) = text.find(['<', '(']) else { return text.trim_start().to_owned() };
    let (name, mut rest) = text.split_at(bracket);
    if !name.ends_with(char::is_whitespace) {
        return String::new();
    }
    rest = rest.trim_end();
    let (mut email, mut url) = ("", "");
    if let Some(open) = rest.strip_prefix('<') {
        let Some(close) = open.rfind('>') else { return String::new() };
        (email, rest) = (open.get(..close).unwrap_or(""), open.get(close + 1..).unwrap_or(""));
        if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
            return String::new();
        }
        rest = rest.trim_start();
    }
    if let Some(inner) = rest.strip_prefix('(') {
        let Some(inner) = inner.strip_suffix(')') else { return String::new() };
        (url, rest) = (inner, "");
    }
    if !rest.is_empty() {
        return String::new();
    }
    written(name.trim(), email, url)
}

#[cfg(test)]
mod tests {
    use super::people;
    use serde_json::json;

    #[test]
    fn people_are_read_in_all_their_shapes() {
        for (value, expected) in [
            (
                json!("Ann Example <ann@example.org> (https://example.org)"),
                "Ann Example <ann@example.org> (https://example.org)",
            ),
            (json!("Ann Example (example.org)"), "Ann Example (example.org)"),
            (json!("Ann @ann"), "Ann @ann"),
            (json!({"name": "Ann", "email": "a@example.org", "web": 1}), "Ann <a@example.org>"),
            (json!([{"name": "Ann"}, "Bob <b@example.org>"]), "Ann, Bob <b@example.org>"),
            (json!("Ann<ann@example.org>"), ""),
            (json!("<ann@example.org>"), ""),
            (json!(["", "Bob"]), ", Bob"),
            (json!("Ann <broken"), ""),
            (json!(7), ""),
            (json!(""), ""),
        ] {
            assert_eq!(people(&[Some(&value), None]), expected, "{value}");
        }
    }
}

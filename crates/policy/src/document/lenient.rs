//! Documents that people keep as policies although they are none: JSON with comments, a rule set or an allowlist alone.
//! Reading is strict; this makes a policy of them when somebody asks for it.

use serde_json::{Value, json};
use uuid::Uuid;

use super::convert::Change;
use super::error::PolicyError;
use super::tree;

/// A document that was made a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LenientDocument {
    /// The policy.
    pub document: Vec<u8>,
    /// What was changed.
    pub changes: Vec<Change>,
}

/// The document as a policy. What is a policy already stays as it is.
pub fn lenient(document: &[u8]) -> Result<LenientDocument, PolicyError> {
    let mut changes = Vec::new();
    let mut change = |text: &str| changes.push(Change { pointer: String::new(), text: text.to_owned() });
    let text = String::from_utf8_lossy(document);
    let bare = without_comments(&text);
    let document = match bare {
        Some(bare) if std::str::from_utf8(document).is_ok() => {
            change("comments were left out");
            bare.into_bytes()
        }
        _ => document.to_vec(),
    };
    let root = tree::read(&document)?;
    let has = |key: &str| root.get(key).is_some();
    if has("rule_sets") || has("policies") || !(has("rules") || has("items")) {
        return Ok(LenientDocument { document, changes });
    }
    change(if has("rules") {
        "the rule set was put into a policy with one mapping"
    } else {
        "the allowlist was put into a policy without rules"
    });
    let document = wrapped(root.to_value()).to_string().into_bytes();
    Ok(LenientDocument { document, changes })
}

/// A policy that holds the rule set or allowlist alone, of the version that it has.
fn wrapped(mut own: Value) -> Value {
    let content = own.to_string();
    let stable = |what: &str| Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{what} {content}").as_bytes()).to_string();
    let id = own.get("id").and_then(Value::as_str).map_or_else(|| stable("list"), str::to_owned);
    let name = own.get("name").and_then(Value::as_str).unwrap_or(&id).to_owned();
    let old = own.get("version").and_then(Value::as_str) == Some("1_0");
    for (key, value) in [("id", &id), ("name", &name)] {
        if let Some(fields) = own.as_object_mut() {
            fields.entry(key).or_insert_with(|| json!(value));
        }
    }
    let is_rules = own.get("rules").is_some();
    let (rules, items) = if is_rules { (vec![own], vec![]) } else { (vec![], vec![own]) };
    let ids = |there: bool| if there { json!([id]) } else { json!([]) };
    let [rule_sets, allowlists, rule_set_ids, allowlist_ids] = if old {
        ["policies", "whitelists", "policy_ids", "whitelist_ids"]
    } else {
        ["rule_sets", "allowlists", "rule_set_ids", "allowlist_ids"]
    };
    json!({
        "id": stable("policy"), "name": name, "version": if old { "1_0" } else { "2" },
        rule_sets: rules, allowlists: items,
        "mappings": [{"id": stable("mapping"), "name": "default", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"},
                      rule_set_ids: ids(is_rules), allowlist_ids: ids(!is_rules)}],
    })
}

/// JSON with blanks in place of `//…`, `/*…*/` and `#…`, so that places stay; `None` when there is no comment.
fn without_comments(text: &str) -> Option<String> {
    if !text.lines().any(|line| line.trim_start().starts_with('{')) {
        return None;
    }
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut found) = (text, false);
    while let Some(c) = rest.chars().next() {
        let token = match c {
            '"' => string_end(rest),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            c => c.len_utf8(),
        };
        let (head, tail) = rest.split_at_checked(token)?;
        if matches!(c, '#' | '/') {
            found = true;
            out.extend(head.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
        } else {
            out.push_str(head);
        }
        rest = tail;
    }
    found.then_some(out)
}

/// Behind the quote that ends the string at the start.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use crate::document::{ParseOptions, lenient, parse};

    fn made(document: &str) -> (Vec<String>, String) {
        let made = lenient(document.as_bytes()).unwrap();
        let policy = parse(&made.document, ParseOptions::default()).unwrap().policy;
        (made.changes.into_iter().map(|change| change.text).collect(), policy.to_json())
    }

    #[test]
    fn a_rule_set_alone_becomes_a_policy_of_its_version() {
        for (version, trigger) in [("1_0", "blacklist"), ("2", "denylist")] {
            let rule = format!(
                r#"{{"id":"r","gate":"packages","trigger":"{trigger}","action":"STOP","params":[{{"name":"name","value":"x"}}]}}"#
            );
            let (changes, policy) =
                made(&format!(r#"{{"id":"own","version":"{version}","name":"n","rules":[{rule}]}}"#));
            assert_eq!(changes, ["the rule set was put into a policy with one mapping"]);
            assert!(policy.contains(r#""rule_set_ids":["own"]"#) && policy.contains("denylist"), "{policy}");
        }
    }

    #[test]
    fn an_allowlist_alone_becomes_a_policy_without_rules() {
        let (_, policy) =
            made(r#"{"id":"own","version":"1_0","items":[{"id":"i","gate":"always","trigger_id":"always"}]}"#);
        assert!(policy.contains(r#""allowlist_ids":["own"]"#) && policy.contains(r#""rule_sets":[]"#), "{policy}");
    }

    #[test]
    fn comments_are_left_out_where_they_are_comments() {
        let text = "# a\n{ // b\n\"id\": \"x // y # z \\\" /* \", /* c\n */ \"rules\": [], \"version\": \"2\"} // d";
        let (changes, policy) = made(text);
        assert_eq!(changes[0], "comments were left out");
        assert!(policy.contains(r#"x // y # z \" /* "#), "{policy}");
    }

    #[test]
    fn a_policy_stays_as_it_is_and_nonsense_is_an_error() {
        let policy = r#"{"id":"p","name":"p","version":"2","rule_sets":[],"mappings":[]}"#;
        let expected = super::LenientDocument { document: policy.as_bytes().to_vec(), changes: vec![] };
        assert_eq!(lenient(policy.as_bytes()).unwrap(), expected);
        for text in [&b"{"[..], b"/", b"{\"", b"{/*", "{\u{e9}//".as_bytes(), b"{\xff// x"] {
            let read = lenient(text).is_ok_and(|made| parse(&made.document, ParseOptions::default()).is_ok());
            assert!(!read, "{text:?}");
        }
    }
}

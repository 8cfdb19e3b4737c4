//! What is refused, with every error at its place.

use serde_json::{Value, json};

use super::document;
use crate::{ParseOptions, PolicyError, parse};

fn errors(document: &Value) -> Vec<String> {
    parse(document.to_string().as_bytes(), ParseOptions::default())
        .unwrap_err()
        .into_iter()
        .map(|PolicyError { pointer, message, help, .. }| match help {
            Some(help) => format!("{pointer}: {message} ({help})"),
            None => format!("{pointer}: {message}"),
        })
        .collect()
}

#[test]
fn a_flood_of_values_or_errors_is_cut() {
    let flood = |element: &str, count: usize| {
        let elements = vec![element; count].join(",");
        let text =
            format!("{{\"id\":\"x\",\"name\":\"x\",\"version\":\"2\",\"mappings\":[],\"rule_sets\":[{elements}]}}");
        parse(text.as_bytes(), ParseOptions::default()).unwrap_err()
    };
    let errors = flood("{}", 100_000);
    assert_eq!(errors.len(), 10_001);
    assert_eq!(errors.last().unwrap().message, "only the first 10000 problems are told");
    let errors = flood("1", 4_100_000);
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0].message, "the document has more than 4000000 values");
}

#[test]
fn the_schema_that_an_editor_uses_is_no_part_of_a_document() {
    let plain = document(&["stop always.always"]);
    let mut named = plain.clone();
    named["$schema"] = Value::from("./policy.schema.json");
    let read = |document: &Value| parse(document.to_string().as_bytes(), ParseOptions { strict: true }).unwrap().policy;
    assert_eq!(read(&named).to_json(), read(&plain).to_json());
    assert_eq!(read(&named).digest(), read(&plain).digest());
    named["$schema"] = Value::from(1);
    assert_eq!(errors(&named), ["/$schema: `$schema` is a number: expected a text (write the value in quotes)"]);
    let side_car = |text: &str| crate::parse_extension(text.as_bytes()).unwrap().digest();
    assert_eq!(
        side_car(r#"{"$schema": "x", "schema": "stopgate-policy-ext/1", "policy_id": "p"}"#),
        side_car(r#"{"schema": "stopgate-policy-ext/1", "policy_id": "p"}"#)
    );
}

#[test]
fn every_error_is_told_at_once() {
    let mut policy = document(&[
        "stop vulnerabilites.package package_type=all",
        "stop vulnerabilities.pakage package_type=all",
        "HELLO vulnerabilities.package package_type=some; severty=high; severity=hgih",
        "stop vulnerabilities.package",
        "stop metadata.attribute attribute=layer_count; check=>; value=0.1",
    ]);
    policy["mappings"][0]["rule_set_ids"] = json!(["rs", "r"]);
    policy["naem"] = Value::from("x");
    policy["allowlists"][0]["items"] =
        json!([{"id": "i", "gate": "always", "trigger_id": "always", "expires_on": "soon"}]);
    let found = errors(&policy);
    let rules = "/rule_sets/0/rules";
    let expected = [
        "/naem: the policy has no field `naem` (did you mean `name`?)".to_owned(),
        format!("{rules}/0/gate: rule `r1`: there is no gate `vulnerabilites` (did you mean `vulnerabilities`?)"),
        format!("{rules}/1/trigger: rule `r2`: gate `vulnerabilities` has no trigger `pakage` (did you mean `package`?)"),
        format!("{rules}/2/action: `action` does not accept `HELLO`: expected one of `STOP` `WARN` `GO`"),
        format!("{rules}/2/params/1/name: rule `r3`: there is no parameter `severty` (did you mean `severity`?)"),
        format!("{rules}/2/params/0/value: rule `r3`: parameter `package_type` does not accept `some`: expected one of `all` `os` `non-os`"),
        format!("{rules}/2/params/2/value: rule `r3`: parameter `severity` does not accept `hgih`: expected one of `unknown` `negligible` `low` `medium` `high` `critical` (did you mean `high`?)"),
        format!("{rules}/3/params: rule `r4`: parameter `package_type` is missing: expected one of `all` `os` `non-os` (for example `all`)"),
        format!("{rules}/4/params: rule `r5`: parameter `value` does not accept `0.1` for attribute `layer_count`: expected a whole number"),
        "/allowlists/0/items/0/expires_on: `expires_on` does not accept `soon`: expected a time of RFC 3339 (for example `2027-01-31T00:00:00Z`)".to_owned(),
        "/mappings/0/rule_set_ids/1: there is no rule set `r`".to_owned(),
    ];
    for line in &expected {
        assert!(found.contains(line), "missing: {line}\nfound: {found:#?}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
}

#[test]
fn the_schema_is_closed_and_typed() {
    for (pointer, value, part) in [
        ("/rule_sets/0/rules/0/params/0/value", json!(7), "`value` is a number: expected a text"),
        ("/rule_sets/0/rules/0/action", Value::Null, "the rule has no `action`"),
        ("/rule_sets", json!({}), "`rule_sets` is an object: expected a list"),
        ("/rule_sets/0/version", json!("1_0"), "version `1_0` is not supported"),
        ("/version", json!("3"), "version `3` is not supported: expected `2` or `1_0`"),
        ("/name", json!(""), "`name` is empty"),
        ("/mappings/0/image/type", json!("tags"), "`type` does not accept `tags`"),
        ("/mappings/0/registry", json!("regexp:("), "the expression of `registry` does not compile"),
        ("/rule_sets/0/artifact_type", json!("source"), "is for artifacts of type `source`: expected one for `image`"),
        ("/rule_sets/0/artifact_type", json!("pod"), "`artifact_type` does not accept `pod`"),
        ("/mappings", Value::Null, "the policy has no `mappings`"),
    ] {
        let mut policy = document(&["stop vulnerabilities.package package_type=all"]);
        policy["rule_sets"][0]["artifact_type"] = Value::from("image");
        *policy.pointer_mut(pointer).unwrap() = value;
        let found = errors(&policy);
        assert!(found.iter().any(|line| line.contains(part)), "{pointer}: {found:#?}");
    }
}

#[test]
fn ids_are_unique_and_gates_fit_their_rule_set() {
    let mut policy = document(&["stop files.suid_or_guid_set"]);
    let set = policy["rule_sets"][0].clone();
    policy["rule_sets"].as_array_mut().unwrap().push(set);
    assert!(errors(&policy)[0].contains("the rule set id `rs` is used twice"));
    policy["rule_sets"][1]["id"] = Value::from("src");
    policy["rule_sets"][1]["artifact_type"] = Value::from("source");
    assert!(
        errors(&policy)[0]
            .contains("`files.suid_or_guid_set` cannot be used in a rule set for artifacts of type `source`")
    );
    policy["rule_sets"][1].as_object_mut().unwrap().remove("artifact_type");
    policy["source_mappings"] =
        json!([{"id": "s", "name": "s", "host": "*", "repository": "*", "rule_set_ids": ["src"], "allowlist_ids": []}]);
    assert!(errors(&policy)[0].contains("cannot be used for artifacts of type `source`"));
}

#[test]
fn doubtful_things_are_warnings_unless_strict() {
    for rule in ["stop files.name_match regex=*.pem", "stop ANCHORESEC.VULNHIGH"] {
        let text = document(&[rule]).to_string();
        let parsed = parse(text.as_bytes(), ParseOptions::default()).unwrap();
        assert_eq!(parsed.warnings.len(), 1, "{rule}");
        assert!(parsed.warnings[0].line.is_some());
        assert!(parse(text.as_bytes(), ParseOptions { strict: true }).is_err(), "{rule}");
    }
}

#[test]
fn yaml_is_read_with_lines() {
    let yaml = "\
id: p
name: test
version: '2'
rule_sets:
  - id: rs
    name: rules
    version: '2'
    rules:
      - {id: r1, gate: always, trigger: alway, action: stop, params: []}
mappings: []
";
    let found = parse(yaml.as_bytes(), ParseOptions::default()).unwrap_err();
    assert_eq!((found.len(), found[0].line), (1, Some(9)), "{found:?}");
    let good = yaml.replace("alway,", "always,");
    assert_eq!(parse(good.as_bytes(), ParseOptions::default()).unwrap().policy.rule_sets[0].rules.len(), 1);
    let unquoted = good.replace("version: '2'\nrule", "version: 2\nrule");
    assert_eq!(
        parse(unquoted.as_bytes(), ParseOptions::default()).unwrap_err()[0].help.as_deref(),
        Some("write the value in quotes")
    );
}

#[test]
fn a_document_reads_back_as_itself() {
    let mut policy = document(&["stop vulnerabilities.BLACKLIST Vulnerability_IDs=CVE-1", "warn always.always"]);
    policy["description"] = Value::from("d");
    policy["last_updated"] = json!(17);
    let first = super::policy(&policy);
    assert_eq!(
        (first.rule_sets[0].rules[0].trigger.as_str(), first.rule_sets[0].rules[0].params[0].name.as_str()),
        ("denylist", "vulnerability_ids")
    );
    let second = parse(first.to_json().as_bytes(), ParseOptions { strict: true }).unwrap().policy;
    assert_eq!((first.to_json(), first.digest()), (second.to_json(), second.digest()));
    policy["last_updated"] = json!(18);
    assert_eq!(super::policy(&policy).digest(), first.digest(), "a server's note is not content");
    policy["rule_sets"][0]["rules"][1]["action"] = Value::from("STOP");
    assert_ne!(super::policy(&policy).digest(), first.digest());
}

#[test]
fn what_is_no_policy_is_named() {
    for (text, part) in [
        (" \n", "the document is empty: expected an object"),
        ("null", "is null: expected an object"),
        ("[]", "is a list: expected an object"),
        (r#"{"id":"x","rules":[]}"#, "is one rule set, not a policy"),
        (r#"{"id":"x","items":[]}"#, "is one allowlist, not a policy"),
        (r#"{"id":"x","policies":[]}"#, "no `version`"),
    ] {
        let found = parse(text.as_bytes(), ParseOptions::default()).unwrap_err();
        assert!(found[0].message.contains(part), "{text}: {found:?}");
    }
    for language in ["JSON", "YAML"] {
        let start = if language == "JSON" { "{\"id\":" } else { "id: " };
        let text = format!("{start}{}", "[".repeat(1000));
        let found = parse(text.as_bytes(), ParseOptions::default()).unwrap_err();
        let message = format!("the document is not {language} that can be read: it nests deeper than 128");
        assert_eq!((found.len(), &found[0].message), (1, &message));
    }
}

#[test]
fn more_rules_than_the_limit_are_refused() {
    let mut policy = document(&[]);
    let rule = super::rule("go always.always");
    policy["rule_sets"][0]["rules"] = Value::Array(vec![rule; 10_001]);
    assert!(errors(&policy)[0].contains("the policy has 10001 rules: expected at most 10000"));
}

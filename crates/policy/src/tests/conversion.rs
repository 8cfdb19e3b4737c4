//! Bundles of version 1_0.

use serde_json::{Value, json};
use stopgate_model::Decision;

use super::image;
use crate::{ParseOptions, ParsedPolicy, PolicyError, parse};

fn bundle() -> Value {
    json!({
        "id": "2c53a13c-1765-11e8-82ef-23527761d060", "version": "1_0", "comment": "old", "last_updated": 1,
        "policies": [{"id": "pol", "name": "first", "version": "1_0", "comment": "c", "rules": [
            {"gate": "vulnerabilities", "trigger": "blacklist", "action": "stop",
             "params": [{"name": "vulnerability_ids", "value": "CVE-1"}, {"name": "vendor_only", "value": false}]},
            {"gate": "dockerfile", "trigger": "exposed_ports", "action": "Stop", "id": "same",
             "params": [{"name": "ports", "value": "22"}, {"name": "type", "value": "blacklist"}]},
            {"gate": "always", "trigger": "always", "action": "GO", "id": "same"},
        ]}],
        "whitelists": [{"id": "wl", "name": "w", "version": "1_0", "items": [
            {"id": "i", "gate": "always", "trigger_id": "always", "trigger": "always"},
            {"id": "i", "gate": "always", "trigger_id": "always"},
        ]}],
        "mappings": [{"name": "m", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"},
                      "policy_id": "pol", "whitelist_ids": null}],
        "whitelisted_images": [],
        "blacklisted_images": [{"name": "bad", "registry": "evil.io", "repository": "*", "image": {"type": "tag", "value": "*"}}],
    })
}

fn converted(document: &Value) -> Result<ParsedPolicy, Vec<PolicyError>> {
    parse(document.to_string().as_bytes(), ParseOptions::default())
}

#[test]
fn an_old_bundle_becomes_a_new_one() {
    let parsed = converted(&bundle()).unwrap();
    let policy = &parsed.policy;
    assert_eq!(
        (policy.id.as_str(), policy.name.as_str()),
        ("2c53a13c-1765-11e8-82ef-23527761d060", "2c53a13c-1765-11e8-82ef-23527761d060")
    );
    assert_eq!(policy.description.as_deref(), Some("old"));
    let rules = &policy.rule_sets[0].rules;
    assert_eq!((rules[0].trigger.as_str(), rules[0].params[1].value.as_str()), ("denylist", "false"));
    assert_eq!(rules[1].params[1].value, "denylist");
    assert_eq!(rules[1].id, "same");
    assert_ne!(rules[2].id, "same", "an id that is used twice is replaced");
    assert_eq!(policy.denied_images[0].name, "bad");
    assert_eq!(policy.mappings[0].rule_set_ids, ["pol"]);
    for part in [
        "`policies` is now `rule_sets`",
        "trigger `blacklist` is now `denylist`",
        "`trigger` was left out",
        "`last_updated` was left out",
    ] {
        assert!(parsed.converted.iter().any(|change| change.text.contains(part)), "{part}: {:#?}", parsed.converted);
    }
    let place = parsed.converted.iter().find(|change| change.text.contains("`denylist`")).unwrap();
    assert_eq!(place.pointer, "/policies/0/rules/0/trigger");
    assert_eq!(image().evaluate(policy).decision, Decision::Pass);
}

#[test]
fn conversion_is_stable_and_happens_once() {
    let first = converted(&bundle()).unwrap().policy;
    assert_eq!(first.to_json(), converted(&bundle()).unwrap().policy.to_json());
    let again = parse(first.to_json().as_bytes(), ParseOptions { strict: true }).unwrap();
    assert!(again.converted.is_empty());
    assert_eq!(again.policy.to_json(), first.to_json());
}

#[test]
fn errors_point_into_the_old_document() {
    let mut old = bundle();
    old["mappings"][0]["policy_ids"] = json!(["pol"]);
    old["policies"][0]["rules"][0]["trigger"] = Value::from("blacklst");
    old["policies"][0]["surprise"] = Value::from(1);
    old["blacklisted_images"][0]["registry"] = Value::Null;
    let found = converted(&old).unwrap_err();
    let pointers: Vec<&str> = found.iter().map(|error| error.pointer.as_str()).collect();
    for pointer in [
        "/mappings/0/policy_id",
        "/policies/0/rules/0/trigger",
        "/policies/0/surprise",
        "/blacklisted_images/0/registry",
    ] {
        assert!(pointers.contains(&pointer), "{pointer}: {found:#?}");
    }
    assert!(found.iter().all(|error| error.line.is_some()));
}

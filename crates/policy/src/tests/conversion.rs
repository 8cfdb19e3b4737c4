//! Bundles of version 1_0.

use proptest::prelude::*;
use serde_json::{Value, json};
use stopgate_model::Decision;

use super::laws::any_case;
use super::{image, rule};
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

/// Rules as version `1_0` spells them, and as version 2 does.
const SPELLINGS: &[(&str, &str)] = &[
    (
        "stop vulnerabilities.blacklist vulnerability_ids=CVE-1,a; vendor_only=false",
        "stop vulnerabilities.denylist vulnerability_ids=CVE-1,a; vendor_only=false",
    ),
    ("warn packages.blacklist name=a", "warn packages.denylist name=a"),
    ("stop licenses.blacklist_exact_match licenses=MIT", "stop licenses.denylist_exact_match licenses=MIT"),
    ("stop licenses.blacklist_partial_match licenses=GPL", "stop licenses.denylist_partial_match licenses=GPL"),
    (
        "stop passwd_file.blacklist_usernames usernameblacklist=root,a",
        "stop passwd_file.denylist_usernames user_names=root,a",
    ),
    ("stop passwd_file.blacklist_userids useridblacklist=0", "stop passwd_file.denylist_userids user_ids=0"),
    ("stop passwd_file.blacklist_groupids group_ids=0", "stop passwd_file.denylist_groupids group_ids=0"),
    ("stop passwd_file.blacklist_shells shells=/bin/sh", "stop passwd_file.denylist_shells shells=/bin/sh"),
    ("stop passwd_file.blacklist_full_entry entry=x", "stop passwd_file.denylist_full_entry entry=x"),
    (
        "warn dockerfile.effective_user users=root; type=blacklist",
        "warn dockerfile.effective_user users=root; type=denylist",
    ),
    (
        "stop DOCKERFILE.Exposed_Ports ports=22,80; type=whitelist",
        "stop dockerfile.exposed_ports ports=22,80; type=allowlist",
    ),
    (
        "stop metadata.attribute attribute=layer_count; check=<; value=5",
        "stop metadata.attribute attribute=layer_count; check=<; value=5",
    ),
    ("go files.suid_or_guid_set", "go files.suid_or_guid_set"),
    (
        "stop vulnerabilities.package package_type=all; SEVERITY=low",
        "stop vulnerabilities.package package_type=all; severity=low",
    ),
    ("warn npms.blacklisted_name_version name=a", "warn npms.blacklisted_name_version name=a"),
    ("warn ANCHORESEC.VULNHIGH", "warn anchoresec.vulnhigh"),
];

/// The same policy in both spellings.
#[derive(Debug, Clone)]
struct Both {
    old: Value,
    new: Value,
}

/// Values as old documents have them: numbers and booleans beside texts.
fn loosened(rule: &mut Value, case: usize) {
    let action = rule["action"].as_str().unwrap().to_owned();
    rule["action"] = Value::from(match case % 3 {
        0 => action,
        1 => action.to_lowercase(),
        _ => format!("{}{}", &action[..1], action[1..].to_lowercase()),
    });
    for param in rule["params"].as_array_mut().unwrap() {
        if let Ok(scalar @ (Value::Bool(_) | Value::Number(_))) = serde_json::from_str(param["value"].as_str().unwrap())
        {
            param["value"] = scalar;
        }
    }
}

fn both() -> impl Strategy<Value = Both> {
    let rules = prop::collection::vec((0..SPELLINGS.len(), 0..3_usize), 0..6);
    const IDS: &[&str] = &["always", "CVE-*", "*+a", "cbff271f45d32e78dcc1979dbca9c14d", "regexp:.*a", "*"];
    let items = prop::collection::vec(prop::sample::select(IDS), 0..4);
    (rules, items, any::<bool>(), any::<bool>(), prop::sample::select(&["*", "docker.io", "evil.io"][..])).prop_map(
        |(rules, items, several, denied, registry)| {
            let spelled = |pick: fn(&(&'static str, &'static str)) -> &'static str, old: bool| -> Vec<Value> {
                let rules = rules.iter().enumerate().map(|(index, (spelling, case))| {
                    let mut rule = rule(pick(&SPELLINGS[*spelling]));
                    rule["id"] = Value::from(format!("r{index}"));
                    if old {
                        loosened(&mut rule, *case);
                        rule["comment"] = Value::from("why");
                    } else {
                        rule["description"] = Value::from("why");
                    }
                    rule
                });
                rules.collect()
            };
            let gates = ["vulnerabilities", "dockerfile", "passwd_file", "files", "packages"];
            let items = |more: &Value| -> Vec<Value> {
                let items = items.iter().enumerate().map(|(index, id)| {
                    let mut item = json!({"id": format!("i{index}"), "gate": gates[index % gates.len()], "trigger_id": id,
                                          "expires_on": "2027-01-31T00:00:00Z"});
                    item.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                    item
                });
                items.collect()
            };
            let image = json!({"type": "tag", "value": "*"});
            let listed = |name: &str| json!([{"id": name, "name": name, "registry": "evil.io", "repository": "*", "image": image}]);
            let mut old = json!({
                "id": "p", "name": "policy", "version": "1_0", "comment": "c", "created_at": 1,
                "policies": [{"id": "rs", "name": "rules", "version": "1_0", "rules": spelled(|both| both.0, true)}],
                "whitelists": [{"id": "wl", "name": "w", "version": "1_0", "comment": "c", "items": items(&json!({"trigger": "x"}))}],
                "mappings": [{"id": "m", "name": "m", "registry": registry, "repository": "*", "image": image,
                              "whitelist_ids": ["wl"]}],
                "whitelisted_images": listed("a"),
            });
            if several {
                old["mappings"][0]["policy_ids"] = json!(["rs"]);
            } else {
                old["mappings"][0]["policy_id"] = Value::from("rs");
            }
            let mut new = json!({
                "id": "p", "name": "policy", "version": "2", "description": "c",
                "rule_sets": [{"id": "rs", "name": "rules", "version": "2", "artifact_type": "image", "rules": spelled(|both| both.1, false)}],
                "allowlists": [{"id": "wl", "name": "w", "version": "2", "description": "c", "items": items(&json!({}))}],
                "mappings": [{"id": "m", "name": "m", "registry": registry, "repository": "*", "image": image,
                              "rule_set_ids": ["rs"], "allowlist_ids": ["wl"]}],
                "allowlisted_images": listed("a"),
            });
            if denied {
                old["blacklisted_images"] = listed("d");
                new["denylisted_images"] = listed("d");
            }
            Both { old, new }
        },
    )
}

/// Some members of a document are not there, as in documents of the wild.
fn without_some(mut document: Value, gone: u8) -> Value {
    let remove = |value: &mut Value, name: &str| {
        value.as_object_mut().unwrap().remove(name);
    };
    for (bit, pointer, name) in [
        (1, "", "name"),
        (2, "/mappings/0", "id"),
        (4, "/mappings/0", "name"),
        (8, "/mappings/0", "whitelist_ids"),
        (16, "/whitelisted_images/0", "id"),
        (32, "/policies/0", "name"),
    ] {
        if gone & bit > 0 {
            remove(document.pointer_mut(pointer).unwrap(), name);
        }
    }
    for (bit, list) in [(64, "/policies/0/rules"), (128, "/whitelists/0/items")] {
        for member in document.pointer_mut(list).unwrap().as_array_mut().unwrap() {
            if gone & bit > 0 {
                remove(member, "id");
            }
        }
    }
    document
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_spellings_of_a_policy_are_one(both in both(), case in any_case()) {
        let (old, new) = (converted(&both.old).unwrap(), converted(&both.new).unwrap());
        prop_assert!(!old.converted.is_empty() && new.converted.is_empty());
        prop_assert_eq!(old.policy.to_json(), new.policy.to_json());
        prop_assert_eq!(old.policy.digest(), new.policy.digest());
        let (first, second) = (case.evaluate(&old.policy), case.evaluate(&new.policy));
        prop_assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }

    #[test]
    fn converting_what_was_converted_changes_nothing(both in both(), gone in any::<u8>()) {
        let first = converted(&without_some(both.old, gone)).unwrap();
        prop_assert!(first.converted.iter().all(|change| !change.text.is_empty()));
        let again = parse(first.policy.to_json().as_bytes(), ParseOptions::default()).unwrap();
        prop_assert!(again.converted.is_empty(), "{:?}", again.converted);
        prop_assert_eq!(again.policy.to_json(), first.policy.to_json());
        prop_assert_eq!(again.policy.digest(), first.policy.digest());
    }

    #[test]
    fn each_change_points_into_the_document_as_given(both in both(), gone in any::<u8>()) {
        let old = without_some(both.old, gone);
        for change in converted(&old).unwrap().converted {
            prop_assert!(old.pointer(&change.pointer).is_some(), "{change:?}");
        }
    }
}

//! The schemas accept what should be written and refuse what reading refuses: every trigger's example,
//! unknown fields, gates, triggers and parameters, wrong words, at every object of both documents.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::Validator;
use serde_json::{Value, json};

use super::document;
use crate::registry::all;
use crate::schema::full_example_rule;
use crate::{
    ArtifactType, ParseOptions, PolicyError, example_rule, extension_schema, parse, parse_extension, policy_spec,
    schema,
};

static POLICY: LazyLock<Validator> = LazyLock::new(|| validator(&schema()));
static EXTENSION: LazyLock<Validator> = LazyLock::new(|| validator(&extension_schema()));

fn validator(schema: &Value) -> Validator {
    jsonschema::draft202012::meta::validate(schema).unwrap();
    jsonschema::draft202012::new(schema).unwrap()
}

fn faults(validator: &Validator, document: &Value) -> Vec<String> {
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

fn accepts(document: &Value) -> bool {
    faults(&POLICY, document).is_empty()
}

fn refusals(document: &Value) -> Vec<PolicyError> {
    parse(document.to_string().as_bytes(), ParseOptions { strict: true }).err().unwrap_or_default()
}

/// A policy that has every kind of object.
fn whole() -> Value {
    let image = json!({"type": "tag", "value": "*"});
    let mut whole = document(&["stop vulnerabilities.package package_type=all; severity=high", "warn always.always"]);
    whole["$schema"] = Value::from("./policy.schema.json");
    whole["description"] = Value::from("a test");
    whole["last_updated"] = Value::from(1);
    whole["rule_sets"][0]["artifact_type"] = Value::from("image");
    whole["rule_sets"].as_array_mut().unwrap().extend([
        json!({"id": "s", "name": "sources", "version": "2", "artifact_type": "source", "rules": []}),
        json!({"id": "b", "name": "SBOMs", "version": "2", "artifact_type": "sbom", "rules": [], "description": null}),
    ]);
    whole["allowlists"][0]["items"] = json!([
        {"id": "i", "gate": "vulnerabilities", "trigger_id": "CVE-1+*", "expires_on": "2027-01-31T00:00:00Z", "description": "x"},
    ]);
    whole["source_mappings"] = json!([
        {"id": "m", "name": "all", "host": "*", "repository": "*", "rule_set_ids": ["s"], "allowlist_ids": []},
    ]);
    whole["sbom_mappings"] = json!([
        {"id": "m", "name": "all", "sbom_name": "*", "sbom_version": "*", "rule_set_ids": ["b"], "allowlist_ids": []},
    ]);
    whole["allowlisted_images"] =
        json!([{"id": "a", "name": "a", "registry": "docker.io", "repository": "a", "image": image}]);
    whole["denylisted_images"] = whole["allowlisted_images"].clone();
    whole
}

fn whole_extension() -> Value {
    let select = json!({
        "vulnerability": "CVE-1", "purl": "pkg:npm/*", "version": ">= 1, < 2", "path": "/a*", "gate": "vulnerabilities",
        "trigger": "package", "rule": "r", "control": "AC-6", "image": "docker.io/a", "tag": "docker.io/a:1"});
    json!({
        "$schema": "x", "schema": "stopgate-policy-ext/1", "policy_id": "p",
        "parameters": [{"name": "n", "type": "list", "default": ["a"], "required": false, "values": ["a", "b"]}],
        "rules": {"r": {"controls": ["AC-6"], "mode": "audit", "enforce_from": "2027-01-31T00:00:00Z",
                        "old": {"from": "first_seen", "days": 30}}},
        "exceptions": [{"id": "e", "select": select, "reason": "r", "justification": "j", "owner": "o", "approver": "a",
                        "ticket": "T-1", "created": "2026-01-01", "expires": "2027-01-31T00:00:00Z"}],
        "assessments": [{"select": {"vulnerability": "CVE-1"}, "exposed": true, "rating": 1,
                         "evaluated_at": "2026-01-01T00:00:00Z", "reachable": false, "likely_exploitable": null}],
    })
}

#[test]
fn whole_documents_are_accepted_by_schema_and_reader() {
    assert_eq!(faults(&POLICY, &whole()), Vec::<String>::new());
    assert_eq!(refusals(&whole()), []);
    assert_eq!(faults(&EXTENSION, &whole_extension()), Vec::<String>::new());
    assert!(parse_extension(whole_extension().to_string().as_bytes()).is_ok());
}

#[test]
fn examples_of_every_trigger_are_accepted() {
    for row in all() {
        let info = row.info();
        for rule in [example_rule(info.gate, info.name).unwrap(), full_example_rule(row)] {
            let mut policy = document(&[]);
            policy["rule_sets"][0]["rules"] = json!([rule]);
            assert_eq!(faults(&POLICY, &policy), Vec::<String>::new(), "{rule:#}");
            assert!(parse(policy.to_string().as_bytes(), ParseOptions { strict: true }).is_ok(), "{rule:#}");
        }
    }
}

/// Pointers to every object of a document, parameters of rules aside.
fn objects(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(pointer.to_owned());
            members.iter().for_each(|(name, member)| objects(member, &format!("{pointer}/{name}"), found));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, &format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The fields that reading knows of an object, from its complaint about one that it does not know.
fn known_fields(errors: &[PolicyError]) -> BTreeSet<String> {
    let help = errors.iter().find(|error| error.message.contains("has no field")).unwrap().help.clone().unwrap();
    let names = help.strip_prefix("expected one of ").unwrap();
    names.split(' ').map(|name| name.trim_matches('`').to_owned()).collect()
}

#[test]
fn objects_are_closed_and_have_the_fields_that_reading_knows() {
    for (whole, is_policy) in [(whole(), true), (whole_extension(), false)] {
        let mut pointers = Vec::new();
        objects(&whole, "", &mut pointers);
        for pointer in pointers.iter().filter(|pointer| *pointer != "/rules") {
            let with = |name: &str, value: Value| {
                let mut changed = whole.clone();
                changed.pointer_mut(pointer).unwrap()[name] = value;
                changed
            };
            let strange = with("qqqqqqqqqqqq", Value::from(1));
            let (faults, errors) = both(&strange, is_policy);
            let unexpected = "'qqqqqqqqqqqq' was unexpected";
            assert!(faults.iter().any(|fault| fault.contains(unexpected)), "{pointer}: {faults:?}");
            // The schema complains of fields that it does not know by name; what reading knows it knows too.
            for field in known_fields(&errors) {
                let (faults, _) = both(&with(&field, json!({"no": "such"})), is_policy);
                let unexpected = format!("'{field}' was unexpected");
                assert!(!faults.iter().any(|fault| fault.contains(&unexpected)), "{pointer} {field}: {faults:?}");
            }
        }
    }
}

fn both(document: &Value, is_policy: bool) -> (Vec<String>, Vec<PolicyError>) {
    if is_policy {
        (faults(&POLICY, document), refusals(document))
    } else {
        let errors = parse_extension(document.to_string().as_bytes()).err().unwrap_or_default();
        (faults(&EXTENSION, document), errors)
    }
}

#[test]
fn what_reading_requires_is_required() {
    for (whole, is_policy) in [(whole(), true), (whole_extension(), false)] {
        let mut pointers = Vec::new();
        objects(&whole, "", &mut pointers);
        for pointer in pointers.iter().filter(|pointer| *pointer != "/rules" && !pointer.contains("/select")) {
            let names: Vec<String> = whole.pointer(pointer).unwrap().as_object().unwrap().keys().cloned().collect();
            for name in names {
                let mut without = whole.clone();
                without.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(&name);
                let (faults, errors) = both(&without, is_policy);
                // References to what is gone are beyond a schema.
                let refused = errors.iter().any(|error| !error.message.starts_with("there is no "));
                assert_eq!(faults.is_empty(), !refused, "{pointer} without {name}: {faults:?} {errors:?}");
            }
        }
    }
}

#[test]
fn names_and_words_that_reading_refuses_are_refused() {
    for (rule, accepted) in [
        ("stop vulnerabilities.package package_type=all", true),
        ("hello always.always", false),
        ("stop vulnerabilites.package package_type=all", false),
        ("stop vulnerabilities.pakage package_type=all", false),
        ("stop vulnerabilities.package package_type=all; severty=high", false),
        ("stop vulnerabilities.package package_type=all; severity=hgih", false),
        ("stop vulnerabilities.package package_type=all; severity=High", false),
        ("stop vulnerabilities.package package_type=some", false),
        ("stop vulnerabilities.package severity=high", false),
        ("stop vulnerabilities.package package_type=all; package_type=os", false),
        ("stop vulnerabilities.package package_type=all; max_days_since_fix=x", false),
        ("stop vulnerabilities.package package_type=all; max_days_since_fix=", true),
        ("stop vulnerabilities.package package_type=all; vendor_only=True", true),
        ("stop vulnerabilities.package package_type=all; vendor_only=yes", false),
        ("stop vulnerabilities.denylist", false),
        ("stop vulnerabilities.denylist vulnerability_ids=a,,b", false),
        ("stop always.always x=1", false),
        ("stop dockerfile.instruction instruction=from; check==; value=scratch", true),
        ("stop dockerfile.instruction instruction=FORM; check==; value=scratch", false),
        ("stop dockerfile.exposed_ports ports=22-23; type=denylist", false),
        ("stop dockerfilecheck.nohealthcheck", false),
    ] {
        let mut policy = document(&[]);
        policy["rule_sets"][0]["rules"] = json!([super::rule(rule)]);
        assert_eq!(accepts(&policy), accepted, "schema on {rule}: {:?}", faults(&POLICY, &policy));
        assert_eq!(refusals(&policy).is_empty(), accepted, "reader on {rule}");
    }
}

#[test]
fn rule_sets_hold_only_what_serves_their_artifacts() {
    for row in all() {
        for kind in ArtifactType::ALL {
            let mut policy = document(&[]);
            policy["mappings"] = json!([]);
            policy["rule_sets"][0]["artifact_type"] = Value::from(kind.name());
            policy["rule_sets"][0]["rules"] = json!([full_example_rule(row)]);
            let serves = row.info().artifact_types.contains(&kind);
            assert_eq!(accepts(&policy), serves, "{}.{} for {}", row.info().gate, row.info().name, kind.name());
        }
    }
}

#[test]
fn a_value_may_be_a_parameter_of_the_policy() {
    let mut policy = document(&["stop vulnerabilities.package package_type=all; severity=${severity}"]);
    assert!(accepts(&policy));
    policy["rule_sets"][0]["rules"][0]["params"][1]["value"] = Value::from("${severity} ");
    assert!(!accepts(&policy));
}

#[test]
fn words_of_the_side_car_are_those_that_reading_takes() {
    for (pointer, value) in [
        ("/parameters/0/type", "lst"),
        ("/rules/r/mode", "of"),
        ("/rules/r/old/from", "never"),
        ("/schema", "stopgate-policy-ext/2"),
        ("/exceptions/0/expires", "soon"),
        ("/exceptions/0/owner", " "),
        ("/parameters/0/name", "a b"),
    ] {
        let mut changed = whole_extension();
        *changed.pointer_mut(pointer).unwrap() = Value::from(value);
        let (faults, errors) = both(&changed, false);
        assert!(!faults.is_empty() && !errors.is_empty(), "{pointer}: {faults:?} {errors:?}");
        let Some(known) = errors[0].message.split("expected one of ").nth(1) else { continue };
        for word in known.split(' ') {
            *changed.pointer_mut(pointer).unwrap() = Value::from(word.trim_matches('`'));
            assert_eq!(both(&changed, false).0, Vec::<String>::new(), "{pointer} {word}");
        }
    }
    let empty = json!({"schema": "stopgate-policy-ext/1", "policy_id": "p", "exceptions": [
        {"id": "e", "select": {}, "reason": "r", "owner": "o", "expires": "2027-01-01"}]});
    let (faults, errors) = both(&empty, false);
    assert!(!faults.is_empty() && !errors.is_empty());
}

#[test]
fn the_specification_has_the_fields_of_anchore() {
    let spec = policy_spec();
    let gates = spec.as_array().unwrap();
    let gate = gates.iter().find(|gate| gate["name"] == "vulnerabilities").unwrap();
    assert_eq!(gate["supported_artifact_type"], "image");
    let trigger = gate["triggers"].as_array().unwrap().iter().find(|trigger| trigger["name"] == "package").unwrap();
    assert_eq!(trigger["trigger_id_format"], "<vulnerability>+<package>");
    let severity = trigger["parameters"].as_array().unwrap().iter().find(|param| param["name"] == "severity").unwrap();
    assert_eq!(
        *severity,
        json!({
            "name": "severity", "description": "Severity to compare with.", "example": "high", "default": "unknown",
            "required": false, "state": "active", "superseded_by": null,
            "validator": {
                "description": "a severity", "type": "EnumString",
                "criteria": {"type": "string", "enum": ["unknown", "negligible", "low", "medium", "high", "critical"]},
                "enum": ["unknown", "negligible", "low", "medium", "high", "critical"]},
        })
    );
    let states: Vec<&str> = gates.iter().map(|gate| gate["state"].as_str().unwrap()).collect();
    assert!(states.first() == Some(&"active") && states.last() == Some(&"eol"));
}

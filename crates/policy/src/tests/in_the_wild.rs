//! Shapes and values of policy documents that teams keep in public, and what becomes of each.

use serde_json::{Value, json};
use stopgate_model::{Action, Decision, PackageType, Severity};

use super::{Case, check, document, ids, image, refused};
use crate::{ParseOptions, ParsedPolicy, PolicyError, parse};

fn read(text: &str) -> Result<ParsedPolicy, Vec<PolicyError>> {
    parse(text.as_bytes(), ParseOptions::default())
}

fn accepted(document: &Value) -> ParsedPolicy {
    read(&document.to_string()).unwrap()
}

/// Pointers, messages and help of the errors of a document.
fn errors(text: &str) -> Vec<String> {
    let line =
        |error: PolicyError| format!("{}: {} ({})", error.pointer, error.message, error.help.unwrap_or_default());
    read(text).unwrap_err().into_iter().map(line).collect()
}

/// A bundle of version 1_0 with one rule for everything.
fn bundle() -> Value {
    json!({
        "id": "b", "version": "1_0", "name": "bundle",
        "policies": [{"id": "pol", "name": "first", "version": "1_0", "rules": [
            {"id": "r", "gate": "always", "trigger": "always", "action": "STOP", "params": []},
        ]}],
        "whitelists": [{"id": "wl", "name": "w", "version": "1_0", "items": []}],
        "mappings": [{"id": "m", "name": "m", "registry": "*", "repository": "*",
                      "image": {"type": "tag", "value": "*"}, "policy_ids": ["pol"], "whitelist_ids": ["wl"]}],
    })
}

#[test]
fn notes_of_people_stay_and_notes_of_servers_go() {
    let mut old = bundle();
    for (key, value) in [
        ("description", json!("kept")),
        ("comment", json!("older")),
        ("last_updated", json!(1_583_000_000)),
        ("created_at", json!(1_583_000_000)),
        ("last_modified", json!(1_583_000_000)),
    ] {
        old[key] = value;
    }
    let parsed = accepted(&old);
    assert_eq!(parsed.policy.description.as_deref(), Some("kept"));
    for key in ["comment", "last_updated", "created_at", "last_modified"] {
        let told = parsed.converted.iter().any(|change| change.pointer == format!("/{key}"));
        assert!(told, "{key}: {:?}", parsed.converted);
    }
}

#[test]
fn comments_become_descriptions_everywhere() {
    let mut old = bundle();
    old["whitelists"][0]["items"] = json!([{"id": "i", "gate": "always", "trigger_id": "always"}]);
    for pointer in ["", "/policies/0", "/policies/0/rules/0", "/whitelists/0", "/whitelists/0/items/0", "/mappings/0"] {
        old.pointer_mut(pointer).unwrap()["comment"] = json!("why");
    }
    let policy = accepted(&old).policy;
    let described = [
        &policy.description,
        &policy.rule_sets[0].description,
        &policy.rule_sets[0].rules[0].description,
        &policy.allowlists[0].description,
        &policy.allowlists[0].items[0].description,
        &policy.mappings[0].description,
    ];
    assert!(described.iter().all(|text| text.as_deref() == Some("why")), "{described:?}");
}

#[test]
fn parts_of_a_policy_are_named_with_what_to_do() {
    for (text, message, help) in [
        (
            r#"{"id": "p", "version": "1_0", "rules": []}"#,
            "the document is one rule set, not a policy",
            "`policy convert --lenient` puts it into a policy with one mapping",
        ),
        (
            r#"{"id": "w", "version": "1_0", "items": []}"#,
            "the document is one allowlist, not a policy",
            "`policy convert --lenient` puts it into a policy without rules",
        ),
    ] {
        assert_eq!(errors(text), [format!(": {message} ({help})")]);
    }
}

#[test]
fn comments_in_json_are_errors_with_their_line() {
    let text = document(&["stop always.always"]).to_string();
    for (text, line) in [
        (format!("# our policy\n{text}"), 1),
        (text.replacen("\"name\"", "// a note\n\"name\"", 1), 1),
        (format!("{text}\n// the end"), 2),
    ] {
        let found = read(&text).unwrap_err();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].line.is_some_and(|found| found == line || found == line + 1), "{found:?}");
    }
}

#[test]
fn every_missing_id_and_list_is_told() {
    let text = json!({
        "name": "x", "version": "1_0",
        "policies": [{"name": "a", "version": "1_0", "rules": [{"gate": "always", "trigger": "always", "action": "GO"}]},
                     {"name": "b", "version": "1_0", "rules": []}],
    });
    let found = errors(&text.to_string());
    for part in [
        "the policy has no `id`",
        "/policies/0/id: the rule set has",
        "/policies/1/id: the rule set has",
        "no `mappings`",
    ] {
        assert!(found.iter().any(|line| line.contains(part)), "{part}: {found:#?}");
    }
    let mut nameless = bundle();
    nameless["policies"][0]["rules"][0].as_object_mut().unwrap().remove("id");
    let rule = accepted(&nameless).policy.rule_sets[0].rules[0].id.clone();
    assert_eq!(rule, accepted(&nameless).policy.rule_sets[0].rules[0].id, "rules get ids, the same each time");
}

#[test]
fn a_bundle_without_whitelists_is_fine() {
    let mut none = bundle();
    none.as_object_mut().unwrap().remove("whitelists");
    none["mappings"][0]["whitelist_ids"] = json!([]);
    assert!(accepted(&none).policy.allowlists.is_empty());
    let mut empty = bundle();
    empty["whitelists"] = json!([]);
    empty["mappings"][0].as_object_mut().unwrap().remove("whitelist_ids");
    assert!(accepted(&empty).policy.mappings[0].allowlist_ids.is_empty());
}

#[test]
fn a_mapping_of_nothing_is_a_problem_at_both_places() {
    let mut nulls = bundle();
    nulls["mappings"][0]["registry"] = Value::Null;
    nulls["mappings"][0]["repository"] = Value::Null;
    nulls["policies"][0]["rules"] = json!([]);
    let found = errors(&nulls.to_string());
    for pointer in ["/mappings/0/registry", "/mappings/0/repository"] {
        assert!(found.iter().any(|line| line.starts_with(pointer)), "{pointer}: {found:#?}");
    }
}

#[test]
fn items_of_one_id_get_others_and_keep_their_order() {
    let mut twice = bundle();
    let item = |expires: &str| json!({"id": "i", "gate": "always", "trigger_id": "always", "expires_on": expires});
    twice["whitelists"][0]["items"] = json!([item("2020-01-01T00:00:00Z"), item("2030-01-01T00:00:00Z")]);
    let parsed = accepted(&twice);
    let items = &parsed.policy.allowlists[0].items;
    assert_eq!((items[0].id.as_str(), items.len()), ("i", 2));
    assert_ne!(items[1].id, "i");
    assert!(parsed.converted.iter().any(|change| change.text.contains("the id was used twice")));
    assert_eq!(items[1].id, accepted(&twice).policy.allowlists[0].items[1].id);
    let finding = &image().evaluate(&parsed.policy).findings[0];
    assert_eq!(finding.allowlist.as_ref().unwrap().item_id, items[1].id, "the first has expired");
    let mut two = bundle();
    two["whitelists"][0]["items"] = json!([item("2030-01-01T00:00:00Z")]);
    let mut other = two["whitelists"][0].clone();
    other["id"] = json!("wl2");
    two["whitelists"].as_array_mut().unwrap().push(other);
    assert_eq!(accepted(&two).policy.allowlists[1].items[0].id, "i", "in two lists it stays");
}

#[test]
fn one_finding_may_be_accepted_many_times() {
    let mut many = bundle();
    let items = (0..127).map(|n| json!({"id": n.to_string(), "gate": "always", "trigger_id": format!("t{}", n % 49)}));
    many["whitelists"][0]["items"] = Value::Array(items.collect());
    assert_eq!(accepted(&many).policy.allowlists[0].items.len(), 127);
}

#[test]
fn ids_are_opaque() {
    for id in ["0", "1", "policy", "anchore_secure_default"] {
        let mut short = bundle();
        short["id"] = json!(id);
        short["policies"][0]["id"] = json!(id);
        short["mappings"][0]["policy_ids"] = json!([id]);
        assert_eq!(accepted(&short).policy.id, id);
    }
}

#[test]
fn actions_may_be_lower_case_and_only_go() {
    let mut lower = bundle();
    lower["policies"][0]["rules"][0]["action"] = json!("go");
    let policy = accepted(&lower).policy;
    assert_eq!(policy.rule_sets[0].rules[0].action, Action::Go);
    let evaluation = image().evaluate(&policy);
    assert_eq!((evaluation.decision, evaluation.findings.len()), (Decision::Pass, 1));
    assert!(policy.to_json().contains("\"GO\""));
}

#[test]
fn gates_at_the_end_of_their_life_load_in_any_case() {
    for (gate, trigger) in [("DOCKERFILECHECK", "NOFROM"), ("ANCHORESEC", "VULNHIGH"), ("PkgCheck", "Verify")] {
        let mut old = bundle();
        old["policies"][0]["rules"][0]["gate"] = json!(gate);
        old["policies"][0]["rules"][0]["trigger"] = json!(trigger);
        let parsed = accepted(&old);
        assert!(parsed.warnings[0].message.contains("is at the end of its life"), "{:?}", parsed.warnings);
        assert_eq!(image().evaluate(&parsed.policy).findings.len(), 0);
        assert!(
            parse(old.to_string().as_bytes(), ParseOptions { strict: true }).is_err(),
            "for new policies it is an error"
        );
    }
}

#[test]
fn text_is_utf_8_and_blanks_around_a_document_mean_nothing() {
    let mut odd = bundle();
    odd["comment"] = json!("r\u{e8}gles \u{fffd} \u{1f6d1}");
    let text = odd.to_string();
    assert_eq!(
        read(&format!(" \t\n{text}")).unwrap().policy.description.as_deref(),
        Some("r\u{e8}gles \u{fffd} \u{1f6d1}")
    );
    let mut bytes = text.into_bytes();
    let at = bytes.len() - 2;
    bytes.insert(at, 0xff);
    let found = parse(&bytes, ParseOptions::default()).unwrap_err();
    assert!(found[0].message.contains(&at.to_string()), "the offset is told: {found:?}");
}

#[test]
fn mappings_of_sources_and_of_sboms_stand_side_by_side() {
    let mut both = document(&["stop always.always"]);
    both["source_mappings"] = json!([]);
    both["sbom_mappings"] = json!([]);
    let policy = accepted(&both).policy;
    assert!(policy.source_mappings.is_empty() && policy.sbom_mappings.is_empty());
}

fn vulnerable(severity: Severity) -> Case {
    image().package(PackageType::DEB, "openssl", "3", "").vuln("CVE-1", severity, |_| {})
}

#[test]
fn an_expression_that_does_not_compile_breaks_its_own_rule_only() {
    let text = document(&["warn files.name_match regex=*.pem", "go always.always"]).to_string();
    let parsed = read(&text).unwrap();
    assert_eq!(parsed.warnings.len(), 1);
    let evaluation = image().evaluate(&parsed.policy);
    assert_eq!((evaluation.findings.len(), evaluation.policy_action), (1, Action::Warn));
    assert!(parse(text.as_bytes(), ParseOptions { strict: true }).is_err(), "for new policies it is an error");
}

#[test]
fn rules_that_can_do_nothing_load() {
    for rule in [
        "stop metadata.attribute attribute=os_type; check=>; value=31",
        "stop dockerfile.instruction instruction=USER; check=exists; value=root",
        "stop files.attribute_match filename=/etc/passwd",
        "stop files.content_regex_match regex_name=*",
    ] {
        assert!(read(&document(&[rule]).to_string()).is_ok(), "{rule}");
    }
    assert_eq!(check(&image(), "stop files.attribute_match filename=/etc/passwd"), ["pass"]);
}

#[test]
fn blanks_behind_commas_mean_nothing() {
    let licensed = image().package(PackageType::DEB, "bash", "5", "").with(|artifact| {
        artifact.packages[0].licenses.push(stopgate_model::License {
            value: "GPL-3+".to_owned(),
            spdx: String::new(),
            kind: stopgate_model::LicenseKind::Declared,
            urls: Vec::new(),
            locations: Vec::new(),
        });
    });
    assert_eq!(ids(&licensed, "stop licenses.blacklist_exact_match licenses=GPLv2+, GPL-3+").len(), 1);
}

#[test]
fn every_from_of_the_last_stage_is_compared() {
    let lines = ["FROM golang AS build", "RUN make", "FROM alpine:3.20"];
    let staged = image().dockerfile(stopgate_model::DockerfileMode::Actual, &lines);
    assert_eq!(ids(&staged, "stop dockerfile.instruction instruction=FROM; check=!=; value=alpine:3.20").len(), 0);
    assert_eq!(ids(&staged, "stop dockerfile.instruction instruction=FROM; check=not_in; value=golang").len(), 1);
}

#[test]
fn severities_compare_from_unknown_on() {
    let package = |severity, rest: &str| {
        ids(&vulnerable(severity), &format!("stop vulnerabilities.package package_type=all; {rest}")).len()
    };
    let everything = "severity_comparison=>=; severity=unknown";
    assert_eq!((package(Severity::Unknown, everything), package(Severity::Critical, everything)), (1, 1));
    assert_eq!(
        (package(Severity::Unknown, ""), package(Severity::Negligible, "")),
        (0, 1),
        "the default is above unknown"
    );
    let least = "severity_comparison=<=; severity=negligible";
    assert_eq!((package(Severity::Unknown, least), package(Severity::Low, least)), (1, 0));
}

#[test]
fn a_thousand_rules_of_one_denied_vulnerability_each() {
    let rules: Vec<String> =
        (0..1090).map(|n| format!("stop vulnerabilities.blacklist vulnerability_ids=CVE-{n}")).collect();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let policy = super::policy(&document(&rules));
    assert_eq!(vulnerable(Severity::Low).evaluate(&policy).findings.len(), 1);
}

#[test]
fn values_of_another_kind_are_told() {
    let found = refused(
        "stop vulnerabilities.package package_type=all; severity=High; fix_available=yes; max_days_since_fix=0.1",
    );
    assert_eq!(found.len(), 3, "{found:?}");
}

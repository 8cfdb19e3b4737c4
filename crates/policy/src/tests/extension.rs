//! The side-car: modes, start dates, grace periods, parameters, exceptions.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stopgate_model::{ExceptionNote, PackageType, Severity};

use super::{Case, document, fixed, folder, image, kev, lines};
use crate::{History, ParseOptions, Policy, PolicyError, parse_extended, parse_extension};

const RULE: &str = "stop vulnerabilities.package package_type=all";

fn high() -> Case {
    image().package(PackageType::DEB, "openssl", "3.0.1", "/var/lib/dpkg/status").vuln(
        "CVE-2024-1",
        Severity::High,
        fixed("3.0.2", "2026-05-01"),
    )
}

fn read(rules: &[&str], extension: &Value, given: &[(&str, &str)]) -> Result<Policy, Vec<PolicyError>> {
    let mut whole = json!({"schema": "stopgate-policy-ext/1", "policy_id": "p"});
    for (key, value) in extension.as_object().unwrap() {
        whole[key] = value.clone();
    }
    let given: BTreeMap<String, String> =
        given.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let extension = parse_extension(whole.to_string().as_bytes())?;
    let document = document(rules).to_string();
    Ok(parse_extended(document.as_bytes(), extension, &given, ParseOptions::default())?.policy)
}

pub(crate) fn extended(rules: &[&str], extension: &Value) -> Policy {
    read(rules, extension, &[]).unwrap()
}

fn errors(rules: &[&str], extension: &Value, given: &[(&str, &str)]) -> Vec<String> {
    read(rules, extension, given).unwrap_err().iter().map(ToString::to_string).collect()
}

fn outcome(case: &Case, extension: &Value) -> String {
    let evaluation = case.evaluate(&extended(&[RULE], extension));
    let finding = evaluation.findings.first().map(|finding| format!("{} of {}, ", finding.action, finding.rule_action));
    format!("{}{}", finding.unwrap_or_default(), evaluation.decision.name())
}

#[test]
fn a_rule_counts_as_its_mode_says() {
    for (rule, expected) in [
        (json!({}), "stop of stop, stop"),
        (json!({"mode": "enforce"}), "stop of stop, stop"),
        (json!({"mode": "audit"}), "warn of stop, pass"),
        (json!({"mode": "off"}), "pass"),
        (json!({"enforce_from": "2026-06-02T00:00:00Z"}), "warn of stop, pass"),
        (json!({"enforce_from": "2026-06-01T00:00:00Z"}), "stop of stop, stop"),
    ] {
        assert_eq!(outcome(&high(), &json!({"rules": {"r1": rule}})), expected, "{rule}");
    }
    let policy = extended(&[RULE], &json!({"rules": {"r1": {"enforce_from": "2026-06-02", "controls": ["RA-5"]}}}));
    let evaluation = high().evaluate(&policy);
    assert_eq!(evaluation.valid_until.as_deref(), Some("2026-06-02T00:00:00Z"), "the answer holds until then");
    assert_eq!(evaluation.findings[0].controls, ["RA-5"]);
}

#[test]
fn what_is_not_enforced_leaves_nothing_open() {
    let rule = "stop malware.scan_not_run";
    let secrets = "stop retrieved_files.content_regex path=/etc/shadow; regex=.*; check=match";
    let mut case = image();
    case.artifact.retrieved = None;
    let decided = |extension: &Value| case.evaluate(&extended(&[secrets], extension)).decision.name();
    assert_eq!(decided(&json!({})), "undecided");
    assert_eq!(decided(&json!({"rules": {"r1": {"mode": "audit"}}})), "pass");
    assert_eq!(decided(&json!({"rules": {"r1": {"mode": "off"}}})), "pass");
    let broken = "stop files.name_match regex=(";
    assert_eq!(
        lines(&image().evaluate(&extended(&[broken], &json!({"rules": {"r1": {"mode": "audit"}}})))).last().unwrap(),
        "pass"
    );
    assert_eq!(image().evaluate(&extended(&[rule], &json!({"rules": {"r1": {"mode": "off"}}}))).findings.len(), 0);
}

#[test]
fn old_findings_have_time_and_new_ones_have_none() {
    let grace = |from: &str, days: u32| json!({"rules": {"r1": {"old": {"from": from, "days": days}}}});
    let mut case = high();
    assert_eq!(outcome(&case, &grace("first_seen", 7)), "warn of stop, undecided", "there is no previous state");
    assert_eq!(outcome(&case, &grace("fix_seen", 31)), "stop of stop, stop", "overdue, new or not");
    case.history = Some(History::default());
    assert_eq!(outcome(&case, &grace("first_seen", 7)), "stop of stop, stop", "new");
    let fingerprint = case.evaluate(&extended(&[RULE], &json!({}))).findings[0].fingerprint.clone();
    let known = |time: Option<&str>| History {
        findings: [(fingerprint.clone(), time.map(|time| time.parse().unwrap()))].into(),
        ..History::default()
    };
    case.history = Some(known(Some("2026-05-30T00:00:00Z")));
    assert_eq!(outcome(&case, &grace("first_seen", 7)), "warn of stop, pass");
    assert_eq!(outcome(&case, &grace("first_seen", 2)), "stop of stop, stop", "the day itself");
    assert_eq!(outcome(&case, &grace("kev_added", 2)), "warn of stop, pass", "not listed, no due date");
    let evaluation = case.evaluate(&extended(&[RULE], &grace("first_seen", 7)));
    let finding = &evaluation.findings[0];
    assert_eq!((finding.is_new, finding.first_seen.as_deref()), (Some(false), Some("2026-05-30T00:00:00Z")));
    assert_eq!(finding.due.as_deref(), Some("2026-06-06T00:00:00Z"));
    assert_eq!(evaluation.valid_until, finding.due);
    case.history = Some(known(None));
    assert_eq!(outcome(&case, &grace("first_seen", 7)), "warn of stop, undecided", "since when is not known");
    let key = ("CVE-2024-1".to_owned(), "pkg:generic/openssl@3.0.1".to_owned());
    let seen = Some("2026-05-31T00:00:00Z".parse().unwrap());
    case.history = Some(History { first_seen: [(key, seen)].into(), ..History::default() });
    assert_eq!(outcome(&case, &grace("first_seen", 7)), "warn of stop, pass", "known as a match of another rule");
    let listed =
        image().package(PackageType::DEB, "openssl", "3.0.1", "").vuln("CVE-2024-1", Severity::High, |matched| {
            super::edit(matched, |record| record.kev.push(kev("2026-05-20")));
        });
    assert_eq!(outcome(&listed, &grace("kev_added", 5)), "stop of stop, stop");
}

#[test]
fn parameters_stand_in_for_values() {
    let rules = ["stop vulnerabilities.package package_type=all; severity=${level}; severity_comparison=>="];
    let parameters = json!({"parameters": [
        {"name": "level", "default": "high", "values": ["high", "critical"]},
        {"name": "days", "type": "integer"},
    ]});
    let stops = |given: &[(&str, &str)]| high().evaluate(&read(&rules, &parameters, given).unwrap()).findings.len();
    assert_eq!((stops(&[]), stops(&[("level", "critical")])), (1, 0));
    let digest = |given: &[(&str, &str)]| read(&rules, &parameters, given).unwrap().digest().clone();
    assert_ne!(digest(&[]), digest(&[("level", "critical")]), "another value, another policy");
    for (given, expected) in [
        (("level", "low"), "parameter `level` does not accept `low`: expected one of `high` `critical`"),
        (("levle", "high"), "the policy has no parameter `levle`"),
        (("days", "x"), "parameter `days` does not accept `x`: expected a whole number"),
    ] {
        assert_eq!(errors(&rules, &parameters, &[given]), [expected]);
    }
    let required = json!({"parameters": [{"name": "level", "required": true}]});
    assert_eq!(errors(&rules, &required, &[]), ["parameter `level` has no value: expected one to be given"]);
    let other = json!({"parameters": [{"name": "other", "default": "x"}]});
    assert!(errors(&rules, &other, &[])[0].ends_with("rule `r1`: there is no parameter `level`"));
    let bad = json!({"parameters": [{"name": "level", "default": "worst"}]});
    assert!(errors(&rules, &bad, &[])[0].contains("parameter `severity` does not accept `worst`"));
}

fn exception(select: &Value) -> Value {
    json!({"exceptions": [{"id": "E-1", "select": select, "reason": "not reachable", "owner": "team-a",
                           "expires": "2026-12-31T00:00:00Z"}]})
}

#[test]
fn exceptions_accept_what_they_select() {
    let mut case = high();
    super::edit(&mut case.report.as_mut().unwrap().matches[0], |record| record.aliases.push("GHSA-1".to_owned()));
    for (select, accepts) in [
        (json!({"vulnerability": "CVE-2024-1"}), true),
        (json!({"vulnerability": "GHSA-1"}), true),
        (json!({"vulnerability": "CVE-2024-*"}), true),
        (json!({"vulnerability": "CVE-2024-2"}), false),
        (json!({"purl": "pkg:generic/openssl"}), true),
        (json!({"purl": "pkg:generic/openssl@3.0.1"}), true),
        (json!({"purl": "pkg:generic/openssl@3.0.2"}), false),
        (json!({"version": "3.0.1"}), true),
        (json!({"version": ">= 3.0, < 3.0.2"}), true),
        (json!({"version": "< 3.0.1"}), false),
        (json!({"path": "/var/lib/dpkg/*"}), true),
        (json!({"path": "/opt/*"}), false),
        (json!({"gate": "vulnerabilities", "trigger": "package", "rule": "r1"}), true),
        (json!({"rule": "r2"}), false),
        (json!({"control": "RA-5"}), true),
        (json!({"control": "CM-7"}), false),
        (json!({"image": "docker.io/team/app"}), true),
        (json!({"image": format!("sha256:{}", "2".repeat(64))}), true),
        (json!({"tag": "docker.io/team/app:1"}), true),
        (json!({"tag": "docker.io/team/*:2"}), false),
        (json!({"vulnerability": "CVE-2024-1", "path": "/opt/*"}), false),
    ] {
        let mut extension = exception(&select);
        extension["rules"] = json!({"r1": {"controls": ["RA-5"]}});
        let expected = if accepts { "go of stop, pass" } else { "stop of stop, stop" };
        assert_eq!(outcome(&case, &extension), expected, "{select}");
    }
    let evaluation = case.evaluate(&extended(&[RULE], &exception(&json!({"vulnerability": "CVE-2024-1"}))));
    let finding = &evaluation.findings[0];
    assert_eq!(finding.allowlist.as_ref().unwrap().id, "E-1");
    assert_eq!(finding.exception.as_ref().unwrap().reason, "not reachable");
    assert_eq!(evaluation.valid_until.as_deref(), Some("2026-12-31T00:00:00Z"));
}

#[test]
fn an_exception_for_one_does_not_accept_what_folds_several() {
    let case = high().vuln("CVE-2024-2", Severity::Low, |_| {});
    let rule = "stop vulnerabilities.denylist vulnerability_ids=CVE-2024-1,CVE-2024-2";
    let decided =
        |id: &str| case.evaluate(&extended(&[rule], &exception(&json!({"vulnerability": id})))).decision.name();
    assert_eq!((decided("CVE-2024-1"), decided("CVE-2024-*")), ("stop", "pass"));
    let files = "stop always.always";
    let none = exception(&json!({"purl": "*"}));
    assert_eq!(folder().evaluate(&extended(&[files], &none)).findings.len(), 0, "no mapping");
    assert_eq!(image().evaluate(&extended(&[files], &none)).decision.name(), "stop", "it is about no package");
}

#[test]
fn exceptions_are_reported() {
    let notes = |select: Value, expires: &str| {
        let mut extension = exception(&select);
        extension["exceptions"][0]["expires"] = Value::from(expires);
        let evaluation = high().evaluate(&extended(&[RULE], &extension));
        (evaluation.exceptions[0].matched, evaluation.exceptions[0].notes.clone(), evaluation.decision.name())
    };
    let cve = || json!({"vulnerability": "CVE-2024-1"});
    assert_eq!(notes(cve(), "2026-12-31"), (1, vec![], "pass"));
    assert_eq!(notes(cve(), "2026-06-15"), (1, vec![ExceptionNote::Expiring], "pass"), "fourteen days");
    assert_eq!(notes(cve(), "2026-06-01"), (0, vec![ExceptionNote::Expired], "stop"), "the instant itself");
    assert_eq!(
        notes(json!({"vulnerability": "CVE-9"}), "2026-12-31"),
        (0, vec![ExceptionNote::MatchedNothing], "stop")
    );
    assert_eq!(notes(json!({"purl": "*"}), "2026-12-31"), (1, vec![ExceptionNote::TooBroad], "pass"));
}

#[test]
fn every_problem_of_a_side_car_is_told_at_its_place() {
    let told = |extension: &Value| errors(&[RULE], extension, &[]);
    for (extension, expected) in [
        (json!({"policy_id": "q"}), "`/policy_id`: the side-car is for policy `q`: expected `p`"),
        (json!({"rules": {"r9": {}}}), "`/rules/r9`: the policy has no rule `r9`"),
        (json!({"schema": "x"}), "schema `x` is not supported: expected `stopgate-policy-ext/1`"),
        (
            json!({"rules": {"r1": {"mode": "audti"}}}),
            "`mode` does not accept `audti`: expected one of `enforce` `audit` `off`",
        ),
        (
            json!({"rules": {"r1": {"old": {"days": 1}}}}),
            "`old` has no `from`: expected one of `first_seen` `fix_seen` `kev_added`",
        ),
        (json!({"rules": {"r1": {"old": {"from": "first_seen"}}}}), "`old` has no `days`: expected a whole number"),
        (
            json!({"rules": {"r1": {"old": {"from": "first_seen", "days": -1}}}}),
            "`days` does not accept `-1`: expected a whole number",
        ),
        (json!({"rules": []}), "`rules` is a list: expected an object with rule ids as names"),
        (json!({"exception": []}), "the side-car has no field `exception`"),
        (json!({"exceptions": [{"id": "E"}]}), "the exception has no `reason`: expected a text"),
        (
            json!({"exceptions": [{"id": "E", "reason": "r", "owner": "o", "expires": "soon", "select": {"rule": "r1"}}]}),
            "`expires` does not accept `soon`: expected a time of RFC 3339",
        ),
        (exception(&json!({})), "`select` selects nothing"),
        (exception(&json!({"rule": "regexp:("})), "the expression of `rule` does not compile"),
        (exception(&json!({"version": ">= "})), "`version` does not accept `>= `: expected a version, or a range"),
        (json!({"parameters": [{"name": "a b"}]}), "`name` does not accept `a b`"),
        (json!({"parameters": [{"name": "a"}, {"name": "a"}]}), "the parameter `a` is there twice"),
        (json!({"parameters": [{"name": "a", "default": {}}]}), "the value is an object: expected a text"),
        (
            json!({"assessments": [{"select": {"rule": "r1"}, "exposed": "yes"}]}),
            "`exposed` is a text: expected `true` or `false`",
        ),
    ] {
        let told = told(&extension);
        assert!(told.iter().any(|error| error.contains(expected)), "{extension}: {told:?}");
    }
    let rule = "stop files.suid_or_guid_set";
    let old = json!({"rules": {"r1": {"old": {"from": "fix_seen", "days": 1}}}});
    assert!(errors(&[rule], &old, &[])[0].contains("which only findings about vulnerabilities have"));
}

#[test]
fn a_policy_for_anchore_never_accepts_more_than_its_exceptions() {
    let written = |extension: &Value| crate::for_anchore(&extended(&[RULE], extension));
    for (select, expected) in [
        (json!({"vulnerability": "CVE-1"}), Some("CVE-1+*")),
        (json!({"vulnerability": "CVE-1", "gate": "vulnerabilities"}), Some("CVE-1+*")),
        (json!({"vulnerability": "CVE-1", "purl": "pkg:deb/debian/openssl"}), Some("CVE-1+openssl")),
        (json!({"vulnerability": "CVE-1", "purl": "pkg:deb/debian/openssl@1"}), None),
        (json!({"vulnerability": "CVE-1", "purl": "pkg:pypi/requests@2.0"}), Some("CVE-1+requests-2.0")),
        (json!({"vulnerability": "CVE-1", "purl": "pkg:golang/golang.org/x/net@1"}), Some("CVE-1+golang.org/x/net-1")),
        (json!({"vulnerability": "CVE-1", "purl": "pkg:pypi/requests"}), None),
        (json!({"vulnerability": "CVE-1", "image": "x"}), None),
        (json!({"vulnerability": "regexp:CVE"}), None),
        (json!({"rule": "r1"}), None),
    ] {
        let made = written(&exception(&select));
        let id = made.document.pointer("/allowlists/1/items/0/trigger_id").and_then(Value::as_str);
        assert_eq!((id, made.left_out.len()), (expected, usize::from(expected.is_none())), "{select}");
        crate::parse(made.document.to_string().as_bytes(), ParseOptions { strict: true }).unwrap();
    }
    let modes = json!({"rules": {"r1": {"mode": "audit", "enforce_from": "2027-01-01", "old": {"from": "first_seen", "days": 3}}}});
    let made = written(&modes);
    assert_eq!(made.document.pointer("/rule_sets/0/rules/0/action").unwrap(), "WARN");
    assert_eq!(made.left_out.len(), 2);
    let off = written(&json!({"rules": {"r1": {"mode": "off"}}}));
    assert_eq!(off.document.pointer("/rule_sets/0/rules").unwrap(), &json!([]));
}

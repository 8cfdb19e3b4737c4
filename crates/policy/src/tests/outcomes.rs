//! The verdict: the table of the design, allowlists, isolation of rules.

use serde_json::{Value, json};
use stopgate_model::{Action, Decision, DockerfileMode, FileKind, FinalReason, Gap, GapCode, PackageType, Severity};

use super::{Case, document, image, lines, policy};

fn evaluate(case: &Case, document: &Value) -> (Decision, Action, FinalReason) {
    let evaluation = case.evaluate(&policy(document));
    (evaluation.decision, evaluation.final_action, evaluation.reason)
}

fn everything() -> Value {
    json!([{"id": "i", "name": "all", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"}}])
}

#[test]
fn image_lists_come_before_everything() {
    let mut missing = image();
    missing.report = None;
    let mut allowed = document(&["stop always.always"]);
    allowed["allowlisted_images"] = everything();
    let expected = (Decision::Pass, Action::Go, FinalReason::Allowlisted);
    assert_eq!(evaluate(&missing, &allowed), expected, "an allowed image passes whatever is missing");
    let evaluation = missing.evaluate(&policy(&allowed));
    assert_eq!((evaluation.findings.len(), evaluation.policy_action), (1, Action::Stop), "its findings stay visible");
    assert_eq!(evaluation.allowed_image.unwrap().id, "i");
    allowed["denylisted_images"] = everything();
    assert_eq!(evaluate(&missing, &allowed), (Decision::Stop, Action::Stop, FinalReason::Denylisted));
    let mut empty = document(&[]);
    empty["mappings"] = json!([]);
    assert_eq!(evaluate(&image(), &empty), (Decision::Undecided, Action::Stop, FinalReason::PolicyEvaluation));
    assert_eq!(image().evaluate(&policy(&empty)).policy_action, Action::Go);
    empty["allowlisted_images"] = everything();
    assert_eq!(evaluate(&image(), &empty).0, Decision::Pass);
}

#[test]
fn what_could_not_be_read_is_never_a_pass() {
    let policy = policy(&document(&["warn always.always"]));
    let gap = |code| image().with(|artifact| artifact.gaps.push(Gap::new(code, "x could not be read")));
    let undecided = gap(GapCode::DatabaseUnreadable).evaluate(&policy);
    assert_eq!(undecided.decision, Decision::Undecided);
    assert_eq!((undecided.missing[0].input.as_str(), undecided.final_action), ("gap", Action::Stop));
    assert_eq!(
        gap(GapCode::RecordUnreadable).evaluate(&policy).decision,
        Decision::Pass,
        "a partial gap is shown only"
    );
    let mut matching = image();
    matching.report.as_mut().unwrap().gaps.push(Gap::new(GapCode::InternalFault, "y"));
    assert_eq!(matching.evaluate(&policy).decision, Decision::Undecided);
    let mut stray = image().package(PackageType::DEB, "a", "1", "").vuln("CVE-1", Severity::Low, |_| {});
    stray.artifact.packages.clear();
    assert_eq!(stray.evaluate(&policy).decision, Decision::Undecided, "matches of a package that is not there");
    let mut none = image();
    none.report = None;
    let evaluation = none.evaluate(&policy);
    assert_eq!(
        (evaluation.decision, evaluation.missing[0].input.as_str()),
        (Decision::Undecided, "vulnerability_data")
    );
}

#[test]
fn a_stop_is_a_stop_whatever_is_missing() {
    let mut none = image();
    none.report = None;
    let evaluation = none.evaluate(&policy(&document(&["stop always.always", "stop files.content_regex_match"])));
    assert_eq!((evaluation.decision, evaluation.missing.len()), (Decision::Stop, 0));
    assert_eq!(evaluation.problems.len(), 2);
}

#[test]
fn an_absence_trigger_decides_for_its_input() {
    let guessed = image().dockerfile(DockerfileMode::Guessed, &["FROM scratch"]);
    let rule = "stop dockerfile.instruction instruction=FROM; check=exists; actual_dockerfile_only=true";
    let decide = |rules: &[&str]| evaluate(&guessed, &document(rules)).0;
    assert_eq!(decide(&[rule]), Decision::Undecided);
    assert_eq!(decide(&[rule, "go dockerfile.no_dockerfile_provided"]), Decision::Pass);
    assert_eq!(decide(&[rule, "stop dockerfile.no_dockerfile_provided"]), Decision::Stop);
    assert_eq!(decide(&[rule, "go malware.scan_not_run"]), Decision::Undecided, "for its own input only");
    assert_eq!(decide(&["stop malware.scans"]), Decision::Undecided);
    assert_eq!(decide(&["stop malware.scans", "warn malware.scan_not_run"]), Decision::Pass);
    assert_eq!(decide(&[rule, "go DOCKERFILECHECK.NODOCKERFILE"]), Decision::Undecided, "old triggers never count");
}

#[test]
fn a_broken_rule_counts_as_its_own_action_and_hides_no_other() {
    let document = document(&["warn files.name_match regex=*.pem", "stop always.always", "warn always.always"]);
    let evaluation = image().evaluate(&policy(&document));
    assert_eq!((evaluation.findings.len(), evaluation.problems.len(), evaluation.decision), (2, 1, Decision::Stop));
    let files = image()
        .files(&[("/a", FileKind::Regular, 0o644), (&format!("/{}cb", "a".repeat(120)), FileKind::Regular, 0o644)]);
    let slow = super::document(&["stop files.name_match regex=/(a+)(a+)(a+)(a+)(a+)\\1\\2\\3\\4\\5b"]);
    let evaluation = files.evaluate(&policy(&slow));
    assert_eq!(evaluation.decision, Decision::Stop, "{:?}", lines(&evaluation));
}

fn accepting(trigger_id: &str, expires_on: Option<&str>) -> Value {
    let mut document = document(&["stop vulnerabilities.package package_type=all"]);
    document["allowlists"][0]["items"] =
        json!([{"id": "it", "gate": "Vulnerabilities", "trigger_id": trigger_id, "expires_on": expires_on}]);
    document
}

fn vulnerable() -> Case {
    image().package(PackageType::DEB, "openssl", "3", "").vuln("CVE-1", Severity::High, |matched| {
        super::edit(matched, |record| record.aliases.push("GHSA-9".to_owned()));
    })
}

#[test]
fn allowlist_items_match_exactly_by_star_or_by_expression() {
    for (pattern, accepted) in [
        ("CVE-1+openssl", true),
        ("CVE-1+*", true),
        ("*+openssl", true),
        ("*", true),
        ("CVE-*+openssl", true),
        ("regexp:CVE-.\\+open", true),
        ("regexp:open", false),
        ("CVE-1+libssl", false),
        ("CVE-1", false),
        ("*+libssl", false),
        ("GHSA-9+openssl", true),
        ("always", false),
    ] {
        let evaluation = vulnerable().evaluate(&policy(&accepting(pattern, None)));
        let finding = &evaluation.findings[0];
        assert_eq!(finding.allowlist.is_some(), accepted, "{pattern}");
        let actions = if accepted { (Action::Go, Action::Stop) } else { (Action::Stop, Action::Stop) };
        assert_eq!((finding.action, finding.rule_action), actions);
        if pattern == "GHSA-9+openssl" {
            assert_eq!(finding.allowlist.as_ref().unwrap().via, Some("legacy_id"));
        }
    }
}

#[test]
fn an_expired_item_accepts_nothing_from_its_instant_on() {
    let later = vulnerable().evaluate(&policy(&accepting("CVE-1+*", Some("2026-06-01T00:00:01Z"))));
    assert_eq!((later.decision, later.valid_until.as_deref()), (Decision::Pass, Some("2026-06-01T00:00:01Z")));
    let now = vulnerable().evaluate(&policy(&accepting("CVE-1+*", Some("2026-06-01T00:00:00Z"))));
    assert_eq!((now.decision, now.valid_until), (Decision::Stop, None));
}

#[test]
fn ids_of_renamed_triggers_still_accept() {
    let case = image().package(PackageType::DEB, "telnet", "1-1", "");
    let mut document = document(&["stop packages.denylist name=telnet"]);
    let old = crate::trigger::hit::anchore_id("packages", "blacklist", "Package is blacklisted: telnet");
    document["allowlists"][0]["items"] = json!([{"id": "it", "gate": "packages", "trigger_id": old}]);
    let evaluation = case.evaluate(&policy(&document));
    assert_eq!(evaluation.decision, Decision::Pass);
    assert_eq!(evaluation.findings[0].allowlist.as_ref().unwrap().via, Some("legacy_id"));
}

#[test]
fn findings_come_by_rule_set_gate_and_rule() {
    let case = image().package(PackageType::DEB, "a", "1", "");
    let document = document(&[
        "warn packages.denylist name=a",
        "go always.always",
        "stop packages.required_package name=b",
        "warn always.always",
    ]);
    let rules: Vec<_> = case.evaluate(&policy(&document)).findings.into_iter().map(|finding| finding.rule_id).collect();
    assert_eq!(rules, ["r1", "r3", "r2", "r4"]);
}

#[test]
fn large_allowlists_cost_nothing() {
    let items: Vec<Value> = (0..50_000)
        .map(|n| {
            let id = match n % 3 {
                0 => format!("CVE-{n}+openssl"),
                1 => format!("CVE-{n}+*"),
                _ => format!("*+lib{n}"),
            };
            json!({"id": format!("i{n}"), "gate": "vulnerabilities", "trigger_id": id})
        })
        .collect();
    let mut document = document(&["stop vulnerabilities.package package_type=all"]);
    document["allowlists"][0]["items"] = Value::Array(items);
    let policy = policy(&document);
    let mut case = image();
    for n in 0..500 {
        case = case.package(PackageType::DEB, &format!("lib{n}"), "1", "").vuln("CVE-x", Severity::High, |_| {});
    }
    let accepted = case.evaluate(&policy).findings.iter().filter(|finding| finding.allowlist.is_some()).count();
    assert_eq!(accepted, 166, "one in three names");
}

//! Pairs of rules, allowlists and mappings with the answer that a person would give.

use serde_json::{Value, json};

use super::{check_witness, compare};
use crate::tests::{document, policy};

fn answer(old: &[&str], new: &[&str]) -> String {
    answer_of(&document(old), &document(new))
}

fn answer_of(old: &Value, new: &Value) -> String {
    let report = compare(old, new);
    for direction in [&report.forward, &report.backward] {
        if let Some(witness) = direction.witness() {
            check_witness(witness, &policy(old), &policy(new));
        }
    }
    report.answer.name().to_owned()
}

#[test]
fn rules_are_compared_by_what_they_stop() {
    let package = |rest: &str| format!("stop vulnerabilities.package package_type=all; {rest}");
    for (old, new, expected) in [
        (
            package("severity=high; severity_comparison=>="),
            package("severity=medium; severity_comparison=>="),
            "stricter",
        ),
        (package("severity=high; severity_comparison=>="), package("severity=medium; severity_comparison=>"), "equal"),
        (
            package("severity=high; severity_comparison==="),
            package("severity=high; severity_comparison=>="),
            "stricter",
        ),
        (
            package("severity=low; severity_comparison=>"),
            package("severity=low; severity_comparison=<"),
            "incomparable",
        ),
        (
            package("fix_available=true; max_days_since_fix=30"),
            package("fix_available=true; max_days_since_fix=7"),
            "stricter",
        ),
        (package("max_days_since_fix=30"), package("max_days_since_fix=7"), "equal"),
        (package("vendor_only=true"), package("vendor_only=false"), "stricter"),
        (package("cvss_v3_base_score=9.0"), package("cvss_v3_base_score=7.0"), "stricter"),
        (package("epss_score=0.9"), package("epss_score=90"), "equal"),
        (package("package_path_exclude=/app/.*"), package(""), "stricter"),
        (package("max_days_since_creation=7"), package(""), "stricter"),
    ] {
        let old = old.replace("===", "==");
        assert_eq!(answer(&[&old], &[&new]), expected, "{old} against {new}");
    }
}

#[test]
fn several_rules_may_say_what_one_says() {
    let rule = |rest: &str| format!("stop vulnerabilities.package package_type=all; {rest}");
    let high = rule("severity=high; severity_comparison=>=");
    let split = [rule("severity=high; severity_comparison=="), rule("severity=critical; severity_comparison==")];
    assert_eq!(answer(&[&high], &[&split[1], &split[0]]), "equal");
    assert_eq!(answer(&[&high], &[&split[1]]), "looser");
    let classes =
        [high.replace("package_type=all", "package_type=os"), high.replace("package_type=all", "package_type=non-os")];
    assert_eq!(answer(&[&high], &[&classes[0], &classes[1]]), "equal");
    let known = rule("severity=unknown; severity_comparison=>=; vendor_only=false; known_exploited_vulnerability=true");
    assert_eq!(answer(&["stop vulnerabilities.kev_list"], &[&known]), "equal");
}

/// Old rule, new rule, answer.
const PAIRS: &[[&str; 3]] = &[
    [
        "stop dockerfile.effective_user users=root; type=denylist",
        "stop dockerfile.effective_user users=0,root; type=denylist",
        "equal",
    ],
    [
        "stop dockerfile.effective_user users=root; type=denylist",
        "stop dockerfile.effective_user users=root,app; type=denylist",
        "stricter",
    ],
    [
        "stop dockerfile.effective_user users=a,b; type=allowlist",
        "stop dockerfile.effective_user users=a; type=allowlist",
        "stricter",
    ],
    [
        "stop dockerfile.exposed_ports ports=22; type=denylist",
        "stop dockerfile.exposed_ports ports=80; type=allowlist",
        "stricter",
    ],
    [
        "stop dockerfile.exposed_ports ports=22; type=denylist",
        "stop dockerfile.exposed_ports ports=0; type=denylist",
        "stricter",
    ],
    ["stop image_config.label required=a", "stop image_config.label required=b,a", "stricter"],
    [
        "stop metadata.attribute attribute=size; check=>; value=10mb",
        "stop metadata.attribute attribute=size; check=>=; value=5242880",
        "stricter",
    ],
    [
        "stop metadata.attribute attribute=distro_version; check=<; value=12",
        "stop metadata.attribute attribute=distro_version; check=<=; value=11.9",
        "looser",
    ],
    [
        "stop metadata.attribute attribute=architecture; check=in; value=arm64,s390x",
        "stop metadata.attribute attribute=architecture; check=!=; value=amd64",
        "stricter",
    ],
    [
        "stop licenses.denylist_exact_match licenses=GPL-3.0",
        "stop licenses.denylist_partial_match licenses=GPL",
        "stricter",
    ],
    [
        "stop packages.required_package name=curl",
        "stop packages.required_package name=curl; version=1.0; version_match_type=minimum",
        "stricter",
    ],
    [
        "stop packages.required_package name=curl; version=1.0; version_match_type=minimum",
        "stop packages.required_package name=curl; version=1.2; version_match_type=minimum",
        "stricter",
    ],
    ["stop packages.denylist name=curl; version=1.0", "stop packages.denylist name=curl", "stricter"],
    ["stop npms.blacklisted_name_version name=a", "stop packages.denylist name=a", "stricter"],
    ["stop passwd_file.denylist_userids user_ids=0", "stop passwd_file.denylist_userids user_ids=0,14", "stricter"],
    [
        "stop secret_scans.content_regex_checks match_type=notfound",
        "stop secret_scans.content_regex_checks match_type=notfound; content_regex_name=A",
        "stricter",
    ],
    [
        "stop secret_scans.content_regex_checks content_regex_name=A",
        "stop secret_scans.content_regex_checks",
        "stricter",
    ],
    [
        "stop vulnerabilities.stale_feed_data max_days_since_sync=10",
        "stop vulnerabilities.stale_feed_data max_days_since_sync=5",
        "stricter",
    ],
    [
        "stop distro.deny distro=debian; version=11; check=<",
        "stop distro.deny distro=Debian; version=12; check=<",
        "stricter",
    ],
    [
        "stop files.attribute_match filename=/a; mode=0644; mode_op=not_equals",
        "stop files.attribute_match filename=/a; mode=0644; mode_op=not_equals; skip_missing=false",
        "stricter",
    ],
    ["stop files.name_match regex=.*\\.pem", "stop files.name_match regex=.*", "stricter"],
    ["stop files.suid_or_guid_set", "stop files.name_match regex=.*", "stricter"],
    [
        "stop dockerfile.instruction instruction=RUN; check==; value=make",
        "stop dockerfile.instruction instruction=RUN; check=exists",
        "stricter",
    ],
    [
        "stop vulnerabilities.denylist vulnerability_ids=CVE-1",
        "stop vulnerabilities.denylist vulnerability_ids=CVE-2,CVE-1",
        "stricter",
    ],
    ["stop files.name_match regex=/a", "stop files.name_match regex=/b", "incomparable"],
    ["stop malware.scan_not_run", "warn malware.scan_not_run", "looser"],
    ["stop files.name_match regex=*x", "stop always.always", "equal"],
    ["warn always.always", "go vulnerabilities.kev_list", "equal"],
];

#[test]
fn lists_and_numbers_have_the_direction_of_their_trigger() {
    for [old, new, expected] in PAIRS {
        assert_eq!(answer(&[old], &[new]), *expected, "{old} against {new}");
    }
}

fn with_items(rules: &[&str], items: &[(&str, &str, Option<&str>)]) -> Value {
    let mut document = document(rules);
    let items = items.iter().enumerate().map(|(number, (gate, id, expires))| {
        let mut item = json!({"id": format!("i{number}"), "gate": gate, "trigger_id": id});
        if let Some(expires) = expires {
            item["expires_on"] = json!(expires);
        }
        item
    });
    document["allowlists"][0]["items"] = items.collect();
    document
}

#[test]
fn allowlists_are_compared_by_what_they_accept_and_how_long() {
    let rules = ["stop vulnerabilities.package package_type=all; severity=high; severity_comparison=>="];
    let gate = "vulnerabilities";
    let (soon, late) = (Some("2026-07-01T00:00:00Z"), Some("2027-07-01T00:00:00Z"));
    let past = Some("2026-01-01T00:00:00Z");
    for (old, new, expected) in [
        (vec![], vec![(gate, "CVE-1+*", None)], "looser"),
        (vec![(gate, "CVE-1+*", None)], vec![(gate, "CVE-1+curl", None)], "stricter"),
        (vec![(gate, "CVE-1+a*", None), (gate, "CVE-1+*", None)], vec![(gate, "CVE-1+*", None)], "equal"),
        (vec![(gate, "CVE-1+*", soon)], vec![(gate, "CVE-1+*", late)], "looser"),
        (vec![(gate, "CVE-1+*", past)], vec![], "equal"),
        (vec![], vec![("files", "*", None)], "equal"),
        (vec![], vec![(gate, "0123456789abcdef0123456789abcdef", None)], "equal"),
        (vec![(gate, "CVE-1+*", None)], vec![(gate, "CVE-2+*", None)], "incomparable"),
        (vec![(gate, "*", None)], vec![(gate, "*+*", None)], "equal"),
        (vec![(gate, "*", None)], vec![], "stricter"),
        (vec![(gate, "regexp:CVE-.*", None)], vec![(gate, "regexp:CVE-.*", None)], "equal"),
        (vec![], vec![(gate, "regexp:CVE-2024-[0-9]+\\+.*", None)], "looser"),
        (vec![(gate, "*", soon)], vec![(gate, "*+*", soon)], "equal"),
    ] {
        let (old, new) = (with_items(&rules, &old), with_items(&rules, &new));
        assert_eq!(answer_of(&old, &new), expected, "{} against {}", old["allowlists"], new["allowlists"]);
    }
}

#[test]
fn mappings_and_image_lists_are_compared_by_region() {
    let everything = document(&["stop always.always"]);
    let with = |change: &dyn Fn(&mut Value)| {
        let mut document = everything.clone();
        change(&mut document);
        document
    };
    let tag = |value: &str| json!({"type": "tag", "value": value});
    let entry = |registry: &str, repository: &str| json!({"id": "e", "name": "e", "registry": registry, "repository": repository, "image": tag("*")});
    let narrow = with(&|document| document["mappings"][0]["registry"] = json!("quay.io"));
    assert_eq!(answer_of(&everything, &narrow), "looser");
    assert_eq!(answer_of(&narrow, &everything), "stricter");
    let allowed = with(&|document| document["allowlisted_images"] = json!([entry("docker.io", "nginx")]));
    assert_eq!(answer_of(&everything, &allowed), "looser");
    let alias = with(&|document| document["allowlisted_images"] = json!([entry("docker.io", "library/nginx")]));
    assert_eq!(answer_of(&allowed, &alias), "equal", "one image of Docker Hub has both names");
    let elsewhere = with(&|document| document["allowlisted_images"] = json!([entry("quay.io", "nginx")]));
    let library = with(&|document| document["allowlisted_images"] = json!([entry("quay.io", "library/nginx")]));
    assert_eq!(answer_of(&elsewhere, &library), "incomparable", "elsewhere they are two");
    let denied = with(&|document| document["denylisted_images"] = json!([entry("*", "*")]));
    assert_eq!(answer_of(&everything, &denied), "equal");
    let both = with(&|document| {
        document["denylisted_images"] = json!([entry("*", "bad/*")]);
        document["allowlisted_images"] = json!([entry("*", "*")]);
    });
    assert_eq!(answer_of(&everything, &both), "looser");
}

//! Side-cars: modes, grace periods, exceptions and parameters. A table of pairs, and random pairs against brute force.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::bundles::pair;
use super::dice::Dice;
use super::random::{each_of, refute, tried};
use super::{check_witness, options, rounds};
use crate::diff::{DiffReport, diff};
use crate::tests::document;
use crate::{ParseOptions, Policy, parse_extended, parse_extension};

/// The policy of a document with a side-car.
fn extended(document: &Value, extension: &Value) -> Policy {
    let mut whole = json!({"rules": {}});
    for (name, value) in extension.as_object().unwrap() {
        whole[name] = value.clone();
    }
    whole["schema"] = json!("stopgate-policy-ext/1");
    whole["policy_id"] = json!("p");
    fit(&mut whole, document);
    let extension = parse_extension(whole.to_string().as_bytes()).unwrap();
    let text = document.to_string();
    parse_extended(text.as_bytes(), extension, &BTreeMap::new(), ParseOptions::default()).unwrap().policy
}

/// Leaves out what a side-car says of rules that the document does not have, and dates that their findings do not have.
fn fit(car: &mut Value, document: &Value) {
    let sets = document["rule_sets"].as_array().unwrap();
    let rules: Vec<&Value> = sets.iter().flat_map(|set| set["rules"].as_array().unwrap()).collect();
    let Some(said) = car["rules"].as_object_mut() else { return };
    said.retain(|id, _| rules.iter().any(|rule| rule["id"] == id.as_str()));
    for (id, said) in said {
        let of_matches = rules.iter().filter(|rule| rule["id"] == id.as_str()).all(|rule| {
            rule["gate"] == "vulnerabilities" && matches!(rule["trigger"].as_str(), Some("package" | "kev_list"))
        });
        if said["old"].is_object() && !of_matches {
            said["old"]["from"] = json!("first_seen");
        }
    }
}

fn compare(old: &Policy, new: &Policy) -> DiffReport {
    let report = diff(old, new, &options());
    for direction in [&report.forward, &report.backward] {
        if let Some(witness) = direction.witness() {
            check_witness(witness, old, new);
        }
    }
    report
}

const HIGH: &str = "stop vulnerabilities.package package_type=all; severity=high; severity_comparison=>=";
const ALL: &str = "stop vulnerabilities.package package_type=all";
const FILES: &str = "stop files.suid_or_guid_set";
const ALWAYS: &str = "stop always.always";

/// Whether side-cars for one rule that is the same in both, or for two, compare as expected.
fn answer((old, old_car): (&[&str], Value), (new, new_car): (&[&str], Value)) -> String {
    let (old, new) = (extended(&document(old), &old_car), extended(&document(new), &new_car));
    compare(&old, &new).answer.name().to_owned()
}

#[test]
fn a_grace_period_of_the_new_policy_covers_one_that_is_as_long() {
    let given = |from: &str, days: u32| json!({"rules": {"r1": {"old": {"from": from, "days": days}}}});
    let none = || json!({});
    let mode = |mode: &str| json!({"rules": {"r1": {"mode": mode}}});
    let from = |day: &str| json!({"rules": {"r1": {"enforce_from": format!("2026-{day}T00:00:00Z")}}});
    for (old, new, expected) in [
        (given("first_seen", 30), given("first_seen", 7), "stricter"),
        (given("first_seen", 7), given("first_seen", 30), "looser"),
        (given("first_seen", 30), none(), "stricter"),
        (none(), given("first_seen", 30), "looser"),
        (none(), given("fix_seen", 30), "looser"),
        (none(), given("kev_added", 30), "looser"),
        (given("fix_seen", 7), given("fix_seen", 30), "looser"),
        (given("fix_seen", 30), given("fix_seen", 7), "stricter"),
        (none(), mode("audit"), "looser"),
        (mode("audit"), mode("off"), "equal"),
        (from("09-01"), from("07-01"), "stricter"),
        (from("07-01"), from("09-01"), "looser"),
        (from("05-01"), none(), "equal"),
    ] {
        let shown = format!("{old} against {new}");
        assert_eq!(answer((&[HIGH], old.clone()), (&[HIGH], new.clone())), expected, "{shown}");
        // The rule may also find more than before.
        if expected == "stricter" {
            assert_eq!(answer((&[HIGH], old), (&[ALL], new)), expected, "{shown}");
        }
    }
    let graced = given("first_seen", 30);
    assert_eq!(answer((&[FILES], graced.clone()), (&[FILES], graced.clone())), "equal");
    assert_eq!(answer((&[FILES], json!({})), (&[FILES], graced.clone())), "looser");
    // What is first seen is a matter of the trigger.
    let kev = "stop vulnerabilities.kev_list";
    let other = answer((&[kev], graced.clone()), (&[ALL], graced));
    assert!(matches!(other.as_str(), "undecided" | "looser" | "incomparable"), "{other}");
}

fn exception(select: &Value, expires: &str) -> Value {
    json!({"id": select.to_string(), "select": select, "reason": "x", "owner": "y", "expires": expires})
}

fn excepting(selects: &[Value]) -> Value {
    let all: Vec<Value> = selects.iter().map(|select| exception(select, "2026-12-01T00:00:00Z")).collect();
    json!({"exceptions": all, "rules": {"r1": {"controls": ["C-1"]}, "r2": {"controls": ["C-2"]}}})
}

#[test]
fn exceptions_are_compared_by_what_they_select() {
    let one = |select: Value| excepting(&[select]);
    let none = || excepting(&[]);
    let rule = |id: &str| json!({"rule": id});
    for (rules, old, new, expected) in [
        (&[HIGH][..], none(), one(rule("r1")), "looser"),
        (&[HIGH], one(rule("r1")), one(rule("r1")), "equal"),
        (&[HIGH], one(rule("r1")), none(), "stricter"),
        (&[HIGH], one(json!({"gate": "vulnerabilities"})), one(rule("r1")), "equal"),
        (&[HIGH], one(json!({"trigger": "pack*"})), one(json!({"trigger": "package", "control": "C-1"})), "equal"),
        (&[HIGH], none(), one(json!({"gate": "files"})), "equal"),
        (&[HIGH], none(), one(rule("r9")), "equal"),
        (&[HIGH], none(), one(json!({"control": "C-9"})), "equal"),
        (&[HIGH], none(), one(json!({"control": "C-*"})), "looser"),
        (&[HIGH, FILES], one(rule("r1")), one(rule("r2")), "incomparable"),
        (&[FILES], none(), one(json!({"vulnerability": "CVE-1"})), "equal"),
        (&[HIGH], none(), one(json!({"vulnerability": "CVE-1"})), "looser"),
        (&[HIGH], one(json!({"vulnerability": "CVE-*"})), one(json!({"vulnerability": "CVE-1*"})), "stricter"),
        (&[HIGH], one(json!({"purl": "pkg:npm/*"})), one(json!({"purl": "pkg:npm/a", "gate": "*"})), "stricter"),
        (&[HIGH], none(), one(json!({"tag": "docker.io/team/*"})), "looser"),
        (&[HIGH], one(json!({"tag": "docker.io/*"})), one(json!({"tag": "docker.io/team/*"})), "stricter"),
        (&[HIGH], one(json!({"image": "quay.io/*"})), one(json!({"image": "quay.io/*", "rule": "r1"})), "equal"),
    ] {
        let shown = format!("{rules:?} {old} against {new}");
        let found = answer((rules, old), (rules, new));
        // That something less is accepted need not be shown by an artifact.
        assert_eq!(found, expected, "{shown}");
    }
    let until = |day: &str| json!({"exceptions": [exception(&rule("r1"), &format!("2026-{day}T00:00:00Z"))]});
    assert_eq!(answer((&[HIGH], until("07-01")), (&[HIGH], until("09-01"))), "looser");
    assert_eq!(answer((&[HIGH], until("09-01")), (&[HIGH], until("07-01"))), "stricter");
    assert_eq!(answer((&[HIGH], until("05-01")), (&[HIGH], json!({}))), "equal");
}

#[test]
fn equal_exceptions_need_not_accept_the_same() {
    let both = excepting(&[json!({"vulnerability": "CVE-1"}), json!({"vulnerability": "CVE-2"})]);
    let denied = "stop vulnerabilities.denylist vulnerability_ids=CVE-1,CVE-2; vendor_only=false";
    let every = "stop vulnerabilities.package package_type=all; vendor_only=false; severity_comparison=>=; \
                 severity=unknown";
    // One finding about two vulnerabilities is not accepted where each would be.
    let found = answer((&[denied], both.clone()), (&[every], both));
    assert!(matches!(found.as_str(), "undecided" | "looser" | "incomparable"), "{found}");
    // What a list denies and what breaks is accepted by no exception.
    let accepted = excepting(&[json!({"gate": "always"})]);
    let mut denying = document(&[]);
    denying["denylisted_images"] = json!([{"id": "d", "name": "d", "registry": "*", "repository": "*",
        "image": {"type": "tag", "value": "*"}}]);
    let (old, new) = (extended(&denying, &accepted), extended(&document(&[ALWAYS]), &accepted));
    assert_eq!(compare(&old, &new).answer.name(), "looser");
    let broken = "stop files.name_match regex=*x";
    assert_eq!(answer((&[broken], accepted.clone()), (&[ALWAYS], accepted)), "looser");
}

#[test]
fn an_id_of_an_allowlist_may_accept_what_stops_everything_else() {
    let sized = "stop metadata.attribute attribute=size; check=>=; value=0";
    let mut accepting = document(&[sized]);
    accepting["allowlists"][0]["items"] =
        json!([{"id": "i", "gate": "metadata", "trigger_id": "0123456789abcdef0123456789abcdef"}]);
    let report = compare(&extended(&document(&[ALWAYS]), &json!({})), &extended(&accepting, &json!({})));
    assert!(!report.forward.is_proved());
}

const TIMES: [&str; 3] = ["2026-05-01T00:00:00Z", "2026-06-20T00:00:00Z", "2027-01-01T00:00:00Z"];

fn added(dice: &mut Dice) -> Value {
    match dice.below(5) {
        0 => json!({"mode": dice.pick(&["enforce", "audit", "off"])}),
        1 => json!({"enforce_from": dice.pick(&TIMES)}),
        2 => json!({"controls": [dice.pick(&["C-1", "C-2"])]}),
        _ => {
            let from = dice.pick(&["first_seen", "fix_seen", "kev_added"]);
            let days = [7, 30, 400][dice.below(3)];
            json!({"controls": ["C-1"], "old": {"from": from, "days": days}})
        }
    }
}

fn selector(dice: &mut Dice, rules: &[String]) -> Value {
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let mut select = json!({});
    for _ in 0..=dice.below(2) {
        let (name, values): (&str, &[&str]) = match dice.below(10) {
            0 => ("gate", &["vulnerabilities", "files", "always", "*"]),
            1 => ("trigger", &["package", "denylist", "p*"]),
            2 | 3 => ("rule", &rules),
            4 => ("control", &["C-1", "C-*"]),
            5 => ("purl", &["pkg:npm/*", "pkg:deb/*", "pkg:npm/left-pad"]),
            6 => ("path", &["/app/*", "/etc/*", "*"]),
            7 => ("tag", &["docker.io/*", "quay.io/nginx:latest", "*"]),
            8 => ("image", &["docker.io/team/app", "quay.io/*"]),
            _ => ("vulnerability", &["CVE-2024-1", "CVE-2024-*", "GHSA-aaaa"]),
        };
        select[name] = json!(dice.pick(values));
    }
    select
}

/// A side-car for a document.
fn sidecar(dice: &mut Dice, document: &Value) -> Value {
    let sets = document["rule_sets"].as_array().unwrap();
    let rules = sets.iter().flat_map(|set| set["rules"].as_array().unwrap());
    let ids: Vec<String> = rules.map(|rule| rule["id"].as_str().unwrap().to_owned()).collect();
    let mut car = json!({"rules": {}, "exceptions": []});
    for id in &ids {
        if dice.one_in(3) {
            car["rules"][id] = added(dice);
        }
    }
    for number in 0..dice.below(3) {
        let mut made = exception(&selector(dice, &ids), dice.pick(&TIMES));
        made["id"] = json!(format!("e{number}"));
        car["exceptions"].as_array_mut().unwrap().push(made);
    }
    car
}

/// Another side-car, different in one place at most.
fn changed(dice: &mut Dice, car: &Value, document: &Value) -> Value {
    let other = sidecar(dice, document);
    let mut new = car.clone();
    match dice.below(4) {
        0 => new["exceptions"] = other["exceptions"].clone(),
        1 => {
            let first = new["exceptions"].as_array().unwrap().first().cloned();
            new["exceptions"] = first.map_or(other["exceptions"].clone(), |first| json!([first]));
        }
        2 => new["rules"] = other["rules"].clone(),
        _ => {}
    }
    new
}

/// A document whose first parameter is one of the policy's own.
fn with_parameter(document: &mut Value, car: &mut Value) {
    let rules = document["rule_sets"][0]["rules"].as_array_mut().unwrap();
    let params = rules.iter_mut().filter_map(|rule| rule["params"].as_array_mut());
    let Some(param) = params.flatten().next() else { return };
    car["parameters"] = json!([{"name": "p", "type": "string", "default": param["value"]}]);
    param["value"] = json!("${p}");
}

#[test]
fn no_claim_about_side_cars_is_refuted() {
    let (decided, proved, pairs) = (AtomicU64::new(0), AtomicU64::new(0), rounds(100));
    each_of(pairs, |seed| {
        let mut dice = Dice::new(seed ^ 0x7171);
        let (mut old, new) = pair(seed + 20_000);
        let new = if dice.one_in(2) { old.clone() } else { new };
        let mut old_car = sidecar(&mut dice, &old);
        let new_car = changed(&mut dice, &old_car, &new);
        if dice.one_in(3) {
            with_parameter(&mut old, &mut old_car);
        }
        let (old, new) = (extended(&old, &old_car), extended(&new, &new_car));
        let report = compare(&old, &new);
        for direction in [&report.forward, &report.backward] {
            proved.fetch_add(u64::from(direction.is_proved()), Ordering::Relaxed);
            let is_decided = direction.is_proved() || direction.witness().is_some();
            decided.fetch_add(u64::from(is_decided), Ordering::Relaxed);
        }
        for case in tried(seed, 60) {
            refute(&case, (&old, &new), &report, &|| format!("seed {seed}"));
        }
    });
    let (decided, proved) = (decided.into_inner(), proved.into_inner());
    assert!(decided * 10 >= pairs * 2 * 9 && proved * 4 > pairs, "{decided} decided, {proved} proved of {}", 2 * pairs);
}

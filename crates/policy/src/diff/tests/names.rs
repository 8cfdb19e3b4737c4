//! Patterns of names and ids against short texts: what is proved holds for each of them, and what none of them
//! refutes is proved, unless only names that nobody can write could refute it.

use serde_json::{Value, json};
use stopgate_model::{Decision, ImageReference, PackageType, Severity};

use super::dice::Dice;
use super::{check_witness, options, rounds};
use crate::diff::{Direction, diff};
use crate::tests::{Case, document, image, policy};

/// A pattern of these pieces.
fn pattern(dice: &mut Dice, pieces: &[&str]) -> String {
    match dice.below(6) {
        0 => "*".to_owned(),
        1 => {
            let body: String =
                (0..=dice.below(3)).map(|_| dice.pick(&["a", ".", "[a-b]", "b*", "(a|b)", "1?", "/"])).collect();
            format!("regexp:{body}{}", dice.pick(&["", "", "$"]))
        }
        _ => (0..=dice.below(4)).map(|_| dice.pick(pieces)).collect(),
    }
}

fn target(dice: &mut Dice, entry: &mut Value) {
    entry["registry"] = match dice.below(3) {
        0 => json!("*"),
        1 => json!(dice.pick(&["docker.io", "*.io", "a.b", "*docker*"])),
        _ => json!(pattern(dice, &["a", ".", "*", "b"])),
    };
    let repository = match dice.below(3) {
        0 => dice.pick(&["library/*", "library/a", "*a", "lib*"]).to_owned(),
        _ => pattern(dice, &["a", "b", "/", "*", "library/"]),
    };
    entry["repository"] = json!(repository);
    entry["image"] = json!({"type": "tag", "value": pattern(dice, &["a", "1", "*", "-"])});
}

fn bundle(dice: &mut Dice) -> Value {
    let mut bundle = document(&["stop always.always"]);
    let quiet = json!({"id": "quiet", "name": "q", "version": "2", "rules": []});
    bundle["rule_sets"].as_array_mut().unwrap().push(quiet);
    let mappings: Vec<Value> = (0..3)
        .map(|number| {
            let set = dice.pick(&["rs", "quiet"]);
            let mut mapping =
                json!({"id": format!("m{number}"), "name": "m", "rule_set_ids": [set], "allowlist_ids": []});
            target(dice, &mut mapping);
            mapping
        })
        .collect();
    bundle["mappings"] = json!(mappings);
    for list in ["denylisted_images", "allowlisted_images"] {
        let mut entry = json!({"id": "e", "name": "e"});
        target(dice, &mut entry);
        bundle[list] = if dice.one_in(2) { json!([entry]) } else { json!([]) };
    }
    bundle
}

/// Every text of these pieces, up to a number of them.
fn texts(pieces: &[&str], most: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut last = all.clone();
    for _ in 0..most {
        last = last.iter().flat_map(|text| pieces.iter().map(move |piece| format!("{text}{piece}"))).collect();
        all.extend(last.iter().cloned());
    }
    all
}

/// References of short names.
fn references(dice: &mut Dice) -> Vec<ImageReference> {
    let registries = ["docker.io", "index.docker.io", "a.b", "b.io", "*"];
    let repositories = texts(&["a", "b", "/", "library/"], 3);
    let tags = texts(&["a", "1", "-"], 2);
    (0..400)
        .filter_map(|_| {
            let repository = &repositories[dice.below(repositories.len())];
            let tag = &tags[dice.below(tags.len())];
            ImageReference::parse(&format!("{}/{repository}:{tag}", dice.pick(&registries))).ok()
        })
        .collect()
}

#[test]
fn regions_are_exact() {
    let base = image();
    let (mut refuted, mut undecided) = (0, 0);
    for seed in 0..rounds(60) {
        let mut dice = Dice::new(seed);
        let old = bundle(&mut dice);
        let mut new = if dice.one_in(2) { bundle(&mut dice) } else { old.clone() };
        if dice.one_in(2) {
            target(&mut dice, &mut new["mappings"][0]);
        }
        let (old, new) = (policy(&old), policy(&new));
        let report = diff(&old, &new, &options());
        let stops = |case: &Case, policy| case.evaluate(policy).decision == Decision::Stop;
        for direction in [&report.forward, &report.backward] {
            if let Some(witness) = direction.witness() {
                check_witness(witness, &old, &new);
                refuted += 1;
            }
        }
        for tag in references(&mut dice) {
            let case = Case { tag, ..base.clone() };
            let (before, after) = (stops(&case, &old), stops(&case, &new));
            // A name that can be written is a witness, so that neither a proof nor a doubt is left.
            assert!(report.forward.witness().is_some() || !before || after, "seed {seed}: {}", case.tag);
            assert!(report.backward.witness().is_some() || !after || before, "seed {seed}: {}", case.tag);
        }
        undecided +=
            [&report.forward, &report.backward].iter().filter(|way| matches!(way, Direction::Undecided(_))).count();
    }
    assert!(refuted > 30 && undecided * 4 < 2 * rounds(60) as usize, "{refuted} refuted, {undecided} undecided");
}

#[test]
fn allowlists_are_exact() {
    let rules =
        ["stop vulnerabilities.package package_type=all; vendor_only=false; severity_comparison=>=; severity=unknown"];
    let times = ["2026-06-01T00:00:00Z", "2026-06-30T00:00:00Z", "2026-09-01T00:00:00Z", "2028-01-01T00:00:00Z"];
    let ids: Vec<(String, String)> = texts(&["a", "C-1", "b"], 2)
        .into_iter()
        .filter(|text| !text.is_empty())
        .flat_map(|id| ["a", "b", "ab", "ba"].map(|package| (id.clone(), package.to_owned())))
        .collect();
    let cases: Vec<Case> = ids
        .iter()
        .map(|(id, package)| image().package(PackageType::DEB, package, "1", "").vuln(id, Severity::High, |_| {}))
        .collect();
    for seed in 0..rounds(80) {
        let mut dice = Dice::new(seed ^ 0x51);
        let made = |dice: &mut Dice| {
            let mut document = document(&rules);
            let items: Vec<Value> = (0..dice.below(4))
                .map(|number| {
                    let pattern = match dice.below(4) {
                        0 => pattern(dice, &["a", "b", "C-1", "+"]),
                        _ => pattern(dice, &["a", "*", "b", "C-1", "+", "+*"]),
                    };
                    let mut item =
                        json!({"id": format!("i{number}"), "gate": "vulnerabilities", "trigger_id": pattern});
                    if dice.one_in(2) {
                        item["expires_on"] = json!(dice.pick(&["2026-06-15T00:00:00Z", "2026-08-01T00:00:00Z"]));
                    }
                    item
                })
                .collect();
            document["allowlists"][0]["items"] = json!(items);
            document
        };
        let old = made(&mut dice);
        let mut new = made(&mut dice);
        if dice.one_in(2) {
            let items = old["allowlists"][0]["items"].as_array().unwrap().clone();
            new["allowlists"][0]["items"] = items.into_iter().rev().skip(dice.below(2)).collect();
        }
        let (old, new) = (policy(&old), policy(&new));
        let report = diff(&old, &new, &options());
        for direction in [&report.forward, &report.backward] {
            if let Some(witness) = direction.witness() {
                check_witness(witness, &old, &new);
            }
        }
        if !report.forward.is_proved() && !report.backward.is_proved() {
            continue;
        }
        for (case, now) in cases.iter().flat_map(|case| times.map(|now| (case, now))) {
            let case = Case { now: now.parse().unwrap(), ..case.clone() };
            let stops = |policy| case.evaluate(policy).decision == Decision::Stop;
            let (before, after) = (stops(&old), stops(&new));
            assert!(!(report.forward.is_proved() && before && !after), "seed {seed}: {:?}", case.report);
            assert!(!(report.backward.is_proved() && after && !before), "seed {seed}: {:?}", case.report);
        }
    }
}

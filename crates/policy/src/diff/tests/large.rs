//! Large documents: a comparison ends soon, with the right answer or with a doubt that names what was too large.

use serde_json::{Value, json};

use super::{check_witness, options};
use crate::diff::{Direction, diff};
use crate::tests::{document, policy};

fn ruled(id: usize, gate: &str, trigger: &str, params: &[(&str, String)]) -> Value {
    let params: Vec<Value> = params.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
    json!({"id": format!("r{id}"), "gate": gate, "trigger": trigger, "action": "STOP", "params": params})
}

/// Rules of several triggers.
fn rules(count: usize) -> Vec<Value> {
    let rule = |n: usize| match n % 5 {
        0 => ruled(n, "vulnerabilities", "denylist", &[("vulnerability_ids", format!("CVE-2024-{n}"))]),
        1 => ruled(n, "packages", "denylist", &[("name", format!("package-{n}"))]),
        2 => ruled(n, "files", "name_match", &[("regex", format!(r".*/secret-{n}\.pem"))]),
        3 => ruled(n, "packages", "required_package", &[("name", format!("required-{n}"))]),
        _ => {
            let score = format!("{}.{}", n % 10, n % 7);
            ruled(n, "vulnerabilities", "package", &[("package_type", "all".to_owned()), ("cvss_v3_base_score", score)])
        }
    };
    (0..count).map(rule).collect()
}

/// Items of several gates and shapes.
fn items(count: usize) -> Vec<Value> {
    let item = |n: usize| {
        let (gate, id) = match n % 5 {
            0 => ("vulnerabilities", format!("CVE-2023-{n}+curl")),
            1 => ("vulnerabilities", format!("CVE-2023-{n}+*")),
            2 => ("packages", format!("{n:032x}")),
            3 => ("files", format!("{n:032x}")),
            _ => ("vulnerabilities", format!("GHSA-{n}+*-{n}")),
        };
        let mut item = json!({"id": format!("i{n}"), "gate": gate, "trigger_id": id});
        if n.is_multiple_of(3) {
            item["expires_on"] = json!(format!("2027-01-{:02}T00:00:{:02}Z", 1 + n % 28, n % 60));
        }
        item
    };
    (0..count).map(item).collect()
}

fn bundle(rules: Vec<Value>, items: Vec<Value>) -> Value {
    let mut bundle = document(&[]);
    bundle["rule_sets"][0]["rules"] = rules.into();
    bundle["allowlists"][0]["items"] = items.into();
    bundle
}

fn answer(old: &Value, new: &Value) -> &'static str {
    let (old, new) = (policy(old), policy(new));
    let report = diff(&old, &new, &options());
    for direction in [&report.forward, &report.backward] {
        if let Some(witness) = direction.witness() {
            check_witness(witness, &old, &new);
        }
    }
    report.answer.name()
}

fn reason(old: &Value, new: &Value) -> String {
    match diff(&policy(old), &policy(new), &options()).forward {
        Direction::Undecided(doubts) => doubts[0].reason.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_change_of_a_large_document_is_found() {
    let old = bundle(rules(60), items(1_000));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut new = old.clone();
        change(&mut new);
        new
    };
    for at in 0..4 {
        let new = with(&|new| new["rule_sets"][0]["rules"][at]["action"] = json!("WARN"));
        assert_eq!(answer(&old, &new), "looser", "rule {at}");
    }
    // Others ask for the same and more.
    assert_eq!(answer(&old, &with(&|new| new["rule_sets"][0]["rules"][54]["action"] = json!("WARN"))), "equal");
    let reversed = with(&|new| {
        new["rule_sets"][0]["rules"].as_array_mut().unwrap().reverse();
        new["allowlists"][0]["items"].as_array_mut().unwrap().reverse();
    });
    assert_eq!(answer(&old, &reversed), "equal");
    let added = json!({"id": "x", "gate": "vulnerabilities", "trigger_id": "CVE-2030-1+curl"});
    let accepting = with(&|new| new["allowlists"][0]["items"].as_array_mut().unwrap().push(added.clone()));
    assert_eq!(answer(&old, &accepting), "looser");
    let covered = json!({"id": "x", "gate": "vulnerabilities", "trigger_id": "CVE-2023-1+curl"});
    let accepting = with(&|new| new["allowlists"][0]["items"].as_array_mut().unwrap().push(covered.clone()));
    assert_eq!(answer(&old, &accepting), "equal");
}

#[test]
fn rules_that_are_all_different_are_compared_within_bounds() {
    let denied = |count: usize, more: &str| {
        let ids = |n: usize| format!("CVE-2024-{n}{more}");
        let rule = |n: usize| ruled(n, "vulnerabilities", "denylist", &[("vulnerability_ids", ids(n))]);
        bundle((0..count).map(rule).collect(), Vec::new())
    };
    assert_eq!(answer(&denied(200, ""), &denied(200, ",CVE-1")), "stricter");
    assert_eq!(answer(&denied(200, ""), &denied(199, "")), "looser");
    let named = |count: usize, rest: &str| {
        let rule = |n: usize| ruled(n, "files", "name_match", &[("regex", format!("/a{n}/.*[a-z]{rest}$"))]);
        bundle((0..count).map(rule).collect(), Vec::new())
    };
    assert_eq!(answer(&named(40, ""), &named(40, "x")), "looser");
}

/// Policies with many mappings, each of a rule set of its own.
fn mapped(count: usize, name: &dyn Fn(usize) -> [String; 3]) -> Value {
    let mut bundle = document(&[]);
    let set = |n: usize| json!({"id": format!("rs{n}"), "name": "s", "version": "2", "rules": rules(5 + n % 3)});
    let mapping = |n: usize| {
        let [registry, repository, tag] = name(n);
        json!({"id": format!("m{n}"), "name": "m", "registry": registry, "repository": repository,
            "image": {"type": "tag", "value": tag}, "rule_set_ids": [format!("rs{n}")], "allowlist_ids": ["al"]})
    };
    bundle["rule_sets"] = (0..count).map(set).collect();
    bundle["mappings"] = (0..count).map(mapping).collect();
    bundle
}

#[test]
fn many_mappings_are_compared_region_by_region() {
    let team = |n: usize| ["*".to_owned(), format!("team-{n}/*"), "*".to_owned()];
    let moved = |n: usize| if n == 7 { ["*".to_owned(), "team-x/*".to_owned(), "*".to_owned()] } else { team(n) };
    let old = mapped(40, &team);
    assert_eq!(answer(&old, &mapped(40, &moved)), "incomparable");
    let mut new = old.clone();
    new["rule_sets"][3]["rules"][1]["action"] = json!("WARN");
    assert_eq!(answer(&old, &new), "looser");
    let other = |n: usize| [format!("r{n}.example"), format!("team-{}/*", n * 3), format!("v{n}.*")];
    assert_eq!(answer(&old, &mapped(20, &other)), "incomparable");
}

#[test]
fn long_image_lists_are_compared_entry_by_entry() {
    let listed = |count: usize| {
        let entry = |n: usize| {
            let (repository, image) = match n % 3 {
                0 => (format!("bad/app-{n}"), json!({"type": "tag", "value": "*"})),
                _ => ("*".to_owned(), json!({"type": "digest", "value": format!("sha256:{n:064x}")})),
            };
            json!({"id": format!("d{n}"), "name": "d", "registry": "*", "repository": repository, "image": image})
        };
        let mut bundle = document(&[]);
        bundle["denylisted_images"] = (0..count).map(entry).collect();
        bundle
    };
    assert_eq!(answer(&listed(150), &listed(151)), "stricter");
    assert_eq!(answer(&listed(150), &listed(149)), "looser");
}

#[test]
fn what_is_too_large_is_a_doubt_that_names_it() {
    let around = |n: usize| ["*".to_owned(), format!("*a{n}*b{n}*"), "*".to_owned()];
    let changed = |n: usize| if n == 7 { ["*".to_owned(), "x".to_owned(), "*".to_owned()] } else { around(n) };
    let old = mapped(40, &around);
    assert_eq!(reason(&old, &mapped(40, &changed)), "the 41 patterns of repositories have too many combinations");
    // With the same names every mapping has its own counterpart.
    let mut new = old.clone();
    new["rule_sets"][3]["rules"][1]["action"] = json!("WARN");
    assert_eq!(answer(&old, &new), "looser");

    let long = |end: &str| {
        let mut bundle = document(&["stop always.always"]);
        bundle["mappings"][0]["repository"] = json!(format!("{}{end}*", "ab*".repeat(2_000)));
        bundle
    };
    assert_eq!(reason(&long("x"), &long("y")), "the 2 patterns of repositories have too many combinations");
    let stars = |count: usize| {
        let mut bundle = document(&["stop always.always"]);
        bundle["mappings"][0]["repository"] = json!(format!("ab{}", "*".repeat(count)));
        bundle
    };
    assert_eq!(answer(&stars(1), &stars(50_000)), "equal");
}

#[test]
fn allowlists_whose_items_may_overlap_in_too_many_ways_are_a_doubt() {
    let listed = |end: &str| {
        let item = |n: usize| json!({"id": format!("i{n}"), "gate": "files", "trigger_id": format!("*{n:03x}{end}*")});
        bundle(vec![ruled(0, "files", "suid_or_guid_set", &[])], (0..2_000).map(item).collect())
    };
    let reason = reason(&listed("a"), &listed("b"));
    assert!(reason.ends_with("the patterns have too many combinations"), "{reason}");
}

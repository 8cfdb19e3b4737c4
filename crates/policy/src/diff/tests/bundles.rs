//! Random bundles, and random changes of a bundle.

use serde_json::{Value, json};

use super::dice::Dice;
use super::rules::rule;

const GATES: [&str; 9] = [
    "vulnerabilities",
    "vulnerabilities",
    "vulnerabilities",
    "always",
    "dockerfile",
    "files",
    "image_config",
    "packages",
    "metadata",
];
const EXPIRIES: [&str; 4] =
    ["2026-05-01T00:00:00Z", "2026-06-20T00:00:00Z", "2026-07-15T00:00:00Z", "2027-01-01T00:00:00Z"];
pub(super) const DIGEST_A: &str = "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const DIGEST_B: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
const ID_A: &str = "1111111111111111111111111111111111111111111111111111111111111111";

fn item(dice: &mut Dice, id: &str) -> Value {
    let gate = dice.pick(&GATES);
    let patterns: &[&str] = match gate {
        "vulnerabilities" => &[
            "CVE-2024-1+*",
            "CVE-2024-1+curl",
            "CVE-2024-*",
            "*+curl",
            "GHSA-aaaa+left-pad",
            "*",
            "regexp:CVE-2024-.*",
            "CVE-2021-44228+log4j*",
        ],
        "always" => &["always", "*"],
        "image_config" => &["label:a", "label:*", "user:root", "*"],
        _ => &["*", "a*", "0123456789abcdef0123456789abcdef", "CVE-2024-1+curl"],
    };
    let mut item = json!({"id": id, "gate": gate, "trigger_id": dice.pick(patterns)});
    if dice.one_in(2) {
        item["expires_on"] = json!(dice.pick(&EXPIRIES));
    }
    item
}

fn image(dice: &mut Dice) -> Value {
    match dice.below(8) {
        0 => json!({"type": "digest", "value": dice.pick(&[DIGEST_A, DIGEST_B, "sha256:aa*", "*"])}),
        1 => json!({"type": "id", "value": dice.pick(&[ID_A, "1*", "sha256:11*"])}),
        _ => json!({"type": "tag", "value": dice.pick(&["*", "*", "1*", "*-dev", "latest", "regexp:[0-9]+"])}),
    }
}

fn names(dice: &mut Dice) -> Value {
    json!({
        "registry": dice.pick(&["*", "*", "docker.io", "quay.io", "*.io", "regexp:quay.*"]),
        "repository": dice.pick(&["*", "*", "team/*", "nginx", "library/*", "library/nginx", "*/app"]),
        "image": image(dice),
    })
}

fn mapping(dice: &mut Dice, id: &str, sets: usize, lists: usize) -> Value {
    let mut mapping = names(dice);
    mapping["id"] = json!(id);
    mapping["name"] = json!("m");
    let mut ids = vec![format!("rs{}", dice.below(sets))];
    if dice.one_in(3) {
        let other = format!("rs{}", dice.below(sets));
        if !ids.contains(&other) {
            ids.push(other);
        }
    }
    mapping["rule_set_ids"] = json!(ids);
    let all: Vec<String> = (0..lists).filter(|_| !dice.one_in(3)).map(|number| format!("al{number}")).collect();
    mapping["allowlist_ids"] = json!(all);
    mapping
}

fn listed(dice: &mut Dice, id: &str) -> Value {
    let mut entry = names(dice);
    entry["id"] = json!(id);
    entry["name"] = json!("e");
    entry
}

/// A bundle.
pub(super) fn bundle(dice: &mut Dice) -> Value {
    let (sets, lists) = (1 + dice.below(2), 1 + dice.below(2));
    let rule_sets: Vec<Value> = (0..sets)
        .map(|set| {
            let rules: Vec<Value> =
                (0..=dice.below(5)).map(|number| rule(dice, &format!("r{set}-{number}"), false)).collect();
            json!({"id": format!("rs{set}"), "name": "s", "version": "2", "artifact_type": "image", "rules": rules})
        })
        .collect();
    let allowlists: Vec<Value> = (0..lists)
        .map(|list| {
            let items: Vec<Value> = (0..dice.below(4)).map(|number| item(dice, &format!("i{list}-{number}"))).collect();
            json!({"id": format!("al{list}"), "name": "l", "version": "2", "items": items})
        })
        .collect();
    let mut mappings: Vec<Value> = (0..dice.below(3)).map(|n| mapping(dice, &format!("m{n}"), sets, lists)).collect();
    let mut last = mapping(dice, "default", sets, lists);
    if !dice.one_in(6) {
        last["registry"] = json!("*");
        last["repository"] = json!("*");
        last["image"] = json!({"type": "tag", "value": "*"});
    }
    mappings.push(last);
    let few = |dice: &mut Dice| if dice.one_in(3) { 1 + dice.below(2) } else { 0 };
    let denied: Vec<Value> = (0..few(dice)).map(|n| listed(dice, &format!("d{n}"))).collect();
    let allowed: Vec<Value> = (0..few(dice)).map(|n| listed(dice, &format!("a{n}"))).collect();
    let mut bundle = json!({
        "id": "p", "name": "p", "version": "2", "rule_sets": rule_sets, "allowlists": allowlists,
        "mappings": mappings, "allowlisted_images": allowed, "denylisted_images": denied,
    });
    if dice.one_in(3) {
        add_other_kinds(dice, &mut bundle);
    }
    bundle
}

/// Rule sets and mappings for source trees and SBOMs.
fn add_other_kinds(dice: &mut Dice, bundle: &mut Value) {
    for (kind, list, first, second) in
        [("source", "source_mappings", "host", "repository"), ("sbom", "sbom_mappings", "sbom_name", "sbom_version")]
    {
        let rules: Vec<Value> =
            (0..=dice.below(3)).map(|number| rule(dice, &format!("{kind}-{number}"), true)).collect();
        let set = json!({"id": kind, "name": "s", "version": "2", "artifact_type": kind, "rules": rules});
        array(bundle, "rule_sets").push(set);
        let mappings: Vec<Value> = (0..=dice.below(2))
            .map(|number| {
                let (one, two) = (dice.pick(&["*", "github.com", "git*"]), dice.pick(&["*", "team/*", "1.*"]));
                let mut mapping = json!({"id": format!("{kind}{number}"), "name": "m", "rule_set_ids": [kind]});
                mapping[first] = json!(one);
                mapping[second] = json!(two);
                mapping["allowlist_ids"] = if dice.one_in(2) { json!(["al0"]) } else { json!([]) };
                mapping
            })
            .collect();
        bundle[list] = json!(mappings);
    }
}

fn array<'v>(value: &'v mut Value, name: &str) -> &'v mut Vec<Value> {
    value[name].as_array_mut().unwrap()
}

fn any<'v>(dice: &mut Dice, list: &'v mut [Value]) -> Option<&'v mut Value> {
    if list.is_empty() { None } else { Some(&mut list[dice.below(list.len())]) }
}

/// Rules of a set, and whether they are for anything rather than for images.
fn any_rules<'v>(dice: &mut Dice, bundle: &'v mut Value) -> (&'v mut Vec<Value>, bool) {
    let sets = array(bundle, "rule_sets");
    let number = dice.below(sets.len());
    let for_all = sets[number]["artifact_type"] != "image";
    (array(&mut sets[number], "rules"), for_all)
}

/// A change that keeps what a bundle stops.
fn keep(dice: &mut Dice, bundle: &mut Value) {
    let kind = dice.below(4);
    let (rules, for_all) = any_rules(dice, bundle);
    match kind {
        0 => rules.reverse(),
        1 => {
            let mut warning = rule(dice, "warning", for_all);
            warning["action"] = json!("WARN");
            if !rules.iter().any(|rule| rule["id"] == "warning") {
                rules.push(warning);
            }
        }
        2 => {
            if let Some(rule) = any(dice, rules)
                && rule["trigger"] != "content_regex"
            {
                rule["id"] = json!(format!("{}x", rule["id"].as_str().unwrap()));
            }
        }
        _ => {
            let copy = any(dice, rules).cloned();
            rules.extend(copy);
        }
    }
}

/// A change that may make a bundle stop more or less.
fn change(dice: &mut Dice, bundle: &mut Value) {
    match dice.below(14) {
        0..=8 => change_rules(dice, bundle),
        9..=11 => change_allowlists(dice, bundle),
        12 => {
            let names = names(dice);
            let mappings = array(bundle, "mappings");
            if let Some(mapping) = any(dice, mappings) {
                for part in ["registry", "repository", "image"] {
                    if dice.one_in(2) {
                        mapping[part] = names[part].clone();
                    }
                }
            }
        }
        _ => {
            let list = dice.pick(&["allowlisted_images", "denylisted_images"]);
            let added = listed(dice, "added");
            let entries = array(bundle, list);
            if dice.one_in(2) || entries.iter().any(|entry| entry["id"] == "added") {
                entries.pop();
            } else {
                entries.push(added);
            }
        }
    }
}

fn change_rules(dice: &mut Dice, bundle: &mut Value) {
    let kind = dice.below(9);
    let (rules, for_all) = any_rules(dice, bundle);
    match kind {
        0..=2 => {
            let added = rule(dice, &format!("added{}", rules.len()), for_all);
            rules.push(added);
        }
        3 | 4 => {
            if rules.len() > 1 {
                rules.remove(dice.below(rules.len()));
            }
        }
        5..=7 => {
            // Other parameters of the same trigger.
            let Some(changed) = any(dice, rules) else { return };
            let mut others = (0..200).map(|_| rule(dice, "x", for_all));
            let same = |other: &Value| other["trigger"] == changed["trigger"] && other["gate"] == changed["gate"];
            if let Some(other) = others.find(same) {
                changed["params"] = other["params"].clone();
            }
        }
        _ => {
            if let Some(rule) = any(dice, rules) {
                rule["action"] = json!(dice.pick(&["STOP", "WARN"]));
            }
        }
    }
}

fn change_allowlists(dice: &mut Dice, bundle: &mut Value) {
    let kind = dice.below(3);
    let lists = array(bundle, "allowlists");
    let number = dice.below(lists.len());
    let items = array(&mut lists[number], "items");
    match kind {
        0 => {
            let added = item(dice, &format!("added{}", items.len()));
            items.push(added);
        }
        1 => {
            if let Some(item) = any(dice, items) {
                item["expires_on"] = json!(dice.pick(&EXPIRIES));
            }
        }
        _ => {
            items.pop();
        }
    }
}

/// A bundle and a changed copy of it, or two that have nothing to do with each other.
pub(super) fn pair(seed: u64) -> (Value, Value) {
    let mut dice = Dice::new(seed);
    let old = bundle(&mut dice);
    if dice.one_in(12) {
        return (old, bundle(&mut dice));
    }
    let mut new = old.clone();
    for _ in 0..dice.below(3) {
        keep(&mut dice, &mut new);
    }
    let changes = [0, 1, 1, 1, 2, 4][dice.below(6)];
    for _ in 0..changes {
        change(&mut dice, &mut new);
    }
    if dice.one_in(2) { (new, old) } else { (old, new) }
}

//! What a comparison tells people: the changes, the doubts, the witness.

use serde_json::{Value, json};
use stopgate_model::Decision;

use super::compare;
use crate::diff::{Answer, ChangeKind, Direction};
use crate::tests::{document, rule};

fn edited(change: impl FnOnce(&mut Value)) -> (Value, Value) {
    let old = document(&[
        "stop vulnerabilities.package package_type=all; severity=high; severity_comparison=>=",
        "stop image_config.label required=a,b",
        "warn always.always",
    ]);
    let mut new = old.clone();
    change(&mut new);
    (old, new)
}

fn changes(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let (old, new) = edited(change);
    let changes = compare(&old, &new).changes;
    changes.into_iter().map(|change| format!("{} {}: {}", change.kind.name(), change.what, change.text)).collect()
}

#[test]
fn changes_of_rules_are_told_by_what_they_do() {
    let set = |change: fn(&mut Vec<Value>)| {
        changes(|document| change(document["rule_sets"][0]["rules"].as_array_mut().unwrap()))
    };
    assert_eq!(set(|_| {}), Vec::<String>::new());
    assert_eq!(
        set(|rules| rules[0]["params"][1]["value"] = json!("medium")),
        ["tightened rule `rs/r1`: `severity` was `high`, is `medium`"]
    );
    assert_eq!(
        set(|rules| rules[1]["params"][0]["value"] = json!("a")),
        ["loosened rule `rs/r2`: `required` was `a,b`, is `a`"]
    );
    assert_eq!(set(|rules| rules[0]["action"] = json!("WARN")), ["loosened rule `rs/r1`: was STOP, is WARN"]);
    assert_eq!(
        set(|rules| {
            rules.remove(1);
            let mut added = rule("stop files.suid_or_guid_set");
            added["id"] = json!("r9");
            rules.push(added);
        }),
        [
            "added rule `rs/r9`: STOP on `files.suid_or_guid_set`",
            "removed rule `rs/r2`: STOP on `image_config.label` with required=a,b"
        ]
    );
    assert_eq!(
        set(|rules| rules[2] =
            json!({"id": "r3", "gate": "malware", "trigger": "scan_not_run", "action": "WARN", "params": []})),
        ["changed rule `rs/r3`: was WARN on `always.always`, is WARN on `malware.scan_not_run`"]
    );
}

#[test]
fn changes_of_allowlists_mappings_and_image_lists_are_told() {
    let item = json!({"id": "i", "gate": "files", "trigger_id": "*", "expires_on": "2027-01-01T00:00:00Z"});
    assert_eq!(
        changes(|document| document["allowlists"][0]["items"] = json!([item])),
        ["added allowlist item `al/i`: `*` of gate `files` until 2027-01-01T00:00:00Z"]
    );
    assert_eq!(
        changes(|document| document["mappings"][0]["registry"] = json!("quay.io")),
        ["changed mapping `m`: it was by tag `*` `*` `*`, is by tag `quay.io` `*` `*`"]
    );
    let entry =
        json!({"id": "e", "name": "e", "registry": "*", "repository": "bad/*", "image": {"type": "tag", "value": "*"}});
    assert_eq!(
        changes(|document| document["denylisted_images"] = json!([entry])),
        ["added denied image `e`: by tag `*` `bad/*` `*`"]
    );
    let (old, _) = edited(|_| {});
    let mut one = old.clone();
    one["mappings"].as_array_mut().unwrap().push(json!({
        "id": "n", "name": "n", "registry": "*", "repository": "*", "image": {"type": "tag", "value": "*"},
        "rule_set_ids": [], "allowlist_ids": [],
    }));
    let mut other = one.clone();
    other["mappings"].as_array_mut().unwrap().reverse();
    let report = compare(&one, &other);
    assert_eq!(report.changes.len(), 1);
    assert_eq!((report.changes[0].kind, report.answer), (ChangeKind::Changed, Answer::Looser));
    assert_eq!(report.changes[0].text, "was `m`, `n`, is `n`, `m`");
}

#[test]
fn a_witness_names_what_stops_it_and_can_be_built_again() {
    let (old, new) = edited(|document| document["rule_sets"][0]["rules"][0]["params"][1]["value"] = json!("critical"));
    let report = compare(&old, &new);
    assert_eq!(report.answer, Answer::Looser);
    let witness = report.forward.witness().unwrap();
    assert_eq!((witness.old_decision, witness.new_decision), (Decision::Stop, Decision::Pass));
    assert_eq!(
        witness.stopped_by,
        "rule `rs/r1`: high vulnerability CVE-2030-90001 in `vulnerable` 1.0.0 (npm) at \
         `/app/node_modules/vulnerable/package.json`: no fix is known"
    );
    // Nothing is there that no rule asks for.
    assert!(witness.history.is_none() && witness.base.is_none() && witness.previous.is_none());
    let advisory = &witness.advisories[0];
    assert_eq!(advisory["affected"][0]["package"], json!({"ecosystem": "npm", "name": "vulnerable"}));
    assert_eq!(advisory["database_specific"]["stopgate"]["severity"], "high");
}

#[test]
fn a_doubt_names_the_place_and_the_rules() {
    // Nobody can say which text has this id.
    let (old, new) = edited(|document| {
        document["allowlists"][0]["items"] =
            json!([{"id": "i", "gate": "dockerfile", "trigger_id": "0123456789abcdef0123456789abcdef"}]);
    });
    let exposed = json!({"id": "p", "gate": "dockerfile", "trigger": "exposed_ports", "action": "STOP",
        "params": [{"name": "ports", "value": "22"}, {"name": "type", "value": "denylist"}]});
    let [mut old, mut new] = [old, new];
    for document in [&mut old, &mut new] {
        document["rule_sets"][0]["rules"].as_array_mut().unwrap().push(exposed.clone());
    }
    let report = compare(&old, &new);
    assert_eq!(report.answer, Answer::Undecided);
    let Direction::Undecided(doubts) = &report.forward else { panic!("{:?}", report.forward) };
    assert_eq!(doubts[0].rules, ["rs/p"]);
    assert!(doubts[0].place.contains("mapping `m` of the old and mapping `m` of the new policy"), "{doubts:?}");
    // The other way round it is known.
    assert!(report.backward.is_proved());
    assert_eq!(compare(&new, &old).answer, Answer::Stricter { equality_excluded: false });
}

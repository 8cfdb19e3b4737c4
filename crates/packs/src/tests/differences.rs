//! What two packs differ in.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{DifferenceKind, Flavour, PackDiff, RenderOptions, RenderedPack, Selected, diff, find, render};

fn manifest(change: impl FnOnce(&mut Value)) -> Selected {
    let mut manifest = json!({
        "schema": "stopgate-pack/1",
        "pack": {"id": "t", "title": "Test", "version": "1", "released": "", "prefix": "t", "license": "",
                 "framework": "cis-docker", "about": "", "sees": "", "cannot_see": ""},
        "parameters": [{"key": "max_layers", "label": "layers", "type": "integer", "default": "40"},
                       {"key": "high_fix_days", "label": "days", "type": "integer", "default": "30"}],
        "controls": [
            {"id": "4.3", "assess": "full", "owner": "host", "prerequisites": ["SBOM"], "rules": ["R-BLD-16"]},
            {"id": "4.4", "assess": "full", "owner": "host", "rules": ["R-VUL-1", "R-VUL-2"]},
            {"id": "4.8", "assess": "full", "owner": "host", "rules": ["R-FILE-1"]}],
    });
    change(&mut manifest);
    Selected::parse("t", &manifest.to_string()).unwrap()
}

fn rendered(selected: &Selected, flavour: Flavour) -> RenderedPack {
    render(selected, &RenderOptions::new(flavour)).unwrap()
}

fn differences(change: impl FnOnce(&mut Value)) -> PackDiff {
    diff(&rendered(&manifest(|_| ()), Flavour::Strict), &rendered(&manifest(change), Flavour::Strict))
}

fn lines(all: &[crate::Difference]) -> Vec<String> {
    all.iter().map(|one| format!("{} {}: {}", one.kind.name(), one.id, one.texts.join("; "))).collect()
}

#[test]
fn equal_packs_do_not_differ() {
    assert!(differences(|_| ()).is_empty());
    assert!(differences(|manifest| manifest["pack"]["title"] = "Other".into()).is_empty());
}

#[test]
fn controls_and_rules_come_and_go() {
    let found = differences(|manifest| {
        manifest["controls"][2] = json!({"id": "4.9", "assess": "full", "owner": "host", "rules": ["R-BLD-4"]});
    });
    let controls = lines(&found.controls);
    assert!(controls[0].starts_with("added 4.9: ") && controls[1].starts_with("removed 4.8: "), "{controls:?}");
    let rules: Vec<(DifferenceKind, &str)> = found.rules.iter().map(|rule| (rule.kind, rule.id.as_str())).collect();
    assert_eq!(rules, [(DifferenceKind::Added, "R-BLD-4"), (DifferenceKind::Removed, "R-FILE-1")]);
}

#[test]
fn changes_say_what_was_and_what_is() {
    let found = differences(|manifest| {
        manifest["parameters"][1]["default"] = "14".into();
        manifest["controls"][0]["prerequisites"] = json!([]);
        manifest["controls"][1]["rules"] = json!([{"ref": "R-VUL-1", "action": "WARN"}, "R-VUL-2"]);
    });
    assert_eq!(
        lines(&found.controls),
        [
            "changed 4.3: needs: `SBOM` -> nothing",
            "changed 4.4: rules: `R-VUL-1, R-VUL-2` -> `R-VUL-1 as WARN, R-VUL-2`"
        ]
    );
    assert_eq!(
        lines(&found.rules),
        ["changed R-VUL-1: action: `STOP` -> `WARN`", "changed R-VUL-2: max_days_since_fix: `30` -> `14`"]
    );
    assert_eq!(lines(&found.parameters), ["changed high_fix_days: default: `30` -> `14`; value: `30` -> `14`"]);
}

#[test]
fn flavours_and_values_differ_by_their_rules() {
    let cis = find("cis-docker").unwrap().unwrap();
    let found = diff(&rendered(&cis, Flavour::Strict), &rendered(&cis, Flavour::Extended));
    assert!(found.controls.is_empty() && found.parameters.is_empty());
    assert!(lines(&found.rules).iter().any(|line| line.starts_with("added R-USER-2: ")), "{:?}", found.rules);
    let values = BTreeMap::from([("denied_packages".to_owned(), "xz,lz".to_owned())]);
    let options = RenderOptions { values, ..RenderOptions::new(Flavour::Strict) };
    let found = diff(&rendered(&cis, Flavour::Strict), &render(&cis, &options).unwrap());
    let ids: Vec<&str> = found.rules.iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["R-PKG-8 xz", "R-PKG-8 lz"]);
    assert_eq!(lines(&found.parameters), ["changed denied_packages: value: nothing -> `xz,lz`"]);
}

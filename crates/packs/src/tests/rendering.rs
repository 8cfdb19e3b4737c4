//! What becomes of the rules of a pack in a policy.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{rule, rules, small};
use crate::library::Library;
use crate::render::render_with;
use crate::{Flavour, PackError, RenderOptions, RenderedPack, Selected, Triggers, find, render};

fn options(flavour: Flavour, values: &[(&str, &str)]) -> RenderOptions {
    let values: BTreeMap<String, String> =
        values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    RenderOptions { values, ..RenderOptions::new(flavour) }
}

fn cis(values: &[(&str, &str)], triggers: Triggers) -> RenderedPack {
    let options = RenderOptions { triggers, ..options(Flavour::Extended, values) };
    render(&find("cis-docker").unwrap().unwrap(), &options).unwrap()
}

fn reasons(pack: &RenderedPack, control: &str) -> Vec<String> {
    let rendered = pack.controls.iter().find(|rendered| rendered.control.id == control).unwrap();
    rendered.left_out.iter().map(|left_out| left_out.reason.clone()).collect()
}

#[test]
fn a_rule_without_its_site_value_or_trigger_is_left_out_and_said_so() {
    let pack = cis(&[], Triggers::of_engine().only(|info| info.gate != "ancestry"));
    let reasons = reasons(&pack, "4.2");
    assert!(reasons.iter().any(|reason| reason == "rule not available: ancestry.no_ancestors_analyzed"), "{reasons:?}");
    assert!(reasons.iter().any(|reason| reason == "site value missing: approved_base_pattern"), "{reasons:?}");
    let pack = cis(&[("approved_base_pattern", "^quay.io/.*")], Triggers::of_engine());
    assert!(pack.rules.iter().any(|rule| rule.id == "cis-4.2-r4"));
}

#[test]
fn a_rule_that_serves_two_controls_stands_once() {
    let pack = cis(&[], Triggers::of_engine());
    assert_eq!(pack.controls_of("cis-4.6-r1").collect::<Vec<_>>(), ["4.6", "5.27"]);
    let by_rule = pack.controls_by_rule();
    assert_eq!(by_rule["cis-4.6-r1"], ["4.6", "5.27"]);
    assert!(by_rule.contains_key("cis-4.4-src-r3"), "rules for sources serve controls as well");
}

#[test]
fn references_that_come_to_the_same_make_one_rule() {
    // Class B is scanned every month anyway; class C more often than its monthly controls ask for.
    let ages = |name: &str| -> Vec<(String, usize)> {
        let selected = find(name).unwrap().unwrap();
        let pack = render(&selected, &options(Flavour::Extended, &[])).unwrap();
        let rules = pack.rules.iter().filter(|rule| rule.gate == "scan");
        rules.map(|rule| (rule.params[0].1.clone(), pack.controls_of(&rule.id).count())).collect()
    };
    assert_eq!(ages("fedramp-low"), [("30".to_owned(), 5)]);
    assert_eq!(ages("fedramp-moderate"), [("14".to_owned(), 3), ("30".to_owned(), 3)]);
}

#[test]
fn an_unknown_or_unfit_site_value_is_refused() {
    let pack = find("cis-docker").unwrap().unwrap();
    let refused = |key, value| -> PackError {
        render(&pack, &options(Flavour::Strict, &[(key, value)])).map(|_| ()).unwrap_err()
    };
    let error = refused("max_layer", "1");
    assert!(error.to_string().contains("no parameter `max_layer`: expected one of"), "{error}");
    assert_eq!(error.help().as_deref(), Some("did you mean `max_layers`?"));
    let error = refused("max_layers", "many").to_string();
    assert_eq!(
        error,
        "the parameter `max_layers` of the pack `cis-docker` does not accept `many`: expected a whole number"
    );
    assert!(refused("enforcement", "off").to_string().ends_with("expected `enforce` or `report`"));
}

#[test]
fn report_turns_every_stop_into_a_warning() {
    let actions = |values: &[(&str, &str)]| -> Vec<String> {
        let pack = cis(values, Triggers::of_engine());
        rules(&pack).iter().map(|rule| rule["action"].as_str().unwrap().to_owned()).collect()
    };
    let (enforced, reported) = (actions(&[]), actions(&[("enforcement", "report")]));
    assert!(enforced.iter().any(|action| action == "STOP") && reported.iter().all(|action| action != "STOP"));
    assert_eq!(enforced.len(), reported.len());
}

fn one(library: &Value, reference: &Value, parameters: &Value) -> (Selected, Library) {
    let controls = json!([{"id": "A-1(2)", "assess": "full", "owner": "host", "rules": [reference]}]);
    small(&controls, &json!({"R-1": library}), parameters)
}

/// The rules as `id gate.trigger ACTION name=value …`.
fn lines((selected, library): &(Selected, Library), options: &RenderOptions) -> Vec<String> {
    let pack = render_with(selected, options, library).unwrap();
    let line = |rule: &&Value| {
        let params = rule["params"].as_array().unwrap().iter();
        let params: Vec<String> = params
            .map(|param| format!(" {}={}", param["name"].as_str().unwrap(), param["value"].as_str().unwrap()))
            .collect();
        let word = |key: &str| rule[key].as_str().unwrap().to_owned();
        format!("{} {}.{} {}{}", word("id"), word("gate"), word("trigger"), word("action"), params.join(""))
    };
    rules(&pack).iter().map(line).collect()
}

#[test]
fn flavours_differ_as_the_library_says() {
    let mut rule = rule("image_config", "user", "STOP", &json!({"check": "uid_zero"}));
    rule["extension"] = true.into();
    let pack = one(&rule, &json!("R-1"), &json!([]));
    let (strict, extended) = (options(Flavour::Strict, &[]), options(Flavour::Extended, &[]));
    assert_eq!(lines(&pack, &extended), ["t-A-1.2-r1 image_config.user STOP check=uid_zero"]);
    assert!(lines(&pack, &strict).is_empty());
    rule["strict"] = json!({"gate": "passwd_file", "trigger": "denylist_userids", "params": {"user_ids": "0"}});
    rule["strict_note"] = "only what is in /etc/passwd".into();
    rule["extended_params"] = json!({"check": "not_numeric"});
    let pack = one(&rule, &json!("R-1"), &json!([]));
    assert_eq!(lines(&pack, &strict), ["t-A-1.2-r1 passwd_file.denylist_userids STOP user_ids=0"]);
    assert_eq!(lines(&pack, &extended), ["t-A-1.2-r1 image_config.user STOP check=not_numeric"]);
    let noted = render_with(&pack.0, &strict, &pack.1).unwrap();
    assert_eq!(rules(&noted)[0]["description"], "[Frame A-1(2)] it is bad; only what is in /etc/passwd");
    assert_eq!(rules(&noted)[0]["recommendation"], "Make it good. (Frame A-1(2))");
    rule["extended_params"] = json!({"phase": "full-moon"});
    let (selected, library) = one(&rule, &json!("R-1"), &json!([]));
    let noted = render_with(&selected, &extended, &library).unwrap();
    assert_eq!(reasons(&noted, "A-1(2)"), ["rule not available: image_config.user with phase"]);
}

#[test]
fn references_change_action_and_values() {
    let rule = rule("packages", "denylist", "STOP", &json!({"name": "telnetd"}));
    let reference = json!({"ref": "R-1", "action": "WARN", "params": {"name": "ftpd", "version": "1"}});
    let pack = one(&rule, &reference, &json!([]));
    assert_eq!(lines(&pack, &options(Flavour::Strict, &[])), ["t-A-1.2-r1 packages.denylist WARN name=ftpd version=1"]);
}

#[test]
fn lists_give_one_rule_for_each_item_once() {
    let mut rule = rule("packages", "denylist", "STOP", &json!({"name": "@each"}));
    rule["each"] = "${denied}".into();
    let parameters = json!([{"key": "denied", "label": "x", "type": "list", "default": "a, b-r2,a,"}]);
    let pack = one(&rule, &json!("R-1"), &parameters);
    assert_eq!(
        lines(&pack, &options(Flavour::Strict, &[])),
        ["t-A-1.2-r1-a packages.denylist STOP name=a", "t-A-1.2-r1-b-r2 packages.denylist STOP name=b-r2"]
    );
    assert!(lines(&pack, &options(Flavour::Strict, &[("denied", ",")])).is_empty());
}

#[test]
fn rules_for_sources_stand_in_their_own_sets() {
    let mut rule = rule("files", "name_match", "STOP", &json!({"regex": "@RX-BAD"}));
    let pack = one(&rule, &json!("R-1"), &json!([]));
    assert_eq!(
        lines(&pack, &options(Flavour::Extended, &[])),
        ["t-A-1.2-r1 files.name_match STOP regex=^/bad.*", "t-A-1.2-src-r1 files.name_match STOP regex=^/bad.*"]
    );
    assert_eq!(lines(&pack, &options(Flavour::Strict, &[])).len(), 1, "Anchore does not look at files of sources");
    rule["sources"] = false.into();
    let pack = one(&rule, &json!("R-1"), &json!([]));
    assert_eq!(lines(&pack, &options(Flavour::Extended, &[])).len(), 1);
}

#[test]
fn bad_data_names_pack_control_and_rule() {
    let regex = |value: &str| rule("files", "name_match", "STOP", &json!({"regex": value}));
    let mut each = regex("@RX-BAD");
    each["each"] = "denied".into();
    for (library, told) in [
        (regex("@RX-NONE"), "the rule library has no pattern `RX-NONE`"),
        (regex("${none}"), "the pack has no parameter `none`"),
        (regex("@each"), "it names `@each` and has no `each`"),
        (each, "`denied` names no parameter"),
    ] {
        let (selected, library) = one(&library, &json!("R-1"), &json!([]));
        let error = render_with(&selected, &options(Flavour::Strict, &[]), &library).unwrap_err().to_string();
        assert_eq!(error, format!("pack `t`, control `A-1(2)`, rule `R-1`: {told}"));
    }
}

#[test]
fn variants_select_controls_and_values() {
    let text = json!({
        "schema": "stopgate-pack/1",
        "pack": {"id": "t", "title": "Test", "version": "1", "released": "", "prefix": "t", "license": "",
                 "framework": "cis-docker", "about": "", "sees": "", "cannot_see": ""},
        "default_variant": "low",
        "variants": [{"id": "low", "title": "Low", "controls": ["4.8"], "parameters": {"max_layers": "9"}},
                     {"id": "high", "title": "High", "controls": ["4.8", "4.3"]}],
        "parameters": [{"key": "max_layers", "label": "x", "type": "integer", "default": "40"}],
        "controls": [
            {"id": "4.3", "assess": "full", "owner": "host", "rules": ["R-BLD-16"]},
            {"id": "4.8", "assess": "full", "owner": "host", "rules": ["R-BLD-16", "R-FILE-1"]}],
    });
    let bare = Selected::parse("t", &text.to_string()).unwrap();
    let high = bare.clone().with_variant("high");
    let all = Selected { variant: None, ..bare.clone() };
    let made = |selected: &Selected| {
        let pack = render(selected, &RenderOptions::new(Flavour::Strict)).unwrap();
        let controls: Vec<String> = pack.controls.iter().map(|rendered| rendered.control.id.clone()).collect();
        let layers = rules(&pack)[0]["params"][2]["value"].as_str().unwrap().to_owned();
        let uses = pack.parameters.iter().find(|known| known.parameter.key == "max_layers").unwrap().controls.clone();
        assert_eq!(uses, controls, "every control that uses it, shared rules as well");
        (pack.name.clone(), controls.join(" "), layers, pack.policy["id"].as_str().unwrap().to_owned())
    };
    let (bare_name, controls, layers, bare_id) = made(&bare);
    assert_eq!((bare_name.as_str(), controls.as_str(), layers.as_str()), ("t", "4.8", "9"));
    let (name, controls, layers, high_id) = made(&high);
    assert_eq!((name.as_str(), controls.as_str(), layers.as_str()), ("t-high", "4.3 4.8", "40"));
    assert_eq!(made(&bare.with_variant("low")).3, bare_id, "the bare name means the default variant");
    assert_ne!(bare_id, high_id);
    assert_eq!(made(&all).1, "4.3 4.8");
}

#[test]
fn names_select_packs_and_variants() {
    assert_eq!(find("cis-docker").unwrap().unwrap().name(), "cis-docker");
    for name in ["cis-docker-", "cis-docker-high", "cis-docker.json", "cis", ""] {
        assert!(find(name).unwrap().is_none(), "{name}");
    }
}

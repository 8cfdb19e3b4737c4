//! What must hold of every pack, in every variant and flavour.

use std::collections::{BTreeMap, BTreeSet};

use stopgate_policy::{Lint, LintSeverity, ParseOptions, TRIGGERS, lint, parse, schema};

use super::{every_selection, rules};
use crate::library::{Each, Library};
use crate::{AssessClass, Flavour, PACKS, ParameterKind, RenderOptions, RenderedPack, Selected, render};

/// Every pack in both flavours: with its defaults, and with a value for every parameter that is empty.
fn every_rendering() -> Vec<(Selected, RenderedPack)> {
    let mut all = Vec::new();
    for selected in every_selection() {
        for flavour in Flavour::ALL {
            let defaults = RenderOptions::new(flavour);
            let filled = RenderOptions { values: examples(&selected), ..defaults.clone() };
            all.push((selected.clone(), render(&selected, &defaults).unwrap()));
            all.push((selected.clone(), render(&selected, &filled).unwrap()));
        }
    }
    all
}

/// Values for parameters without a default: what the registry gives as an example of what they are used for.
pub(super) fn examples(selected: &Selected) -> BTreeMap<String, String> {
    let library = Library::embedded().unwrap();
    let mut values = BTreeMap::new();
    for parameter in selected.manifest.parameters.iter().filter(|parameter| parameter.default.is_empty()) {
        let named = format!("${{{}}}", parameter.key);
        let example = library.rules.values().find_map(|rule| {
            let trigger =
                TRIGGERS.iter().find(|row| row.info().gate == rule.gate && row.info().name == rule.trigger)?;
            let listed = matches!(&rule.each, Some(Each::Parameter(text)) if *text == named);
            let params = rule.params.iter().chain(&rule.extended_params);
            let (name, _) = params.clone().find(|(_, value)| *value == named || (listed && value == "@each"))?;
            trigger.params().iter().find(|spec| spec.name == name)?.example
        });
        let plain = if parameter.kind == ParameterKind::Integer { "7" } else { "example" };
        values.insert(parameter.key.clone(), example.unwrap_or(plain).to_owned());
    }
    values
}

#[test]
fn the_table_has_every_folder() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packs");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut folders: Vec<String> = entries
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    folders.sort();
    let mut table: Vec<&str> = PACKS.iter().map(|pack| pack.id).collect();
    assert_eq!(table.first(), Some(&"cis-docker"), "the default pack is the first");
    table.sort_unstable();
    assert_eq!(table, folders);
}

#[test]
fn names_prefixes_and_policy_ids_are_unique() {
    let all = every_selection();
    let ids: BTreeSet<String> = PACKS.iter().map(|pack| pack.load().unwrap().manifest.pack.prefix).collect();
    assert_eq!(ids.len(), PACKS.len(), "two packs have the same prefix");
    let mut names = crate::names().unwrap();
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
    for name in &names {
        assert_eq!(crate::find(name).unwrap().unwrap().name(), *name);
    }
    let mut policies = BTreeSet::new();
    for selected in &all {
        for flavour in Flavour::ALL {
            let pack = render(selected, &RenderOptions::new(flavour)).unwrap();
            assert!(
                policies.insert(pack.policy["id"].as_str().unwrap().to_owned()),
                "{} {}",
                pack.name,
                flavour.name()
            );
        }
    }
}

#[test]
fn every_pack_says_what_it_is() {
    for selected in every_selection() {
        let pack = &selected.manifest.pack;
        for text in [&pack.title, &pack.about, &pack.sees, &pack.cannot_see, &pack.version, &pack.license] {
            assert!(text.len() > 2, "{}", pack.id);
        }
        assert!(pack.released.parse::<jiff::civil::Date>().is_ok(), "{}: {}", pack.id, pack.released);
    }
}

#[test]
fn controls_stand_in_the_order_of_their_framework() {
    for pack in PACKS {
        let selected = pack.load().unwrap();
        let position = |id: &str| selected.framework.controls.iter().position(|control| control.id == id);
        let positions: Vec<_> = selected.manifest.controls.iter().map(|control| position(&control.id)).collect();
        assert!(positions.is_sorted(), "{}", pack.id);
    }
}

#[test]
fn every_control_has_rules_or_a_reason_and_every_rule_a_control() {
    for (selected, pack) in every_rendering() {
        for rendered in &pack.controls {
            let (control, place) = (&rendered.control, format!("{} {}", pack.name, rendered.control.id));
            let said = !control.not_assessed.is_empty() || !rendered.left_out.is_empty();
            assert!(!rendered.rule_ids.is_empty() || said, "{place}");
            assert!(control.assess == AssessClass::Full || !control.not_assessed.is_empty(), "{place}");
            assert!(control.assess == AssessClass::None || !control.rules.is_empty(), "{place}");
        }
        let served = pack.controls_by_rule();
        assert!(pack.rules.iter().all(|rule| served.contains_key(&rule.id)), "{}", selected.name());
    }
}

#[test]
fn every_rule_is_cited_once_and_says_what_to_do() {
    for (selected, pack) in every_rendering() {
        let rules = rules(&pack);
        let ids: BTreeSet<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), rules.len(), "{}: a rule id stands there twice", pack.name);
        assert_eq!(rules.len(), pack.rules.len());
        for rule in rules {
            let text = |key: &str| rule[key].as_str().unwrap();
            let head = format!("[{} ", selected.framework.name);
            assert!(text("description").starts_with(&head), "{}", text("id"));
            assert!(text("recommendation").len() > 20 && text("recommendation").ends_with(')'), "{}", text("id"));
        }
    }
}

#[test]
fn rules_that_can_look_at_sources_are_mapped_for_them() {
    for (_, pack) in every_rendering() {
        let sets: Vec<&str> =
            pack.rules.iter().filter(|rule| rule.for_sources).map(|rule| &*rule.rule_set_id).collect();
        let mappings = pack.policy["source_mappings"].as_array().unwrap();
        let mapped: Vec<&str> = mappings
            .iter()
            .flat_map(|mapping| mapping["rule_set_ids"].as_array().unwrap())
            .map(|id| id.as_str().unwrap())
            .collect();
        assert!(sets.iter().all(|set| set.ends_with("-src") && mapped.contains(set)), "{}", pack.name);
        assert_eq!(mappings.is_empty(), sets.is_empty(), "{}", pack.name);
    }
}

#[test]
fn policies_of_packs_are_what_the_schema_says_and_without_warnings() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let mut doubts = Vec::new();
    for (_, pack) in every_rendering() {
        let place = format!("{} {}", pack.name, pack.flavour.name());
        let faults: Vec<String> =
            validator.iter_errors(&pack.policy).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(faults.is_empty(), "{place}: {faults:#?}");
        let parsed = parse(pack.policy.to_string().as_bytes(), ParseOptions { strict: true });
        let parsed = parsed.unwrap_or_else(|errors| panic!("{place}: {errors:#?}"));
        assert!(parsed.warnings.is_empty(), "{place}: {:#?}", parsed.warnings);
        let examples = pack.parameters.iter().any(|known| known.value != known.parameter.default);
        if examples {
            // Examples of site values are no advice.
            continue;
        }
        let lints = lint(&parsed.policy, super::NOW.parse().unwrap());
        // A pack without a rule that this flavour can say maps nothing, and the lint rightly says so.
        let empty = pack.rules.iter().all(|rule| rule.for_sources);
        let warns = |lint: &Lint| lint.severity == LintSeverity::Warn && !(empty && lint.code == "no-catch-all");
        let warned = lints.into_iter().filter(warns);
        doubts.extend(warned.map(|lint| format!("{place} {}: {}", lint.pointer, lint.message)));
    }
    assert!(doubts.is_empty(), "{doubts:#?}");
}

/// Gates and triggers that Anchore does not have.
const OURS: &[&str] = &[
    "accounts.",
    "attestation.",
    "completeness.",
    "crypto.",
    "expression.",
    "files.capabilities",
    "files.permissions",
    "image_config.",
    "licenses.expression",
    "lifecycle.",
    "packages.unowned_executables",
    "provenance.",
    "registry.",
    "sbom.",
    "scan.",
    "secret_scans.layers",
    "secret_scans.metadata",
    "signature.",
    "stig.open_findings",
    "vulnerabilities.count",
    "vulnerabilities.kev_due",
    "vulnerabilities.remediation_due",
];

#[test]
fn the_strict_flavour_has_no_trigger_of_ours() {
    for (_, pack) in every_rendering().iter().filter(|(_, pack)| pack.flavour == Flavour::Strict) {
        for rule in &pack.rules {
            let name = format!("{}.{}", rule.gate, rule.trigger);
            assert!(!OURS.iter().any(|ours| name.starts_with(ours)), "{}: {name}", rule.id);
        }
    }
}

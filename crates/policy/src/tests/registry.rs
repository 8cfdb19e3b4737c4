//! The registry: what it says of itself is complete and true.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::registry::{GATES, all, gate_names};
use crate::trigger::params::{Param, ParamSpec};
use crate::{State, TRIGGERS, spec};

#[test]
fn names_are_unique_lower_case_and_documented() {
    let mut names = BTreeSet::new();
    for row in all() {
        let info = row.info();
        let name = format!("{}.{}", info.gate, info.name);
        assert!(names.insert(name.clone()), "{name} is there twice");
        assert_eq!(name, name.to_lowercase());
        assert!(info.summary.ends_with('.') && info.summary.len() > 10, "{name}");
        assert!(!info.artifact_types.is_empty() && !info.trigger_id.is_empty(), "{name}");
        let mut params = BTreeSet::new();
        for param in row.params() {
            assert!(params.insert(param.name), "{name}: {}", param.name);
            assert!(param.description.trim().ends_with('.'), "{name}: {}", param.name);
            assert!(!param.required || param.example.is_some(), "{name}: {} has no example", param.name);
        }
    }
    for name in gate_names() {
        assert!(GATES.iter().any(|gate| gate.name == name && gate.summary.ends_with('.')), "{name}");
    }
}

/// One parameter, and the examples of the others that must be given, or of all others.
fn example(params: &[ParamSpec], all: bool, tried: &ParamSpec, value: &str) -> Vec<Param> {
    let others = params.iter().filter(|param| (param.required || all) && param.name != tried.name);
    let others = others.filter_map(|param| Some((param.name, param.example?)));
    others
        .chain([(tried.name, value)])
        .map(|(name, value)| Param { name: name.to_owned(), value: value.to_owned() })
        .collect()
}

#[test]
fn every_example_default_and_word_is_accepted() {
    for row in all() {
        for param in row.params() {
            let values = param.example.into_iter().chain(param.default).chain(param.kind.words.iter().copied());
            for value in values {
                // Of `metadata.attribute` some words do not go with the example of `value`.
                if row.info().gate == "metadata" && param.name == "attribute" {
                    continue;
                }
                // Where one of several parameters must be given, the others are there as well.
                let bind = |all: bool| row.bind(&example(row.params(), all, param, value));
                let bound = bind(false).or_else(|_| bind(true));
                assert!(bound.is_ok(), "{}.{} {}={value}: {bound:?}", row.info().gate, row.info().name, param.name);
                assert!(bound.unwrap().faults().is_empty());
            }
        }
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn every_trigger_has_its_four_cases_beside_it() {
    let gates = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/gates");
    let mut triggers = 0;
    for path in files(&gates) {
        let source = std::fs::read_to_string(&path).unwrap();
        if !source.contains("\nimpl Trigger for ") {
            continue;
        }
        triggers += 1;
        for case in ["fires", "does_not_fire", "boundary", "data_missing"] {
            let test = format!("#[test]\n    fn {case}() {{\n");
            assert!(source.contains(&test), "{} has no test `{case}`", path.display());
        }
    }
    assert_eq!(triggers, TRIGGERS.len(), "a trigger is not in the registry");
}

#[test]
fn the_specification_lists_every_gate_and_trigger() {
    let spec = spec();
    let triggers: usize = spec.iter().filter(|gate| gate.state != State::Eol).map(|gate| gate.triggers.len()).sum();
    assert_eq!(triggers, all().count());
    assert!(spec.is_sorted_by_key(|gate| gate.state));
    let package = spec.iter().find(|gate| gate.name == "vulnerabilities").unwrap();
    let package = package.triggers.iter().find(|trigger| trigger.name == "package").unwrap();
    assert_eq!(package.parameters[0].name, "package_type");
    assert_eq!(package.parameters[0].validator.words, ["all", "os", "non-os"]);
    assert!(package.parameters[0].required && !package.parameters[1].required);
}

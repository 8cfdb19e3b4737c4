//! The policies of packs as an author's work: the JSON Schema accepts them, reading finds nothing to doubt,
//! and no lint has anything to warn of.

use std::collections::BTreeMap;

use stopgate_policy::{LintSeverity, ParseOptions, State, TRIGGERS, lint, parse, schema};

use crate::{Flavour, PACKS, render};

fn available(gate: &str, trigger: &str) -> bool {
    TRIGGERS
        .iter()
        .any(|row| row.info().gate == gate && row.info().name == trigger && row.info().state == State::Active)
}

#[test]
fn policies_of_packs_are_what_the_schema_says_and_without_lints() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    for pack in PACKS {
        for flavour in [Flavour::Strict, Flavour::Extended] {
            let rendered = render(&pack.manifest().unwrap(), &BTreeMap::new(), flavour, &available).unwrap();
            let faults: Vec<String> = validator
                .iter_errors(&rendered.policy)
                .map(|error| format!("{}: {error}", error.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{} {}: {faults:#?}", pack.id, flavour.name());
            let parsed = parse(rendered.policy.to_string().as_bytes(), ParseOptions { strict: true }).unwrap();
            assert!(parsed.warnings.is_empty(), "{} {}: {:#?}", pack.id, flavour.name(), parsed.warnings);
            let lints = lint(&parsed.policy, "2026-06-01T00:00:00Z".parse().unwrap());
            let warned: Vec<_> = lints.iter().filter(|lint| lint.severity == LintSeverity::Warn).collect();
            assert!(warned.is_empty(), "{} {}: {warned:#?}", pack.id, flavour.name());
        }
    }
}

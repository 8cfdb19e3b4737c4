//! The documents of the guide on writing a policy: valid, what the schemas say, and without lints.

use std::collections::BTreeMap;

use serde_json::Value;

use super::NOW;
use crate::{ParseOptions, extension_schema, lint, lint_extension, parse_extended, parse_extension, schema};

const GUIDE: &str = include_str!("../../../../docs/guides/write-a-policy.md");

/// The JSON documents of the guide, in order.
fn documents() -> Vec<Value> {
    let blocks = GUIDE.split("```json\n").skip(1);
    blocks.map(|block| serde_json::from_str(block.split("```").next().unwrap()).unwrap()).collect()
}

#[test]
fn documents_of_the_guide_are_valid_and_without_lints() {
    let policies = jsonschema::draft202012::new(&schema()).unwrap();
    let side_cars = jsonschema::draft202012::new(&extension_schema()).unwrap();
    let documents = documents();
    let (mut policy, mut extensions) = (None, 0);
    for document in &documents {
        if document.get("rule_sets").is_some() {
            assert!(policies.is_valid(document), "{document:#}");
            policy = Some(document.to_string());
        } else if document.get("policy_id").is_some() {
            assert!(side_cars.is_valid(document), "{document:#}");
            let extension = parse_extension(document.to_string().as_bytes()).unwrap();
            let policy = policy.as_ref().unwrap().as_bytes();
            let parsed = parse_extended(policy, extension, &BTreeMap::new(), ParseOptions { strict: true }).unwrap();
            assert_eq!(parsed.warnings, []);
            let now = NOW.parse().unwrap();
            assert_eq!([lint(&parsed.policy, now), lint_extension(&parsed.policy, now)].concat(), []);
            extensions += 1;
        }
    }
    assert_eq!((documents.len(), extensions), (4, 2));
}

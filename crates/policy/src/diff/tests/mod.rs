//! Tests of comparisons: tables of pairs with their answers, and random pairs against brute force.

mod bundles;
mod dice;
mod large;
mod names;
mod proofs;
mod random;
mod report;
mod rows;
mod rules;
mod sidecar;
mod tables;
mod universe;

use serde_json::Value;

use super::{DiffOptions, DiffReport, Witness, diff};
use crate::tests::{NOW, policy};
use crate::{EvalContext, Policy};

pub(super) fn options() -> DiffOptions {
    DiffOptions { as_of: NOW.parse().unwrap(), strict_names: false }
}

/// How often a random test is repeated: some times the usual number, when `STOPGATE_DIFF_ROUNDS` says so.
pub(super) fn rounds(usual: u64) -> u64 {
    let factor = std::env::var("STOPGATE_DIFF_ROUNDS").ok().and_then(|text| text.parse().ok());
    usual * factor.unwrap_or(1)
}

pub(super) fn compare(old: &Value, new: &Value) -> DiffReport {
    diff(&policy(old), &policy(new), &options())
}

/// Asserts that a witness is what it claims to be.
pub(super) fn check_witness(witness: &Witness, old: &Policy, new: &Policy) {
    let engine = crate::tests::engine();
    let mut context = EvalContext::new(&witness.artifact, &witness.tag, witness.as_of, engine);
    context.matches = Some(&witness.matches);
    context.strict_names = witness.strict_names;
    context.history = witness.history.as_ref();
    context.base = witness.base.as_ref();
    context.ancestors = witness.ancestors.as_deref();
    context.previous = witness.previous.as_ref();
    context.sources = witness.sources.as_deref();
    assert!(witness.as_of >= options().as_of);
    let (old, new) = (crate::evaluate(old, &context), crate::evaluate(new, &context));
    assert_eq!((old.decision, new.decision), (witness.old_decision, witness.new_decision));
    for missing in old.missing.iter().chain(&new.missing) {
        let unsupported = missing.input.starts_with("trigger:") || missing.input == "package_feed";
        assert!(missing.input == "mapping" || unsupported, "{missing:?}");
    }
}

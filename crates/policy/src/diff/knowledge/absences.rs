//! Triggers that fire when an input was never collected.

use crate::diff::clause::{Clause, Subject};
use crate::diff::draft::Input;
use crate::diff::given::Given;

pub(super) fn no_ancestors(_: &Given<'_>) -> Option<Vec<Clause>> {
    missing(Subject::single("missing input", "ancestors", |draft, _, _| {
        draft.inputs.ancestors = Input::Missing;
        true
    }))
}

pub(super) fn no_malware_scan(_: &Given<'_>) -> Option<Vec<Clause>> {
    missing(Subject::single("missing input", "malware scan", |draft, _, _| {
        draft.inputs.malware = Input::Missing;
        true
    }))
}

pub(super) fn no_stig(_: &Given<'_>) -> Option<Vec<Clause>> {
    missing(Subject::single("missing input", "STIG evaluation", |draft, _, _| {
        draft.inputs.stig = Input::Missing;
        true
    }))
}

fn missing(subject: Subject) -> Option<Vec<Clause>> {
    Some(vec![Clause::some(subject).fixed_id()])
}

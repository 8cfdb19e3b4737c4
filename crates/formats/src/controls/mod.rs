//! The states of a framework's controls as documents: JSON, CSV, OSCAL, JUnit and a page for people. SARIF stands with
//! the other SARIF documents.
//!
//! A control that was not assessed is never shown as one that holds: each format says so in the way that it has.

mod csv;
mod html;
mod json;
mod junit;
mod oscal;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

use stopgate_model::{ControlReport, ControlResult, ControlState, Finding};

pub use self::csv::write as write_csv;
pub use self::html::write as write_html;
pub use self::json::write as write_json;
pub use self::junit::write as write_junit;
pub use self::oscal::write as write_oscal;

/// The findings of the rules that serve a control, in the order of the evaluation.
pub(crate) fn findings<'a>(report: &ControlReport<'a>, control: &ControlResult) -> Vec<&'a Finding> {
    let own: HashSet<&str> = control.rule_ids.iter().map(String::as_str).collect();
    report.check.evaluation.findings.iter().filter(|finding| own.contains(finding.rule_id.as_str())).collect()
}

/// How many controls are in each state; states without a control are left out.
pub(crate) fn counts(controls: &[ControlResult]) -> Vec<(ControlState, usize)> {
    let count = |state| controls.iter().filter(|control| control.state == state).count();
    ControlState::ALL.map(|state| (state, count(state))).into_iter().filter(|(_, count)| *count > 0).collect()
}

/// The artifact as reports name it: reference, then digest.
pub(crate) fn subject(report: &ControlReport<'_>) -> (String, String) {
    let (artifact, tag) = (report.check.artifact, &report.check.evaluation.evaluated_tag);
    let digest = artifact.source.image().map(|image| image.manifest_digest.to_string());
    let names = [tag, &artifact.source.name].into_iter().find(|name| !name.is_empty() && !name.starts_with('*'));
    // An archive that says neither whose it is nor what it is called: the name of its file.
    let file = || artifact.source.user_input.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let name = names.map_or_else(file, String::as_str);
    (name.to_owned(), digest.unwrap_or_else(|| artifact.source.id.clone()))
}

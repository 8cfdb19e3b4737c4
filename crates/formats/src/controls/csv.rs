//! One row for each control, safe to open in a spreadsheet.

use std::io::{self, Write};

use stopgate_model::{Action, ControlReport, ControlResult, Finding, Remediation};

use super::{findings, subject};
use crate::csv::defused;

const HEADER: &[&str] = &[
    "pack",
    "pack_version",
    "framework",
    "framework_version",
    "control",
    "title",
    "class",
    "state",
    "reason",
    "stops",
    "warnings",
    "facts",
    "accepted",
    "not_assessed",
    "artifact",
    "digest",
    "policy_digest",
    "evaluation_time",
    "data_built",
    "rule_ids",
    "trigger_ids",
    "remediation",
];
/// Trigger ids and remediations that one cell holds; spreadsheets cut cells at 32,767 characters.
const MOST: usize = 100;

/// Writes the report.
pub fn write(report: &ControlReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = ::csv::Writer::from_writer(out);
    csv.write_record(HEADER)?;
    for control in report.controls {
        csv.write_record(row(report, control).iter().map(|cell| defused(cell).into_owned()))?;
    }
    csv.flush()
}

fn row(report: &ControlReport<'_>, control: &ControlResult) -> Vec<String> {
    let found = findings(report, control);
    let facts = found.iter().filter(|finding| finding.rule_action == Action::Go).count();
    let (name, digest) = subject(report);
    let (pack, evaluation) = (report.pack, report.check.evaluation);
    vec![
        pack.id.clone(),
        pack.version.clone(),
        pack.framework_name.clone(),
        pack.framework_version.clone(),
        control.id.clone(),
        control.title.clone(),
        control.class.name().to_owned(),
        control.state.name().to_owned(),
        control.reason.clone(),
        control.stops.to_string(),
        control.warnings.to_string(),
        facts.to_string(),
        control.accepted.to_string(),
        control.not_assessed.clone(),
        name,
        digest,
        report.check.policy.digest.to_string(),
        evaluation.evaluated_at.clone(),
        report.check.data.map(|data| data.built.clone()).unwrap_or_default(),
        control.rule_ids.join(" "),
        joined(&found, " ", |finding| finding.trigger_id.clone()),
        joined(&found, "; ", |finding| finding.remediation.as_ref().map(Remediation::sentence).unwrap_or_default()),
    ]
}

/// Different texts in order, and how many more there are.
fn joined(found: &[&Finding], separator: &str, text: impl Fn(&Finding) -> String) -> String {
    let mut texts: Vec<String> = found.iter().map(|finding| text(finding)).filter(|text| !text.is_empty()).collect();
    texts.sort();
    texts.dedup();
    let more = texts.len().saturating_sub(MOST);
    texts.truncate(MOST);
    if more > 0 {
        texts.push(format!("and {more} more"));
    }
    texts.join(separator)
}

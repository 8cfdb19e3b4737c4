//! Findings of a verdict as CSV (RFC 4180), one row each, safe to open in a spreadsheet.
//!
//! A cell that a spreadsheet would take for a formula begins with an apostrophe instead (OWASP, "CSV
//! injection"); control characters become blanks.

use std::borrow::Cow;
use std::io::{self, Write};

use stopgate_model::{CheckReport, Evidence, Finding, Remediation};

/// Columns that the CSV of a policy check has everywhere: those of Anchore's own, before what only Stopgate knows.
pub const ANCHORE_COLUMNS: [&str; 14] = [
    "tag",
    "digest",
    "policy_id",
    "evaluation_time",
    "status",
    "final_action",
    "gate",
    "trigger",
    "trigger_id",
    "rule_id",
    "action",
    "message",
    "allowlisted",
    "recommendation",
];

const MORE_COLUMNS: &[&str] = &[
    "rule_action",
    "allowlist_id",
    "allowlist_item",
    "allowlist_expires_on",
    "inherited_from_base",
    "severity",
    "controls",
    "path",
    "layer",
    "remediation",
    "fingerprint",
];

/// Writes the findings of a verdict.
pub fn write(report: &CheckReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = ::csv::Writer::from_writer(out);
    csv.write_record(ANCHORE_COLUMNS.iter().chain(MORE_COLUMNS))?;
    for finding in &report.evaluation.findings {
        csv.write_record(row(report, finding).iter().map(|cell| defused(cell).into_owned()))?;
    }
    csv.flush()
}

fn row<'a>(report: &'a CheckReport<'_>, finding: &'a Finding) -> Vec<Cow<'a, str>> {
    let evaluation = report.evaluation;
    let allowlist = finding.allowlist.as_ref();
    let (path, layer) = place(finding);
    let digest = report.artifact.source.image().map(|image| image.manifest_digest.to_string());
    vec![
        Cow::Borrowed(&evaluation.evaluated_tag),
        Cow::Owned(digest.unwrap_or_default()),
        Cow::Borrowed(&evaluation.policy_id),
        Cow::Borrowed(&evaluation.evaluated_at),
        Cow::Borrowed(report.verdict.decision.name()),
        Cow::Borrowed(evaluation.final_action.name()),
        Cow::Borrowed(&finding.gate),
        Cow::Borrowed(&finding.trigger),
        Cow::Borrowed(&finding.trigger_id),
        Cow::Borrowed(&finding.rule_id),
        Cow::Borrowed(finding.action.name()),
        Cow::Borrowed(&finding.message),
        Cow::Borrowed(if allowlist.is_some() { "true" } else { "false" }),
        Cow::Borrowed(&finding.recommendation),
        Cow::Borrowed(finding.rule_action.name()),
        Cow::Borrowed(allowlist.map_or("", |allowlist| &allowlist.id)),
        Cow::Borrowed(allowlist.map_or("", |allowlist| &allowlist.item_id)),
        Cow::Borrowed(allowlist.and_then(|allowlist| allowlist.expires_on.as_deref()).unwrap_or_default()),
        Cow::Borrowed(finding.inherited_from_base.map_or("", |inherited| if inherited { "true" } else { "false" })),
        Cow::Borrowed(finding.severity.map_or("", |severity| severity.name())),
        Cow::Owned(finding.controls.join(" ")),
        Cow::Borrowed(path),
        Cow::Owned(layer),
        Cow::Owned(finding.remediation.as_ref().map(Remediation::sentence).unwrap_or_default()),
        Cow::Borrowed(&finding.fingerprint),
    ]
}

fn place(finding: &Finding) -> (&str, String) {
    finding
        .evidence
        .iter()
        .find_map(|evidence| match evidence {
            Evidence::Package { path: Some(path), layer, .. } | Evidence::File { path, layer, .. } => {
                Some((path.as_str(), layer.as_ref().map(ToString::to_string).unwrap_or_default()))
            }
            _ => None,
        })
        .unwrap_or_default()
}

/// The cell as a spreadsheet may show it.
pub fn defused(cell: &str) -> Cow<'_, str> {
    let mut cell = if cell.chars().any(char::is_control) {
        Cow::Owned(cell.chars().map(|c| if c.is_control() { ' ' } else { c }).collect())
    } else {
        Cow::Borrowed(cell)
    };
    // Blanks in front do not keep a spreadsheet from seeing a formula; full-width signs count too.
    if cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        cell.to_mut().insert(0, '\'');
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::{ANCHORE_COLUMNS, MORE_COLUMNS, defused, row, write};
    use crate::samples;

    #[test]
    fn formulas_are_defused_and_the_rest_stays() {
        for (cell, expected) in [
            ("=1+1", "'=1+1"),
            ("  @SUM(A1)", "'  @SUM(A1)"),
            ("\t-2", "' -2"),
            ("\r\n+x", "'  +x"),
            ("CVE-2024-1+openssl", "CVE-2024-1+openssl"),
            ("a\0b", "a b"),
            ("", ""),
        ] {
            assert_eq!(defused(cell), expected);
        }
    }

    #[test]
    fn hostile_cells_survive_as_cells() {
        let sample = samples::hostile_check("=cmd|' /C calc'!A0,\"\r\nx\u{0}");
        let report = sample.report();
        let mut out = Vec::new();
        write(&report, &mut out).unwrap();
        let mut csv = ::csv::Reader::from_reader(&out[..]);
        assert!(csv.headers().unwrap().iter().eq(ANCHORE_COLUMNS.iter().chain(MORE_COLUMNS).copied()));
        let rows: Vec<_> = csv.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), report.evaluation.findings.len());
        assert!(rows.iter().flatten().all(|cell| !cell.starts_with(['=', '+', '-', '@'])));
        assert_eq!(row(&report, &report.evaluation.findings[0]).len(), ANCHORE_COLUMNS.len() + MORE_COLUMNS.len());
    }
}

//! Matches by CVE: the first CVE that a record names stands in its place, and matches that become the same are one.

use std::sync::Arc;

use stopgate_model::{Match, RelatedVulnerability, Vulnerability};

use crate::report::merged_fix;

/// Replaces ids and merges; the matches of one package.
pub(crate) fn normalize(matches: Vec<Match>) -> Vec<Match> {
    let mut normalized: Vec<Match> = Vec::with_capacity(matches.len());
    for mut found in matches {
        if let Some(record) = of_cve(&found.vulnerability) {
            found.vulnerability = Arc::new(record);
        }
        let same = normalized.iter_mut().find(|known| {
            known.vulnerability.id == found.vulnerability.id
                && known.vulnerability.namespace == found.vulnerability.namespace
        });
        match same {
            Some(known) => merge(known, found),
            None => normalized.push(found),
        }
    }
    normalized.sort_by(|one, two| {
        (&one.vulnerability.id, &one.vulnerability.namespace)
            .cmp(&(&two.vulnerability.id, &two.vulnerability.namespace))
    });
    normalized
}

fn is_cve(id: &str) -> bool {
    id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("cve-"))
}

/// The record under its first CVE; `None` when it has one already or names none.
fn of_cve(record: &Vulnerability) -> Option<Vulnerability> {
    if is_cve(&record.id) {
        return None;
    }
    let cve = record.related.iter().find(|related| is_cve(&related.id))?;
    let original = RelatedVulnerability {
        id: record.id.clone(),
        namespace: record.namespace.clone(),
        severity: record.severity,
        data_source: record.data_source.clone(),
        urls: record.urls.clone(),
        description: record.description.clone(),
        cvss: record.cvss.clone(),
    };
    Some(Vulnerability {
        id: cve.id.clone(),
        namespace: cve.namespace.clone(),
        severity: cve.severity,
        data_source: cve.data_source.clone(),
        urls: cve.urls.clone(),
        description: cve.description.clone(),
        cvss: cve.cvss.clone(),
        related: vec![original],
        ..record.clone()
    })
}

fn merge(known: &mut Match, other: Match) {
    for detail in other.details {
        if !known.details.contains(&detail) {
            known.details.push(detail);
        }
    }
    known.details.sort();
    known.fix = merged_fix(std::mem::take(&mut known.fix), other.fix);
    known.suggested_version = known.suggested_version.take().or(other.suggested_version);
}

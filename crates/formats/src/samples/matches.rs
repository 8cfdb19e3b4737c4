//! Matches with vulnerability data.

use std::sync::Arc;

use arbtest::arbitrary::{Result, Unstructured};
use stopgate_model::{
    Artifact, AvailableFix, Cvss, Epss, Fix, FixState, Kev, Match, MatchDetail, MatchKind, MatchReport, Package,
    PackageId, RelatedVulnerability, RemovedMatch, RemovedReason, Severity, VexJustification, VexStatus, Vulnerability,
};

use super::check::data;
use super::{gap, many, maybe, name, text};

pub(crate) fn vulnerability(u: &mut Unstructured<'_>) -> Result<Vulnerability> {
    let cvss = |u: &mut Unstructured<'_>| {
        Ok(Cvss {
            source: text(u)?,
            kind: text(u)?,
            version: "3.1".to_owned(),
            vector: text(u)?,
            base: f64::from(u.int_in_range(0..=100_u32)?) / 10.0,
            exploitability: maybe(u, |_| Ok(1.5))?,
            impact: None,
        })
    };
    Ok(Vulnerability {
        id: name(u)?,
        namespace: text(u)?,
        provider: text(u)?,
        aliases: many(u, text)?,
        severity: *u.choose(&Severity::ALL)?,
        cvss: many(u, cvss)?,
        related: many(u, |u| {
            Ok(RelatedVulnerability {
                id: name(u)?,
                namespace: text(u)?,
                severity: *u.choose(&Severity::ALL)?,
                data_source: text(u)?,
                urls: many(u, text)?,
                description: text(u)?,
                cvss: many(u, cvss)?,
            })
        })?,
        data_source: text(u)?,
        urls: many(u, text)?,
        description: text(u)?,
        kev: many(u, |u| Ok(Kev { cve: text(u)?, ..Kev::default() }))?,
        epss: many(u, |u| Ok(Epss { cve: text(u)?, score: 0.5, percentile: 0.9, date: text(u)? }))?,
        cwes: many(u, text)?,
        advisories: Vec::new(),
        published: String::new(),
        modified: String::new(),
    })
}

fn found(u: &mut Unstructured<'_>, packages: &[Package]) -> Result<Match> {
    let package = if packages.is_empty() { PackageId(7) } else { u.choose(packages)?.id };
    Ok(Match {
        package,
        vulnerability: Arc::new(vulnerability(u)?),
        fix: Fix {
            state: *u.choose(&[FixState::Unknown, FixState::Fixed, FixState::NotFixed, FixState::WontFix])?,
            versions: many(u, text)?,
            available: many(u, |u| Ok(AvailableFix { version: text(u)?, date: text(u)?, kind: text(u)? }))?,
        },
        suggested_version: maybe(u, text)?,
        details: many(u, |u| {
            Ok(MatchDetail {
                kind: *u.choose(&[MatchKind::ExactDirect, MatchKind::ExactIndirect, MatchKind::Cpe])?,
                matcher: text(u)?,
                searched_name: text(u)?,
                searched_version: text(u)?,
                searched_scope: text(u)?,
                found_constraint: text(u)?,
                found_cpe: text(u)?,
            })
        })?,
    })
}

/// Any matches of an artifact.
pub(crate) fn matches(u: &mut Unstructured<'_>, artifact: &Artifact) -> Result<MatchReport> {
    Ok(MatchReport {
        matches: many(u, |u| found(u, &artifact.packages))?,
        removed: many(u, |u| {
            Ok(RemovedMatch {
                matched: found(u, &artifact.packages)?,
                reason: match u.int_in_range(0..=2)? {
                    0 => RemovedReason::Evidence(text(u)?),
                    1 => RemovedReason::OwnedByDistroPackage(PackageId(u.arbitrary()?)),
                    _ => RemovedReason::Vex {
                        document: text(u)?,
                        status: VexStatus::NotAffected,
                        justification: maybe(u, |_| Ok(VexJustification::ComponentNotPresent))?,
                    },
                },
            })
        })?,
        data: data(u)?,
        distro_has_data: None,
        distro_namespaces: Vec::new(),
        gaps: many(u, gap)?,
    })
}

//! Vulnerabilities of an artifact: one rule per vulnerability, one result per package that has it.

use std::collections::HashMap;
use std::io::{self, Write};

use sha2::{Digest as _, Sha256};
use stopgate_model::{
    Artifact, Fix, FixState, Match, MatchReport, Package, PackageId, Purl, RemovedReason, Severity, Vulnerability,
};

use super::document::{Kind, Level, Outcome, Place, Rule, Run, artifact_path, notices, score, write};
use crate::Producer;

/// Writes the matches of an artifact; removed ones are suppressed results.
pub fn write_matches(
    artifact: &Artifact,
    report: &MatchReport,
    producer: &Producer<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let packages: HashMap<PackageId, &Package> =
        artifact.packages.iter().map(|package| (package.id, package)).collect();
    let mut rules = Vec::new();
    let mut by_id: HashMap<&str, usize> = HashMap::new();
    let counted = report.matches.iter().map(|found| (found, None));
    let removed = report.removed.iter().map(|removed| (&removed.matched, Some(justification(&removed.reason))));
    let mut outcomes = Vec::with_capacity(report.matches.len() + report.removed.len());
    for (found, accepted) in counted.chain(removed) {
        let rule = *by_id.entry(found.vulnerability.id.as_str()).or_insert_with(|| {
            rules.push(rule(&found.vulnerability));
            rules.len() - 1
        });
        outcomes.push(outcome(artifact, packages.get(&found.package).copied(), found, accepted, rule));
    }
    let run = Run {
        tool: producer.name,
        version: producer.version,
        category: format!("stopgate-vulns/{}/", artifact.source.name),
        decided: true,
        exit_code: None,
        notices: notices(&report.gaps),
        rules,
        outcomes,
    };
    write(run, out)
}

fn justification(reason: &RemovedReason) -> String {
    match reason {
        RemovedReason::Evidence(text) | RemovedReason::Rule(text) => text.clone(),
        RemovedReason::Vex { document, status, .. } => format!("{document}: {}", status.name()),
        RemovedReason::OwnedByDistroPackage(id) => format!("owned by the distribution's package {id}"),
    }
}

const fn level(severity: Severity) -> Level {
    match severity {
        Severity::Critical | Severity::High => Level::Error,
        Severity::Medium | Severity::Unknown => Level::Warning,
        Severity::Low | Severity::Negligible => Level::Note,
    }
}

fn rule(vulnerability: &Vulnerability) -> Rule {
    let scores = vulnerability.cvss.iter().chain(vulnerability.related.iter().flat_map(|related| &related.cvss));
    let worst = scores.map(|cvss| cvss.base).filter(|base| *base > 0.0).max_by(f64::total_cmp);
    let mut tags = vec!["vulnerability".to_owned(), vulnerability.severity.name().to_owned()];
    if !vulnerability.kev.is_empty() {
        tags.push("known-exploited".to_owned());
    }
    let description = if vulnerability.description.is_empty() {
        vulnerability.related.iter().map(|related| &related.description).find(|text| !text.is_empty())
    } else {
        Some(&vulnerability.description)
    };
    let summary = format!("{} ({})", vulnerability.id, vulnerability.severity);
    Rule {
        id: vulnerability.id.clone(),
        name: String::new(),
        description: description.unwrap_or(&summary).clone(),
        help: format!(
            "{summary}\nnamespace: {}\nalso known as: {}\n{}",
            vulnerability.namespace,
            vulnerability.aliases.join(", "),
            vulnerability.data_source
        ),
        summary,
        help_uri: vulnerability.data_source.clone(),
        level: level(vulnerability.severity),
        score: worst.or(score(vulnerability.severity)),
        tags,
    }
}

fn outcome(
    artifact: &Artifact,
    package: Option<&Package>,
    found: &Match,
    accepted: Option<String>,
    rule: usize,
) -> Outcome {
    let vulnerability = &found.vulnerability;
    let (name, version, purl) = package.map_or(("", "", ""), |p| (&p.name, &p.version, &p.purl));
    let location = package.and_then(Package::primary_location);
    let path = location.map_or_else(|| artifact_path(artifact), |location| location.path.clone());
    Outcome {
        rule,
        kind: Kind::Fail,
        level: level(vulnerability.severity),
        message: format!("{name} {version} has {} ({}); {}", vulnerability.id, vulnerability.severity, fix(&found.fix)),
        fingerprint: fingerprint(&vulnerability.id, name, purl, &path),
        places: vec![Place {
            path,
            line: 1,
            package: package.map(|package| (package.name.clone(), package.purl.clone())),
            layer: location.and_then(|location| location.layer.as_ref()).map(ToString::to_string),
        }],
        accepted,
        properties: vec![
            ("package", name.to_owned()),
            ("version", version.to_owned()),
            ("type", package.map(|package| package.package_type.id().to_owned()).unwrap_or_default()),
            ("namespace", vulnerability.namespace.clone()),
            ("fix_state", found.fix.state.name().to_owned()),
        ],
        controls: Vec::new(),
    }
}

fn fix(fix: &Fix) -> String {
    match fix.state {
        FixState::Fixed if !fix.versions.is_empty() => format!("fixed in {}", fix.versions.join(", ")),
        FixState::Fixed => "fixed".to_owned(),
        FixState::NotFixed => "not fixed yet".to_owned(),
        FixState::WontFix => "the vendor will not fix it".to_owned(),
        FixState::Unknown => "no fix is known".to_owned(),
    }
}

/// The same as long as the package stays where it is, whatever its version.
fn fingerprint(id: &str, name: &str, purl: &str, path: &str) -> String {
    let package = Purl::parse(purl).map(|purl| format!("{}/{}/{}", purl.package_type, purl.namespace, purl.name));
    let package = package.unwrap_or_else(|_| name.to_owned());
    hex::encode(Sha256::digest(format!("{id}\n{package}\n{path}")))
}

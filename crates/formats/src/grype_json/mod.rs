//! grype's JSON document, for whatever reads grype (0.121): matches, removed matches with their reasons, source, distro.
//!
//! Two things are ours: the descriptor names us, and `gaps` lists what could not be decided.

mod artifact;

use std::collections::HashMap;
use std::io::{self, Write};

use stopgate_model::{
    Artifact, Cvss, DataIdentity, Epss, Fix, FixState, Gap, Kev, Match, MatchDetail, MatchKind, MatchReport, Package,
    PackageId, RelatedVulnerability, RemovedMatch, RemovedReason, Severity, SourceKind, Vulnerability,
};

use crate::Producer;
use crate::json::JsonWriter;
use crate::syft_json::image_metadata;

/// Writes the matches of an artifact in grype's JSON shape.
pub fn write(
    artifact: &Artifact,
    report: &MatchReport,
    producer: &Producer<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let packages: HashMap<PackageId, &Package> =
        artifact.packages.iter().map(|package| (package.id, package)).collect();
    let mut w = JsonWriter::new(out);
    w.object(|w| {
        w.key("matches").list(&report.matches, |w, found| w.object(|w| match_fields(w, artifact, &packages, found)));
        if !report.removed.is_empty() {
            w.key("ignoredMatches").list(&report.removed, |w, removed| {
                w.object(|w| {
                    match_fields(w, artifact, &packages, &removed.matched);
                    w.key("appliedIgnoreRules").list([removed], |w, removed| w.object(|w| ignore_rule(w, removed)));
                });
            });
        }
        if !report.gaps.is_empty() {
            w.key("gaps").list(&report.gaps, |w, gap| w.object(|w| gap_fields(w, gap)));
        }
        w.key("source").object(|w| source(w, artifact));
        w.key("distro").object(|w| {
            let distro = artifact.distro.as_ref();
            w.text_field("name", distro.map_or("", |distro| &distro.id));
            w.text_field("version", distro.map_or("", |distro| &distro.version_id));
            w.texts_field("idLike", distro.map_or(&[][..], |distro| &distro.id_like));
        });
        w.key("descriptor").object(|w| {
            w.text_field("name", producer.name);
            w.text_field("version", producer.version);
            w.key("db").object(|w| database(w, &report.data));
            w.text_unless_empty("timestamp", producer.created.unwrap_or_default());
        });
    });
    w.newline();
    w.finish().map(drop)
}

fn match_fields(w: &mut JsonWriter<'_>, artifact: &Artifact, packages: &HashMap<PackageId, &Package>, found: &Match) {
    let package = packages.get(&found.package).copied();
    w.key("vulnerability").object(|w| vulnerability(w, &found.vulnerability, &found.fix, fix_state(found)));
    w.key("relatedVulnerabilities")
        .list(&found.vulnerability.related, |w, related| w.object(|w| related_fields(w, related)));
    w.key("matchDetails").list(&found.details, |w, detail| {
        w.object(|w| detail_fields(w, artifact, package, found, detail));
    });
    w.key("artifact").object(|w| {
        if let Some(package) = package {
            artifact::fields(w, package);
        }
    });
}

/// The word for the state of the fix. grype leaves it empty where the data says nothing of a fix, and writes
/// `unknown` only where its apk matcher found the record by CPE.
fn fix_state(found: &Match) -> &'static str {
    let by_apk_cpe = |detail: &MatchDetail| detail.kind == MatchKind::Cpe && detail.matcher == "apk-matcher";
    match found.fix.state {
        FixState::Unknown if !found.details.iter().any(by_apk_cpe) => "",
        state => state.name(),
    }
}

fn vulnerability(w: &mut JsonWriter<'_>, vulnerability: &Vulnerability, fix: &Fix, fix_state: &str) {
    w.text_field("id", &vulnerability.id);
    w.text_field("dataSource", &vulnerability.data_source);
    w.text_unless_empty("namespace", &vulnerability.namespace);
    w.key("severity").shown(vulnerability.severity);
    w.texts_field("urls", &vulnerability.urls);
    w.text_unless_empty("description", &vulnerability.description);
    w.key("cvss").list(&vulnerability.cvss, cvss);
    if !vulnerability.kev.is_empty() {
        w.key("knownExploited").list(&vulnerability.kev, |w, kev| w.object(|w| known_exploited(w, kev)));
    }
    if !vulnerability.epss.is_empty() {
        w.key("epss").list(&vulnerability.epss, epss);
    }
    if !vulnerability.cwes.is_empty() {
        let cve = cve_of(vulnerability);
        w.key("cwes").list(&vulnerability.cwes, |w, cwe| {
            w.object(|w| {
                w.text_field("cve", cve);
                w.text_field("cwe", cwe);
            });
        });
    }
    w.key("fix").object(|w| {
        w.texts_field("versions", &fix.versions);
        w.text_field("state", fix_state);
        if !fix.available.is_empty() {
            w.key("available").list(&fix.available, |w, available| {
                w.object(|w| {
                    w.text_field("version", &available.version);
                    w.text_field("date", &available.date);
                    w.text_unless_empty("kind", &available.kind);
                });
            });
        }
    });
    w.key("advisories").list(&vulnerability.advisories, |w, advisory| {
        w.object(|w| {
            w.text_field("id", &advisory.id);
            w.text_field("link", &advisory.link);
        });
    });
    w.key("risk").float(risk(vulnerability));
}

fn related_fields(w: &mut JsonWriter<'_>, related: &RelatedVulnerability) {
    w.text_field("id", &related.id);
    w.text_field("dataSource", &related.data_source);
    w.text_unless_empty("namespace", &related.namespace);
    w.key("severity").shown(related.severity);
    w.texts_field("urls", &related.urls);
    w.text_unless_empty("description", &related.description);
    w.key("cvss").list(&related.cvss, cvss);
}

fn cvss(w: &mut JsonWriter<'_>, cvss: &Cvss) {
    w.object(|w| {
        w.text_unless_empty("source", &cvss.source);
        w.text_unless_empty("type", &cvss.kind);
        w.text_field("version", &cvss.version);
        w.text_field("vector", &cvss.vector);
        w.key("metrics").object(|w| {
            w.key("baseScore").float(cvss.base);
            for (name, score) in [("exploitabilityScore", cvss.exploitability), ("impactScore", cvss.impact)] {
                if let Some(score) = score {
                    w.key(name).float(score);
                }
            }
        });
        w.key("vendorMetadata").object(|_| {});
    });
}

fn known_exploited(w: &mut JsonWriter<'_>, kev: &Kev) {
    w.text_field("cve", &kev.cve);
    w.text_unless_empty("vendorProject", &kev.vendor_project);
    w.text_unless_empty("product", &kev.product);
    w.text_unless_empty("dateAdded", &kev.date_added);
    w.text_unless_empty("requiredAction", &kev.required_action);
    w.text_unless_empty("dueDate", &kev.due_date);
    w.text_field("knownRansomwareCampaignUse", &kev.known_ransomware_campaign_use);
    w.text_unless_empty("notes", &kev.notes);
    w.texts_unless_empty("urls", &kev.urls);
    w.texts_unless_empty("cwes", &kev.cwes);
}

fn epss(w: &mut JsonWriter<'_>, epss: &Epss) {
    w.object(|w| {
        w.text_field("cve", &epss.cve);
        w.key("epss").float(epss.score);
        w.key("percentile").float(epss.percentile);
        w.text_field("date", &epss.date);
    });
}

/// The CVE of a record: its own id, else its first alias that is one.
fn cve_of(vulnerability: &Vulnerability) -> &str {
    std::iter::once(&vulnerability.id)
        .chain(&vulnerability.aliases)
        .find(|id| id.starts_with("CVE-"))
        .unwrap_or(&vulnerability.id)
}

/// grype's risk, 0 to 100: threat (exploited, else predicted) times severity, more when it is known to be exploited.
fn risk(vulnerability: &Vulnerability) -> f64 {
    let word = match vulnerability.severity {
        Severity::Negligible => 0.05,
        Severity::Low => 0.3,
        Severity::Medium | Severity::Unknown => 0.5,
        Severity::High => 0.75,
        Severity::Critical => 0.9,
    };
    let scores: Vec<f64> = vulnerability.cvss.iter().map(|cvss| cvss.base).filter(|base| *base != 0.0).collect();
    let severity = match scores.len() {
        0 => word,
        count => f64::midpoint(word, scores.iter().sum::<f64>() / count as f64 / 10.0),
    };
    let (threat, factor) = if vulnerability.kev.is_empty() {
        (vulnerability.epss.first().map_or(0.0, |epss| epss.score), 1.0)
    } else if vulnerability.kev.iter().any(|kev| kev.known_ransomware_campaign_use.eq_ignore_ascii_case("known")) {
        (1.0, 1.1)
    } else {
        (1.0, 1.05)
    };
    (threat * severity * factor).min(1.0) * 100.0
}

fn detail_fields(
    w: &mut JsonWriter<'_>,
    artifact: &Artifact,
    package: Option<&Package>,
    found: &Match,
    detail: &MatchDetail,
) {
    let namespace = &found.vulnerability.namespace;
    let searched = |w: &mut JsonWriter<'_>, name: &str| {
        w.key("package").object(|w| {
            w.text_field("name", name);
            w.text_field("version", &detail.searched_version);
        });
    };
    w.text_field("type", detail.kind.name());
    w.text_field("matcher", &detail.matcher);
    w.key("searchedBy").object(|w| {
        if detail.kind == MatchKind::Cpe {
            w.text_field("namespace", namespace);
            w.texts_field("cpes", [&detail.searched_name]);
            searched(w, package.map_or("", |package| &package.name));
        } else if package.is_some_and(|package| package.package_type.is_os()) && artifact.distro.is_some() {
            let (id, version) = detail.searched_scope.split_once(':').unwrap_or((&detail.searched_scope, ""));
            w.key("distro").object(|w| {
                w.text_field("type", id);
                w.text_field("version", version);
            });
            searched(w, &detail.searched_name);
            w.text_field("namespace", namespace);
        } else {
            w.text_field("language", package.map_or("", |package| package.package_type.language()));
            w.text_field("namespace", namespace);
            searched(w, &detail.searched_name);
        }
    });
    w.key("found").object(|w| {
        w.text_field("vulnerabilityID", &found.vulnerability.id);
        w.text_field("versionConstraint", &detail.found_constraint);
        if detail.kind == MatchKind::Cpe {
            w.texts_field("cpes", [&detail.found_cpe]);
        }
    });
    if let Some(version) = &found.suggested_version {
        w.key("fix").object(|w| w.text_field("suggestedVersion", version));
    }
}

fn ignore_rule(w: &mut JsonWriter<'_>, removed: &RemovedMatch) {
    match &removed.reason {
        RemovedReason::Evidence(reason) | RemovedReason::Rule(reason) => {
            w.text_field("reason", reason);
            w.text_field("namespace", "");
        }
        RemovedReason::OwnedByDistroPackage(owner) => {
            w.key("reason")
                .shown(format_args!("owned by the distribution's package {owner}, whose own record covers it"));
            w.text_field("namespace", "");
        }
        RemovedReason::Vex { document, status, justification } => {
            w.text_field("reason", document);
            w.text_field("namespace", "vex");
            w.text_field("vex-status", status.name());
            w.text_unless_empty("vex-justification", justification.map_or("", |reason| reason.name()));
        }
    }
}

fn gap_fields(w: &mut JsonWriter<'_>, gap: &Gap) {
    w.text_field("code", gap.code.name());
    w.text_field("class", gap.class.name());
    w.text_unless_empty("path", gap.path.as_deref().unwrap_or_default());
    w.text_field("message", &gap.message);
}

fn source(w: &mut JsonWriter<'_>, artifact: &Artifact) {
    match &artifact.source.kind {
        SourceKind::Image(image) => {
            w.text_field("type", "image");
            w.key("target").object(|w| image_metadata(w, artifact, image));
        }
        SourceKind::Directory { path } => {
            w.text_field("type", "directory");
            w.text_field("target", path);
        }
        SourceKind::File { path, .. } => {
            w.text_field("type", "file");
            w.text_field("target", path);
        }
        SourceKind::Other { .. } => {
            w.text_field("type", "sbom-file");
            w.text_field("target", &artifact.source.user_input);
        }
    }
}

fn database(w: &mut JsonWriter<'_>, data: &DataIdentity) {
    w.key("status").object(|w| {
        w.text_field("schemaVersion", &data.schema);
        w.text_field("from", &data.origin);
        w.text_field("built", &data.built);
        w.key("checksum").shown(&data.digest);
        w.key("valid").boolean(true);
    });
    w.key("providers").object(|w| {
        for provider in &data.providers {
            w.any_key(&provider.provider).object(|w| w.text_field("captured", &provider.captured));
        }
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arbtest::arbitrary::Unstructured;
    use serde_json::{Value, json};
    use stopgate_model::{
        DataIdentity, Digest, Distro, Epss, Fix, FixState, Kev, Match, MatchDetail, MatchKind, MatchReport, Package,
        PackageId, PackageType, RemovedMatch, RemovedReason, Severity, Vulnerability,
    };

    use super::{risk, write};
    use crate::{Producer, samples};

    fn vulnerability() -> Vulnerability {
        let mut vulnerability = samples::vulnerability(&mut Unstructured::new(&[])).unwrap();
        vulnerability.id = "CVE-2024-1".into();
        vulnerability.namespace = "debian:distro:debian:12".into();
        vulnerability.severity = Severity::High;
        vulnerability
    }

    fn found(kind: MatchKind) -> Match {
        Match {
            package: PackageId(1),
            vulnerability: Arc::new(vulnerability()),
            fix: Fix { state: FixState::Fixed, versions: vec!["2".into()], available: Vec::new() },
            suggested_version: Some("2".into()),
            details: vec![MatchDetail {
                kind,
                matcher: "dpkg-matcher".into(),
                searched_name: "openssl".into(),
                searched_version: "1".into(),
                searched_scope: "debian:12".into(),
                found_constraint: "< 2 (deb)".into(),
                found_cpe: "cpe:x".into(),
            }],
        }
    }

    #[test]
    fn the_shape_is_grypes() {
        let mut artifact = samples::hostile_check("x").artifact;
        let mut package = Package::new(PackageType::DEB, "libssl3", "1");
        package.id = PackageId(1);
        artifact.packages = vec![package];
        artifact.distro = Some(Distro { id: "debian".into(), version_id: "12".into(), ..Distro::default() });
        let report = MatchReport {
            matches: vec![found(MatchKind::ExactIndirect), found(MatchKind::Cpe)],
            removed: vec![RemovedMatch {
                matched: found(MatchKind::ExactDirect),
                reason: RemovedReason::Vex {
                    document: "x.json".into(),
                    status: stopgate_model::VexStatus::NotAffected,
                    justification: None,
                },
            }],
            data: DataIdentity {
                built: "2025-01-01T00:00:00Z".into(),
                digest: Digest::sha256(&[0; 32]),
                schema: "v6.1.0".into(),
                origin: "o".into(),
                providers: Vec::new(),
            },
            distro_has_data: Some(true),
            distro_namespaces: Vec::new(),
            gaps: Vec::new(),
        };
        let producer = Producer { name: "stopgate", version: "1", created: Some("2026-01-01T00:00:00Z") };
        let mut out = Vec::new();
        write(&artifact, &report, &producer, &mut out).unwrap();
        let document: Value = serde_json::from_slice(&out).unwrap();
        let keys: Vec<_> = document.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["matches", "ignoredMatches", "source", "distro", "descriptor"]);
        let first = &document["matches"][0];
        assert_eq!(first["vulnerability"]["id"], "CVE-2024-1");
        assert_eq!(first["vulnerability"]["fix"], json!({"versions": ["2"], "state": "fixed"}));
        assert_eq!(first["artifact"]["type"], "deb");
        assert_eq!(
            first["matchDetails"],
            json!([{"type": "exact-indirect-match", "matcher": "dpkg-matcher",
                "searchedBy": {"distro": {"type": "debian", "version": "12"},
                    "package": {"name": "openssl", "version": "1"}, "namespace": "debian:distro:debian:12"},
                "found": {"vulnerabilityID": "CVE-2024-1", "versionConstraint": "< 2 (deb)"},
                "fix": {"suggestedVersion": "2"}}])
        );
        let cpe = &document["matches"][1]["matchDetails"][0];
        assert_eq!((&cpe["searchedBy"]["cpes"], &cpe["found"]["cpes"]), (&json!(["openssl"]), &json!(["cpe:x"])));
        assert_eq!(document["ignoredMatches"][0]["appliedIgnoreRules"][0]["namespace"], "vex");
        assert_eq!(document["distro"], json!({"name": "debian", "version": "12", "idLike": []}));
    }

    #[test]
    fn an_unknown_fix_is_an_empty_word_except_for_apk_by_cpe() {
        let state = |kind, matcher: &str| {
            let mut found = found(kind);
            found.fix.state = FixState::Unknown;
            found.details[0].matcher = matcher.into();
            super::fix_state(&found)
        };
        assert_eq!(state(MatchKind::ExactDirect, "dpkg-matcher"), "");
        assert_eq!(state(MatchKind::Cpe, "stock-matcher"), "");
        assert_eq!(state(MatchKind::ExactDirect, "apk-matcher"), "");
        assert_eq!(state(MatchKind::Cpe, "apk-matcher"), "unknown");
    }

    #[test]
    fn risk_is_threat_times_severity() {
        let mut vulnerability = vulnerability();
        let near = |value: f64, expected: f64| assert!((value - expected).abs() < 1e-9, "{value} {expected}");
        near(risk(&vulnerability), 0.0);
        vulnerability.epss = vec![Epss { cve: String::new(), score: 0.5, percentile: 0.9, date: String::new() }];
        near(risk(&vulnerability), 37.5);
        vulnerability.kev = vec![Kev::default()];
        near(risk(&vulnerability), 78.75);
        vulnerability.kev[0].known_ransomware_campaign_use = "Known".into();
        near(risk(&vulnerability), 82.5);
        vulnerability.severity = Severity::Critical;
        near(risk(&vulnerability), 99.0);
    }
}

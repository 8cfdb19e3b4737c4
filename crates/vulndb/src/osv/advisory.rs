//! One advisory as records and rows.

use stopgate_formats::osv::{Advisory, Affected, Ecosystem, End, OwnData, Release, Score};
use stopgate_model::{Kev, Severity};

use super::constraint;
use crate::RecordStatus;
use crate::build::{Builder, FixData, NewVulnerability, QualifierData, RangeData, STATES, StatementData, parse_date};
use crate::cvss;
use crate::distro::{ANY_CODENAME, trim_zeros};
use crate::file::{Compressor, CvssEntry, DetailsText, encode_text};
use crate::scope::{OsRelease, Scope, ScopeKind};

/// Providers by the beginning of ids.
const PROVIDERS: &[(&str, &str)] = &[
    ("ALPINE-", "alpine"),
    ("ALSA-", "alma"),
    ("CGA-", "chainguard"),
    ("CVE-", "nvd"),
    ("DEBIAN-", "debian"),
    ("DLA-", "debian"),
    ("DSA-", "debian"),
    ("ELSA-", "oracle"),
    ("GHSA-", "github"),
    ("GO-", "govulndb"),
    ("PYSEC-", "pypa"),
    ("RHSA-", "rhel"),
    ("RLSA-", "rocky"),
    ("RUSTSEC-", "rustsec"),
    ("UBUNTU-", "ubuntu"),
    ("USN-", "ubuntu"),
];

/// Beginnings of ids that only wrap a CVE for a distribution.
const WRAPPED: &[&str] = &["ALPINE-CVE-", "DEBIAN-CVE-", "UBUNTU-CVE-"];
/// Provider of own ids.
const OWN: &str = "advisories";

/// Adds an advisory; an error says what in it is wrong.
pub(super) fn add(builder: &mut Builder, advisory: &Advisory) -> Result<(), String> {
    check(advisory)?;
    let name = name_of(&advisory.id);
    let provider = builder.provider(provider_of(advisory), "");
    let scores = scores_of(advisory);
    let details = DetailsText {
        aliases: advisory.aliases.len(),
        description: text_of(advisory),
        urls: urls_of(advisory, name),
        cvss: scores.clone(),
    };
    let record = builder.vulnerability(&NewVulnerability {
        name,
        provider,
        status: if advisory.withdrawn.is_some() { RecordStatus::Rejected } else { RecordStatus::Active },
        severity: severity_of(advisory, &scores),
        aliases: &advisory.aliases,
        published: seconds(&advisory.published),
        modified: seconds(&advisory.modified),
        details: &Compressor::new(&[]).compress(&encode_text(&details)),
    });
    let upstream: Vec<u32> = advisory.upstream.iter().map(|id| builder.id(id)).collect();
    builder.more_ids(record, upstream);
    add_nvd_record(builder, advisory);
    for affected in &advisory.affected {
        add_affected(builder, advisory, affected, record)?;
    }
    add_signals(builder, advisory, name)
}

/// Our own values are read strictly: one that is left out could turn a stop into a pass.
fn check(advisory: &Advisory) -> Result<(), String> {
    if let Some(word) = advisory.own.severity.as_deref()
        && severity(word).is_none()
    {
        return Err(format!("`severity` is `{word}`, expected `low`, `medium`, `high` or another word for one"));
    }
    match advisory.own.cvss.iter().find(|score| entry(&score.vector, &score.source, 1).is_none()) {
        Some(score) => Err(format!("`cvss` has the vector `{}`, expected one like `CVSS:3.1/AV:N/…`", score.vector)),
        None => Ok(()),
    }
}

fn name_of(id: &str) -> &str {
    let wrapped = WRAPPED.iter().find(|prefix| id.starts_with(**prefix));
    wrapped.and_then(|prefix| id.get(prefix.len() - "CVE-".len()..)).unwrap_or(id)
}

fn provider_of(advisory: &Advisory) -> &str {
    let by_id = PROVIDERS.iter().find(|(prefix, _)| advisory.id.starts_with(prefix)).map(|(_, provider)| *provider);
    advisory.own.provider.as_deref().or(by_id).unwrap_or(OWN)
}

fn text_of(advisory: &Advisory) -> String {
    if advisory.details.trim().is_empty() { advisory.summary.clone() } else { advisory.details.clone() }
}

/// The record's own page first.
fn urls_of(advisory: &Advisory, name: &str) -> Vec<String> {
    let page = if name.starts_with("CVE-") {
        Some(format!("https://nvd.nist.gov/vuln/detail/{name}"))
    } else if name.starts_with("GHSA-") {
        Some(format!("https://github.com/advisories/{name}"))
    } else {
        None
    };
    let advisories = advisory.references.iter().filter(|reference| reference.kind == "ADVISORY");
    let others = advisory.references.iter().filter(|reference| reference.kind != "ADVISORY");
    let mut urls: Vec<String> = page.into_iter().collect();
    for reference in advisories.chain(others) {
        if !reference.url.is_empty() && !urls.contains(&reference.url) {
            urls.push(reference.url.clone());
        }
    }
    urls
}

fn entry(vector: &str, source: &str, rank: i64) -> Option<CvssEntry> {
    let scores = cvss::score(vector)?;
    Some(CvssEntry {
        rank,
        source: source.to_owned(),
        version: cvss::version_of(vector).to_owned(),
        vector: vector.to_owned(),
        base: scores.base,
        exploitability: scores.exploitability,
        impact: scores.impact,
    })
}

fn is_nvd(source: &str) -> bool {
    source.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("nvd"))
}

/// Scores of the record itself, the first being the primary one.
fn scores_of(advisory: &Advisory) -> Vec<CvssEntry> {
    let per_package = advisory.affected.iter().flat_map(|affected| &affected.scores);
    let listed: Vec<&Score> =
        if advisory.scores.is_empty() { per_package.collect() } else { advisory.scores.iter().collect() };
    let listed = listed.into_iter().map(|score| (score.score.as_str(), ""));
    let own = advisory.own.cvss.iter().filter(|score| !is_nvd(&score.source) || provider_of(advisory) == "nvd");
    let own = own.map(|score| (score.vector.as_str(), score.source.as_str()));
    let mut entries: Vec<CvssEntry> = Vec::new();
    for (vector, source) in listed.chain(own) {
        let rank = if entries.is_empty() { 1 } else { 2 };
        match entry(vector, source, rank) {
            Some(entry) if entries.iter().all(|known| known.vector != entry.vector) => entries.push(entry),
            _ => {}
        }
    }
    entries
}

/// Our word, else the database's, else a word among the scores, else that of the first score.
fn severity_of(advisory: &Advisory, scores: &[CvssEntry]) -> Severity {
    let words = [advisory.own.severity.as_deref().unwrap_or_default(), &advisory.severity_word];
    let scored_words = advisory.scores.iter().map(|score| score.score.as_str());
    let word = words.into_iter().chain(scored_words).find_map(severity);
    let scored = scores.first().map(|score| cvss::severity(score.base, &score.version));
    word.or(scored).unwrap_or_default()
}

/// The severity of a word, also of those that GitHub and Red Hat use.
fn severity(word: &str) -> Option<Severity> {
    match word.to_ascii_lowercase().as_str() {
        "moderate" => Some(Severity::Medium),
        "important" => Some(Severity::High),
        _ => Severity::parse(word),
    }
}

fn seconds(time: &str) -> u32 {
    let time = time.parse::<jiff::Timestamp>().ok();
    time.and_then(|time| u32::try_from(time.as_second()).ok()).unwrap_or(0)
}

/// The record of the CVE, when the advisory brings NVD's scores.
fn add_nvd_record(builder: &mut Builder, advisory: &Advisory) {
    let scores: Vec<CvssEntry> = advisory
        .own
        .cvss
        .iter()
        .filter(|score| is_nvd(&score.source))
        .filter_map(|score| entry(&score.vector, &score.source, 1))
        .collect();
    let Some(cve) = advisory.cve() else { return };
    if scores.is_empty() || provider_of(advisory) == "nvd" {
        return;
    }
    let provider = builder.provider("nvd", "");
    let severity = scores.first().map(|score| cvss::severity(score.base, &score.version)).unwrap_or_default();
    let details = DetailsText {
        aliases: 0,
        description: text_of(advisory),
        urls: vec![format!("https://nvd.nist.gov/vuln/detail/{cve}")],
        cvss: scores,
    };
    builder.vulnerability(&NewVulnerability {
        name: cve,
        provider,
        severity,
        details: &Compressor::new(&[]).compress(&encode_text(&details)),
        ..NewVulnerability::default()
    });
}

fn add_affected(builder: &mut Builder, advisory: &Advisory, affected: &Affected, record: u32) -> Result<(), String> {
    if affected.name.is_empty() || affected.ecosystem_text.is_empty() {
        builder.unread("entries without a package", 1, &advisory.id);
        return Ok(());
    }
    let scope = match &affected.ecosystem {
        Ecosystem::Packages { package_type, .. } => ScopeKind::Ecosystem(package_type.id().to_owned()),
        Ecosystem::Release { release, .. } if release.versioned && release.version.is_empty() => {
            builder.unread(
                "entries without a release",
                1,
                &format!("`{}` of {}", affected.ecosystem_text, advisory.id),
            );
            return Ok(());
        }
        Ecosystem::Release { release, .. } => ScopeKind::Os(release_of(release)),
    };
    let ranges = ranges_of(advisory, affected).map_err(|what| format!("package `{}`: {what}", affected.name))?;
    if ranges.is_empty() {
        let what = if affected.has_commits { "entries with commits alone" } else { "entries without versions" };
        builder.unread(what, 1, &format!("`{}` of {}", affected.name, advisory.id));
        return Ok(());
    }
    let statement = StatementData { cves: Vec::new(), qualifiers: qualifiers_of(affected), ranges };
    let statement = builder.statement(&statement);
    let scope = builder.scope_of(Scope::new(scope));
    let key = builder.key(scope, &affected.name);
    let not_affected = |own: &OwnData| own.unaffected || own.fix_state.as_deref() == Some("not-affected");
    builder.row(key, record, statement, not_affected(&affected.own) || not_affected(&advisory.own));
    Ok(())
}

fn release_of(release: &Release) -> OsRelease {
    let mut os = OsRelease { name: release.name.into(), release_id: release.id.into(), ..OsRelease::default() };
    os.channel = release.channel.into();
    if !release.versioned {
        os.label = "rolling".into();
    } else if release.version.starts_with(|c: char| c.is_ascii_digit()) {
        let mut parts = release.version.split('.').map(trim_zeros);
        parts.next().unwrap_or_default().clone_into(&mut os.major);
        parts.next().unwrap_or_default().clone_into(&mut os.minor);
        os.codename = ANY_CODENAME.into();
    } else {
        os.label.clone_from(&release.version);
    }
    os
}

fn ranges_of(advisory: &Advisory, affected: &Affected) -> Result<Vec<RangeData>, String> {
    let own = |pick: fn(&OwnData) -> Option<&String>| pick(&affected.own).or_else(|| pick(&advisory.own));
    let state = own(|own| own.fix_state.as_ref());
    let state = state.map(|state| {
        let known = STATES.iter().position(|known| known == state).filter(|place| *place > 0);
        known.ok_or_else(|| {
            format!("`fix_state` is `{state}`, expected `fixed`, `not-fixed`, `wont-fix` or `not-affected`")
        })
    });
    let state = state.transpose()?;
    let date = own(|own| own.fix_date.as_ref());
    let date = date.map(|date| parse_date(date).ok_or_else(|| format!("`fix_date` is `{date}`, expected a date")));
    let date = date.transpose()?.unwrap_or(0);
    let format = affected.ecosystem.format().to_owned();
    let mut ranges = Vec::new();
    for span in &affected.spans {
        let (natural, version) = match &span.end {
            End::Fixed(version) => ("fixed", version.as_str()),
            End::Open | End::LastAffected(_) => ("not-fixed", ""),
            End::Limit(_) => ("", ""),
        };
        let natural = STATES.iter().position(|known| *known == natural).unwrap_or(0);
        let state = state.unwrap_or(natural) as u8;
        let dated = date != 0 && !version.is_empty();
        let fix = FixData {
            state,
            version: version.to_owned(),
            date: if dated { date } else { 0 },
            kind: if dated { "advisory".to_owned() } else { String::new() },
            advisories: Vec::new(),
        };
        ranges.push(RangeData { format: format.clone(), constraint: constraint::of_span(span)?, fix: Some(fix) });
    }
    let spans: Vec<String> = ranges.iter().map(|range| range.constraint.clone()).collect();
    let listed = constraint::of_versions(affected, &spans)?;
    if !listed.is_empty() {
        let fix = state.map(|state| FixData { state: state as u8, ..FixData::default() });
        ranges.push(RangeData { format, constraint: listed, fix });
    }
    Ok(ranges)
}

fn qualifiers_of(affected: &Affected) -> Option<Box<QualifierData>> {
    let qualifiers = QualifierData {
        rpm_modularity: affected.own.rpm_modularity.clone(),
        architecture: affected.own.architecture.clone(),
        go_imports: affected.go_imports.clone(),
        ..QualifierData::default()
    };
    (qualifiers != QualifierData::default()).then(|| Box::new(qualifiers))
}

/// Exploited, predicted, weaknesses; by CVE where there is one.
fn add_signals(builder: &mut Builder, advisory: &Advisory, name: &str) -> Result<(), String> {
    let id = advisory.cve().unwrap_or(name);
    if let Some(kev) = &advisory.own.kev {
        for (field, date) in [("date_added", &kev.date_added), ("due_date", &kev.due_date)] {
            if !date.is_empty() && parse_date(date).is_none() {
                return Err(format!("`kev.{field}` is `{date}`, expected a date"));
            }
        }
        builder.kev(&Kev {
            cve: if kev.cve.is_empty() { id.to_owned() } else { kev.cve.clone() },
            vendor_project: kev.vendor_project.clone(),
            product: kev.product.clone(),
            date_added: kev.date_added.clone(),
            required_action: kev.required_action.clone(),
            due_date: kev.due_date.clone(),
            known_ransomware_campaign_use: kev.known_ransomware_campaign_use.to_ascii_lowercase(),
            notes: kev.notes.clone(),
            urls: Vec::new(),
            cwes: Vec::new(),
        });
    }
    if let Some(epss) = &advisory.own.epss {
        if !(0.0..=1.0).contains(&epss.score) || !(0.0..=1.0).contains(&epss.percentile) {
            return Err("`epss` has a value outside 0 to 1".to_owned());
        }
        builder.epss(id, epss.score, epss.percentile);
    }
    for cwe in &advisory.cwes {
        builder.cwe(id, cwe);
    }
    Ok(())
}

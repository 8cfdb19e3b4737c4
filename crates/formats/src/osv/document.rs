//! The document.

use serde::Deserialize;

use super::ecosystem::Ecosystem;
use super::ranges::{Event, Span, spans};
use crate::FormatError;
use crate::error::bounded;

const FORMAT: &str = "OSV";
/// Most events of one range, and most versions, that are read.
const ENTRIES: usize = 100_000;

/// An advisory.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Advisory {
    /// Id.
    pub id: String,
    /// Other ids of the same weakness.
    pub aliases: Vec<String>,
    /// Ids of the records that this one repeats for a distribution.
    pub upstream: Vec<String>,
    /// RFC 3339; empty when unknown.
    pub published: String,
    /// RFC 3339; empty when unknown.
    pub modified: String,
    /// RFC 3339, when it was withdrawn.
    pub withdrawn: Option<String>,
    /// One line.
    pub summary: String,
    /// Text.
    pub details: String,
    /// Scores.
    pub scores: Vec<Score>,
    /// Severity word of the database (`MODERATE`); empty when it has none.
    pub severity_word: String,
    /// Weaknesses, `CWE-79`.
    pub cwes: Vec<String>,
    /// Links.
    pub references: Vec<Reference>,
    /// What is affected.
    pub affected: Vec<Affected>,
    /// What our own advisories add.
    pub own: OwnData,
}

/// A score: `CVSS_V3` and a vector, or `Ubuntu` and a word.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Score {
    /// Kind.
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Vector or word.
    #[serde(default)]
    pub score: String,
}

/// A link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Reference {
    /// `ADVISORY`, `WEB`, `FIX` …
    #[serde(rename = "type", default)]
    pub kind: String,
    /// Address.
    #[serde(default)]
    pub url: String,
}

/// An affected package.
#[derive(Debug, Clone, PartialEq)]
pub struct Affected {
    /// Ecosystem as the document has it; empty when the entry names no package.
    pub ecosystem_text: String,
    /// What the ecosystem is here.
    pub ecosystem: Ecosystem,
    /// Name.
    pub name: String,
    /// Spans of versions, of all ranges but those of commits.
    pub spans: Vec<Span>,
    /// Versions that are affected beside the spans, or in them.
    pub versions: Vec<String>,
    /// Whether there are ranges of commits, which are not read.
    pub has_commits: bool,
    /// Scores for this package.
    pub scores: Vec<Score>,
    /// Import paths of Go packages with their symbols.
    pub go_imports: Vec<(String, Vec<String>)>,
    /// What our own advisories add.
    pub own: OwnData,
}

/// `database_specific.stopgate`. A whole advisory has provider, severity, KEV, EPSS and scores; a package has module and
/// architecture; either says what became of a fix.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnData {
    /// Provider in vulnerability data; otherwise told by the id.
    pub provider: Option<String>,
    /// Severity word.
    pub severity: Option<String>,
    /// `fixed`, `not-fixed`, `wont-fix`, `not-affected`.
    pub fix_state: Option<String>,
    /// When the fix became available, `YYYY-MM-DD`.
    pub fix_date: Option<String>,
    /// Whether the versions are not affected, rather than affected.
    pub unaffected: bool,
    /// Entry of the list of known exploited vulnerabilities.
    pub kev: Option<OwnKev>,
    /// Exploit prediction.
    pub epss: Option<OwnEpss>,
    /// Scores with their sources; those of `nvd@nist.gov` make the record of the CVE.
    pub cvss: Vec<OwnCvss>,
    /// Module `name:stream` of rpm packages.
    pub rpm_modularity: Option<String>,
    /// Architecture.
    pub architecture: Option<String>,
}

/// A known exploited vulnerability.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnKev {
    /// CVE; otherwise the advisory's first.
    pub cve: String,
    /// Vendor or project.
    pub vendor_project: String,
    /// Product.
    pub product: String,
    /// `YYYY-MM-DD`.
    pub date_added: String,
    /// What to do.
    pub required_action: String,
    /// `YYYY-MM-DD`.
    pub due_date: String,
    /// `known` or `unknown`.
    pub known_ransomware_campaign_use: String,
    /// Notes.
    pub notes: String,
}

/// An exploit prediction.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnEpss {
    /// Probability, 0 to 1.
    #[serde(alias = "epss", alias = "probability")]
    pub score: f64,
    /// Percentile, 0 to 1.
    pub percentile: f64,
    /// `YYYY-MM-DD`.
    #[serde(default)]
    pub date: String,
}

/// A score with its source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnCvss {
    /// Who scored.
    pub source: String,
    /// Vector.
    pub vector: String,
}

#[derive(Deserialize)]
struct RawAdvisory {
    id: String,
    #[serde(default)]
    schema_version: Option<String>,
    aliases: Option<Vec<String>>,
    upstream: Option<Vec<String>>,
    published: Option<String>,
    modified: Option<String>,
    withdrawn: Option<String>,
    summary: Option<String>,
    details: Option<String>,
    severity: Option<Vec<Score>>,
    affected: Option<Vec<RawAffected>>,
    references: Option<Vec<Reference>>,
    database_specific: Option<RawSpecific>,
}

#[derive(Deserialize)]
struct RawAffected {
    package: Option<RawPackage>,
    severity: Option<Vec<Score>>,
    ranges: Option<Vec<RawRange>>,
    versions: Option<Vec<String>>,
    ecosystem_specific: Option<RawEcosystemSpecific>,
    database_specific: Option<RawSpecific>,
}

#[derive(Deserialize)]
struct RawPackage {
    #[serde(default)]
    ecosystem: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
struct RawRange {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    events: Vec<RawEvent>,
}

#[derive(Deserialize)]
struct RawEvent {
    introduced: Option<String>,
    fixed: Option<String>,
    last_affected: Option<String>,
    limit: Option<String>,
}

/// Of the fields that databases add for themselves, any of which may have any shape, those that are read.
#[derive(Default)]
struct RawSpecific {
    severity: String,
    cwes: Vec<String>,
    own: Option<serde_json::Value>,
}

impl<'de> Deserialize<'de> for RawSpecific {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut specific = Self::default();
        let serde_json::Value::Object(mut fields) = serde_json::Value::deserialize(deserializer)? else {
            return Ok(specific);
        };
        if let Some(severity) = fields.get("severity").and_then(serde_json::Value::as_str) {
            severity.clone_into(&mut specific.severity);
        }
        let cwes = ["cwe_ids", "cwes"].iter().find_map(|name| fields.get(*name)?.as_array());
        for cwe in cwes.into_iter().flatten() {
            let id = cwe.as_str().or_else(|| cwe.get("cweId")?.as_str());
            specific.cwes.extend(id.map(str::to_owned));
        }
        specific.own = fields.shift_remove("stopgate");
        Ok(specific)
    }
}

#[derive(Default)]
struct RawEcosystemSpecific {
    imports: Vec<(String, Vec<String>)>,
}

impl<'de> Deserialize<'de> for RawEcosystemSpecific {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let imports = value.get("imports").and_then(serde_json::Value::as_array);
        let read = |import: &serde_json::Value| {
            let path = import.get("path")?.as_str()?.to_owned();
            let symbols = import.get("symbols").and_then(serde_json::Value::as_array);
            let symbols = symbols.into_iter().flatten().filter_map(|symbol| symbol.as_str().map(str::to_owned));
            Some((path, symbols.collect()))
        };
        Ok(Self { imports: imports.into_iter().flatten().filter_map(read).collect() })
    }
}

impl Advisory {
    /// Reads one advisory.
    pub fn read(bytes: &[u8]) -> Result<Self, FormatError> {
        let text = bounded(FORMAT, bytes)?;
        let raw: RawAdvisory =
            serde_json::from_str(text).map_err(|source| FormatError::Json { format: FORMAT, source })?;
        let version = raw.schema_version.unwrap_or_default();
        if !version.is_empty() && !version.starts_with("1.") && !version.starts_with("0.") {
            return Err(FormatError::version(FORMAT, &version, "1.x"));
        }
        if raw.id.trim().is_empty() {
            return Err(FormatError::invalid(FORMAT, "`id` is empty: expected the advisory's id"));
        }
        let specific = raw.database_specific.unwrap_or_default();
        let affected: Result<Vec<Affected>, FormatError> =
            raw.affected.unwrap_or_default().into_iter().map(affected_of).collect();
        let id = raw.id.trim().to_owned();
        Ok(Self {
            aliases: others(raw.aliases, &id),
            upstream: others(raw.upstream, &id),
            id,
            published: raw.published.unwrap_or_default(),
            modified: raw.modified.unwrap_or_default(),
            withdrawn: raw.withdrawn,
            summary: raw.summary.unwrap_or_default(),
            details: raw.details.unwrap_or_default(),
            scores: raw.severity.unwrap_or_default(),
            severity_word: specific.severity,
            cwes: specific.cwes,
            references: raw.references.unwrap_or_default(),
            affected: affected?,
            own: own_of_advisory(specific.own)?,
        })
    }

    /// The first CVE among id, aliases and upstream.
    pub fn cve(&self) -> Option<&str> {
        let ids = std::iter::once(&self.id).chain(&self.aliases).chain(&self.upstream);
        ids.map(String::as_str).find(|id| id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("CVE-")))
    }
}

fn others(ids: Option<Vec<String>>, own: &str) -> Vec<String> {
    let mut others: Vec<String> = Vec::new();
    for id in ids.unwrap_or_default() {
        if id != own && !id.is_empty() && !others.contains(&id) {
            others.push(id);
        }
    }
    others
}

// What we define ourselves is read strictly: a misspelt date must not pass for a missing one.
fn own_data(value: Option<serde_json::Value>) -> Result<OwnData, FormatError> {
    let Some(value) = value else { return Ok(OwnData::default()) };
    serde_json::from_value(value)
        .map_err(|error| FormatError::invalid(FORMAT, format!("`database_specific.stopgate`: {error}")))
}

fn own_of_advisory(value: Option<serde_json::Value>) -> Result<OwnData, FormatError> {
    let own = own_data(value)?;
    let misplaced = [("rpm_modularity", own.rpm_modularity.is_some()), ("architecture", own.architecture.is_some())];
    refuse(&misplaced, "an advisory", "an affected package")?;
    Ok(own)
}

fn own_of_package(value: Option<serde_json::Value>) -> Result<OwnData, FormatError> {
    let own = own_data(value)?;
    let misplaced = [
        ("provider", own.provider.is_some()),
        ("severity", own.severity.is_some()),
        ("kev", own.kev.is_some()),
        ("epss", own.epss.is_some()),
        ("cvss", !own.cvss.is_empty()),
    ];
    refuse(&misplaced, "an affected package", "the advisory")?;
    Ok(own)
}

/// What stands in the wrong place would be lost.
fn refuse(misplaced: &[(&str, bool)], here: &str, there: &str) -> Result<(), FormatError> {
    let Some((field, _)) = misplaced.iter().find(|(_, given)| *given) else { return Ok(()) };
    let reason = format!("`database_specific.stopgate` of {here} has `{field}`: expected it in that of {there}");
    Err(FormatError::invalid(FORMAT, reason))
}

fn affected_of(raw: RawAffected) -> Result<Affected, FormatError> {
    let package = raw.package.unwrap_or(RawPackage { ecosystem: String::new(), name: String::new() });
    let ecosystem = Ecosystem::parse(&package.ecosystem);
    let mut affected = Affected {
        ecosystem_text: package.ecosystem,
        name: package.name,
        spans: Vec::new(),
        versions: raw.versions.unwrap_or_default(),
        has_commits: false,
        scores: raw.severity.unwrap_or_default(),
        go_imports: raw.ecosystem_specific.unwrap_or_default().imports,
        own: own_of_package(raw.database_specific.unwrap_or_default().own)?,
        ecosystem,
    };
    for range in raw.ranges.unwrap_or_default() {
        if range.kind.eq_ignore_ascii_case("GIT") {
            affected.has_commits = true;
            continue;
        }
        if range.events.len() + affected.spans.len() > ENTRIES {
            return Err(FormatError::invalid(FORMAT, format!("a package has more than {ENTRIES} events")));
        }
        let events: Result<Vec<_>, _> = range.events.into_iter().map(events_of).collect();
        affected.spans.extend(spans(events?.into_iter().flatten().collect(), affected.ecosystem.format()));
    }
    if affected.versions.len() > ENTRIES {
        return Err(FormatError::invalid(FORMAT, format!("a package has more than {ENTRIES} versions")));
    }
    Ok(affected)
}

/// Events of an entry; older documents put the beginning and the end of a range into one.
fn events_of(raw: RawEvent) -> Result<Vec<Event>, FormatError> {
    let events: Vec<Event> = [
        raw.introduced.map(Event::Introduced),
        raw.fixed.map(Event::Fixed),
        raw.last_affected.map(Event::LastAffected),
        raw.limit.map(Event::Limit),
    ]
    .into_iter()
    .flatten()
    .collect();
    if events.is_empty() {
        let reason = "an event is empty: expected `introduced`, `fixed`, `last_affected` or `limit`";
        return Err(FormatError::invalid(FORMAT, reason));
    }
    Ok(events)
}

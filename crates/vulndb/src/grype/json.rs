//! Blobs: the JSON that handles point at. Unknown keys are left alone; a value of another shape makes the blob unreadable.

use serde::Deserialize;
use stopgate_model::{Kev, Severity};

use crate::build::{FixData, QualifierData, RangeData, STATES, StatementData, parse_date};
use crate::cvss;
use crate::file::{CvssEntry, DetailsText};

/// A vulnerability blob, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct VulnerabilityBlob {
    /// The provider's id, when it differs from the handle's name in more than case.
    pub(crate) id: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) severity: Severity,
    pub(crate) details: DetailsText,
    /// CVSS vectors that cannot be scored.
    pub(crate) bad_vectors: u64,
    /// Severities of a scheme or value that is not known.
    pub(crate) bad_severities: u64,
}

/// Texts, null counting as none.
fn texts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::<Vec<String>>::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Deserialize)]
struct RawVulnerability {
    #[serde(default)]
    id: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    refs: Option<Vec<RawReference>>,
    #[serde(default, deserialize_with = "texts")]
    aliases: Vec<String>,
    #[serde(default)]
    severities: Option<Vec<RawSeverity>>,
}

#[derive(Deserialize)]
struct RawReference {
    #[serde(default)]
    url: String,
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
struct RawSeverity {
    #[serde(default)]
    scheme: String,
    value: RawValue,
    #[serde(default)]
    source: String,
    #[serde(default)]
    rank: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawValue {
    Cvss {
        vector: String,
        #[serde(default)]
        version: String,
    },
    Word(String),
    Other(serde::de::IgnoredAny),
}

pub(crate) fn vulnerability(bytes: &[u8]) -> Result<VulnerabilityBlob, serde_json::Error> {
    let raw: RawVulnerability = serde_json::from_slice(bytes)?;
    let mut blob = VulnerabilityBlob { id: raw.id, aliases: raw.aliases, ..VulnerabilityBlob::default() };
    for (place, severity) in raw.severities.unwrap_or_default().into_iter().enumerate() {
        let word = blob.take_severity(severity);
        if place == 0 {
            blob.severity = word;
        }
    }
    blob.details.description = raw.description;
    blob.details.urls = raw.refs.unwrap_or_default().into_iter().map(|reference| reference.url).collect();
    Ok(blob)
}

impl VulnerabilityBlob {
    /// Keeps a score; answers with the word.
    fn take_severity(&mut self, severity: RawSeverity) -> Severity {
        let known = ["CVSS", "HML", "CHML", "CHMLN"].iter().any(|known| known.eq_ignore_ascii_case(&severity.scheme));
        match severity.value {
            RawValue::Word(word) => {
                // A word that is no severity says nothing, as in grype, unless it says so itself.
                let read = Severity::parse(word.trim());
                let silent = word.is_empty() || word.eq_ignore_ascii_case("none");
                self.bad_severities += u64::from(!known || (read.is_none() && !silent));
                read.unwrap_or_default()
            }
            RawValue::Cvss { vector, version } => {
                let Some(scores) = cvss::score(&vector) else {
                    self.bad_vectors += 1;
                    return Severity::Unknown;
                };
                let word = cvss::severity(scores.base, &version);
                self.bad_severities += u64::from(!known);
                self.details.cvss.push(CvssEntry {
                    rank: severity.rank,
                    source: severity.source,
                    version,
                    vector,
                    base: scores.base,
                    exploitability: scores.exploitability,
                    impact: scores.impact,
                });
                word
            }
            RawValue::Other(_) => {
                self.bad_severities += 1;
                Severity::Unknown
            }
        }
    }
}

#[derive(Deserialize)]
struct RawPackage {
    #[serde(default, deserialize_with = "texts")]
    cves: Vec<String>,
    #[serde(default)]
    qualifiers: Option<RawQualifiers>,
    #[serde(default)]
    ranges: Option<Vec<RawRange>>,
}

#[derive(Deserialize)]
struct RawQualifiers {
    rpm_modularity: Option<String>,
    architecture: Option<String>,
    rootio: Option<bool>,
    #[serde(default, deserialize_with = "texts")]
    platform_cpes: Vec<String>,
    #[serde(default)]
    go_imports: Option<Vec<RawImport>>,
}

#[derive(Deserialize)]
struct RawImport {
    #[serde(default)]
    path: String,
    #[serde(default, deserialize_with = "texts")]
    symbols: Vec<String>,
}

#[derive(Deserialize)]
struct RawRange {
    #[serde(default)]
    version: RawVersion,
    fix: Option<RawFix>,
}

#[derive(Deserialize, Default)]
struct RawVersion {
    #[serde(default, rename = "type")]
    format: String,
    #[serde(default)]
    constraint: String,
}

#[derive(Deserialize)]
struct RawFix {
    #[serde(default)]
    version: String,
    #[serde(default)]
    state: String,
    detail: Option<RawDetail>,
}

#[derive(Deserialize)]
struct RawDetail {
    available: Option<RawAvailable>,
    #[serde(default)]
    references: Option<Vec<RawReference>>,
}

#[derive(Deserialize)]
struct RawAvailable {
    date: Option<String>,
    #[serde(default)]
    kind: String,
}

/// A package blob: the statement, and how many values in it are not known.
pub(crate) fn package(bytes: &[u8]) -> Result<(StatementData, u64), serde_json::Error> {
    let raw: RawPackage = serde_json::from_slice(bytes)?;
    let mut odd = 0;
    let ranges = raw.ranges.unwrap_or_default().into_iter().map(|range| RangeData {
        format: range.version.format,
        constraint: range.version.constraint,
        fix: range.fix.map(|fix| fix_of(fix, &mut odd)),
    });
    let ranges = ranges.collect();
    let qualifiers = raw.qualifiers.map(|raw| {
        let imports = raw.go_imports.unwrap_or_default();
        Box::new(QualifierData {
            rpm_modularity: raw.rpm_modularity,
            architecture: raw.architecture,
            rootio: raw.rootio.unwrap_or(false),
            platform_cpes: raw.platform_cpes,
            go_imports: imports.into_iter().map(|import| (import.path, import.symbols)).collect(),
        })
    });
    Ok((StatementData { cves: raw.cves, qualifiers, ranges }, odd))
}

fn fix_of(raw: RawFix, odd: &mut u64) -> FixData {
    let state = STATES.iter().position(|state| state.eq_ignore_ascii_case(&raw.state));
    *odd += u64::from(state.is_none());
    let mut fix = FixData { state: state.unwrap_or(0) as u8, version: raw.version, ..FixData::default() };
    let Some(detail) = raw.detail else { return fix };
    if let Some(available) = detail.available {
        let date = available.date.map(|date| parse_date(&date));
        *odd += u64::from(date == Some(None));
        fix.date = date.flatten().unwrap_or(0);
        fix.kind = available.kind;
    }
    for reference in detail.references.unwrap_or_default() {
        if !reference.url.is_empty() {
            fix.advisories.push((reference.id, reference.url));
        }
    }
    fix
}

#[derive(Deserialize)]
struct RawKev {
    #[serde(default)]
    cve: String,
    #[serde(default)]
    vendor_project: String,
    #[serde(default)]
    product: String,
    date_added: Option<String>,
    #[serde(default)]
    required_action: String,
    due_date: Option<String>,
    #[serde(default)]
    known_ransomware_campaign_use: String,
    #[serde(default)]
    notes: String,
    #[serde(default, deserialize_with = "texts")]
    urls: Vec<String>,
    #[serde(default, deserialize_with = "texts")]
    cwes: Vec<String>,
}

pub(crate) fn kev(bytes: &[u8]) -> Result<Kev, serde_json::Error> {
    let raw: RawKev = serde_json::from_slice(bytes)?;
    let day = |date: Option<String>| date.unwrap_or_default().chars().take(10).collect();
    Ok(Kev {
        cve: raw.cve,
        vendor_project: raw.vendor_project,
        product: raw.product,
        date_added: day(raw.date_added),
        required_action: raw.required_action,
        due_date: day(raw.due_date),
        known_ransomware_campaign_use: raw.known_ransomware_campaign_use,
        notes: raw.notes,
        urls: raw.urls,
        cwes: raw.cwes,
    })
}

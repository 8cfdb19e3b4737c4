//! Vulnerabilities for people, programs and spreadsheets.

use serde_json::{Map, Value, json};
use stopgate_api_types::vulnerability::PackageVulnerability;

use crate::anchorectl::answer::{Answer, Rows};
use crate::anchorectl::layout::{flag, table, text};

/// Reports of one artifact, one per wanted kind.
pub(super) struct Reports<'a> {
    /// The bodies as received.
    pub(super) raw: Vec<Value>,
    pub(super) found: Vec<&'a PackageVulnerability>,
    /// Name and value of the key that every record of `-o json` gets.
    pub(super) subject: Option<(&'static str, String)>,
}

const HEADS: [&str; 10] =
    ["ID", "SEVERITY", "NAME", "VERSION", "FIX", "WILL NOT FIX", "TYPE", "FEED GROUP", "CVES", "URL"];
const MORE: [&str; 5] = ["PURL", "PATH", "CVSS", "EPSS", "KEV"];

impl Reports<'_> {
    pub(super) fn answer(self) -> Answer {
        let rows: Vec<Vec<String>> = self.found.iter().map(|found| row(found)).collect();
        let shown = table(&HEADS, &rows);
        let csv = rows.into_iter().zip(&self.found).map(|(mut row, found)| {
            row.extend(more(found));
            row
        });
        let csv = Rows { heads: HEADS.into_iter().chain(MORE).collect(), rows: csv.collect() };
        let records = self.raw.iter().filter_map(|report| report.get("vulnerabilities")?.as_array()).flatten();
        let records: Vec<Value> = records.map(|record| record_of(record, self.subject.as_ref())).collect();
        let raw = match <[Value; 1]>::try_from(self.raw) {
            Ok([one]) => one,
            Err(several) => Value::Array(several),
        };
        let ids = self.found.iter().filter_map(|found| found.vuln.clone()).collect::<Vec<_>>();
        Answer::new(raw, shown).json(Value::Array(records)).csv(csv).ids(ids)
    }
}

/// COMPAT: readers of this array want a text under each of these keys, also where the server left one out.
const TEXTS: [&str; 11] = [
    "vuln",
    "severity",
    "package",
    "package_name",
    "package_version",
    "package_type",
    "package_path",
    "package_cpe",
    "feed",
    "feed_group",
    "url",
];

fn record_of(record: &Value, subject: Option<&(&'static str, String)>) -> Value {
    let mut record: Map<String, Value> = record.as_object().cloned().unwrap_or_default();
    for key in TEXTS {
        if record.get(key).is_none_or(Value::is_null) {
            record.insert(key.to_owned(), json!(""));
        }
    }
    if record.get("fix").is_none_or(Value::is_null) {
        record.insert("fix".to_owned(), json!("None"));
    }
    if let Some((key, value)) = subject {
        record.insert((*key).to_owned(), json!(value));
    }
    Value::Object(record)
}

fn row(found: &PackageVulnerability) -> Vec<String> {
    vec![
        text(found.vuln.as_ref()),
        text(found.severity.as_ref()),
        text(found.package_name.as_ref()),
        text(found.package_version.as_ref()),
        found.fix.clone().filter(|fix| !fix.is_empty()).unwrap_or_else(|| "None".to_owned()),
        flag(Some(found.will_not_fix.unwrap_or(false))),
        text(found.package_type.as_ref()),
        text(found.feed_group.as_ref()),
        cves(found),
        text(found.url.as_ref()),
    ]
}

fn cves(found: &PackageVulnerability) -> String {
    let records = found.nvd_data.iter().flat_map(|list| &list.0);
    let mut ids: Vec<&str> = records.filter_map(|record| record.id.as_deref()).collect();
    ids.dedup();
    ids.join(", ")
}

fn more(found: &PackageVulnerability) -> [String; 5] {
    let scores =
        found.nvd_data.iter().flat_map(|list| &list.0).filter_map(|record| record.cvss_v3.as_ref()?.base_score);
    let score = scores.fold(None, |best: Option<f64>, score| Some(best.map_or(score, |best| best.max(score))));
    let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
    [
        text(found.purl.as_ref()),
        text(found.package_path.as_ref()),
        number(score),
        number(found.epss.first().and_then(|epss| epss.epss)),
        flag(found.is_kev),
    ]
}

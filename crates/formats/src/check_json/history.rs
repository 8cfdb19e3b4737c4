//! An earlier verdict as the previous state: what was there, and since when.

use serde::Deserialize;
use stopgate_model::{Digest, MatchSeen};

use super::SCHEMA;
use crate::FormatError;
use crate::strict::Strict;

const CHECK: Strict = Strict { format: "check" };

/// What an earlier verdict says about the time before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckHistory {
    /// RFC 3339: the time for which the verdict was made.
    pub evaluated_at: String,
    /// Manifest digest of the image; `None` when it was no image.
    pub artifact_digest: Option<Digest>,
    /// Policy id.
    pub policy_id: String,
    /// Digest of the policy's canonical JSON.
    pub policy_digest: Digest,
    /// Fingerprints of the findings, and since when each is known (RFC 3339); `None` when it was there already.
    pub findings: Vec<(String, Option<String>)>,
    /// The matches; `None` when the verdict was made without them or does not hold them.
    pub matches: Option<Vec<MatchSeen>>,
}

#[derive(Deserialize)]
struct Head {
    schema: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    artifact: ArtifactRow,
    policy: PolicyRow,
    evaluation: EvaluationRow,
    findings: Vec<FindingRow>,
    matches: Option<Vec<MatchRow>>,
}

#[derive(Deserialize)]
struct ArtifactRow {
    digest: Option<String>,
}

#[derive(Deserialize)]
struct PolicyRow {
    id: String,
    digest: String,
}

#[derive(Deserialize)]
struct EvaluationRow {
    evaluation_time: String,
}

#[derive(Deserialize)]
struct FindingRow {
    fingerprint: String,
    first_seen: Option<String>,
}

#[derive(Deserialize)]
struct MatchRow {
    vulnerability: String,
    purl: String,
    first_seen: Option<String>,
}

/// Reads what [`super::write`] wrote.
pub fn read_history(bytes: &[u8]) -> Result<CheckHistory, FormatError> {
    let text = CHECK.text(bytes)?;
    match CHECK.document::<Head>(text)?.schema.as_deref() {
        Some(SCHEMA) => {}
        Some(other) => return Err(FormatError::version(CHECK.format, other, SCHEMA)),
        None => return Err(FormatError::Unknown { expected: SCHEMA }),
    }
    let raw: Document = CHECK.document(text)?;
    let finding = |row: FindingRow| Ok((row.fingerprint, CHECK.time("first_seen", row.first_seen)?));
    let matched = |row: MatchRow| {
        let first_seen = CHECK.time("first_seen", row.first_seen)?;
        Ok(MatchSeen { vulnerability: row.vulnerability, purl: row.purl, first_seen })
    };
    let matches = raw.matches.map(|rows| rows.into_iter().map(matched).collect::<Result<_, FormatError>>());
    let evaluated_at = CHECK.time("evaluation_time", Some(raw.evaluation.evaluation_time))?;
    Ok(CheckHistory {
        evaluated_at: evaluated_at.unwrap_or_default(),
        artifact_digest: raw.artifact.digest.as_deref().map(digest).transpose()?,
        policy_id: raw.policy.id,
        policy_digest: digest(&raw.policy.digest)?,
        findings: raw.findings.into_iter().map(finding).collect::<Result<_, FormatError>>()?,
        matches: matches.transpose()?,
    })
}

fn digest(text: &str) -> Result<Digest, FormatError> {
    Digest::parse(text).map_err(|error| CHECK.invalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use stopgate_model::MatchSeen;

    use super::read_history;
    use crate::check_json::write;
    use crate::samples;

    fn seen(vulnerability: &str, first_seen: Option<&str>) -> MatchSeen {
        let purl = "pkg:npm/lodash@4.17.20".to_owned();
        MatchSeen { vulnerability: vulnerability.into(), purl, first_seen: first_seen.map(str::to_owned) }
    }

    fn written(change: impl FnOnce(&mut samples::Check)) -> Vec<u8> {
        let mut check = samples::hostile_check("x\u{1}\"");
        check.evaluation.findings[0].first_seen = Some("2025-05-06T07:08:09Z".into());
        change(&mut check);
        let mut out = Vec::new();
        write(&check.report(), &mut out).unwrap();
        out
    }

    #[test]
    fn what_was_written_is_the_previous_state() {
        let matches = vec![seen("CVE-1", Some("2025-01-02T03:04:05Z")), seen("CVE-2", None)];
        let mut expected = None;
        let bytes = written(|check| {
            check.matches = Some(matches.clone());
            let mut old = check.evaluation.findings[0].clone();
            old.fingerprint = "f2".into();
            old.first_seen = None;
            check.evaluation.findings.push(old);
            expected = Some((check.policy.id.clone(), check.policy.digest.clone()));
        });
        let history = read_history(&bytes).unwrap();
        assert_eq!(history.evaluated_at, "2026-01-02T03:04:05Z");
        assert_eq!(Some((history.policy_id, history.policy_digest)), expected);
        let first = Some("2025-05-06T07:08:09Z".to_owned());
        assert_eq!(history.findings, [("x\u{1}\"".to_owned(), first), ("f2".to_owned(), None)]);
        assert_eq!(history.matches, Some(matches));
    }

    #[test]
    fn no_list_of_matches_is_not_an_empty_one() {
        assert_eq!(read_history(&written(|check| check.matches = None)).unwrap().matches, None);
        assert_eq!(read_history(&written(|check| check.matches = Some(vec![]))).unwrap().matches, Some(vec![]));
    }

    #[test]
    fn a_damaged_verdict_is_an_error() {
        type Change = fn(&mut Value);
        let cases: &[(Change, &str)] = &[
            (|document| document["schema"] = "stopgate-check/2".into(), "version `stopgate-check/2`"),
            (|document| document["schema"] = Value::Null, "no known format: expected stopgate-check/1"),
            (|document| document["policy"]["digest"] = "sha256:0".into(), "`sha256:0` is not a digest"),
            (|document| document["artifact"]["digest"] = "a".into(), "`a` is not a digest"),
            (|document| document["findings"] = Value::Null, "invalid type: null"),
            (|document| document["findings"][0]["fingerprint"] = 7.into(), "invalid type"),
            (|document| document["findings"][0]["first_seen"] = "May".into(), "`first_seen` is `May`"),
            (|document| document["matches"] = serde_json::json!([{"vulnerability": "CVE-1"}]), "missing field `purl`"),
            (|document| document["evaluation"]["evaluation_time"] = "".into(), "`evaluation_time` is ``"),
            (|document| *document = serde_json::json!([]), "expected an object"),
        ];
        for (change, expected) in cases {
            let mut document: Value = serde_json::from_slice(&written(|_| {})).unwrap();
            change(&mut document);
            let error = read_history(document.to_string().as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let bytes = written(|_| {});
        assert!(read_history(&bytes[..bytes.len() / 2]).is_err());
    }
}

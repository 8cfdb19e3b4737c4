//! Writes the artifact that shows a difference between two policies as a test case.

use std::path::Path;

use serde_json::{Value, json};
use stopgate_formats::analysis;
use stopgate_model::{Artifact, Evaluation, ImageReference, PackageId, SourceKind};
use stopgate_policy::{History, Witness};

use super::CASE_FILE;
use super::document::{Case, Expect, ExpectedFinding, Paths};
use crate::failure::Failure;
use crate::sources;

/// Which policy the case is about, and what it must say.
pub(crate) struct Subject<'a> {
    /// Pack or file, as it is named from the case's folder.
    pub(crate) policy: String,
    pub(crate) ext: Option<String>,
    pub(crate) params: &'a std::collections::BTreeMap<String, String>,
    pub(crate) decision: &'a str,
    pub(crate) evaluation: Option<&'a Evaluation>,
}

/// Writes a case folder. The second of the result tells what the files cannot say of the witness.
pub(crate) fn write(folder: &Path, witness: &Witness, subject: &Subject<'_>) -> Result<Vec<String>, Failure> {
    let osv = folder.join("osv");
    std::fs::create_dir_all(&osv).map_err(|error| unwritable(&osv, &error))?;
    document(&folder.join("analysis.json.zst"), &witness.artifact)?;
    for (number, advisory) in witness.advisories.iter().enumerate() {
        let id = advisory.get("id").and_then(Value::as_str).filter(|id| is_plain(id));
        let name = id.map_or_else(|| format!("advisory-{number}.json"), |id| format!("{id}.json"));
        text(&osv.join(name), &format!("{advisory:#}\n"))?;
    }
    let built = &witness.matches.data.built;
    if *built != witness.as_of.to_string() {
        let data = json!({"schema": sources::DATA_SCHEMA, "built": built});
        text(&osv.join(sources::DATA_FILE), &format!("{data:#}\n"))?;
    }
    let mut told = Vec::new();
    let base = base(folder, witness, &mut told)?;
    let baseline = baseline(folder, witness)?;
    if witness.sources.is_some() {
        told.push("the source trees of the image, which only a server relates".to_owned());
    }
    let findings = subject.evaluation.map(|evaluation| {
        let all = evaluation.findings.iter();
        all.map(|found| ExpectedFinding::of(&found.rule_id, &found.trigger_id, found.action.name())).collect()
    });
    let case = Case {
        policy: Some(subject.policy.clone()),
        ext: subject.ext.clone(),
        params: subject.params.clone(),
        tag: (witness.tag != ImageReference::bare()).then(|| witness.tag.to_string()),
        as_of: Some(witness.as_of.to_string()),
        base,
        baseline,
        vex: Vec::new(),
        expect: Expect { decision: Some(subject.decision.to_owned()), findings, ..Expect::default() },
    };
    let yaml = serde_saphyr::to_string(&case)
        .map_err(|error| Failure::new(format!("the case cannot be written as YAML: {error}")))?;
    text(&folder.join(CASE_FILE), &yaml)?;
    Ok(told)
}

/// The image that the witness was built from: the artifact without its last layer, with what it is said to have.
fn base(folder: &Path, witness: &Witness, told: &mut Vec<String>) -> Result<Paths, Failure> {
    let nearest = witness.ancestors.as_ref().and_then(|ancestors| ancestors.first());
    if witness.base.is_none() && nearest.is_none() {
        if witness.ancestors.is_some() {
            told.push("that the image has no ancestor".to_owned());
        }
        return Ok(Paths::None);
    }
    let mut base = witness.artifact.clone();
    let SourceKind::Image(image) = &mut base.source.kind else { return Ok(Paths::None) };
    if image.layers.pop().is_none() {
        told.push("the base image, since the image has no layer".to_owned());
        return Ok(Paths::None);
    }
    if let Some(ancestor) = nearest {
        image.manifest_digest = ancestor.digest.clone();
        image.tags.clone_from(&ancestor.tags);
    } else if let Some(digest) = witness.base.as_ref().and_then(|base| base.digest.clone()) {
        image.manifest_digest = digest;
    }
    let kept = witness.base.as_ref().map(|known| inherited(&witness.artifact, known)).unwrap_or_default();
    base.packages.retain(|package| kept.contains(&package.id));
    document(&folder.join("base.json.zst"), &base)?;
    Ok(Paths::One("base.json.zst".to_owned()))
}

fn inherited(artifact: &Artifact, known: &stopgate_policy::BaseImage) -> Vec<PackageId> {
    let of_base = |purl: &String| known.matches.iter().any(|(_, own)| own == purl);
    artifact.packages.iter().filter(|package| of_base(&package.purl)).map(|package| package.id).collect()
}

fn baseline(folder: &Path, witness: &Witness) -> Result<Option<String>, Failure> {
    if let Some(previous) = &witness.previous {
        document(&folder.join("previous.json.zst"), previous)?;
        return Ok(Some("previous.json.zst".to_owned()));
    }
    let Some(history) = &witness.history else { return Ok(None) };
    text(&folder.join("previous.check.json"), &format!("{:#}\n", earlier(witness, history)))?;
    Ok(Some("check:previous.check.json".to_owned()))
}

/// An earlier verdict with as much as the next one takes from it.
fn earlier(witness: &Witness, history: &History) -> Value {
    let findings: Vec<Value> = history
        .findings
        .iter()
        .map(|(id, time)| json!({"fingerprint": id, "first_seen": time.map(|time| time.to_string())}))
        .collect();
    let matches: Vec<Value> = history
        .first_seen
        .iter()
        .map(|((id, purl), time)| {
            json!({"vulnerability": id, "purl": purl, "first_seen": time.map(|time| time.to_string())})
        })
        .collect();
    json!({
        "schema": "stopgate-check/1",
        "artifact": {"digest": null},
        "policy": {"id": "earlier", "digest": format!("sha256:{}", "0".repeat(64))},
        "evaluation": {"evaluation_time": witness.as_of.to_string()},
        "findings": findings,
        "matches": matches,
    })
}

/// Whether an id can be the name of a file as it stands.
fn is_plain(id: &str) -> bool {
    !id.is_empty() && id.len() < 100 && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn document(path: &Path, artifact: &Artifact) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    analysis::write(artifact, &mut bytes).map_err(|error| unwritable(path, &error))?;
    std::fs::write(path, bytes).map_err(|error| unwritable(path, &error))
}

fn text(path: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(path, text).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot write `{}`: {error}", path.display()))
}

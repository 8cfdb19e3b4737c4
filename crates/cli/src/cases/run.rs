//! Runs a case the way `check` decides: the same reading, matching and evaluation.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use stopgate_formats::analysis;
use stopgate_model::{Artifact, Evaluation, ImageReference, limits};
use stopgate_policy::Policy;

use super::CASE_FILE;
use super::compare::{Difference, compare};
use super::document::Case;
use crate::clock;
use crate::decision::{Baseline, Decision, Ground, Origin, documents};
use crate::failure::Failure;
use crate::packs;
use crate::sources;

/// What came out of a case.
pub(crate) struct Outcome {
    pub(crate) policy: Policy,
    pub(crate) evaluation: Evaluation,
    pub(crate) differences: Vec<Difference>,
}

/// Runs the case in a folder, with another policy than it names when one is given.
pub(crate) fn run(folder: &Path, policy: Option<&str>) -> Result<Outcome, Failure> {
    let case = read(folder)?;
    if let Some(decision) = &case.expect.decision
        && !["pass", "stop", "undecided"].contains(&decision.as_str())
    {
        return Err(Failure::new(format!(
            "`expect.decision` does not accept `{decision}`: expected `pass`, `stop` or `undecided`"
        )));
    }
    let loaded = origin(folder, &case, policy)?.load_valid()?;
    let now = clock::now(case.as_of.as_deref())?;
    let database = advisories(folder, now)?;
    let artifact = artifact(&analysis_of(folder)?)?;
    let tag = match (&case.tag, artifact.source.image()) {
        (Some(tag), _) => ImageReference::parse(tag).map_err(|error| Failure::of(&error))?,
        (None, Some(image)) => image.reference.clone(),
        (None, None) => ImageReference::bare(),
    };
    let mut ground = Ground::new(artifact, tag, Some(&database), now);
    for base in case.base.all() {
        ground.bases.push((base.clone(), self::artifact(&folder.join(base))?));
    }
    ground.baseline = match &case.baseline {
        None => Baseline::None,
        Some(name) => match name.strip_prefix("check:") {
            Some(file) => Baseline::Check(documents::history(&folder.join(file))?),
            None => Baseline::Artifact(Box::new(self::artifact(&folder.join(name))?)),
        },
    };
    let vex: Vec<PathBuf> = case.vex.iter().map(|name| folder.join(name)).collect();
    ground.vex = documents::vex(&vex)?;
    let decision = Decision::make(ground, loaded)?;
    let differences = compare(&case.expect, &decision.evaluation);
    Ok(Outcome { policy: decision.loaded.policy, evaluation: decision.evaluation, differences })
}

fn read(folder: &Path) -> Result<Case, Failure> {
    let path = folder.join(CASE_FILE);
    let bytes = sources::read_file(&path, limits::CONFIG_BYTES)?;
    let unreadable =
        |what: &dyn std::fmt::Display| Failure::new(format!("`{}` is not a test case: {what}", path.display()));
    let text = std::str::from_utf8(&bytes).map_err(|error| unreadable(&error))?;
    serde_saphyr::from_str(text).map_err(|error| unreadable(&error.to_string().lines().next().unwrap_or_default()))
}

fn origin(folder: &Path, case: &Case, policy: Option<&str>) -> Result<Origin, Failure> {
    let name = match (policy, &case.policy) {
        (Some(policy), _) => policy.to_owned(),
        (None, Some(policy)) if packs::find(policy)?.is_some() => policy.clone(),
        (None, Some(policy)) => folder.join(policy).display().to_string(),
        (None, None) => {
            return Err(Failure::new(format!("`{}` names no policy", folder.join(CASE_FILE).display()))
                .help("write `policy:` into it, or give `--policy`"));
        }
    };
    let ext = case.ext.as_ref().map(|ext| folder.join(ext));
    Ok(Origin { name, ext, values: case.params.clone(), ..Origin::default() })
}

/// A case without own advisories says that nothing is known to be vulnerable.
fn advisories(folder: &Path, now: Timestamp) -> Result<stopgate_vulndb::Database, Failure> {
    let own = folder.join("osv");
    if own.is_dir() {
        return sources::advisories(&own, now);
    }
    let empty = tempfile::tempdir().map_err(|error| Failure::new(format!("there is no temporary folder: {error}")))?;
    sources::advisories(empty.path(), now)
}

fn analysis_of(folder: &Path) -> Result<PathBuf, Failure> {
    let names = ["analysis.json", "analysis.json.zst"];
    let found = names.iter().map(|name| folder.join(name)).find(|path| path.is_file());
    found.ok_or_else(|| Failure::new(format!("`{}` has no analysis: expected `analysis.json`", folder.display())))
}

/// Reads an analysis document.
fn artifact(path: &Path) -> Result<Artifact, Failure> {
    let bytes = sources::read_file(path, limits::SBOM_BYTES)?;
    let mut artifact =
        analysis::read(&bytes).map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))?;
    artifact.source.user_input = path.display().to_string();
    Ok(artifact)
}

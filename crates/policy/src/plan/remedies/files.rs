//! Findings about files.

use stopgate_model::{Evidence, Finding, Obstacle, Remediation, StepKind};

use super::{Ask, Proposal, by_remediation};
use crate::plan::red::{Key, packages_of};

/// The paths of a finding.
fn paths(finding: &Finding) -> impl Iterator<Item = &str> {
    finding.evidence.iter().filter_map(|evidence| match evidence {
        Evidence::File { path, .. } => Some(path.as_str()),
        _ => None,
    })
}

/// What it rests on: its file, and what a package database says of it; nothing when it is about a file that is not
/// there.
pub(super) fn keys(finding: &Finding) -> Vec<Key> {
    let packages = packages_of(finding).into_iter().map(|(id, _)| Key::Package(id));
    paths(finding).map(|path| Key::Path(path.to_owned())).chain(packages).collect()
}

/// Remove the file.
pub(super) fn remove(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    let steps = paths(ask.finding).map(|path| StepKind::RemoveFile { path: path.to_owned(), revoke: false });
    let steps: Vec<Proposal> = steps.map(Proposal::Step).collect();
    if steps.is_empty() { Err(ask.obstacle()) } else { Ok(steps) }
}

/// A file with a denied mode gets one with less rights; one with a denied content goes, where it may be missing.
/// What a file must hold nobody can derive.
pub(super) fn attribute(ask: &Ask<'_, '_>) -> Result<Vec<Proposal>, Obstacle> {
    if let Some(Remediation::ChangeMode { .. }) = &ask.finding.remediation {
        return by_remediation(ask);
    }
    let Some(path) = paths(ask.finding).next() else { return Err(ask.obstacle()) };
    let equals = |name: &str| ask.param(name).is_none_or(|word| word.eq_ignore_ascii_case("equals"));
    let files = ask.site.artifact.files.as_ref();
    if ask.param("mode").is_some_and(|mode| !mode.is_empty()) && equals("mode_op") {
        let from = files.and_then(|files| files.get(path)).map_or(0, |entry| entry.mode);
        let fewer = [!0o7022, !0o7077, 0].into_iter().map(|mask| from & mask).find(|to| *to != from);
        if let Some(to) = fewer {
            return Ok(vec![Proposal::Step(StepKind::ChangeMode { path: path.to_owned(), from, to })]);
        }
    }
    let may_be_missing = ask.param("skip_missing").is_none_or(|word| !word.eq_ignore_ascii_case("false"));
    if may_be_missing && ask.param("checksum").is_some() && equals("checksum_match") {
        return remove(ask);
    }
    Err(ask.obstacle())
}

//! Trying a step out on a few packages: what stops them then, and which fixes they have.

use std::collections::{BTreeSet, HashSet};

use stopgate_model::{Artifact, Evaluation, FixState, Match, PackageId, StepKind};

use super::apply::apply;
use super::red::{Red, Unit, packages_of};
use super::site::{Site, that_rules_see};

/// What stops an artifact, with the evaluation that says so.
#[derive(Clone, Copy)]
pub(super) struct Stopped<'e> {
    pub(super) evaluation: &'e Evaluation,
    pub(super) red: &'e Red,
}

impl Stopped<'_> {
    /// The stops that are about these packages.
    pub(super) fn about(&self, ids: &HashSet<PackageId>) -> BTreeSet<Unit> {
        let named = |position: usize| {
            let finding = self.evaluation.findings.get(position);
            finding.is_some_and(|finding| packages_of(finding).iter().any(|(id, _)| ids.contains(id)))
        };
        let own = self.red.units.iter().filter(|(unit, source)| match unit.package() {
            Some((id, _)) => ids.contains(&id),
            None => source.finding.is_some_and(named),
        });
        own.map(|(unit, _)| unit.clone()).collect()
    }
}

/// What came of a trial.
pub(super) struct Outcome {
    /// What stops the packages.
    pub(super) stops: BTreeSet<Unit>,
    /// Fix versions of all their matches, in no order.
    pub(super) fixes: Vec<String>,
}

/// Does a step to a small artifact, matches and evaluates it.
pub(super) fn attempt(site: &Site<'_>, excerpt: &Artifact, ids: &HashSet<PackageId>, step: &StepKind) -> Outcome {
    let changed = apply(excerpt, &[step]).artifact;
    let report = site.rematched(&changed);
    let evaluation = site.evaluate(&changed, report.as_ref());
    let red = site.red(&evaluation);
    let matches = report.iter().flat_map(that_rules_see).map(|(_, matched)| matched);
    let fixes = matches.filter(|matched| ids.contains(&matched.package) && has_fix(matched));
    Outcome {
        stops: Stopped { evaluation: &evaluation, red: &red }.about(ids),
        fixes: fixes.flat_map(|matched| matched.fix.versions.iter().cloned()).collect(),
    }
}

/// Whether the vendor fixes it.
pub(super) fn has_fix(matched: &Match) -> bool {
    matched.fix.state != FixState::WontFix
}

//! From the chosen steps to the plan that is shown: which finding ends by which step, what remains and why.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use stopgate_model::{
    Action, Evaluation, Finding, FindingRef, FixPlan, FixState, Obstacle, ProblemKind, Remaining, Step, StepKind,
};

use super::candidates::Candidate;
use super::rebase::BaseCandidate;
use super::red::{Red, Source, Unit};
use super::remedies::obstacle;
use super::site::Site;

/// Why nothing can be done about parts.
pub(super) type Obstacles = HashMap<Unit, Obstacle>;

/// A plan that is not yet written.
pub(super) struct Draft<'a> {
    /// The other base image, when it needs one.
    pub(super) base: Option<OtherBase<'a>>,
    pub(super) steps: Vec<Candidate>,
    /// Candidates that were not chosen.
    pub(super) others: Vec<Candidate>,
    pub(super) left: Red,
    pub(super) obstacles: Obstacles,
    pub(super) fewest: bool,
}

/// A step to another base image.
pub(super) struct OtherBase<'a> {
    step: StepKind,
    site: Site<'a>,
    /// What the policy says once only this step is done.
    evaluation: Evaluation,
    before: Red,
}

impl<'a> OtherBase<'a> {
    pub(super) fn new(candidate: &BaseCandidate<'_>, site: Site<'a>, evaluation: Evaluation, before: Red) -> Self {
        let digest = candidate.artifact.source.image().map(|image| image.manifest_digest.clone());
        let step = StepKind::Rebuild { base: candidate.name.to_owned(), digest };
        Self { step, site, evaluation, before }
    }
}

impl<'a> Draft<'a> {
    /// The same, on the base image for which it was made.
    pub(super) fn on(mut self, base: OtherBase<'a>) -> Self {
        self.base = Some(base);
        self
    }

    /// What it leaves, and how much it takes.
    pub(super) fn cost(&self) -> (usize, usize) {
        (self.left.len(), self.steps.len() + usize::from(self.base.is_some()))
    }
}

/// The plan of an image that is denied as such.
pub(super) fn denied(evaluation: &Evaluation) -> FixPlan {
    let entry = evaluation.denied_image.as_ref();
    let entry = entry.map_or("", |entry| if entry.name.is_empty() { &entry.id } else { &entry.name }).to_owned();
    let remaining = Remaining {
        finding: nobody(String::new()),
        message: format!("the image `{}` is on the list of denied images", evaluation.evaluated_tag),
        obstacle: Obstacle::Denied { entry },
    };
    FixPlan { remaining: vec![remaining], ..FixPlan::empty(evaluation) }
}

fn nobody(rule_id: String) -> FindingRef {
    FindingRef { fingerprint: String::new(), trigger_id: String::new(), rule_id }
}

/// Writes a plan. The evaluation after it is made here once more, of everything.
pub(super) fn plan(site: &Site<'_>, evaluation: &Evaluation, before: &Red, draft: &Draft<'_>) -> FixPlan {
    let kinds: Vec<&StepKind> = draft.steps.iter().map(|candidate| &candidate.step).collect();
    let (end, from, start) = match &draft.base {
        Some(base) => (&base.site, &base.evaluation, &base.before),
        None => (site, evaluation, before),
    };
    let after = end.after(&kinds);
    let left = end.red(&after);
    let ending = Ending { site: end, chosen: &draft.steps, before: start, left: &left };
    let mut steps = ending.steps(from);
    steps.sort_by_key(|step| Reverse(step.clears.len()));
    let base = draft.base.iter().map(|base| Step { kind: base.step.clone(), clears: ended_by_base(evaluation, base) });
    let steps = base.chain(steps).collect();
    let writer = Writer { site: end, before: start, draft, after: &after };
    let mut remaining: Vec<Remaining> = Vec::new();
    for (unit, source) in &left.units {
        let found = writer.remaining(unit, source);
        if found.finding.fingerprint.is_empty() || !remaining.iter().any(|known| known.finding == found.finding) {
            remaining.push(found);
        }
    }
    FixPlan { steps, after, remaining, fewest: draft.fewest }
}

/// Stops that are no more once the image is built on another base. Packages of the other base are others, so the
/// same finding is known by its fingerprint.
fn ended_by_base(evaluation: &Evaluation, base: &OtherBase<'_>) -> Vec<FindingRef> {
    fn stops(evaluation: &Evaluation) -> impl Iterator<Item = &Finding> {
        evaluation.findings.iter().filter(|finding| finding.action == Action::Stop)
    }
    let left: BTreeSet<(&str, &str)> =
        stops(&base.evaluation).map(|finding| (finding.fingerprint.as_str(), finding.rule_id.as_str())).collect();
    let ended = stops(evaluation).filter(|f| !left.contains(&(f.fingerprint.as_str(), f.rule_id.as_str())));
    ended.map(FindingRef::of).collect()
}

/// Steps up to which each is left out to see what it is needed for.
const MOST_TRIALS: usize = 40;

/// What was chosen in one place, and what it ends there.
struct Ending<'e, 'a> {
    site: &'e Site<'a>,
    chosen: &'e [Candidate],
    before: &'e Red,
    left: &'e Red,
}

impl Ending<'_, '_> {
    /// The steps, each with the findings that end by it.
    fn steps(&self, evaluation: &Evaluation) -> Vec<Step> {
        let mut ended: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.chosen.len()];
        let stays = self.before.units.iter().filter(|(unit, _)| self.left.units.contains_key(*unit));
        let stays: BTreeSet<usize> = stays.filter_map(|(_, source)| source.finding).collect();
        let gone = self.before.units.iter().filter(|(_, source)| source.finding.is_some_and(|at| !stays.contains(&at)));
        let (known, unknown): (Vec<_>, Vec<_>) = gone.partition(|(_, source)| source.keys.is_some());
        let needed = if unknown.is_empty() { Vec::new() } else { self.needed() };
        let mut note = |step: usize, source: &Source| {
            if let (Some(findings), Some(finding)) = (ended.get_mut(step), source.finding) {
                findings.insert(finding);
            }
        };
        for (unit, source) in known {
            let mut touching = self.chosen.iter().enumerate().filter(|(_, step)| step.touches(source));
            let ends = touching.clone().find(|(_, step)| step.ends(unit, source)).or_else(|| touching.next());
            if let Some((step, _)) = ends {
                note(step, source);
            }
        }
        for (unit, source) in unknown {
            for (step, _) in needed.iter().enumerate().filter(|(_, red)| red.units.contains_key(unit)) {
                note(step, source);
            }
        }
        let steps = self.chosen.iter().zip(ended).map(|(step, positions)| {
            let findings = positions.into_iter().filter_map(|at| evaluation.findings.get(at));
            Step { kind: step.step.clone(), clears: findings.map(FindingRef::of).collect() }
        });
        steps.collect()
    }

    /// What stops the artifact without each of the steps: it tells what a step ends that might rest on anything.
    fn needed(&self) -> Vec<Red> {
        let without = |left_out: usize| -> Vec<&StepKind> {
            let kept = self.chosen.iter().enumerate().filter(|(position, _)| *position != left_out);
            kept.map(|(_, step)| &step.step).collect()
        };
        (0..self.chosen.len().min(MOST_TRIALS)).map(|left_out| self.site.red_after(&without(left_out))).collect()
    }
}

struct Writer<'w, 'a> {
    site: &'w Site<'a>,
    before: &'w Red,
    draft: &'w Draft<'a>,
    after: &'w Evaluation,
}

impl Writer<'_, '_> {
    fn remaining(&self, unit: &Unit, source: &Source) -> Remaining {
        let finding = source.finding.and_then(|position| self.after.findings.get(position));
        match finding {
            Some(finding) => Remaining {
                finding: FindingRef::of(finding),
                message: finding.message.clone(),
                obstacle: self.obstacle(unit, source).unwrap_or_else(|| obstacle(finding)),
            },
            None => Remaining {
                finding: nobody(unit.rule().to_owned()),
                message: self.problem(unit),
                obstacle: Obstacle::BrokenRule,
            },
        }
    }

    fn obstacle(&self, unit: &Unit, source: &Source) -> Option<Obstacle> {
        if let Some(known) = self.draft.obstacles.get(unit) {
            return Some(known.clone());
        }
        let matched = unit.package().and_then(|(id, vulnerability)| self.site.matched(id, vulnerability));
        if let Some(matched) = matched {
            let package = self.site.package(matched.package).map_or(String::new(), |package| package.name.clone());
            match matched.fix.state {
                FixState::WontFix => return Some(Obstacle::WontFix { package }),
                _ if matched.fix.versions.is_empty() => return Some(Obstacle::NoFix { package }),
                _ => {}
            }
        }
        if !self.before.units.contains_key(unit) {
            return Some(Obstacle::Brought);
        }
        let tried = self.draft.steps.iter().chain(&self.draft.others).filter(|step| step.touches(source));
        let tried: Vec<String> = tried.filter(|_| source.keys.is_some()).map(|step| step.step.sentence()).collect();
        match (tried.is_empty(), matched) {
            (false, _) => Some(Obstacle::NotCleared { tried }),
            (true, Some(matched)) => {
                Some(Obstacle::NotCleared { tried: vec![format!("versions {}", matched.fix.versions.join(", "))] })
            }
            (true, None) => None,
        }
    }

    /// What the evaluation says of a rule that could not be run.
    fn problem(&self, unit: &Unit) -> String {
        let problems = self.after.problems.iter().filter(|problem| problem.kind == ProblemKind::TriggerEvaluationError);
        let own = problems.filter(|problem| !unit.is_broken_rule() || problem.rule_id.as_deref() == Some(unit.rule()));
        own.map(|problem| problem.details.clone()).next().unwrap_or_else(|| "the policy stops the artifact".to_owned())
    }
}

//! Fix plans: the fewest steps after which a policy no longer stops an artifact, and what no step ends.
//!
//! In this order: what stops it, in parts ([`red`]); what may be done about each, by a table ([`remedies`]); every
//! step that may help ([`candidates`]), upgrades to the smallest version that helps ([`upgrade`]); which of them
//! ([`choose`]). All of this once for the image as it is and once per base image that is offered ([`rebase`]).
//! Nothing is predicted: what a plan comes to is what the policy says of the artifact after its steps ([`apply`]),
//! matched again.

mod apply;
mod candidates;
mod choose;
mod rebase;
mod red;
mod remedies;
mod report;
mod site;
mod trial;
mod upgrade;

use stopgate_model::{Decision, Evaluation, FinalReason, FixPlan, StepKind};

use crate::document::Policy;
use crate::engine::EvalContext;
use candidates::{Candidate, gather, reach};
use choose::choose;
use red::Red;
use report::{Draft, OtherBase};
use site::Site;

pub use rebase::{BaseCandidate, Bases};
pub use site::Rematch;

/// What a plan may be made with.
pub struct Means<'a> {
    /// Matches an artifact again.
    pub rematch: &'a Rematch<'a>,
    /// Base images, when the artifact's own is known.
    pub bases: Option<Bases<'a>>,
}

/// The plan for an artifact whose evaluation is given.
pub fn fix_plan(policy: &Policy, context: &EvalContext<'_>, evaluation: &Evaluation, means: &Means<'_>) -> FixPlan {
    if evaluation.decision != Decision::Stop {
        return FixPlan::empty(evaluation);
    }
    if evaluation.reason == FinalReason::Denylisted {
        return report::denied(evaluation);
    }
    let site = Site::as_it_is(policy, context, means.rematch);
    let before = site.red(evaluation);
    let mut best = draft(&site, evaluation, &before);
    for candidate in means.bases.iter().flat_map(|bases| bases.candidates) {
        let Some(bases) = &means.bases else { break };
        if best.left.is_empty() && best.steps.len() <= 1 {
            break;
        }
        let Some(moved) = rebase::rebase(&site, bases.current, candidate) else { continue };
        let evaluation = moved.evaluate(&moved.artifact, moved.matches.as_deref());
        let left = moved.red(&evaluation);
        let drafted = draft(&moved, &evaluation, &left);
        let drafted = match without_base(&site, &before, &drafted) {
            Some(same) => same,
            None => drafted.on(OtherBase::new(candidate, moved, evaluation, left)),
        };
        if drafted.cost() < best.cost() {
            best = drafted;
        }
    }
    report::plan(&site, evaluation, &before, &best)
}

/// The best steps in one place.
fn draft<'a>(site: &Site<'a>, evaluation: &Evaluation, before: &Red) -> Draft<'a> {
    let gathered = gather(site, evaluation, before);
    draft_of(site, before, gathered.candidates, &gathered.after_all, gathered.obstacles)
}

fn draft_of<'a>(
    site: &Site<'a>,
    before: &Red,
    candidates: Vec<Candidate>,
    after_all: &Red,
    obstacles: report::Obstacles,
) -> Draft<'a> {
    let steps = |chosen: &[usize]| -> Vec<&StepKind> {
        chosen.iter().filter_map(|at| candidates.get(*at)).map(|candidate| &candidate.step).collect()
    };
    let evaluate = |chosen: &[usize]| site.red_after(&steps(chosen));
    let choice = choose(&candidates, before, after_all, &evaluate);
    let mut chosen = choice.chosen.into_iter().peekable();
    let (mut picked, mut others) = (Vec::new(), Vec::new());
    for (position, candidate) in candidates.into_iter().enumerate() {
        if chosen.next_if_eq(&position).is_some() {
            picked.push(candidate);
        } else {
            others.push(candidate);
        }
    }
    Draft { base: None, steps: picked, others, left: choice.left, obstacles, fewest: choice.fewest }
}

/// The same steps on the image as it is, when they end as much there: then the base image need not change.
fn without_base<'a>(site: &Site<'a>, before: &Red, draft: &Draft<'a>) -> Option<Draft<'a>> {
    let steps: Vec<&StepKind> = draft.steps.iter().map(|candidate| &candidate.step).collect();
    let left = site.red_after(&steps);
    if !left.is_within(&draft.left.names()) {
        return None;
    }
    let again = steps.into_iter().map(|step| {
        let reach = reach(&site.artifact, step);
        Candidate { step: step.clone(), reach, clears: None }
    });
    Some(draft_of(site, before, again.collect(), &left, draft.obstacles.clone()))
}

#[cfg(test)]
mod tests;

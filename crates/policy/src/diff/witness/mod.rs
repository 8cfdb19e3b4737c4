//! Witnesses: artifacts that one policy stops and the other does not.
//!
//! A draft gets the thing that a condition asks for, at a time and with an id at which allowlists tell the policies
//! apart. What else stops it under the other policy is repaired (`repair`). Only what both policies, evaluated as in
//! production, decide as wanted is a witness.

mod guesses;
mod histories;
mod moves;
mod repair;

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};
use stopgate_model::{Action, Decision, Evaluation, ProblemKind, ProblemSeverity};

use super::accepted::{self, Surplus, Until};
use super::clause::{Form, Ids, Quantity, Thing};
use super::draft::{Built, Draft};
use super::effort::{Effort, Work};
use super::exceptions::Exceptions;
use super::implication::Open;
use super::knowledge::UNKNOWN;
use super::regions::Place;
use super::stops::Stops;
use crate::document::policy::{Policy, Rule, RuleSet};
use crate::trigger::ArtifactType;

/// Most drafts that are tried for one condition.
const DRAFTS: usize = 80;
/// Most times that are tried.
const TIMES: usize = 5;
/// What a finding that stops counts against an input that is missing.
const STOP_COST: usize = 4;
/// Most evaluations of one region, and for one condition of it: few at first, so that none waits for a hopeless one.
const WORK: usize = 2_000;
pub(super) const ROUNDS: [usize; 2] = [40, 500];

/// The two policies, the first of which is to stop what the second does not.
#[derive(Clone, Copy)]
pub(super) struct Question<'q, 'p> {
    pub(super) one: &'p Policy,
    pub(super) other: &'p Policy,
    /// Their conditions, where a mapping is met.
    pub(super) ours: Option<&'q Stops<'p>>,
    pub(super) theirs: Option<&'q Stops<'p>>,
    pub(super) kind: ArtifactType,
    pub(super) place: &'q Place,
    pub(super) as_of: Timestamp,
    pub(super) strict_names: bool,
    /// Evaluations that were made for the region.
    pub(super) work: &'q Cell<usize>,
    pub(super) effort: &'q Effort,
    pub(super) exceptions: &'q Exceptions<'p>,
}

/// A witness.
pub(super) struct Found {
    pub(super) built: Built,
    pub(super) ours: Evaluation,
    pub(super) theirs: Evaluation,
}

/// A draft as both policies decide it.
struct Judged {
    built: Built,
    ours: Evaluation,
    theirs: Evaluation,
}

impl Question<'_, '_> {
    /// A witness for a condition that the other policy does not cover, found with so many evaluations.
    pub(super) fn witness(&self, open: &Open<'_, '_>, most: usize) -> Option<Found> {
        let end = (self.work.get() + most).min(WORK);
        let drafts = self.times(open).into_iter().flat_map(|now| self.varied(open, self.drafts(open, now)));
        drafts.take(DRAFTS).take_while(|_| self.work.get() <= end).find_map(|draft| self.repaired(draft))
    }

    /// Drafts in which the condition holds at a time, or may hold.
    fn drafts(&self, open: &Open<'_, '_>, now: Timestamp) -> Vec<Draft> {
        let mut fresh = self.draft(now);
        let Some(clause) = &open.stop.clause else { return vec![fresh] };
        if clause.subject.name == UNKNOWN {
            return guesses::guesses(&fresh, open.stop.rule);
        }
        if clause.quantity == Quantity::None {
            // It holds as long as nothing is put there.
            moves::clear(&mut fresh, clause);
            return vec![fresh];
        }
        let placed = |thing: Thing| {
            let mut draft = fresh.clone();
            (clause.subject.place)(&mut draft, &clause.subject.key, &thing).then_some(draft)
        };
        self.things(open, now).into_iter().filter_map(placed).collect()
    }

    /// A witness where the first policy stops everything.
    pub(super) fn witness_of_any(&self) -> Option<Found> {
        self.repaired(self.draft(self.as_of))
    }

    fn draft(&self, now: Timestamp) -> Draft {
        Draft::new(self.kind, self.place.clone(), now, self.strict_names)
    }

    fn times(&self, open: &Open<'_, '_>) -> Vec<Timestamp> {
        let mut times = vec![self.as_of];
        let before = |time: Timestamp| time.checked_sub(SignedDuration::from_secs(1)).ok();
        let ends = open.surplus.iter().filter_map(|surplus| surplus.item.expires_on.as_ref());
        times.extend(ends.filter_map(|expiry| before(expiry.time)));
        times.extend(self.exceptions.theirs.iter().take(TIMES).filter_map(|exception| before(exception.expires.time)));
        times.extend(self.ours.map(Stops::times).unwrap_or_default());
        times.extend(self.theirs.map(Stops::times).unwrap_or_default().into_iter().filter_map(before));
        times.retain(|time| *time >= self.as_of);
        let mut distinct: Vec<Timestamp> = Vec::new();
        for time in times {
            if !distinct.contains(&time) {
                distinct.push(time);
            }
        }
        distinct.truncate(TIMES);
        distinct
    }

    /// The things to try at a time, with the ids that their findings should have.
    fn things(&self, open: &Open<'_, '_>, now: Timestamp) -> Vec<Thing> {
        let vulnerable = open
            .stop
            .clause
            .as_ref()
            .is_some_and(|clause| matches!(clause.ids, Ids::Of { form: Form::Vulnerability, .. }));
        let mut all: Vec<Thing> = Vec::new();
        if vulnerable {
            let differs = |surplus: &&Surplus<'_>| self.differs(surplus, &open.stop.rule.gate, now);
            for id in open.surplus.iter().filter(differs).filter_map(|surplus| surplus.id.clone()) {
                all.extend(open.things.iter().take(4).map(|thing| Thing { id: Some(id.clone()), ..thing.clone() }));
            }
        }
        if vulnerable {
            for id in self.exceptions.samples().take(8).filter_map(|[vulnerability, ..]| vulnerability) {
                let id = format!("{id}+vulnerable");
                all.extend(open.things.iter().take(4).map(|thing| Thing { id: Some(id.clone()), ..thing.clone() }));
            }
        }
        let id = if vulnerable { self.free_id(open, now) } else { None };
        all.extend(open.things.iter().map(|thing| Thing { id: id.clone(), ..thing.clone() }));
        all
    }

    /// Whether an item accepts its id at a time at which the first policy does not.
    fn differs(&self, surplus: &Surplus<'_>, gate: &str, now: Timestamp) -> bool {
        let ours = self.ours.and_then(|ours| ours.accepting(gate));
        let accepted = |id: &String| ours.and_then(|ours| ours.until(std::slice::from_ref(id), self.effort));
        let until = surplus.id.as_ref().and_then(accepted).unwrap_or(Until::Never);
        accepted::until(surplus.item) > Until::Time(now) && until <= Until::Time(now)
    }

    /// An id that the first policy does not accept, when it accepts the usual one.
    fn free_id(&self, open: &Open<'_, '_>, now: Timestamp) -> Option<String> {
        let accepting = self.ours?.accepting(&open.stop.rule.gate)?;
        let usual = super::knowledge::USUAL_MATCH.to_owned();
        if accepting.until(&[usual], self.effort)? <= Until::Time(now) {
            return None;
        }
        accepting.free_id(Form::Vulnerability, now, self.effort)
    }

    fn judge(&self, draft: &Draft) -> Option<Judged> {
        self.work.set(self.work.get() + 1);
        let rules = |policy: &Policy| policy.rule_sets.iter().map(|set| set.rules.len()).sum::<usize>();
        if !self.effort.take(Work::Artifacts, 20 + rules(self.one) + rules(self.other)) {
            return None;
        }
        let mut built = draft.build()?;
        if let Some(days) = draft.findings_seen {
            histories::remember(&mut built, [self.one, self.other], days)?;
        }
        let ours = built.evaluate(self.one);
        let theirs = built.evaluate(self.other);
        Some(Judged { built, ours, theirs })
    }

    /// Whether the draft is stopped by the first policy alone, with nothing missing.
    fn holds(&self, judged: &Judged) -> bool {
        judged.ours.decision == Decision::Stop && judged.theirs.decision != Decision::Stop && self.cost(judged) == 0
    }

    /// How much stands between a draft that the first policy stops and a witness.
    fn cost(&self, judged: &Judged) -> usize {
        let theirs = match judged.theirs.decision {
            Decision::Pass => 0,
            Decision::Stop => STOP_COST * count_stops(&judged.theirs).max(1),
            Decision::Undecided => unchecked(&judged.theirs, self.other).len(),
        };
        theirs + unchecked(&judged.ours, self.one).len()
    }
}

/// A rule with its set.
type Named<'p> = (&'p RuleSet, &'p Rule);

fn rule_of<'p>(policy: &'p Policy, set: Option<&str>, rule: &str) -> Option<Named<'p>> {
    let sets = policy.rule_sets.iter().filter(|known| set.is_none_or(|set| set == known.id));
    sets.flat_map(|set| set.rules.iter().map(move |rule| (set, rule))).find(|(_, known)| known.id == rule)
}

/// The rules by which an evaluation stops.
fn stopping<'p>(evaluation: &Evaluation, policy: &'p Policy) -> Vec<Named<'p>> {
    let findings = evaluation.findings.iter().filter(|finding| finding.action == Action::Stop);
    let found = findings.filter_map(|finding| rule_of(policy, Some(&finding.rule_set_id), &finding.rule_id));
    let broken = evaluation.problems.iter().filter(|problem| problem.kind == ProblemKind::TriggerEvaluationError);
    let broken = broken.filter_map(|problem| rule_of(policy, None, problem.rule_id.as_deref()?));
    distinct(found.chain(broken.filter(|(_, rule)| rule.action == Action::Stop)))
}

/// How many findings and broken rules stand behind a stop.
fn count_stops(evaluation: &Evaluation) -> usize {
    let findings = evaluation.findings.iter().filter(|finding| finding.action == Action::Stop).count();
    findings + evaluation.problems.iter().filter(|problem| problem.kind == ProblemKind::TriggerEvaluationError).count()
}

/// The rules that an evaluation could not check for want of an input that somebody could provide.
fn unchecked<'p>(evaluation: &Evaluation, policy: &'p Policy) -> Vec<Named<'p>> {
    let missing = evaluation
        .problems
        .iter()
        .filter(|problem| problem.kind == ProblemKind::DataUnavailable && problem.severity == ProblemSeverity::Error);
    let rules = missing.filter_map(|problem| rule_of(policy, None, problem.rule_id.as_deref()?));
    distinct(rules)
}

fn distinct<'p>(rules: impl Iterator<Item = Named<'p>>) -> Vec<Named<'p>> {
    let mut found: Vec<Named<'p>> = Vec::new();
    for (set, rule) in rules {
        if !found.iter().any(|(_, known)| std::ptr::eq(*known, rule)) {
            found.push((set, rule));
        }
    }
    found
}

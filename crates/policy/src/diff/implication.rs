//! Whether one policy stops whatever another stops, within a region.
//!
//! A policy stops an artifact when one of its conditions holds, so each condition of the one is compared with all
//! conditions of the other. A condition of the other counts only when its findings are accepted no longer than those
//! of the first; then it is enough that it holds for the same thing.

use std::rc::Rc;

use super::accepted::{Surplus, Surpluses, Until};
use super::clause::{Clause, Ids, Quantity, Thing};
use super::cover::{Cover, cover, things};
use super::effort::{Effort, Work};
use super::enforced::{gives_no_more_time, stops_all_it_finds};
use super::exceptions::{Exceptions, show_the_same};
use super::knowledge::implies;
use super::stops::{Stop, Stops};
use crate::document::policy::Rule;

/// Most things that are tried of a condition that nothing covers.
const THINGS: usize = 32;

/// A condition of one policy that the other's conditions do not cover.
pub(super) struct Open<'s, 'p> {
    pub(super) stop: &'s Stop<'p>,
    /// Things of the condition to build a witness with; empty when none is known.
    pub(super) things: Vec<Thing>,
    /// Items of the other policy that accept findings of the condition which this policy does not accept.
    pub(super) surplus: Rc<Vec<Surplus<'p>>>,
}

/// Whether a rule fires whenever another does, whatever allowlists accept: by its conditions alone.
pub(super) fn covers(
    one: &Rule,
    conditions: &[Option<Rc<Clause>>],
    other: &Rule,
    others: &[Option<Rc<Clause>>],
    effort: &Effort,
) -> bool {
    if others.iter().any(Option::is_none) || implies(one, other) {
        return true;
    }
    let others: Vec<&Clause> = others.iter().filter_map(Option::as_deref).collect();
    conditions.iter().all(|condition| {
        let Some(clause) = condition.as_deref() else { return false };
        let same: Vec<&Clause> = others
            .iter()
            .copied()
            .filter(|other| other.quantity == clause.quantity && other.subject == clause.subject)
            .collect();
        match clause.quantity {
            Quantity::None => same.iter().any(|other| matches!(cover(other, &[clause], effort), Cover::Covered)),
            Quantity::Some => matches!(cover(clause, &same, effort), Cover::Covered),
        }
    })
}

/// The conditions of a policy under which it stops anything at all.
pub(super) fn all<'s, 'p>(one: &'s Stops<'p>, effort: &Effort) -> Vec<Open<'s, 'p>> {
    let stops = one.all.iter().filter(|stop| !one.is_silent(stop, effort));
    let shown = |stop: &'s Stop<'p>| Open {
        stop,
        things: match &stop.clause {
            Some(clause) if clause.quantity == Quantity::Some => things(clause, THINGS),
            _ => vec![Thing::default()],
        },
        surplus: Rc::default(),
    };
    stops.map(shown).collect()
}

/// Whether a policy stops every artifact at every time: by a rule that cannot run, or by conditions that leave no value
/// for a thing that every artifact has, as long as neither allowlists nor exceptions may accept it.
pub(super) fn always_stops(stops: &Stops<'_>, exceptions: &Exceptions<'_>, effort: &Effort) -> bool {
    let is_enforced = |stop: &&Stop<'_>| match &stop.clause {
        None => true,
        Some(clause) => {
            clause.subject.certain
                && clause.from.is_none()
                && stops_all_it_finds(stop.rule)
                && stops.any_until(stop, effort) == Until::Never
                && exceptions.spare(stop, clause)
        }
    };
    let certain: Vec<&Stop<'_>> = stops.all.iter().filter(is_enforced).collect();
    let mut asked: Vec<&Clause> = Vec::new();
    certain.iter().any(|stop| {
        let Some(clause) = stop.clause.as_deref() else { return true };
        if asked.iter().any(|known| known.subject == clause.subject) {
            return false;
        }
        asked.push(clause);
        let same: Vec<&Clause> = certain
            .iter()
            .filter_map(|stop| stop.clause.as_deref())
            .filter(|other| other.subject == clause.subject)
            .collect();
        let any = Clause::some(clause.subject.clone());
        matches!(cover(&any, &same, effort), Cover::Covered)
    })
}

/// Two policies of which one is to stop whatever the other stops.
pub(super) struct Sides<'s, 'p> {
    pub(super) one: &'s Stops<'p>,
    pub(super) other: &'s Stops<'p>,
    pub(super) surpluses: &'s Surpluses<'p>,
    pub(super) exceptions: &'s Exceptions<'p>,
    pub(super) effort: &'s Effort,
}

impl<'s, 'p> Sides<'s, 'p> {
    /// The conditions of the one that those of the other do not cover. None: whatever the one stops, the other stops.
    pub(super) fn open(&self) -> Vec<Open<'s, 'p>> {
        if always_stops(self.other, self.exceptions, self.effort) {
            return Vec::new();
        }
        self.one.all.iter().filter_map(|stop| self.open_condition(stop)).collect()
    }

    fn open_condition(&self, stop: &'s Stop<'p>) -> Option<Open<'s, 'p>> {
        let Some(clause) = &stop.clause else {
            return Some(Open { stop, things: vec![Thing::default()], surplus: Rc::default() });
        };
        if self.one.is_silent(stop, self.effort) {
            return None;
        }
        let pair = Pair { sides: self, stop, clause };
        if pair.is_repeated() || pair.is_implied() {
            return None;
        }
        if let Some(also) = &clause.also
            && matches!(cover(also, &pair.about(also), self.effort), Cover::Covered)
        {
            return None;
        }
        let same = pair.about(clause);
        let things = match clause.quantity {
            // With fewer things that would do, it is more likely that there is none.
            Quantity::None if same.iter().any(|other| pair.is_part(other, clause)) => return None,
            Quantity::None => vec![Thing::default()],
            Quantity::Some => match cover(clause, &same, self.effort) {
                Cover::Covered => return None,
                Cover::Uncovered(things) => things,
                Cover::Unknown if same.len() > 1 && same.iter().any(|other| pair.is_part(clause, other)) => {
                    return None;
                }
                Cover::Unknown => things(clause, THINGS),
            },
        };
        Some(Open { stop, things, surplus: pair.surplus() })
    }
}

/// A condition of one policy, to be compared with those of the other.
struct Pair<'a, 's, 'p> {
    sides: &'a Sides<'s, 'p>,
    stop: &'s Stop<'p>,
    clause: &'s Clause,
}

impl<'s, 'p> Pair<'_, 's, 'p> {
    /// Whether the other policy has the same condition of the same rule.
    fn is_repeated(&self) -> bool {
        let saying = self.sides.other.saying(&self.stop.text).filter(|(candidate, _)| candidate.part == self.stop.part);
        saying.into_iter().any(|(candidate, clause)| self.counts(candidate, clause))
    }

    /// Whether a condition that holds for every artifact, or a rule that fires whenever this one does, counts.
    fn is_implied(&self) -> bool {
        let (gate, trigger) = (&self.stop.rule.gate, &self.stop.rule.trigger);
        let everything = self.sides.other.about_everything();
        if everything.into_iter().any(|(candidate, clause)| self.counts(candidate, clause)) {
            return true;
        }
        if !super::knowledge::has_implication(gate, trigger) {
            return false;
        }
        self.sides.other.all.iter().any(|candidate| {
            implies(self.stop.rule, candidate.rule)
                && candidate.clause.as_deref().is_some_and(|clause| self.counts(candidate, clause))
        })
    }

    /// The conditions of the other policy about the same that count.
    fn about(&self, of: &Clause) -> Vec<&'s Clause> {
        let all = self.sides.other.about(&of.subject).filter(|(_, other)| other.quantity == of.quantity);
        let mut left = Vec::new();
        for (candidate, clause) in all {
            if !self.sides.effort.take(Work::Conditions, 1) {
                break;
            }
            if self.counts(candidate, clause) {
                left.push(clause);
            }
        }
        left
    }

    fn is_part(&self, one: &Clause, other: &Clause) -> bool {
        matches!(cover(one, &[other], self.sides.effort), Cover::Covered)
    }

    /// Whether a condition of the other policy stops wherever it holds and this one stops.
    fn counts(&self, candidate: &Stop<'p>, clause: &Clause) -> bool {
        let own = (self.stop, self.clause);
        clause.from <= self.clause.from
            && self.gives_no_more_time(candidate, clause)
            && self.sides.exceptions.accept_no_more(own, (candidate, clause), self.sides.effort)
            && self.is_accepted_no_longer(candidate, clause)
    }

    /// Whether findings that were there before are due no later.
    fn gives_no_more_time(&self, candidate: &Stop<'p>, clause: &Clause) -> bool {
        let (rule, other) = (self.stop.rule, candidate.rule);
        let is_same_rule = self.stop.text == candidate.text;
        // When a finding was first seen is known by its gate, its trigger and what it is about.
        let is_same_finding = is_same_rule
            || (!self.clause.may_break
                && (&rule.gate, &rule.trigger) == (&other.gate, &other.trigger)
                && show_the_same((rule, self.clause), (other, clause)));
        stops_all_it_finds(other) || (is_same_finding && gives_no_more_time(other, rule))
    }

    fn is_accepted_no_longer(&self, candidate: &Stop<'p>, clause: &Clause) -> bool {
        let Sides { one, other, surpluses, effort, .. } = self.sides;
        let longest = other.any_until(candidate, effort);
        if longest == Until::Never {
            return true;
        }
        // What breaks is never accepted.
        if !self.clause.may_break && longest <= one.all_until(self.stop, effort) {
            return true;
        }
        let gate = &self.stop.rule.gate;
        match (&clause.ids, &self.clause.ids) {
            (Ids::Of { key, form }, Ids::Of { key: own, form: own_form })
                if *gate == candidate.rule.gate && key == own && form == own_form =>
            {
                let theirs = other.accepting(gate);
                theirs.is_none_or(|theirs| surpluses.of(theirs, one.accepting(gate), *form, effort).is_empty())
            }
            _ => false,
        }
    }

    /// Items of the other policy that accept what this condition finds and this policy does not accept.
    fn surplus(&self) -> Rc<Vec<Surplus<'p>>> {
        let Sides { one, other, surpluses, effort, .. } = self.sides;
        let gate = &self.stop.rule.gate;
        match (&self.clause.ids, other.accepting(gate)) {
            (Ids::Of { form, .. }, Some(theirs)) => surpluses.of(theirs, one.accepting(gate), *form, effort),
            _ => Rc::default(),
        }
    }
}

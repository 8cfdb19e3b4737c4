//! Whether one policy stops whatever another stops, within a region.
//!
//! A policy stops an artifact when one of its conditions holds, so each condition of the one is compared with all
//! conditions of the other. A condition of the other counts only when its findings are accepted no longer than those
//! of the first; then it is enough that it holds for the same thing.

use std::rc::Rc;

use super::accepted::{Surplus, Until};
use super::clause::{Clause, Ids, Quantity, Thing};
use super::cover::{Cover, cover, things};
use super::knowledge::{EVERYTHING, implies};
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
    pub(super) surplus: Vec<Surplus<'p>>,
}

/// The conditions of `one` that those of `other` do not cover. None: whatever `one` stops, `other` stops.
pub(super) fn open<'s, 'p>(one: &'s Stops<'p>, other: &'s Stops<'p>) -> Vec<Open<'s, 'p>> {
    if always_stops(other) {
        return Vec::new();
    }
    one.all.iter().filter_map(|stop| open_condition(one, other, stop)).collect()
}

/// Whether a rule fires whenever another does, whatever allowlists accept: by its conditions alone.
pub(super) fn covers(
    one: &Rule,
    conditions: &[Option<Rc<Clause>>],
    other: &Rule,
    others: &[Option<Rc<Clause>>],
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
            Quantity::None => same.iter().any(|other| matches!(cover(other, &[clause]), Cover::Covered)),
            Quantity::Some => matches!(cover(clause, &same), Cover::Covered),
        }
    })
}

/// The conditions of a policy under which it stops anything at all.
pub(super) fn all<'s, 'p>(one: &'s Stops<'p>) -> Vec<Open<'s, 'p>> {
    let stops = one.all.iter().filter(|stop| !one.is_silent(stop));
    let shown = |stop: &'s Stop<'p>| Open {
        stop,
        things: match &stop.clause {
            Some(clause) if clause.quantity == Quantity::Some => things(clause, THINGS),
            _ => vec![Thing::default()],
        },
        surplus: Vec::new(),
    };
    stops.map(shown).collect()
}

/// Whether a policy stops every artifact at every time: by a rule that cannot run, or by conditions that leave no value
/// for a thing that every artifact has.
pub(super) fn always_stops(stops: &Stops<'_>) -> bool {
    let is_enforced = |stop: &&Stop<'_>| match &stop.clause {
        None => true,
        Some(clause) => clause.subject.certain && clause.from.is_none() && stops.accepted_until(stop) == Until::Never,
    };
    let certain: Vec<&Stop<'_>> = stops.all.iter().filter(is_enforced).collect();
    certain.iter().any(|stop| {
        let Some(clause) = &stop.clause else { return true };
        let same: Vec<&Clause> = certain
            .iter()
            .filter_map(|stop| stop.clause.as_deref())
            .filter(|other| other.subject == clause.subject)
            .collect();
        let any = Clause::some(clause.subject.clone());
        matches!(cover(&any, &same), Cover::Covered)
    })
}

fn open_condition<'s, 'p>(one: &'s Stops<'p>, other: &'s Stops<'p>, stop: &'s Stop<'p>) -> Option<Open<'s, 'p>> {
    let Some(clause) = &stop.clause else {
        return Some(Open { stop, things: vec![Thing::default()], surplus: Vec::new() });
    };
    if one.is_silent(stop) {
        return None;
    }
    let pair = Pair { one, other, stop, clause };
    let counting: Vec<(&Stop<'p>, &Clause)> = other
        .all
        .iter()
        .filter_map(|candidate| Some((candidate, candidate.clause.as_deref()?)))
        .filter(|(candidate, clause)| pair.counts(candidate, clause))
        .collect();
    let is_all = |(_, other): &(&Stop<'_>, &Clause)| other.subject.name == EVERYTHING;
    if counting.iter().any(is_all) || counting.iter().any(|(other, _)| implies(stop.rule, other.rule)) {
        return None;
    }
    let about = |of: &Clause| -> Vec<&Clause> {
        let others = counting.iter().map(|(_, other)| *other);
        others.filter(|other| other.quantity == of.quantity && other.subject == of.subject).collect()
    };
    if let Some(also) = &clause.also
        && matches!(cover(also, &about(also)), Cover::Covered)
    {
        return None;
    }
    let same = about(clause);
    let things = match clause.quantity {
        // With fewer things that would do, it is more likely that there is none.
        Quantity::None if same.iter().any(|other| matches!(cover(other, &[clause]), Cover::Covered)) => return None,
        Quantity::None => vec![Thing::default()],
        Quantity::Some => match cover(clause, &same) {
            Cover::Covered => return None,
            Cover::Uncovered(things) => things,
            Cover::Unknown => things(clause, THINGS),
        },
    };
    let surplus = pair.surplus();
    Some(Open { stop, things, surplus })
}

/// A condition of one policy, to be compared with those of the other.
struct Pair<'s, 'p> {
    one: &'s Stops<'p>,
    other: &'s Stops<'p>,
    stop: &'s Stop<'p>,
    clause: &'s Clause,
}

impl<'p> Pair<'_, 'p> {
    /// Whether a condition of the other policy stops wherever it holds and this one stops.
    fn counts(&self, candidate: &Stop<'p>, clause: &Clause) -> bool {
        clause.from <= self.clause.from && self.is_accepted_no_longer(candidate, clause)
    }

    fn is_accepted_no_longer(&self, candidate: &Stop<'p>, clause: &Clause) -> bool {
        let Some(theirs) = self.other.accepting(&candidate.rule.gate) else { return true };
        // What breaks is never accepted.
        let ours_until = || if self.clause.may_break { Until::Never } else { self.one.accepted_until(self.stop) };
        match &clause.ids {
            Ids::Known(ids) => {
                let until = theirs.until(ids);
                until == Until::Never || until <= ours_until()
            }
            // Its ids are not known, so any item may accept them.
            Ids::Fixed => false,
            Ids::Of { key, form } => {
                let matching = theirs.matching(*form);
                if matching.is_empty() {
                    return true;
                }
                let same_gate = candidate.rule.gate == self.stop.rule.gate;
                let same_ids =
                    matches!(&self.clause.ids, Ids::Of { key: own, form: own_form } if own == key && own_form == form);
                if same_gate && same_ids {
                    let ours = self.one.accepting(&self.stop.rule.gate);
                    return ours.is_some_and(|ours| theirs.surplus(ours, *form).is_empty());
                }
                let longest = matching.iter().map(|item| super::accepted::until(item)).max().unwrap_or(Until::Never);
                longest <= ours_until()
            }
        }
    }

    /// Items of the other policy that accept what this condition finds and this policy does not accept.
    fn surplus(&self) -> Vec<Surplus<'p>> {
        let gate = &self.stop.rule.gate;
        let (Some(ours), Some(theirs)) = (self.one.accepting(gate), self.other.accepting(gate)) else {
            return Vec::new();
        };
        match &self.clause.ids {
            Ids::Of { form, .. } => theirs.surplus(ours, *form),
            _ => Vec::new(),
        }
    }
}

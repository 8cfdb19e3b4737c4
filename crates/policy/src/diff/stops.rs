//! Under what conditions a policy stops the artifacts of one mapping.

use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;

use super::accepted::{Accepting, Until};
use super::clause::{Clause, Form, Ids, Quantity};
use super::cover::things;
use super::draft::Draft;
use super::enforced::{Enforced, enforced, stops_all_it_finds};
use super::given::Given;
use super::knowledge::{self, Meaning};
use super::regions::Place;
use crate::document::policy::{Mapping, Policy, Rule, RuleSet};
use crate::trigger::ArtifactType;

/// One condition under which a rule stops.
pub(super) struct Stop<'p> {
    pub(super) set: &'p RuleSet,
    pub(super) rule: &'p Rule,
    /// `None`: the rule cannot run, so it stops everything, and no allowlist accepts that.
    pub(super) clause: Option<Rc<Clause>>,
}

/// The conditions of a mapping.
pub(super) struct Stops<'p> {
    as_of: Timestamp,
    pub(super) all: Vec<Stop<'p>>,
    accepting: HashMap<&'p str, Accepting<'p>>,
}

/// The meanings of a policy's rules, each told once.
pub(super) struct Meanings<'p> {
    pub(super) policy: &'p Policy,
    as_of: Timestamp,
    known: HashMap<*const Rule, Rc<Vec<Option<Rc<Clause>>>>>,
}

impl<'p> Meanings<'p> {
    pub(super) fn new(policy: &'p Policy, as_of: Timestamp) -> Self {
        Self { policy, as_of, known: HashMap::new() }
    }

    /// The conditions of a mapping under which something may be stopped, or with `sure` those under which it is.
    pub(super) fn stops(&mut self, mapping: &'p Mapping, sure: bool) -> Stops<'p> {
        let mut all = Vec::new();
        for set in mapping.rule_sets.iter().filter_map(|index| self.policy.rule_sets.get(*index)) {
            for rule in set.rules.iter().filter(|rule| !sure || stops_all_it_finds(rule)) {
                let clauses = self.of(rule);
                all.extend(clauses.iter().map(|clause| Stop { set, rule, clause: clause.clone() }));
            }
        }
        let mut accepting = HashMap::new();
        for stop in &all {
            let gate = stop.rule.gate.as_str();
            accepting.entry(gate).or_insert_with(|| Accepting::new(self.policy, mapping, gate, self.as_of));
        }
        Stops { as_of: self.as_of, all, accepting }
    }

    /// The conditions of one rule; none when it never stops.
    pub(super) fn of(&mut self, rule: &Rule) -> Rc<Vec<Option<Rc<Clause>>>> {
        let known = self.known.entry(std::ptr::from_ref(rule));
        Rc::clone(known.or_insert_with(|| Rc::new(conditions(rule, self.as_of))))
    }
}

fn conditions(rule: &Rule, as_of: Timestamp) -> Vec<Option<Rc<Clause>>> {
    let from = match enforced(rule) {
        Enforced::Never => return Vec::new(),
        Enforced::Always => None,
        Enforced::From(time) => Some(time).filter(|time| *time > as_of),
    };
    match knowledge::meaning(rule) {
        Meaning::Never => Vec::new(),
        // A rule that breaks later on is no condition that can be compared with anything but itself.
        Meaning::Breaks if from.is_some() => vec![Some(Rc::new(knowledge::opaque(rule)))],
        Meaning::Breaks => vec![None],
        Meaning::Fires(clauses) => {
            let known = |clause: Clause| Some(Rc::new(with_known_ids(Clause { from, ..clause }, rule, as_of)));
            clauses.into_iter().map(known).collect()
        }
    }
}

/// A clause whose findings always have the same ids, with these ids: a run of the rule shows them.
fn with_known_ids(clause: Clause, rule: &Rule, as_of: Timestamp) -> Clause {
    if !matches!(clause.ids, Ids::Fixed) {
        return clause;
    }
    if let Some(ids) = observed_ids(&clause, rule, as_of) {
        return Clause { ids: Ids::Known(ids), ..clause };
    }
    let key = Given::of(rule).map_or_else(|| rule.id.clone(), |given| given.canonical());
    clause.ids(key, Form::Any)
}

fn observed_ids(clause: &Clause, rule: &Rule, as_of: Timestamp) -> Option<Vec<String>> {
    let mut draft = Draft::new(ArtifactType::Image, Place::nowhere()?, as_of, false);
    match clause.quantity {
        Quantity::None => draft.user.clear(),
        Quantity::Some => {
            let placed = |thing| (clause.subject.place)(&mut draft, &clause.subject.key, &thing);
            if !things(clause, 1).into_iter().all(placed) {
                return None;
            }
        }
    }
    let hits = draft.build()?.run(rule.trigger()?, &rule.id)?;
    match hits.found.as_slice() {
        [hit] => Some(std::iter::once(hit.id.clone()).chain(hit.legacy_ids.iter().cloned()).collect()),
        _ => None,
    }
}

impl<'p> Stops<'p> {
    /// What the mapping's allowlists accept of a gate.
    pub(super) fn accepting(&self, gate: &str) -> Option<&Accepting<'p>> {
        self.accepting.get(gate)
    }

    /// Until when all findings of a clause are accepted.
    pub(super) fn accepted_until(&self, stop: &Stop<'_>) -> Until {
        let (Some(clause), Some(accepting)) = (&stop.clause, self.accepting(&stop.rule.gate)) else {
            return Until::Never;
        };
        match &clause.ids {
            Ids::Known(ids) => accepting.until(ids),
            Ids::Fixed => Until::Never,
            Ids::Of { form, .. } => accepting.until_all(*form),
        }
    }

    /// Whether a condition never stops anything, since all its findings are accepted for ever.
    pub(super) fn is_silent(&self, stop: &Stop<'_>) -> bool {
        let may_break = stop.clause.as_ref().is_none_or(|clause| clause.may_break);
        !may_break && self.accepted_until(stop) == Until::Forever
    }

    /// Times at which an answer of this policy may change.
    pub(super) fn times(&self) -> Vec<Timestamp> {
        let expiries = self.accepting.values().flat_map(Accepting::expiries);
        let starts = self.all.iter().filter_map(|stop| stop.clause.as_ref()?.from);
        let mut times: Vec<Timestamp> = expiries.chain(starts).filter(|time| *time > self.as_of).collect();
        times.sort_unstable();
        times.dedup();
        times
    }
}

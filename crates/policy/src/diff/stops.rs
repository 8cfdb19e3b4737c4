//! Under what conditions a policy stops the artifacts of one mapping.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use jiff::Timestamp;

use super::accepted::{self, Accepting, ByGate, Until};
use super::clause::{Clause, Form, Ids, Quantity, Subject};
use super::cover::things;
use super::draft::Draft;
use super::effort::Effort;
use super::enforced::{Enforced, enforced};
use super::given::Given;
use super::knowledge::{self, EVERYTHING, Meaning};
use super::regions::Place;
use crate::document::policy::{Mapping, Policy, Rule, RuleSet};
use crate::trigger::ArtifactType;

/// One condition under which a rule stops.
pub(super) struct Stop<'p> {
    pub(super) set: &'p RuleSet,
    pub(super) rule: &'p Rule,
    /// `None`: the rule cannot run, so it stops everything, and no allowlist accepts that.
    pub(super) clause: Option<Rc<Clause>>,
    /// The rule's trigger and parameters, and which of its conditions it is: with both the same, conditions are.
    pub(super) text: Rc<str>,
    pub(super) part: usize,
    accepted: OnceCell<Accepted>,
}

/// Until when the findings of a condition are accepted.
#[derive(Debug, Clone, Copy)]
struct Accepted {
    /// All of them at least until then.
    all: Until,
    /// None of them longer.
    any: Until,
}

/// The conditions of a mapping.
pub(super) struct Stops<'p> {
    as_of: Timestamp,
    pub(super) all: Vec<Stop<'p>>,
    accepting: Rc<ByGate<'p>>,
    /// Places of the conditions by the names of their subjects, and by the texts of their rules.
    by_subject: HashMap<(&'static str, String), Vec<usize>>,
    by_text: HashMap<Rc<str>, Vec<usize>>,
}

/// What is known of a rule.
pub(super) struct Known {
    /// Its conditions; none when it never stops.
    pub(super) conditions: Vec<Option<Rc<Clause>>>,
    text: Rc<str>,
}

/// What mappings refer to: their rule sets and allowlists.
pub(super) type Contents<'p> = (&'p [usize], &'p [usize]);

/// The meanings of a policy's rules and mappings, each told once.
pub(super) struct Meanings<'p> {
    pub(super) policy: &'p Policy,
    as_of: Timestamp,
    rules: HashMap<*const Rule, Rc<Known>>,
    lists: HashMap<&'p [usize], Rc<ByGate<'p>>>,
    mappings: HashMap<Contents<'p>, Rc<Stops<'p>>>,
}

impl<'p> Meanings<'p> {
    pub(super) fn new(policy: &'p Policy, as_of: Timestamp) -> Self {
        Self { policy, as_of, rules: HashMap::new(), lists: HashMap::new(), mappings: HashMap::new() }
    }

    /// The conditions of a mapping under which something may be stopped.
    pub(super) fn stops(&mut self, mapping: &'p Mapping) -> Rc<Stops<'p>> {
        let contents: Contents<'p> = (&mapping.rule_sets, &mapping.allowlists);
        if let Some(known) = self.mappings.get(&contents) {
            return Rc::clone(known);
        }
        let mut all = Vec::new();
        for set in mapping.rule_sets.iter().filter_map(|index| self.policy.rule_sets.get(*index)) {
            for rule in &set.rules {
                let known = self.of(rule);
                all.extend(known.conditions.iter().enumerate().map(|(part, clause)| Stop {
                    set,
                    rule,
                    clause: clause.clone(),
                    text: Rc::clone(&known.text),
                    part,
                    accepted: OnceCell::new(),
                }));
            }
        }
        let (policy, as_of) = (self.policy, self.as_of);
        let lists = self.lists.entry(&mapping.allowlists);
        let accepting = Rc::clone(lists.or_insert_with(|| Rc::new(accepted::by_gate(policy, contents.1, as_of))));
        let stops = Rc::new(Stops::new(as_of, all, accepting));
        self.mappings.insert(contents, Rc::clone(&stops));
        stops
    }

    /// What is known of one rule.
    pub(super) fn of(&mut self, rule: &Rule) -> Rc<Known> {
        let as_of = self.as_of;
        let known = self.rules.entry(std::ptr::from_ref(rule));
        Rc::clone(known.or_insert_with(|| {
            let text = Given::of(rule).map_or_else(|| rule.id.clone(), |given| given.canonical());
            Rc::new(Known { conditions: conditions(rule, as_of), text: text.into() })
        }))
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
    fn new(as_of: Timestamp, all: Vec<Stop<'p>>, accepting: Rc<ByGate<'p>>) -> Self {
        let mut by_subject: HashMap<(&'static str, String), Vec<usize>> = HashMap::new();
        let mut by_text: HashMap<Rc<str>, Vec<usize>> = HashMap::new();
        for (number, stop) in all.iter().enumerate() {
            by_text.entry(Rc::clone(&stop.text)).or_default().push(number);
            if let Some(clause) = &stop.clause {
                by_subject.entry((clause.subject.name, clause.subject.key.clone())).or_default().push(number);
            }
        }
        Self { as_of, all, accepting, by_subject, by_text }
    }

    /// What the mapping's allowlists accept of a gate.
    pub(super) fn accepting(&self, gate: &str) -> Option<&Rc<Accepting<'p>>> {
        self.accepting.get(gate)
    }

    /// The conditions about a subject.
    pub(super) fn about(&self, subject: &Subject) -> impl Iterator<Item = (&Stop<'p>, &Clause)> {
        let key = (subject.name, subject.key.clone());
        let all = self.with_clause(self.by_subject.get(&key));
        all.filter(|(_, clause)| clause.subject.alone == subject.alone)
    }

    /// The conditions that hold for every artifact.
    pub(super) fn about_everything(&self) -> impl Iterator<Item = (&Stop<'p>, &Clause)> {
        self.with_clause(self.by_subject.get(&(EVERYTHING, String::new())))
    }

    /// The conditions of rules with this text.
    pub(super) fn saying(&self, text: &str) -> impl Iterator<Item = (&Stop<'p>, &Clause)> {
        self.with_clause(self.by_text.get(text))
    }

    fn with_clause<'s>(&'s self, numbers: Option<&'s Vec<usize>>) -> impl Iterator<Item = (&'s Stop<'p>, &'s Clause)> {
        let stops = numbers.into_iter().flatten().filter_map(|number| self.all.get(*number));
        stops.filter_map(|stop| Some((stop, stop.clause.as_deref()?)))
    }

    /// All findings of a condition are accepted at least until then.
    pub(super) fn all_until(&self, stop: &Stop<'_>, effort: &Effort) -> Until {
        self.accepted(stop, effort).all
    }

    /// No finding of a condition is accepted longer.
    pub(super) fn any_until(&self, stop: &Stop<'_>, effort: &Effort) -> Until {
        self.accepted(stop, effort).any
    }

    fn accepted(&self, stop: &Stop<'_>, effort: &Effort) -> Accepted {
        *stop.accepted.get_or_init(|| {
            let never = Accepted { all: Until::Never, any: Until::Never };
            let (Some(clause), Some(accepting)) = (&stop.clause, self.accepting(&stop.rule.gate)) else { return never };
            match &clause.ids {
                Ids::Known(ids) => match accepting.until(ids, effort) {
                    Some(until) => Accepted { all: until, any: until },
                    None => Accepted { all: Until::Never, any: Until::Forever },
                },
                // Its ids are not known, so any item may accept them.
                Ids::Fixed => Accepted { all: Until::Never, any: Until::Forever },
                Ids::Of { form, .. } => {
                    Accepted { all: accepting.all_until(*form, effort), any: accepting.any_until(*form, effort) }
                }
            }
        })
    }

    /// Whether a condition never stops anything, since all its findings are accepted for ever.
    pub(super) fn is_silent(&self, stop: &Stop<'_>, effort: &Effort) -> bool {
        let may_break = stop.clause.as_ref().is_none_or(|clause| clause.may_break);
        !may_break && self.all_until(stop, effort) == Until::Forever
    }

    /// Times at which an answer of this policy may change.
    pub(super) fn times(&self) -> Vec<Timestamp> {
        let gates: Vec<&str> = self.all.iter().map(|stop| stop.rule.gate.as_str()).collect();
        let counts = |gate: &str| gates.contains(&gate);
        let accepting = self.accepting.iter().filter(|(gate, _)| counts(gate));
        let expiries = accepting.flat_map(|(_, accepting)| accepting.expiries());
        let starts = self.all.iter().filter_map(|stop| stop.clause.as_ref()?.from);
        let mut times: Vec<Timestamp> = expiries.chain(starts).filter(|time| *time > self.as_of).collect();
        times.sort_unstable();
        times.dedup();
        times
    }
}

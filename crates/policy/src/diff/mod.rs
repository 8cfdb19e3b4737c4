//! Comparing two policies: whether one stops whatever the other stops, for every artifact, tag and time.
//!
//! The answer is a proof, a witness, or neither; never a guess.
//!
//! **Proof.** Artifacts are told apart by the mapping and image list entries that they meet in both policies
//! ([`regions`]). In a region, each condition under which the one policy stops ([`stops`]) must be covered by
//! conditions of the other ([`implication`]): for the same thing in the artifact, at every time, with no longer
//! acceptance by allowlists ([`accepted`]) and exceptions ([`exceptions`]), and with no more time for what was there
//! before ([`enforced`]). Whether a thing that meets one condition meets another is told by trying the finitely many
//! values that stand for all others ([`points`], [`cover`]). A proof holds for artifacts with every input and for those
//! without.
//!
//! **Witness.** Where the proof fails, an artifact is built from the values that failed, and changed until nothing but
//! that condition stands between the policies ([`witness`]). It counts only when both policies, evaluated as in
//! production, decide as claimed, with no input missing.
//!
//! **Bounds.** Work is counted in steps ([`effort`]), so that documents of any size are compared in time. What is given
//! up is neither proved nor refuted, and the doubt names what was too large.
//!
//! **Assumptions.** No rule has more findings in one artifact than the limit; matches and fixes were first seen before
//! the year 7000, so that windows of days end inside the calendar.

mod accepted;
mod automaton;
mod changes;
mod clause;
mod cover;
mod draft;
mod effort;
mod enforced;
mod exceptions;
mod expression;
mod given;
mod implication;
mod knowledge;
mod points;
mod regions;
mod report;
mod sample;
mod stops;
mod value;
mod witness;

use std::cell::Cell;
use std::collections::HashMap;

use jiff::Timestamp;
use stopgate_model::Evaluation;

pub use changes::{ChangeKind, PolicyChange};
pub use report::{Answer, DiffReport, Direction, Doubt, Witness};

use crate::document::policy::{Mapping, Policy};
use crate::trigger::ArtifactType;
use accepted::Surpluses;
use effort::Effort;
use exceptions::Exceptions;
use implication::{Open, Sides};
use regions::{Fate, Region};
use stops::{Contents, Meanings, Stops};
use witness::{Found, Question};

/// How to compare.
#[derive(Debug, Clone, Copy)]
pub struct DiffOptions {
    /// The time from which on the policies are compared.
    pub as_of: Timestamp,
    /// Whether `docker.io/nginx` and `docker.io/library/nginx` are different names.
    pub strict_names: bool,
}

/// Compares two policies.
pub fn diff(old: &Policy, new: &Policy, options: &DiffOptions) -> DiffReport {
    // The same document with the same side-car and values decides the same, whatever it says.
    if old.digest() == new.digest() {
        return DiffReport::new(Direction::Proved, Direction::Proved, Vec::new());
    }
    let mut comparison = Comparison {
        old: Meanings::new(old, options.as_of),
        new: Meanings::new(new, options.as_of),
        options: *options,
    };
    let effort = Effort::default();
    let regions: Vec<OfType<'_>> = ArtifactType::ALL
        .into_iter()
        .map(|kind| (kind, regions::regions(old, new, kind, options.strict_names, &effort)))
        .collect();
    let forward = comparison.direction(&regions, Way::Forward);
    let backward = comparison.direction(&regions, Way::Backward);
    let changes = changes::changes(&mut comparison.old, &mut comparison.new);
    DiffReport::new(forward, backward, changes)
}

/// The regions of one type of artifacts, or why they are not known.
type OfType<'p> = (ArtifactType, Result<Vec<Region<'p>>, String>);

/// Which policy is to stop whatever the other stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The new one.
    Forward,
    /// The old one.
    Backward,
}

struct Comparison<'p> {
    old: Meanings<'p>,
    new: Meanings<'p>,
    options: DiffOptions,
}

impl<'p> Comparison<'p> {
    fn direction(&mut self, regions: &[OfType<'p>], way: Way) -> Direction {
        let mut doubts = Vec::new();
        let effort = Effort::default();
        let (one, other) = self.policies(way);
        let exceptions = Exceptions::new(one, other, self.options.as_of, &effort);
        let hand = Hand { way, effort, exceptions, surpluses: Surpluses::default() };
        for (kind, regions) in regions {
            let regions = match regions {
                Ok(regions) => regions,
                Err(reason) => {
                    let place = format!("the mappings and lists for artifacts of type `{}`", kind.name());
                    doubts.push(Doubt { place, rules: Vec::new(), reason: reason.clone() });
                    continue;
                }
            };
            for group in groups(regions, way) {
                match self.group(&group, &hand) {
                    Outcome::Proved => {}
                    Outcome::Refuted(witness) => return Direction::Refuted(witness),
                    Outcome::Undecided(doubt) => doubts.push(doubt),
                }
            }
        }
        if doubts.is_empty() { Direction::Proved } else { Direction::Undecided(doubts) }
    }

    /// Decides regions that have one proof: what their mappings refer to is the same.
    fn group(&mut self, group: &[&Region<'p>], hand: &Hand<'p>) -> Outcome {
        let Some(region) = group.first() else { return Outcome::Proved };
        let (way, effort) = (hand.way, &hand.effort);
        let (one, other) = fates(region, way);
        let ours = match one {
            Fate::Allowed(_) | Fate::Unmapped => return Outcome::Proved,
            Fate::Denied(_) => None,
            Fate::Mapped(mapping) => Some(self.side(way, true).stops(mapping)),
        };
        let theirs = match other {
            Fate::Denied(_) => return Outcome::Proved,
            Fate::Allowed(_) | Fate::Unmapped => None,
            Fate::Mapped(mapping) => Some(self.side(way, false).stops(mapping)),
        };
        let open: Vec<Open<'_, 'p>> = match (&ours, &theirs) {
            (None, Some(theirs)) if implication::always_stops(theirs, &hand.exceptions, effort) => {
                return Outcome::Proved;
            }
            (None, _) => Vec::new(),
            (Some(ours), Some(theirs)) => {
                let (surpluses, exceptions) = (&hand.surpluses, &hand.exceptions);
                Sides { one: ours, other: theirs, surpluses, exceptions, effort }.open()
            }
            (Some(ours), _) => implication::all(ours, effort),
        };
        if ours.is_some() && open.is_empty() {
            return Outcome::Proved;
        }
        let found =
            group.iter().find_map(|region| self.witness(region, hand, (ours.as_deref(), theirs.as_deref()), &open));
        match found {
            Some(found) => Outcome::Refuted(Box::new(witness_of(found, way))),
            None => Outcome::Undecided(doubt(group, hand, &open)),
        }
    }

    /// The policy whose stops are asked about, and the one that is to stop as much.
    const fn policies(&self, way: Way) -> (&'p Policy, &'p Policy) {
        match way {
            Way::Forward => (self.old.policy, self.new.policy),
            Way::Backward => (self.new.policy, self.old.policy),
        }
    }

    fn side(&mut self, way: Way, one: bool) -> &mut Meanings<'p> {
        if (way == Way::Forward) == one { &mut self.old } else { &mut self.new }
    }

    fn witness(
        &self,
        region: &Region<'p>,
        hand: &Hand<'p>,
        (ours, theirs): (Option<&Stops<'p>>, Option<&Stops<'p>>),
        open: &[Open<'_, 'p>],
    ) -> Option<Found> {
        let (one, other) = self.policies(hand.way);
        let work = Cell::new(0);
        region.places.iter().find_map(|place| {
            let question = Question {
                one,
                other,
                ours,
                theirs,
                kind: region.kind,
                place,
                as_of: self.options.as_of,
                strict_names: self.options.strict_names,
                work: &work,
                effort: &hand.effort,
                exceptions: &hand.exceptions,
            };
            match ours {
                Some(_) => {
                    let tries = witness::ROUNDS.iter().flat_map(|most| open.iter().map(move |open| (open, *most)));
                    tries.into_iter().find_map(|(open, most)| question.witness(open, most))
                }
                None => question.witness_of_any(),
            }
        })
    }
}

/// What one direction of a comparison works with.
struct Hand<'p> {
    way: Way,
    effort: Effort,
    exceptions: Exceptions<'p>,
    surpluses: Surpluses<'p>,
}

enum Outcome {
    Proved,
    Refuted(Box<Witness>),
    Undecided(Doubt),
}

fn fates<'r, 'p>(region: &'r Region<'p>, way: Way) -> (&'r Fate<'p>, &'r Fate<'p>) {
    match way {
        Way::Forward => (&region.old, &region.new),
        Way::Backward => (&region.new, &region.old),
    }
}

/// Regions that have one proof, in the order of the first of each.
fn groups<'r, 'p>(regions: &'r [Region<'p>], way: Way) -> Vec<Vec<&'r Region<'p>>> {
    let mut groups: Vec<Vec<&Region<'p>>> = Vec::new();
    let mut numbers: HashMap<(Contents<'p>, Contents<'p>), usize> = HashMap::new();
    for region in regions {
        let number = contents(region, way).map(|pair| *numbers.entry(pair).or_insert(groups.len()));
        match number.and_then(|number| groups.get_mut(number)) {
            Some(group) => group.push(region),
            None => groups.push(vec![region]),
        }
    }
    groups
}

/// What both mappings of a region refer to: regions with the same contents have the same proof.
fn contents<'p>(region: &Region<'p>, way: Way) -> Option<(Contents<'p>, Contents<'p>)> {
    let of = |fate: &Fate<'p>| match fate {
        Fate::Mapped(mapping) => Some((mapping.rule_sets.as_slice(), mapping.allowlists.as_slice())),
        _ => None,
    };
    let (one, other) = fates(region, way);
    Some((of(one)?, of(other)?))
}

fn witness_of(found: Found, way: Way) -> Witness {
    let stopped_by = match &found.ours.denied_image {
        Some(entry) => format!("the denied image `{}`", entry.id),
        None => stopped_by(&found.ours),
    };
    let (old_decision, new_decision) = match way {
        Way::Forward => (found.ours.decision, found.theirs.decision),
        Way::Backward => (found.theirs.decision, found.ours.decision),
    };
    let built = found.built;
    Witness {
        artifact: built.artifact,
        matches: built.report,
        advisories: built.advisories,
        tag: built.tag,
        as_of: built.now,
        strict_names: built.strict_names,
        history: built.history,
        base: built.base,
        ancestors: built.ancestors,
        previous: built.previous,
        sources: built.sources,
        old_decision,
        new_decision,
        stopped_by,
    }
}

fn stopped_by(evaluation: &Evaluation) -> String {
    let finding = evaluation.findings.iter().find(|finding| finding.action == stopgate_model::Action::Stop);
    match finding {
        Some(finding) => format!("rule `{}/{}`: {}", finding.rule_set_id, finding.rule_id, finding.message),
        None => evaluation.problems.first().map(|problem| problem.details.clone()).unwrap_or_default(),
    }
}

fn doubt(group: &[&Region<'_>], hand: &Hand<'_>, open: &[Open<'_, '_>]) -> Doubt {
    let name = |fate: &Fate<'_>| match fate {
        Fate::Denied(rule) => format!("denied image `{}`", rule.id),
        Fate::Allowed(rule) => format!("allowed image `{}`", rule.id),
        Fate::Mapped(mapping) => named(mapping),
        Fate::Unmapped => "no mapping".to_owned(),
    };
    let at = |region: &Region<'_>| {
        let (kind, old, new) = (region.kind.name(), name(&region.old), name(&region.new));
        format!("artifacts of type `{kind}` with {old} of the old and {new} of the new policy")
    };
    let place = group.first().map(|region| at(region)).unwrap_or_default();
    let place = match group.len() {
        0 | 1 => place,
        count => format!("{place}, and {} further pairs of mappings with the same contents", count - 1),
    };
    let mut rules: Vec<String> =
        open.iter().map(|open| format!("{}/{}", open.stop.set.id, open.stop.rule.id)).collect();
    rules.dedup();
    let (by, against) = match hand.way {
        Way::Forward => ("old", "new"),
        Way::Backward => ("new", "old"),
    };
    let reason = format!(
        "it could neither be shown that the {against} policy stops what the {by} one stops there, nor an artifact found that it does not"
    );
    let too_large = hand.effort.too_large();
    let reason = if too_large.is_empty() { reason } else { format!("{reason}: {too_large}") };
    Doubt { place, rules, reason }
}

fn named(mapping: &Mapping) -> String {
    format!("mapping `{}`", mapping.id)
}

#[cfg(test)]
mod tests;

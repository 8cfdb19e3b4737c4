//! Which of the candidates: the fewest that leave nothing which could be ended.
//!
//! Up to [`EXACT`] candidates every set of them is thought of, small ones first. What is not yet known to fail is
//! done, matched and evaluated; each part that it leaves forbids every set that is the same as far as that part can
//! tell. So few sets are really evaluated, and the first that leaves nothing is the smallest. With more candidates
//! the step that is expected to end the most comes first, and then steps go that turn out not to be needed.

use std::collections::{BTreeSet, HashMap};

use super::candidates::Candidate;
use super::red::{Red, Source, Unit};

/// Candidates up to which the fewest steps are found.
pub(super) const EXACT: usize = 20;
/// Sets that are evaluated before the search for the fewest gives up.
const MOST_EVALUATIONS: usize = 300;

/// The candidates that were chosen, and what they leave.
pub(super) struct Choice {
    pub(super) chosen: Vec<usize>,
    pub(super) left: Red,
    /// Whether no fewer leave only that.
    pub(super) fewest: bool,
}

/// Chooses.
pub(super) fn choose(
    candidates: &[Candidate],
    before: &Red,
    after_all: &Red,
    evaluate: &dyn Fn(&[usize]) -> Red,
) -> Choice {
    if candidates.len() <= EXACT {
        let mut search = Search { candidates, before, evaluate, known: HashMap::new() };
        search.known.insert(0, before.clone());
        search.known.insert(mask_of_all(candidates), after_all.clone());
        if let Some(choice) = search.fewest() {
            return choice;
        }
    }
    greedy(candidates, before, after_all, evaluate)
}

/// Chooses what ends the most first.
pub(super) fn greedy(
    candidates: &[Candidate],
    before: &Red,
    after_all: &Red,
    evaluate: &dyn Fn(&[usize]) -> Red,
) -> Choice {
    Greedy { candidates, before, evaluate }.choose(after_all)
}

fn mask_of_all(candidates: &[Candidate]) -> u32 {
    (1 << candidates.len()) - 1
}

/// Sets that cannot do: those that hold nothing of `with` and all of `without`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Forbidden {
    with: u32,
    without: u32,
}

impl Forbidden {
    const fn holds(self, set: u32) -> bool {
        set & self.with == 0 && set & self.without == self.without
    }
}

/// No set can do.
const EVERYTHING: Forbidden = Forbidden { with: 0, without: 0 };

enum Outcome {
    Found(u32),
    Impossible,
    TooLong,
}

struct Search<'c> {
    candidates: &'c [Candidate],
    before: &'c Red,
    evaluate: &'c dyn Fn(&[usize]) -> Red,
    known: HashMap<u32, Red>,
}

impl Search<'_> {
    /// The smallest set that leaves only what nothing helps against. When there is none, steps stand in each other's
    /// way: then the best that was seen, without what does not make it better.
    fn fewest(&mut self) -> Option<Choice> {
        let hopeless = self.hopeless()?;
        match self.search(&hopeless) {
            Outcome::Found(set) => return self.choice(set),
            Outcome::Impossible => {}
            Outcome::TooLong => return None,
        }
        let best = self.known.values().map(Red::len).min()?;
        let best = self.known.iter().filter(|(_, red)| red.len() == best).map(|(set, _)| *set);
        let mut best = best.min_by_key(|set| (set.count_ones(), *set))?;
        loop {
            best = self.shrink(best);
            let allowed = self.known.get(&best)?.names();
            let Outcome::Found(found) = self.search(&allowed) else { return None };
            if found.count_ones() >= best.count_ones() {
                return self.choice(found);
            }
            best = found;
        }
    }

    /// What is there at first, and still when everything is done.
    fn hopeless(&self) -> Option<BTreeSet<Unit>> {
        let after_all = self.known.get(&mask_of_all(self.candidates))?;
        let kept = after_all.units.iter().filter(|(unit, _)| self.before.units.contains_key(*unit));
        let kept = kept.filter(|(_, source)| source.keys.is_none() || self.touching(source) == 0);
        Some(kept.map(|(unit, _)| unit.clone()).collect())
    }

    /// Leaves out steps without which no more stops remain, be they others.
    fn shrink(&mut self, mut set: u32) -> u32 {
        for candidate in members(set).into_iter().rev() {
            let without = set & !(1 << candidate);
            let evaluate = self.evaluate;
            let fewer = self.known.entry(without).or_insert_with(|| evaluate(&members(without))).len();
            if self.known.get(&set).is_some_and(|red| fewer <= red.len()) {
                set = without;
            }
        }
        set
    }

    fn choice(&mut self, set: u32) -> Option<Choice> {
        let left = self.known.remove(&set)?;
        Some(Choice { chosen: members(set), left, fewest: true })
    }

    /// The candidates that can make a difference to a part.
    fn touching(&self, source: &Source) -> u32 {
        let touching = self.candidates.iter().enumerate().filter(|(_, candidate)| candidate.touches(source));
        touching.fold(0, |mask, (position, _)| mask | 1 << position)
    }

    fn search(&mut self, allowed: &BTreeSet<Unit>) -> Outcome {
        let all = mask_of_all(self.candidates);
        let mut forbidden: Vec<Forbidden> = Vec::new();
        let mut known: Vec<(&u32, &Red)> = self.known.iter().collect();
        known.sort_unstable_by_key(|(set, _)| **set);
        for (set, red) in known {
            self.learn(*set, red, allowed, &mut forbidden);
        }
        let size = self.candidates.len() as u32;
        for count in 0..=size {
            let mut next = Some(first_of(count));
            while let Some(set) = next.filter(|set| *set <= all) {
                if !forbidden.iter().any(|forbidden| forbidden.holds(set)) {
                    if !self.known.contains_key(&set) {
                        if self.known.len() >= MOST_EVALUATIONS {
                            return Outcome::TooLong;
                        }
                        self.known.insert(set, (self.evaluate)(&members(set)));
                    }
                    let Some(red) = self.known.get(&set) else { return Outcome::TooLong };
                    if red.is_within(allowed) {
                        return Outcome::Found(set);
                    }
                    self.learn(set, red, allowed, &mut forbidden);
                    if forbidden.contains(&EVERYTHING) {
                        return Outcome::Impossible;
                    }
                }
                next = following(set);
            }
        }
        Outcome::Impossible
    }

    /// A part depends on the candidates that touch it and on no others.
    fn learn(&self, set: u32, red: &Red, allowed: &BTreeSet<Unit>, forbidden: &mut Vec<Forbidden>) {
        for (unit, source) in red.units.iter().filter(|(unit, _)| !allowed.contains(*unit)) {
            let source = self.before.units.get(unit).unwrap_or(source);
            let mut touching = self.touching(source);
            // What none of these steps is known to touch, and one of them brings about, depends on all of them.
            if touching & set == 0 && !self.before.units.contains_key(unit) {
                touching = mask_of_all(self.candidates);
            }
            // What rests on the whole, and was there before, is not made worse by doing more.
            let monotone = source.keys.is_none() && self.before.units.contains_key(unit);
            let without = if monotone { 0 } else { touching & set };
            let found = Forbidden { with: touching & !set, without };
            if !forbidden.contains(&found) {
                forbidden.push(found);
            }
        }
    }
}

fn members(set: u32) -> Vec<usize> {
    (0..u32::BITS as usize).filter(|position| set >> position & 1 == 1).collect()
}

/// The first set of this many in the order of their numbers.
const fn first_of(count: u32) -> u32 {
    ((1_u64 << count) - 1) as u32
}

/// The next number with as many bits (Gosper).
fn following(set: u32) -> Option<u32> {
    if set == 0 {
        return None;
    }
    let set = u64::from(set);
    let lowest = set & set.wrapping_neg();
    let carried = set + lowest;
    u32::try_from((((set ^ carried) >> 2) / lowest) | carried).ok()
}

struct Greedy<'c> {
    candidates: &'c [Candidate],
    before: &'c Red,
    evaluate: &'c dyn Fn(&[usize]) -> Red,
}

impl Greedy<'_> {
    fn choose(&self, after_all: &Red) -> Choice {
        let (usable, after_usable) = self.usable(after_all);
        let allowed = after_usable.names();
        let mut chosen = self.cover(&usable, &allowed);
        let mut left = (self.evaluate)(&chosen);
        while !left.is_within(&allowed) {
            let before = chosen.len();
            self.add_touching(&usable, &left, &allowed, &mut chosen);
            if chosen.len() == before {
                chosen.clone_from(&usable);
            }
            left = (self.evaluate)(&chosen);
        }
        self.prune(&mut chosen, &mut left, &allowed);
        Choice { chosen, left, fewest: false }
    }

    /// All candidates but those that bring about more than they end.
    fn usable(&self, after_all: &Red) -> (Vec<usize>, Red) {
        const MOST: usize = 20;
        let mut usable: Vec<usize> = (0..self.candidates.len()).collect();
        let mut left = after_all.clone();
        let brought = after_all.units.iter().filter(|(unit, _)| !self.before.units.contains_key(*unit));
        let suspects: BTreeSet<usize> = brought
            .filter(|(_, source)| source.keys.is_some())
            .flat_map(|(_, source)| usable.iter().copied().filter(|at| self.touches(*at, source)).collect::<Vec<_>>())
            .collect();
        for suspect in suspects.into_iter().take(MOST) {
            let without: Vec<usize> = usable.iter().copied().filter(|at| *at != suspect).collect();
            let red = (self.evaluate)(&without);
            if red.len() < left.len() {
                (usable, left) = (without, red);
            }
        }
        if left.len() >= self.before.len() && !left.is_within(&self.before.names()) {
            return (Vec::new(), self.before.clone());
        }
        (usable, left)
    }

    fn touches(&self, position: usize, source: &Source) -> bool {
        self.candidates.get(position).is_some_and(|candidate| candidate.touches(source))
    }

    /// The candidate that ends the most of what is left, until nothing is left that one is expected to end.
    fn cover(&self, usable: &[usize], allowed: &BTreeSet<Unit>) -> Vec<usize> {
        let mut open: Vec<(&Unit, &Source)> =
            self.before.units.iter().filter(|(unit, _)| !allowed.contains(*unit)).collect();
        let ends = |position: usize, (unit, source): &(&Unit, &Source)| {
            self.candidates.get(position).is_some_and(|candidate| candidate.ends(unit, source))
        };
        let mut chosen = Vec::new();
        loop {
            let counted = usable.iter().map(|at| (*at, open.iter().filter(|part| ends(*at, part)).count()));
            // Of equals the first: it changes least.
            let best = counted.rev().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0);
            let Some((best, _)) = best else { break };
            open.retain(|part| !ends(best, part));
            chosen.push(best);
        }
        chosen.sort_unstable();
        chosen
    }

    fn add_touching(&self, usable: &[usize], left: &Red, allowed: &BTreeSet<Unit>, chosen: &mut Vec<usize>) {
        for (_, source) in left.units.iter().filter(|(unit, _)| !allowed.contains(*unit)) {
            chosen.extend(usable.iter().copied().filter(|at| self.touches(*at, source)));
        }
        chosen.sort_unstable();
        chosen.dedup();
    }

    /// Takes out what is not needed, what changes most first.
    fn prune(&self, chosen: &mut Vec<usize>, left: &mut Red, allowed: &BTreeSet<Unit>) {
        let mut again = true;
        while again {
            again = false;
            for candidate in chosen.clone().into_iter().rev() {
                if self.is_alone(candidate, chosen, allowed) {
                    continue;
                }
                let without: Vec<usize> = chosen.iter().copied().filter(|at| *at != candidate).collect();
                let red = (self.evaluate)(&without);
                if red.is_within(allowed) {
                    (*chosen, *left, again) = (without, red, true);
                }
            }
        }
    }

    /// Whether a stop is touched by this step and by no other of the plan: without it, it stays as it was.
    fn is_alone(&self, candidate: usize, chosen: &[usize], allowed: &BTreeSet<Unit>) -> bool {
        let mut parts = self.before.units.iter().filter(|(unit, _)| !allowed.contains(*unit));
        parts.any(|(_, source)| {
            source.keys.is_some()
                && self.touches(candidate, source)
                && !chosen.iter().any(|other| *other != candidate && self.touches(*other, source))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{first_of, following, members};

    #[test]
    fn sets_of_a_size_come_in_order_and_each_once() {
        let mut sets = Vec::new();
        let mut next = Some(first_of(2));
        while let Some(set) = next.filter(|set| *set < 1 << 4) {
            sets.push(members(set));
            next = following(set);
        }
        assert_eq!(sets, [[0, 1], [0, 2], [1, 2], [0, 3], [1, 3], [2, 3]]);
        assert_eq!(following(0), None);
        assert_eq!(following(u32::MAX), None, "the last of all");
        assert!(members(0).is_empty());
    }
}

//! How much a comparison may take, in steps, so that it ends on documents of any size with the same answer everywhere.
//!
//! Each kind of work has its own budget. What exceeds one is given up: it counts as neither proved nor refuted, and
//! the doubt names it.

use std::cell::Cell;

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Places of patterns that are run side by side.
    Patterns,
    /// Entries of mappings and image lists against combinations of names.
    Names,
    /// Items of allowlists against each other.
    Items,
    /// Conditions of rules, each on a value.
    Conditions,
    /// Rules that are run on artifacts.
    Artifacts,
}

impl Work {
    const ALL: [Self; 5] = [Self::Patterns, Self::Names, Self::Items, Self::Conditions, Self::Artifacts];

    /// Most steps of one comparison in one direction.
    const fn most(self) -> u64 {
        match self {
            Self::Patterns => 12_000_000,
            Self::Names => 20_000_000,
            Self::Items => 3_000_000,
            Self::Conditions => 5_000_000,
            Self::Artifacts => 300_000,
        }
    }

    /// What was too large, as part of a clause.
    const fn too_large(self) -> &'static str {
        match self {
            Self::Patterns => "the patterns have too many combinations",
            Self::Names => "the mappings and image lists have too many combinations",
            Self::Items => "the allowlists have too many items that may overlap",
            Self::Conditions => "the rules have too many conditions to compare",
            Self::Artifacts => "the rules are too many to try further artifacts",
        }
    }
}

/// The steps that were taken.
#[derive(Debug, Default)]
pub(super) struct Effort {
    taken: [Cell<u64>; 5],
    /// Whether something was given up.
    exceeded: [Cell<bool>; 5],
}

impl Effort {
    /// Takes steps; `false` when there are not so many left.
    pub(super) fn take(&self, work: Work, steps: usize) -> bool {
        let number = work as usize;
        let (Some(taken), Some(exceeded)) = (self.taken.get(number), self.exceeded.get(number)) else { return false };
        let next = taken.get().saturating_add(steps as u64);
        if next > work.most() {
            exceeded.set(true);
            return false;
        }
        taken.set(next);
        true
    }

    /// Says that one question was too large.
    pub(super) fn give_up(&self, work: Work) {
        self.exceeded.iter().skip(work as usize).take(1).for_each(|exceeded| exceeded.set(true));
    }

    /// What was too large since this was asked last, as one clause; empty when nothing was.
    pub(super) fn too_large(&self) -> String {
        let given_up = Work::ALL.iter().zip(&self.exceeded).filter(|(_, exceeded)| exceeded.replace(false));
        let all: Vec<&str> = given_up.map(|(work, _)| work.too_large()).collect();
        all.join(", and ")
    }
}

#[cfg(test)]
mod tests {
    use super::{Effort, Work};

    #[test]
    fn what_exceeds_its_budget_is_refused_and_named_once() {
        let effort = Effort::default();
        assert!(effort.take(Work::Items, 1_000_000) && effort.take(Work::Items, 2_000_000));
        assert!(effort.too_large().is_empty());
        assert!(!effort.take(Work::Items, 1) && effort.take(Work::Names, 1));
        effort.give_up(Work::Conditions);
        let named =
            "the allowlists have too many items that may overlap, and the rules have too many conditions to compare";
        assert_eq!(effort.too_large(), named);
        assert!(effort.too_large().is_empty());
    }
}

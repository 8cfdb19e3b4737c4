//! Repair: changes to a draft until the other policy no longer stops it, and until it has nothing that it does not need.

use stopgate_model::Decision;

use super::{Found, Judged, Question, moves, stopping, unchecked};
use crate::diff::draft::{Draft, Input};

/// Most changes in a row.
const CHANGES: usize = 16;
/// Most drafts that are evaluated on the way.
const TRIED: usize = 160;

impl Question<'_, '_> {
    /// The draft, changed until it is a witness; `None` when no change helps any more.
    ///
    /// Each round leaves less to be done, so the rounds end.
    pub(super) fn repaired(&self, mut draft: Draft) -> Option<Found> {
        let mut judged = self.judge(&draft)?;
        let mut work = 0;
        for _ in 0..CHANGES {
            if judged.ours.decision != Decision::Stop {
                return None;
            }
            if self.holds(&judged) {
                return Some(self.simplified(draft, judged));
            }
            let (better, verdict) = self.step(&draft, &judged, &mut work)?;
            (draft, judged) = (better, verdict);
        }
        None
    }

    /// The first change that leaves less to be done.
    fn step(&self, draft: &Draft, judged: &Judged, work: &mut usize) -> Option<(Draft, Judged)> {
        let least = self.cost(judged);
        for change in self.changes(draft, judged) {
            *work += 1;
            if *work > TRIED {
                return None;
            }
            let candidate = self.judge(&change).filter(|new| new.ours.decision == Decision::Stop);
            if let Some(candidate) = candidate.filter(|candidate| self.cost(candidate) < least) {
                return Some((change, candidate));
            }
        }
        None
    }

    /// The changes that concern what is wrong with a draft, as they are asked for: there may be many.
    fn changes<'a>(&'a self, draft: &'a Draft, judged: &Judged) -> impl Iterator<Item = Draft> + 'a {
        let against = stopping(&judged.theirs, self.other);
        let general = if against.is_empty() { Vec::new() } else { moves::at_large(draft) };
        let mut general = Some(general);
        let rules: Vec<_> = against.iter().map(|(_, rule)| *rule).collect();
        let furnished = if rules.len() > 1 { moves::furnished(self, draft, &rules) } else { None };
        let unchecked: Vec<_> =
            unchecked(&judged.theirs, self.other).into_iter().chain(unchecked(&judged.ours, self.one)).collect();
        let specific = against.into_iter().flat_map(move |(_, rule)| {
            let own = moves::against(self, draft, rule);
            own.into_iter().chain(general.take().unwrap_or_default())
        });
        furnished
            .into_iter()
            .chain(specific)
            .chain(unchecked.into_iter().flat_map(move |(_, rule)| moves::provide(draft, rule)))
    }

    /// The witness without the inputs that it does not need, and with nothing in those that need not have it.
    fn simplified(&self, mut draft: Draft, mut judged: Judged) -> Found {
        let inputs = draft.inputs.each().len();
        for number in 0..inputs {
            for state in [Input::Missing, Input::Empty] {
                let mut simpler = draft.clone();
                let Some(input) = simpler.inputs.each().into_iter().nth(number) else { continue };
                if *input == state || *input == Input::Missing {
                    break;
                }
                *input = state;
                if let Some(verdict) = self.judge(&simpler).filter(|verdict| self.holds(verdict)) {
                    (draft, judged) = (simpler, verdict);
                }
            }
        }
        Found { built: judged.built, ours: judged.ours, theirs: judged.theirs }
    }
}

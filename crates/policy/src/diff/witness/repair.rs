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

    /// The changes that concern what is wrong with a draft.
    fn changes(&self, draft: &Draft, judged: &Judged) -> Vec<Draft> {
        let mut changes = Vec::new();
        for (_, rule) in stopping(&judged.theirs, self.other) {
            changes.extend(moves::against(self, draft, rule));
        }
        let unchecked = unchecked(&judged.theirs, self.other).into_iter().chain(unchecked(&judged.ours, self.one));
        for (_, rule) in unchecked {
            changes.extend(moves::provide(draft, rule));
        }
        changes
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

//! What a comparison of two policies found.

use jiff::Timestamp;
use serde_json::Value;
use stopgate_model::{Artifact, Decision, ImageReference, MatchReport};

use super::changes::PolicyChange;
use crate::engine::{Ancestor, BaseImage, History};

/// How the new policy relates to the old one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Both stop the same.
    Equal,
    /// The new one stops whatever the old one stops.
    Stricter {
        /// Whether something is known that only the new one stops. Otherwise they may be equal.
        equality_excluded: bool,
    },
    /// The old one stops whatever the new one stops, and more.
    Looser,
    /// Each stops something that the other does not.
    Incomparable,
    /// It could not be told.
    Undecided,
}

impl Answer {
    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Stricter { .. } => "stricter",
            Self::Looser => "looser",
            Self::Incomparable => "incomparable",
            Self::Undecided => "undecided",
        }
    }
}

/// Whether one policy stops whatever the other stops.
#[derive(Debug, Clone)]
pub enum Direction {
    /// It does, for every artifact, every tag and every time.
    Proved,
    /// It does not: here is an artifact.
    Refuted(Box<Witness>),
    /// Neither was found.
    Undecided(Vec<Doubt>),
}

impl Direction {
    /// Whether it was proved.
    pub const fn is_proved(&self) -> bool {
        matches!(self, Self::Proved)
    }

    /// The artifact that refutes it.
    pub fn witness(&self) -> Option<&Witness> {
        match self {
            Self::Refuted(witness) => Some(witness),
            _ => None,
        }
    }
}

/// Something that could be neither proved nor refuted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Where: the mapping or image list, as one clause.
    pub place: String,
    /// Rules that it concerns, as `rule set/rule`; empty when it concerns none.
    pub rules: Vec<String>,
    /// Why, one clause.
    pub reason: String,
}

/// An artifact that one policy stops and the other does not, with all that the evaluation rests on.
#[derive(Debug, Clone)]
pub struct Witness {
    /// The artifact.
    pub artifact: Artifact,
    /// Its matches.
    pub matches: MatchReport,
    /// Own advisories in OSV form, from which the matches follow.
    pub advisories: Vec<Value>,
    /// The reference that mappings are asked with.
    pub tag: ImageReference,
    /// The time.
    pub as_of: Timestamp,
    /// Whether official images of Docker Hub have one name only.
    pub strict_names: bool,
    /// When matches were first seen; `None` when no rule asks.
    pub history: Option<History>,
    /// The base image; `None` when no rule asks.
    pub base: Option<BaseImage>,
    /// The images that it was built from; `None` when no rule asks.
    pub ancestors: Option<Vec<Ancestor>>,
    /// The image that the tag named before; `None` when no rule asks.
    pub previous: Option<Artifact>,
    /// The source trees of the image; `None` when no rule asks.
    pub sources: Option<Vec<Artifact>>,
    /// What the old policy decides.
    pub old_decision: Decision,
    /// What the new policy decides.
    pub new_decision: Decision,
    /// What stops it under the one policy, one clause that names the rule or list.
    pub stopped_by: String,
}

/// How two policies relate, and what was changed between them.
#[derive(Debug, Clone)]
pub struct DiffReport {
    /// The answer.
    pub answer: Answer,
    /// Whether the new policy stops whatever the old one stops.
    pub forward: Direction,
    /// Whether the old policy stops whatever the new one stops.
    pub backward: Direction,
    /// What was changed, for people.
    pub changes: Vec<PolicyChange>,
}

impl DiffReport {
    pub(super) fn new(forward: Direction, backward: Direction, changes: Vec<PolicyChange>) -> Self {
        let answer = match (&forward, &backward) {
            (Direction::Proved, Direction::Proved) => Answer::Equal,
            (Direction::Proved, backward) => {
                Answer::Stricter { equality_excluded: matches!(backward, Direction::Refuted(_)) }
            }
            (Direction::Refuted(_), Direction::Proved) => Answer::Looser,
            (Direction::Refuted(_), Direction::Refuted(_)) => Answer::Incomparable,
            _ => Answer::Undecided,
        };
        Self { answer, forward, backward, changes }
    }
}

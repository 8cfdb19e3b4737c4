//! States of the controls of a framework, as far as an artifact shows them.

/// What an artifact says of a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ControlState {
    /// All rules ran on all their inputs, nothing was found, and the artifact shows the whole control.
    Satisfied,
    /// As satisfied, but the artifact shows only a part of the control.
    SatisfiedInPart,
    /// A rule found something that nothing accepts.
    NotSatisfied,
    /// Only accepted findings remain.
    Accepted,
    /// An input or a rule is missing.
    NotAssessed,
    /// What the control speaks of does not exist here.
    NotApplicable,
    /// The function is absent, so the demand cannot be broken.
    InherentlyMet,
    /// A rule failed.
    Error,
}

impl ControlState {
    /// All states, the best first.
    pub const ALL: [Self; 8] = [
        Self::Satisfied,
        Self::InherentlyMet,
        Self::SatisfiedInPart,
        Self::Accepted,
        Self::NotSatisfied,
        Self::Error,
        Self::NotAssessed,
        Self::NotApplicable,
    ];

    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Satisfied => "satisfied",
            Self::SatisfiedInPart => "satisfied-in-part",
            Self::NotSatisfied => "not-satisfied",
            Self::Accepted => "accepted",
            Self::NotAssessed => "not-assessed",
            Self::NotApplicable => "not-applicable",
            Self::InherentlyMet => "inherently-met",
            Self::Error => "error",
        }
    }
}

/// How much of a control an artifact can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ControlClass {
    /// All that concerns an artifact.
    Full,
    /// A part.
    Partial,
    /// Evidence that a person uses.
    Supporting,
    /// Nothing.
    None,
}

impl ControlClass {
    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Supporting => "supporting",
            Self::None => "none",
        }
    }
}

/// A control with its state and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlResult {
    /// Id in the framework.
    pub id: String,
    /// Title in our own words.
    pub title: String,
    /// How much of it an artifact can show.
    pub class: ControlClass,
    /// Id in OSCAL catalogues, `ac-6.10`; empty when the framework has none.
    pub oscal_id: String,
    /// Assessment objectives in OSCAL catalogues that the rules serve.
    pub objective_ids: Vec<String>,
    /// State.
    pub state: ControlState,
    /// Why, one clause; empty when satisfied.
    pub reason: String,
    /// Rules that serve it.
    pub rule_ids: Vec<String>,
    /// Findings that stop.
    pub stops: usize,
    /// Findings that warn.
    pub warnings: usize,
    /// Findings that are accepted.
    pub accepted: usize,
    /// What of the control an artifact cannot show.
    pub not_assessed: String,
}

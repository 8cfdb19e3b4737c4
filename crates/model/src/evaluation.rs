//! What a policy says of an artifact.

use std::fmt;

use crate::{Engine, Finding};

/// What a rule asks for; the verdict is the maximum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Action {
    /// Nothing.
    #[default]
    Go,
    /// Attention.
    Warn,
    /// A stop.
    Stop,
}

impl Action {
    /// As findings write it: `stop`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Go => "go",
            Self::Warn => "warn",
            Self::Stop => "stop",
        }
    }

    /// The action of this name, in any case.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Go, Self::Warn, Self::Stop].into_iter().find(|action| action.name().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The allowlist item, or exception, that accepts a finding.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AllowlistMatch {
    /// Allowlist.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The item that matched.
    pub item_id: String,
    /// Why it matched by another than the finding's own id: `legacy_id`.
    pub via: Option<&'static str>,
    /// When it expires, RFC 3339.
    pub expires_on: Option<String>,
}

/// The exception that accepts a finding: who decided it, why, until when.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExceptionMatch {
    /// Id.
    pub id: String,
    /// Reason.
    pub reason: String,
    /// Justification in the words of VEX; empty when none is given.
    pub justification: String,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it; empty when nobody did.
    pub approver: String,
    /// Ticket; empty when there is none.
    pub ticket: String,
    /// When it expires, RFC 3339.
    pub expires: String,
}

/// What is to be said of an exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ExceptionNote {
    /// It ends within 14 days.
    Expiring,
    /// It has ended and accepts nothing.
    Expired,
    /// It accepts no finding of this artifact.
    MatchedNothing,
    /// It names neither vulnerability, rule nor trigger, or accepts more than 50 findings.
    TooBroad,
}

impl ExceptionNote {
    /// Name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Expiring => "expiring",
            Self::Expired => "expired",
            Self::MatchedNothing => "matched_nothing",
            Self::TooBroad => "too_broad",
        }
    }
}

/// What became of one exception in an evaluation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ExceptionReport {
    /// Its id.
    pub id: String,
    /// Findings that it accepts.
    pub matched: u64,
    /// When it expires, RFC 3339.
    pub expires: String,
    /// Who answers for it.
    pub owner: String,
    /// What a person should know of it, sorted.
    pub notes: Vec<ExceptionNote>,
}

/// How bad a problem is (Anchore's `severity` of a problem).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemSeverity {
    /// The result stands.
    Warn,
    /// Part of the result is missing.
    Error,
}

/// Kind of a problem; the name goes to `problem_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProblemKind {
    /// A rule failed while it ran, or its regular expression does not compile.
    TriggerEvaluationError,
    /// A gate or trigger is at the end of its life and was not run.
    EndOfLifedError,
    /// A gate or trigger is deprecated.
    DeprecationWarning,
    /// Data that a rule needs is missing.
    DataUnavailable,
    /// The policy is invalid.
    PolicyInvalid,
    /// No mapping matched.
    NoMappingMatched,
    /// The analysis has a gap.
    AnalysisGap,
}

impl ProblemKind {
    /// Name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TriggerEvaluationError => "TriggerEvaluationError",
            Self::EndOfLifedError => "EndOfLifedError",
            Self::DeprecationWarning => "DeprecationWarning",
            Self::DataUnavailable => "DataUnavailable",
            Self::PolicyInvalid => "PolicyInvalid",
            Self::NoMappingMatched => "NoMappingMatched",
            Self::AnalysisGap => "AnalysisGap",
        }
    }
}

/// Something that kept part of the policy from being decided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Problem {
    /// How bad.
    pub severity: ProblemSeverity,
    /// Kind.
    pub kind: ProblemKind,
    /// Rule, when it concerns one.
    pub rule_id: Option<String>,
    /// One sentence, lower case, no full stop.
    pub details: String,
}

/// Where the final action comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FinalReason {
    /// The rules.
    PolicyEvaluation,
    /// The allowed images.
    Allowlisted,
    /// The denied images.
    Denylisted,
}

impl FinalReason {
    /// Name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PolicyEvaluation => "policy_evaluation",
            Self::Allowlisted => "allowlisted",
            Self::Denylisted => "denylisted",
        }
    }
}

/// An entry of the allowed or denied images that matched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ImageRuleMatch {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The entry as compact JSON of the policy document.
    pub json: String,
}

/// The mapping that matched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MappingMatch {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The mapping as compact JSON of the policy document.
    pub json: String,
}

/// An input without which nothing could be decided.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MissingInput {
    /// Stable name: `vulnerability_data`, `mapping`, `gap`, or the input's.
    pub input: String,
    /// One sentence: what is missing and how to provide it.
    pub details: String,
    /// Rules that need it.
    pub rule_ids: Vec<String>,
}

/// The three answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// It may pass.
    Pass,
    /// It may not.
    Stop,
    /// It could not be decided.
    Undecided,
}

impl Decision {
    /// Name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Stop => "stop",
            Self::Undecided => "undecided",
        }
    }
}

/// The result of a policy on an artifact under a tag at a time.
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluation {
    /// Policy id.
    pub policy_id: String,
    /// Policy name.
    pub policy_name: String,
    /// `registry/repository:tag` that mappings were asked with.
    pub evaluated_tag: String,
    /// RFC 3339: the time that was an input.
    pub evaluated_at: String,
    /// The answer, in the order of DESIGN section 4.5.
    pub decision: Decision,
    /// Worst action of the findings, before image lists.
    pub policy_action: Action,
    /// Final action; stop when undecided.
    pub final_action: Action,
    /// Where the final action comes from.
    pub reason: FinalReason,
    /// Mapping.
    pub mapping: Option<MappingMatch>,
    /// Allowed images entry.
    pub allowed_image: Option<ImageRuleMatch>,
    /// Denied images entry.
    pub denied_image: Option<ImageRuleMatch>,
    /// Findings, in the order of rule set, gate, rule, firing.
    pub findings: Vec<Finding>,
    /// Problems.
    pub problems: Vec<Problem>,
    /// What is missing, when undecided.
    pub missing: Vec<MissingInput>,
    /// What became of the exceptions, in their order.
    pub exceptions: Vec<ExceptionReport>,
    /// Until when the same inputs give the same answer: the next expiry, RFC 3339.
    pub valid_until: Option<String>,
    /// Who evaluated.
    pub engine: Engine,
}

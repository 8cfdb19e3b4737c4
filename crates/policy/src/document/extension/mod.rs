//! The side-car `stopgate-policy-ext/1`: what Anchore's closed schema cannot hold. Controls, modes and due
//! dates of rules, parameters of the policy, exceptions, and assessments of vulnerabilities.

mod anchore;
mod fit;
mod parameters;
mod read;

use std::collections::BTreeMap;

use serde_json::Value;
use stopgate_model::Digest;

use super::canonical;
use super::policy::Expiry;
use crate::pattern::Pattern;
use crate::trigger::types::Comparison;

pub use anchore::{ForAnchore, for_anchore};
pub(crate) use fit::check;
pub(crate) use parameters::named;
pub use read::{parse_extension, parse_values};

/// A side-car, read and valid in itself. Whether it fits a policy is told when both are put together.
#[derive(Debug)]
pub struct Extension {
    /// The policy that it belongs to.
    pub policy_id: String,
    /// Parameters of the policy.
    pub parameters: Vec<Parameter>,
    /// What is added to rules, by rule id.
    pub rules: BTreeMap<String, RuleExtension>,
    /// Exceptions, in order: the first that matches a finding counts.
    pub exceptions: Vec<Exception>,
    /// What is known of vulnerabilities here, for the clocks of frameworks.
    pub assessments: Vec<Assessment>,
    /// The document, for its digest.
    pub(crate) value: Value,
}

impl Extension {
    /// Digest of the document's canonical JSON.
    pub fn digest(&self) -> Digest {
        canonical::digest(&self.value)
    }

    /// A side-car that adds nothing.
    pub fn empty(policy_id: &str) -> Self {
        Self {
            policy_id: policy_id.to_owned(),
            parameters: Vec::new(),
            rules: BTreeMap::new(),
            exceptions: Vec::new(),
            assessments: Vec::new(),
            value: Value::Null,
        }
    }

    /// Adds the controls that a pack says its rules serve. They are the pack's, so the digest stays.
    #[must_use]
    pub fn with_controls(mut self, controls: BTreeMap<String, Vec<String>>) -> Self {
        for (rule, controls) in controls {
            let own = &mut self.rules.entry(rule).or_default().controls;
            for control in controls {
                if !own.contains(&control) {
                    own.push(control);
                }
            }
        }
        self
    }
}

/// A parameter of a policy: rules name it as `${name}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// Type.
    pub kind: ParameterType,
    /// Value when none is given.
    pub default: Option<String>,
    /// Whether a value must be given when there is no default.
    pub required: bool,
    /// Every value that is accepted; any when empty.
    pub values: Vec<String>,
}

/// Type of a parameter's value, which is a text on the wire as all values of rules are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    /// Any text.
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// Texts separated by commas.
    List,
}

/// What the side-car adds to a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RuleExtension {
    /// Controls that the rule serves.
    pub controls: Vec<String>,
    /// How far it counts.
    pub mode: Mode,
    /// From when on it counts in full; before that as in audit mode.
    pub enforce_from: Option<Expiry>,
    /// What becomes of findings that were there before.
    pub old: Option<Grace>,
}

/// How far a rule counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// With its action.
    #[default]
    Enforce,
    /// WARN at most.
    Audit,
    /// Not at all: it is not run.
    Off,
}

impl Mode {
    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Audit => "audit",
            Self::Off => "off",
        }
    }
}

/// Time that findings have which were there before: until then WARN at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grace {
    /// From when the days are counted.
    pub from: GraceFrom,
    /// Days.
    pub days: u32,
}

/// From when the days of a grace period are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GraceFrom {
    /// Since the finding was first seen.
    FirstSeen,
    /// Since a fix was first seen; a vulnerability without a fix has no due date.
    FixSeen,
    /// Since CISA lists the vulnerability as exploited; one that it does not list has no due date.
    KevAdded,
}

impl GraceFrom {
    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FirstSeen => "first_seen",
            Self::FixSeen => "fix_seen",
            Self::KevAdded => "kev_added",
        }
    }
}

/// Findings that are accepted for a time, by somebody, for a reason.
#[derive(Debug)]
pub struct Exception {
    /// Id.
    pub id: String,
    /// Which findings; all that is given must hold.
    pub select: Selector,
    /// Why.
    pub reason: String,
    /// Why, in the words of VEX.
    pub justification: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approver: Option<String>,
    /// Ticket.
    pub ticket: Option<String>,
    /// When it was made.
    pub created: Option<Expiry>,
    /// When it ends.
    pub expires: Expiry,
}

/// Which findings an exception, or artifacts an assessment, is about. Everything that is given must hold.
#[derive(Debug, Default)]
pub struct Selector {
    /// Vulnerability id; aliases count.
    pub(crate) vulnerability: Option<Pattern>,
    /// Package URL; one without version means every version.
    pub(crate) purl: Option<Pattern>,
    /// Version of the package, or a range such as `>= 1.2, < 1.4`.
    pub(crate) version: Option<VersionSelector>,
    /// Path of the package or file.
    pub(crate) path: Option<Pattern>,
    /// Gate.
    pub(crate) gate: Option<Pattern>,
    /// Trigger.
    pub(crate) trigger: Option<Pattern>,
    /// Rule id.
    pub(crate) rule: Option<Pattern>,
    /// Control that the rule serves.
    pub(crate) control: Option<Pattern>,
    /// Digest or id of the image, or its `registry/repository`.
    pub(crate) image: Option<Pattern>,
    /// `registry/repository:tag`.
    pub(crate) tag: Option<Pattern>,
}

/// Versions that an exception is about.
#[derive(Debug)]
pub(crate) enum VersionSelector {
    Exactly(Pattern),
    /// All of these must hold, in the order of the package's type.
    Range(Vec<(Comparison, String)>),
}

/// What is known here of a vulnerability, for the clocks of frameworks.
#[derive(Debug)]
pub struct Assessment {
    /// Which findings.
    pub select: Selector,
    /// Whether the artifact can be reached from the internet.
    pub exposed: Option<bool>,
    /// Rating.
    pub rating: Option<u32>,
    /// When it was assessed.
    pub evaluated_at: Option<Expiry>,
    /// Whether the vulnerable code can be reached.
    pub reachable: Option<bool>,
    /// Whether exploitation is likely.
    pub likely_exploitable: Option<bool>,
}

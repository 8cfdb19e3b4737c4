//! Policy bundles: reading them, the gates and triggers that their rules name, evaluation.
//!
//! The document is Anchore's bundle format v2; v1 is accepted and converted. Evaluation is a pure
//! function of policy, artifact, matches, tag and time. What this crate leaves out: I/O, clocks, and
//! where policies and exceptions are kept.

#![warn(missing_docs)]

mod diff;
mod document;
mod end_of_life;
mod engine;
mod explain;
mod gates;
mod lint;
mod pattern;
mod plan;
mod regexes;
mod registry;
mod schema;
mod spec;
mod trigger;

pub use diff::{Answer, ChangeKind, DiffOptions, DiffReport, Direction, Doubt, PolicyChange, Witness, diff};
pub use document::{
    Allowlist, AllowlistItem, Assessment, Change, Exception, Expiry, Extension, ForAnchore, Grace, GraceFrom,
    ImageKind, ImageRule, ImageTarget, LenientDocument, Mapping, Mode, Names, Parameter, ParameterType, ParseOptions,
    ParsedPolicy, Policy, PolicyError, Rule, RuleExtension, RuleSet, Selector, Target, did_you_mean, for_anchore,
    lenient, parse, parse_extended, parse_extension, parse_values,
};
pub use engine::{Ancestor, BaseImage, EvalContext, History, MatchView, Scene, evaluate, presence};
pub use explain::{Explanation, MatchExplanation, MatchRule, RuleState, explain};
pub use gates::expression::fields::{ExpressionField, expression_fields};
pub use lint::{
    LINTS, Lint, LintInfo, LintSeverity, LintSubject, lint, lint_extension, locate_extension_lints, locate_lints,
};
pub use plan::{BaseCandidate, Bases, Means, Rematch, fix_plan};
pub use regexes::Fault;
pub use registry::TRIGGERS;
pub use schema::{example_rule, extension_schema, policy_spec, schema};
pub use spec::{GateSpec, TriggerParamSpec, TriggerSpec, Validator, spec};
pub use trigger::params::{Param, ParamError, ParamKind, ParamSpec};
pub use trigger::{AnyTrigger, ArtifactType, BoundTrigger, Hit, Hits, Need, Presence, State, TriggerInfo};

#[cfg(test)]
mod tests;

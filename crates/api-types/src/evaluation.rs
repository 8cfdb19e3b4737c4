//! Evaluations: findings, and what follows from them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::policy::{ImageSelectionRule, MappingRule, Policy};

/// What follows, in the spelling of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Stop,
    Go,
    Warn,
}

/// Stop fails, the rest passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvaluationStatus {
    Fail,
    Pass,
}

/// What the final action rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinalActionReason {
    PolicyEvaluation,
    Allowlisted,
    Denylisted,
}

/// How bad a problem of an evaluation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemSeverity {
    Error,
    Warn,
}

/// The evaluations of one image under one tag, newest first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEvaluation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluated_tag: Option<String>,
    #[serde(default)]
    pub evaluations: Vec<PolicyEvaluationResult>,
}

/// The policy as it was applied, and what it found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEvaluationDetails {
    #[schema(value_type = Policy)]
    pub policy: Value,
    pub findings: Vec<PolicyEvaluationFinding>,
    /// What the rules alone call for.
    pub policy_action: Action,
    #[schema(default = json!(null))]
    pub remediations: Option<Vec<PolicyEvaluationRemediation>>,
}

/// One evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEvaluationResult {
    /// Null when the caller asked for no detail.
    #[schema(default = json!(null))]
    pub details: Option<PolicyEvaluationDetails>,
    /// The base image that findings were compared with.
    #[schema(default = json!(null))]
    pub comparison_image_digest: Option<String>,
    pub evaluation_time: Timestamp,
    pub evaluation_problems: Vec<PolicyEvaluationProblem>,
    pub status: EvaluationStatus,
    pub final_action: Action,
    pub final_action_reason: FinalActionReason,
    pub image_allowlisted: bool,
    #[schema(default = json!(null))]
    pub matched_allowlisted_images_rule: Option<ImageSelectionRule>,
    pub image_denylisted: bool,
    #[schema(default = json!(null))]
    pub matched_denylisted_images_rule: Option<ImageSelectionRule>,
    pub image_mapped_to_rule: bool,
    #[schema(default = json!(null))]
    pub matched_mapping_rule: Option<MappingRule>,
    /// All findings, those on an allowlist included.
    pub number_of_findings: u64,
}

/// One hit of one rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEvaluationFinding {
    /// Stable over evaluations; what allowlists name.
    pub trigger_id: String,
    pub gate: String,
    pub trigger: String,
    pub message: String,
    pub action: Action,
    /// Id of the rule set.
    pub policy_id: String,
    /// Empty when the rule has none.
    pub recommendation: String,
    pub rule_id: String,
    pub allowlisted: bool,
    #[schema(default = json!(null))]
    pub allowlist_match: Option<PolicyFindingAllowlistMatch>,
    /// Already in the base image; null when none was compared with.
    #[schema(default = json!(null))]
    pub inherited_from_base: Option<bool>,
}

/// The allowlist entry that covers a finding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyFindingAllowlistMatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_rule_id: Option<String>,
}

/// What to do about some of the findings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEvaluationRemediation {
    pub suggestions: Vec<PolicyEvaluationRemediationSuggestion>,
    pub trigger_ids: Vec<String>,
}

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEvaluationRemediationSuggestion {
    pub message: String,
    pub preferred: bool,
}

/// Something that kept the evaluation from being complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEvaluationProblem {
    pub severity: ProblemSeverity,
    pub problem_type: String,
    pub details: String,
}

/// The evaluation of a source revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourcePolicyEvaluation {
    pub account_name: String,
    pub evaluation_id: String,
    pub source_id: String,
    pub host: String,
    pub repository_name: String,
    pub revision: String,
    #[schema(value_type = Policy)]
    pub policy: Value,
    pub source_mapped_to_rule: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_mapping_rule: Option<Map<String, Value>>,
    pub findings: Vec<SourcePolicyEvaluationFinding>,
    pub number_of_findings: u64,
    pub evaluation_time: Timestamp,
    pub final_action: Action,
    pub final_action_reason: FinalActionReason,
    pub evaluation_problems: Vec<PolicyEvaluationProblem>,
    pub status: EvaluationStatus,
}

/// One hit of one rule on a source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourcePolicyEvaluationFinding {
    /// Stable over evaluations; what allowlists name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommendation: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowlisted: Option<bool>,
    #[schema(default = json!(null))]
    pub allowlist_match: Option<PolicyFindingAllowlistMatch>,
}

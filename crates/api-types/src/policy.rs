//! Policies as stored records, and the published shape of a policy body.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::words::list;

/// What a rule set, gate or association is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArtifactType {
    Image,
    Source,
}

/// What a rule calls for, in the spelling of policy bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum RuleAction {
    Go,
    Stop,
    Warn,
}

/// By what an image is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImageRefType {
    Tag,
    Digest,
    Id,
}

list! {
    /// The policies of an account.
    PolicyList of PolicyRecord
}

/// A stored policy. The body is kept as it was received.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct PolicyRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
    pub policy_id: String,
    pub active: bool,
    pub account_name: String,
    /// Where it came from, as `local`.
    pub policy_source: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Policy>, default = json!(null))]
    pub policy: Option<Value>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The published shape of a policy body. It takes no other keys; the engine reads the raw document, which may be older.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Policy {
    pub id: String,
    #[schema(min_length = 1)]
    #[garde(length(min = 1))]
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowlists: Option<Vec<Allowlist>>,
    pub rule_sets: Vec<RuleSet>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_mappings: Option<Vec<SourceMappingRule>>,
    pub mappings: Vec<MappingRule>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowlisted_images: Option<Vec<ImageSelectionRule>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denylisted_images: Option<Vec<ImageSelectionRule>>,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<f64>,
}

/// Rules that are mapped together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct RuleSet {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<ArtifactType>,
    pub rules: Vec<PolicyRule>,
}

/// One trigger with its parameters, and what it calls for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct PolicyRule {
    pub id: String,
    pub gate: String,
    pub trigger: String,
    pub action: RuleAction,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub params: Vec<PolicyRuleParam>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommendation: Option<String>,
}

/// A parameter; values are always texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct PolicyRuleParam {
    pub name: String,
    pub value: String,
}

/// Findings that are not to count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct Allowlist {
    pub id: String,
    pub name: String,
    pub version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub items: Vec<AllowlistItem>,
}

/// A trigger id that is not to count.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct AllowlistItem {
    pub id: String,
    pub gate: String,
    /// May hold `*`.
    pub trigger_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub expires_on: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Which rule sets and allowlists apply to which images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct MappingRule {
    pub id: String,
    pub name: String,
    pub allowlist_ids: Vec<String>,
    pub rule_set_ids: Vec<String>,
    pub registry: String,
    pub repository: String,
    pub image: ImageRef,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Which rule sets and allowlists apply to which sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct SourceMappingRule {
    pub id: String,
    pub name: String,
    pub allowlist_ids: Vec<String>,
    pub rule_set_ids: Vec<String>,
    pub host: String,
    pub repository: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Images that pass or fail whatever the rules say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ImageSelectionRule {
    pub id: String,
    pub name: String,
    pub registry: String,
    pub repository: String,
    pub image: ImageRef,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The tag, digest or id that must fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct ImageRef {
    #[serde(rename = "type")]
    pub kind: ImageRefType,
    pub value: String,
}

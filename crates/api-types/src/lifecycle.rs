//! Clean-up of images that are old.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What a clean-up does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleAction {
    Delete,
}

/// What a clean-up looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LifecycleArtifact {
    Image,
}

/// Clean-up policies.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactLifecyclePolicyList {
    #[serde(default)]
    pub items: Vec<ArtifactLifecyclePolicyResponse>,
}

/// A clean-up policy as it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ArtifactLifecyclePolicy {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub uuid: Option<Uuid>,
    pub action: LifecycleAction,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub policy_conditions: ArtifactLifecyclePolicyConditions,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub updated_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub deleted_at: Option<Timestamp>,
}

/// A clean-up policy as it is read: a list of conditions, unlike in requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactLifecyclePolicyResponse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub uuid: Option<Uuid>,
    pub action: LifecycleAction,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub policy_conditions: Vec<ArtifactLifecyclePolicyConditions>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub updated_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub deleted_at: Option<Timestamp>,
}

/// Which images are to go: all that is stated must hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ArtifactLifecyclePolicyConditions {
    /// Counts the changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub version: Option<u64>,
    pub even_if_exists_in_runtime_inventory: bool,
    pub days_since_analyzed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_base_images: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub include_failed_analysis: Option<bool>,
    pub artifact_type: LifecycleArtifact,
}

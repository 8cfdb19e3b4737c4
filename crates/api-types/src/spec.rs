//! The catalogue of gates and triggers, for policy editors.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::policy::ArtifactType;
use crate::words::list;

/// Whether a gate, trigger or parameter is still to be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SpecState {
    Active,
    Deprecated,
    Eol,
}

list! {
    /// Every gate.
    GateSpecList of GateSpec
}

/// A gate and its triggers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GateSpec {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub supported_artifact_type: Option<ArtifactType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<SpecState>,
    /// What to use instead when it is no longer active.
    #[schema(default = json!(null))]
    pub superseded_by: Option<String>,
    #[serde(default)]
    pub triggers: Vec<TriggerSpec>,
}

/// A trigger and its parameters.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TriggerSpec {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<SpecState>,
    /// What to use instead when it is no longer active.
    #[schema(default = json!(null))]
    pub superseded_by: Option<String>,
    #[serde(default)]
    pub parameters: Vec<TriggerParamSpec>,
}

/// A parameter of a trigger.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TriggerParamSpec {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[schema(default = json!(null))]
    pub example: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<SpecState>,
    /// What to use instead when it is no longer active.
    #[schema(default = json!(null))]
    pub superseded_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// JSON Schema of the values that are accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validator: Option<Map<String, Value>>,
}

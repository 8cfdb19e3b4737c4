//! Settings that are changed while the service runs.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words::list;

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfigurationSource {
    Default,
    InheritedDefault,
    Api,
    ConfigFile,
}

/// What kind of value a setting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfigurationDataType {
    String,
    Integer,
    Number,
    Boolean,
    StringEnum,
}

/// A setting, its value and what it accepts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SystemConfiguration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub uuid: Option<Uuid>,
    pub key: String,
    pub value: SystemConfigurationValue,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_system_restart: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config_schema: Option<SystemConfigurationSchema>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<SystemConfigurationValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ConfigurationSource>,
    /// Whether this API may change it; `editable_reason` says why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_editable: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub editable_reason: Option<String>,
    /// The value is masked in replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_secret: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_deprecated: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deprecated_reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is_system_internal: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub updated_at: Option<Timestamp>,
}

/// What a setting accepts. Absent bounds do not apply.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SystemConfigurationSchema {
    /// Whether infinity and NaN pass.
    #[schema(default = json!(null))]
    pub allow_inf_nan: Option<bool>,
    #[schema(default = json!(null))]
    pub decimal_places: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_type: Option<ConfigurationDataType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_value: Option<SystemConfigurationValue>,
    #[serde(rename = "enum")]
    #[schema(default = json!(null))]
    pub choices: Option<Vec<String>>,
    /// At least.
    #[schema(default = json!(null))]
    pub ge: Option<f64>,
    /// More than.
    #[schema(default = json!(null))]
    pub gt: Option<f64>,
    #[schema(default = json!(null))]
    pub is_array: Option<bool>,
    /// At most.
    #[schema(default = json!(null))]
    pub le: Option<f64>,
    /// Less than.
    #[schema(default = json!(null))]
    pub lt: Option<f64>,
    #[schema(default = json!(null))]
    pub max_digits: Option<u64>,
    #[schema(default = json!(null))]
    pub max_items: Option<u64>,
    #[schema(default = json!(null))]
    pub max_length: Option<u64>,
    #[schema(default = json!(null))]
    pub min_items: Option<u64>,
    #[schema(default = json!(null))]
    pub min_length: Option<u64>,
    #[schema(default = json!(null))]
    pub multiple_of: Option<f64>,
    #[schema(default = json!(null))]
    pub regex: Option<String>,
    #[schema(default = json!(null))]
    pub unique_items: Option<bool>,
}

/// All settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SystemConfigurationList {
    #[serde(default)]
    pub items: Vec<SystemConfiguration>,
}

/// Sets one setting.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct SystemConfigurationPut {
    pub key: String,
    pub value: SystemConfigurationValue,
}

list! {
    /// Sets several settings at once: all or none.
    SystemConfigurationPatch of SystemConfigurationPut
}

/// A setting's value: null, text, number, yes or no, or a list of texts, integers and objects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum SystemConfigurationValue {
    Null,
    Bool(bool),
    #[schema(value_type = f64)]
    Number(Number),
    Text(String),
    List(Vec<ConfigurationItem>),
}

/// One element of a list value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ConfigurationItem {
    Integer(i64),
    Text(String),
    Object(Map<String, Value>),
}

//! The service itself: state, versions, log levels, error codes.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::words::list;

/// The state of one service process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StatusResponse {
    /// Takes requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub available: Option<bool>,
    /// Takes requests, but slowly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy: Option<bool>,
    /// Runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Version of the program, not of the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Version of the database schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Map<String, Value>>,
}

/// Every known service process.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SystemStatusResponse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_states: Option<ServiceList>,
}

list! {
    /// Service processes.
    ServiceList of Service
}

/// A service process and when it last told of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Service {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<String>,
    /// What the process says of itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_detail: Option<StatusResponse>,
    /// Whether it is up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Version of the service.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceBuild {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Version of the API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApiLevel {
    /// `2`; clients compare this text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// Version of the stored data's shape.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DatabaseLevel {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema_version: Option<String>,
}

/// What a client asks first.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceVersion {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<ServiceBuild>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api: Option<ApiLevel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub db: Option<DatabaseLevel>,
}

/// A code that `detail.error_codes` may hold, explained.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnchoreErrorCode {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The services whose log level can be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoggableService {
    All,
    Analyzer,
    Api,
    Catalog,
    Notifications,
    Reports,
    ReportsWorker,
    Simplequeue,
    PolicyEngine,
}

/// How much is logged; `default` undoes an earlier setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    Default,
    Trace,
    Debug,
    Info,
    Warning,
    Error,
    Critical,
}

/// Sets or tells the log level of one service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct LoggingLevel {
    pub service_name: LoggableService,
    pub logging_level: LogLevel,
}

list! {
    /// The log level of each service.
    LoggingLevelResponse of LoggingLevel
}

//! Agents: who they are and how they fare.

use std::collections::BTreeMap;

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::words::{list, open_words};

open_words! {
    /// What an agent does. Newer agents bring kinds of their own.
    IntegrationType {
        K8sInventoryAgent = "k8s_inventory_agent",
    }
}

/// What an agent says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntegrationHealthState {
    Healthy,
    Unhealthy,
}

/// What this service says of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IntegrationLifecycleState {
    Active,
    Registered,
    Inactive,
}

/// Seconds between two health reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, Validate)]
#[serde(transparent)]
#[garde(transparent)]
#[schema(minimum = 30, maximum = 600)]
pub struct HealthReportInterval(#[garde(range(min = 30, max = 600))] pub u64);

/// An agent makes itself known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct IntegrationRegister {
    /// Chosen by the agent's installation; stays the same.
    pub registration_id: String,
    /// Tells the replicas of one installation apart.
    pub registration_instance_id: String,
    #[serde(rename = "type")]
    pub kind: IntegrationType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<f64>,
    pub username: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explicitly_account_bound: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespaces: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[garde(dive)]
    pub health_report_interval: HealthReportInterval,
}

/// An agent tells how it fares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct HealthReport {
    pub uuid: Uuid,
    pub protocol_version: u64,
    pub timestamp: Timestamp,
    /// Seconds.
    pub uptime: f64,
    #[garde(dive)]
    pub health_report_interval: HealthReportInterval,
    #[garde(dive)]
    pub health_data: HealthData,
}

/// What the agent did since its last report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct HealthData {
    #[serde(rename = "type")]
    pub kind: IntegrationType,
    pub version: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<Vec<String>>,
    /// Per account, the last inventory that was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub account_k8s_inventory_reports: Option<BTreeMap<String, AccountK8sInventoryReportInfo>>,
}

/// One part of an inventory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct InventoryBatch {
    #[schema(minimum = 1)]
    #[garde(range(min = 1))]
    pub batch_index: u64,
    pub send_timestamp: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How sending an inventory went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct AccountK8sInventoryReportInfo {
    pub report_timestamp: Timestamp,
    pub account_name: String,
    pub sent_as_user: String,
    #[schema(minimum = 1)]
    #[garde(range(min = 1))]
    pub batch_size: u64,
    /// -1 when none was accepted.
    #[schema(minimum = -1)]
    #[garde(range(min = -1))]
    pub last_successful_index: i64,
    pub has_errors: bool,
    #[garde(dive)]
    pub batches: Vec<InventoryBatch>,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationSummary {
    pub uuid: Uuid,
    #[serde(rename = "type")]
    pub kind: IntegrationType,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_status: Option<IntegrationReportedStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_status: Option<IntegrationStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub last_seen: Option<Timestamp>,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uptime: Option<f64>,
    pub account_name: String,
    pub username: String,
    /// Accounts the agent was set up for.
    #[serde(default)]
    pub explicitly_account_bound: Vec<String>,
    /// Accounts the agent has reported to.
    #[serde(default)]
    pub accounts: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health_report_interval: Option<HealthReportInterval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_instance_id: Option<String>,
}

/// What is told of one agent alone, not in lists.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationAdditionalProperties {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    #[serde(default)]
    pub namespaces: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<Map<String, Value>>,
}

/// An agent in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Integration {
    #[serde(flatten)]
    pub summary: IntegrationSummary,
    #[serde(flatten)]
    pub more: IntegrationAdditionalProperties,
}

list! {
    /// Agents.
    IntegrationSummaryList of IntegrationSummary
}

/// Agents.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationListResponse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<IntegrationSummaryList>,
}

/// What an agent says of itself.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationReportedStatus {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<IntegrationHealthState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Map<String, Value>>,
}

/// What this service says of an agent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct IntegrationStatus {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<IntegrationLifecycleState>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

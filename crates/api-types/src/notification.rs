//! Where events are sent: endpoints, their configurations, selectors.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::event::EventDetail;
use crate::secret::Secret;
use crate::words::list;

/// Whether a selector hears one account or all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationScope {
    Global,
    Account,
}

/// Which levels a selector hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum EventLevelFilter {
    #[serde(rename = "*")]
    Any,
    #[serde(rename = "info")]
    Info,
    #[serde(rename = "error")]
    Error,
}

/// How the last delivery went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndpointStatus {
    Unknown,
    Healthy,
    Unhealthy,
}

list! {
    /// The kinds of endpoint.
    NotificationEndpointList of NotificationEndpoint
}

/// A kind of endpoint and whether it is switched on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationEndpoint {
    /// `webhook`, `slack`, `smtp`, `teams`, `github` or `jira`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
}

/// Switches a kind of endpoint.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationEndpointEnabledStatus {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
}

/// What the configurations of all kinds share.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationEndpointConfiguration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether certificates are checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_tls: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
}

/// Posts JSON to a URL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationWebhookEndpointConfiguration {
    #[serde(flatten)]
    pub endpoint: NotificationEndpointConfiguration,
    #[schema(pattern = r"https?://.*")]
    #[garde(pattern(r"https?://.*"))]
    pub url: String,
    /// For HTTP Basic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Masked in replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    /// Older name of `verify_tls`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify_ssl: Option<bool>,
}

list! {
    /// The webhooks of an account.
    NotificationWebhookEndpointConfigurationList of NotificationWebhookEndpointConfiguration
}

/// Posts to a channel of Slack.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationSlackEndpointConfiguration {
    #[serde(flatten)]
    pub endpoint: NotificationEndpointConfiguration,
    /// Whoever knows it may post; masked in replies.
    #[schema(value_type = String, format = Password, pattern = r"https?://.*")]
    #[garde(pattern(r"https?://.*"))]
    pub url: Secret,
}

list! {
    /// The Slack channels of an account.
    NotificationSlackEndpointConfigurationList of NotificationSlackEndpointConfiguration
}

/// Posts to a channel of Microsoft Teams.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationTeamsEndpointConfiguration {
    #[serde(flatten)]
    pub endpoint: NotificationEndpointConfiguration,
    /// Whoever knows it may post; masked in replies.
    #[schema(value_type = String, format = Password, pattern = r"https?://.*")]
    #[garde(pattern(r"https?://.*"))]
    pub url: Secret,
}

list! {
    /// The Teams channels of an account.
    NotificationTeamsEndpointConfigurationList of NotificationTeamsEndpointConfiguration
}

/// Sends mail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationSMTPEndpointConfiguration {
    #[serde(flatten)]
    pub endpoint: NotificationEndpointConfiguration,
    pub host: String,
    pub port: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Masked in replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub use_tls: Option<bool>,
    pub from: String,
    pub to: String,
}

list! {
    /// The mail targets of an account.
    NotificationSMTPEndpointConfigurationList of NotificationSMTPEndpointConfiguration
}

/// Opens issues on GitHub: the configuration as it is read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationGitHubEndpointConfigurationBase {
    #[serde(flatten)]
    pub endpoint: NotificationEndpointConfiguration,
    /// Absent: github.com.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"https?://.*")]
    #[garde(pattern(r"https?://.*"))]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Masked in replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password)]
    pub access_token: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// Number of the milestone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignees: Option<Vec<String>>,
}

/// A new configuration, which must be complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationGitHubEndpointConfigurationPost {
    #[serde(flatten)]
    pub endpoint: NotificationEndpointConfiguration,
    /// Absent: github.com.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"https?://.*")]
    #[garde(pattern(r"https?://.*"))]
    pub url: Option<String>,
    pub username: String,
    #[schema(value_type = String, format = Password)]
    pub access_token: Secret,
    pub owner: String,
    pub repository: String,
    /// Number of the milestone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignees: Option<Vec<String>>,
}

/// A changed configuration; without a token the old one stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationGitHubEndpointConfigurationPut {
    #[serde(flatten)]
    pub endpoint: NotificationEndpointConfiguration,
    /// Absent: github.com.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"https?://.*")]
    #[garde(pattern(r"https?://.*"))]
    pub url: Option<String>,
    pub username: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password)]
    pub access_token: Option<Secret>,
    pub owner: String,
    pub repository: String,
    /// Number of the milestone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignees: Option<Vec<String>>,
}

list! {
    /// The GitHub targets of an account.
    NotificationGitHubEndpointConfigurationList of NotificationGitHubEndpointConfigurationBase
}

/// Opens issues in Jira: the configuration as it is read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationJiraEndpointConfigurationBase {
    #[serde(flatten)]
    pub endpoint: NotificationEndpointConfiguration,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"https?://.*")]
    #[garde(pattern(r"https?://.*"))]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Password or token; masked in replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
}

/// A new configuration, which must be complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationJiraEndpointConfigurationPost {
    #[serde(flatten)]
    pub endpoint: NotificationEndpointConfiguration,
    #[schema(pattern = r"https?://.*")]
    #[garde(pattern(r"https?://.*"))]
    pub url: String,
    pub username: String,
    /// Password or token.
    #[schema(value_type = String, format = Password)]
    pub password: Secret,
    pub project_key: String,
    pub issue_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
}

/// A changed configuration; without a password the old one stays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationJiraEndpointConfigurationPut {
    #[serde(flatten)]
    pub endpoint: NotificationEndpointConfiguration,
    #[schema(pattern = r"https?://.*")]
    #[garde(pattern(r"https?://.*"))]
    pub url: String,
    pub username: String,
    /// Password or token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password)]
    pub password: Option<Secret>,
    pub project_key: String,
    pub issue_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
}

list! {
    /// The Jira targets of an account.
    NotificationJiraEndpointConfigurationList of NotificationJiraEndpointConfigurationBase
}

/// Which events go to a configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationSelector {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration_uuid: Option<Uuid>,
    pub scope: NotificationScope,
    #[garde(dive)]
    pub event: NotificationEventSelector,
}

/// What an event must look like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NotificationEventSelector {
    pub level: EventLevelFilter,
    /// `*` for all.
    pub resource_type: String,
    /// Event type; `*` may stand for any part.
    #[serde(rename = "type")]
    #[schema(pattern = r"^[a-z0-9-_.*]+$")]
    #[garde(pattern(r"^[a-z0-9-_.*]+$"))]
    pub kind: String,
}

list! {
    /// Selectors.
    NotificationSelectorList of NotificationSelector
}

/// How the last delivery went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationOperationalStatus {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<EndpointStatus>,
}

/// How a test delivery went.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationTestResult {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
}

/// The body that a webhook receives.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationMessage {
    pub id: String,
    #[serde(flatten)]
    pub event: EventDetail,
}

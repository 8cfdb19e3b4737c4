//! What subscriptions post to configured URLs: the older kind of notification, one body per kind.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// What every body says of its delivery. Its times are seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NotificationBase {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<i64>,
    /// `active` while deliveries are tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_state_key: Option<String>,
    #[schema(default = json!(null))]
    pub record_state_val: Option<String>,
    /// Deliveries so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tries: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tries: Option<u64>,
}

/// Whom a notification is for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BaseNotificationData {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_user_email: Option<String>,
    /// `tag_update`, `analysis_update`, `policy_eval` or `vuln_update`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_type: Option<String>,
}

/// The subscription that a notification comes from.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct GenericNotificationPayload {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_key: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_id: Option<String>,
}

/// A tag points at another image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TagUpdateNotification {
    #[serde(flatten)]
    pub delivery: NotificationBase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<TagUpdateNotificationData>,
}

/// Whom it is for, and what changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TagUpdateNotificationData {
    #[serde(flatten)]
    pub recipient: BaseNotificationData,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_payload: Option<TagUpdateNotificationPayload>,
}

/// The digests that the tag points at now and pointed at before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TagUpdateNotificationPayload {
    #[serde(flatten)]
    pub subscription: GenericNotificationPayload,
    #[serde(default)]
    pub curr_eval: Vec<Value>,
    #[serde(default)]
    pub last_eval: Vec<Value>,
    #[schema(default = json!(null))]
    pub annotations: Option<Map<String, Value>>,
}

/// An analysis ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnalysisUpdateNotification {
    #[serde(flatten)]
    pub delivery: NotificationBase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<AnalysisUpdateNotificationData>,
}

/// Whom it is for, and what changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnalysisUpdateNotificationData {
    #[serde(flatten)]
    pub recipient: BaseNotificationData,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_payload: Option<AnalysisUpdateNotificationPayload>,
}

/// The analysis status now and before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnalysisUpdateNotificationPayload {
    #[serde(flatten)]
    pub subscription: GenericNotificationPayload,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curr_eval: Option<AnalysisUpdateEval>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_eval: Option<AnalysisUpdateEval>,
    #[schema(default = json!(null))]
    pub annotations: Option<Map<String, Value>>,
}

/// The analysis status of an image at one time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnalysisUpdateEval {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis_status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
}

/// The final action of a tag changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEvalNotification {
    #[serde(flatten)]
    pub delivery: NotificationBase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<PolicyEvalNotificationData>,
}

/// Whom it is for, and what changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEvalNotificationData {
    #[serde(flatten)]
    pub recipient: BaseNotificationData,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_payload: Option<PolicyEvalNotificationPayload>,
}

/// The evaluation now and before.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PolicyEvalNotificationPayload {
    #[serde(flatten)]
    pub subscription: GenericNotificationPayload,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub curr_eval: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_eval: Option<Map<String, Value>>,
    #[schema(default = json!(null))]
    pub annotations: Option<Map<String, Value>>,
}

/// The vulnerabilities of a tag changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VulnUpdateNotification {
    #[serde(flatten)]
    pub delivery: NotificationBase,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<VulnUpdateNotificationData>,
}

/// Whom it is for, and what changed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VulnUpdateNotificationData {
    #[serde(flatten)]
    pub recipient: BaseNotificationData,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification_payload: Option<VulnUpdateNotificationPayload>,
}

/// What is new, different or gone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VulnUpdateNotificationPayload {
    #[serde(flatten)]
    pub subscription: GenericNotificationPayload,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diff_vulnerability_result: Option<VulnDiffResult>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    #[schema(default = json!(null))]
    pub annotations: Option<Map<String, Value>>,
}

/// The difference of two vulnerability reports.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VulnDiffResult {
    #[serde(default)]
    pub added: Vec<Value>,
    #[serde(default)]
    pub updated: Vec<Value>,
    #[serde(default)]
    pub removed: Vec<Value>,
}

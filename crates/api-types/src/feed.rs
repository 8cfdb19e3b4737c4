//! Vulnerability data: what is loaded and since when.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A feed and its groups.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeedMetadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Kept for older clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Kept for older clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// When the data was built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_service_built_at: Option<Timestamp>,
    /// When this service took it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_received_at: Option<Timestamp>,
    #[serde(default)]
    pub groups: Vec<FeedGroupMetadata>,
    /// Older name of `enterprise_received_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_full_sync: Option<Timestamp>,
    /// Kept for older clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_name: Option<String>,
    /// Digest of the loaded data set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset_checksum: Option<String>,
}

/// One provider's part of a feed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeedGroupMetadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_service_built_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_received_at: Option<Timestamp>,
    /// Kept for older clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Read by the Harbor adapter; never absent once data is loaded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync: Option<Timestamp>,
    /// Vulnerability records of the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_count: Option<u64>,
    /// Kept for older clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// A stored data file of a feed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeedDataRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataset: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_format: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_service_built_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_received_at: Option<Timestamp>,
    /// Kept for older clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub built_at: Option<Timestamp>,
    /// Kept for older clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// Kept for older clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

/// The reply to `POST /system/feeds`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeedSyncStarted {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

//! Uploaded results of STIG scans.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The form of an uploaded result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StigFormat {
    Hdfjson,
}

/// An uploaded result, without its content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct STIGMetadataResponse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_uuid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uploaded_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stig_profile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_format: Option<StigFormat>,
}

/// The uploaded results of an image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct STIGMetadataResponseList {
    #[serde(default)]
    pub items: Vec<STIGMetadataResponse>,
}

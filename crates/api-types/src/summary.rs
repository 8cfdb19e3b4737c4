//! The image list of a console: counts, and one row per tag.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A page of rows and the number of all rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnchoreImageTagSummaryList {
    #[serde(default)]
    pub items: Vec<AnchoreImageTagSummary>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_rows: Option<u64>,
}

/// One tag. Its times are seconds since 1970, unlike everywhere else.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnchoreImageTagSummary {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis_status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_tag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzed_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_detected_at: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_status: Option<String>,
}

/// How many images there are, by analysis status.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnchoreImageSummaryCounts {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub images: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzed: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzing: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<u64>,
}

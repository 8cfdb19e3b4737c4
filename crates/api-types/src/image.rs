//! The image record, and how an image is submitted and deleted.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::import::ImageImportManifest;
use crate::words::{list, open_words};

open_words! {
    /// Whether an image is in use. The published list lacks `deleting`, which servers send.
    ImageStatus {
        Active = "active",
        Inactive = "inactive",
        Disabled = "disabled",
        Deleting = "deleting",
    }
}

/// How far the analysis of an artifact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisStatus {
    NotAnalyzed,
    Analyzing,
    Analyzed,
    AnalysisFailed,
}

/// Whether the Dockerfile was supplied or inferred from the image's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum DockerfileMode {
    Guessed,
    Actual,
}

/// How the analysis was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AnalysisEngine {
    AnchoreEnginePipeline,
    SyftNativePipeline,
}

/// What became of one digest of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeleteImageStatus {
    NotFound,
    Deleting,
    DeleteFailed,
}

/// An image of an account: what it is, and every tag that points at it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnchoreImage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_content: Option<ImageContent>,
    /// One entry per tag.
    #[serde(default)]
    pub image_detail: Vec<ImageDetail>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    /// Digest of the index that the image was picked from; without one, its own digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// Free key and value pairs of whoever submitted the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_status: Option<ImageStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis_status: Option<AnalysisStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_version: Option<String>,
    #[schema(default = json!(null))]
    pub analysis_status_detail: Option<Vec<AnalysisStatusDetail>>,
}

/// Images.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnchoreImageList {
    #[serde(default)]
    pub items: Vec<AnchoreImage>,
}

/// What the analysis says of the image as a whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageContentMetadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arch: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_support: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile_mode: Option<DockerfileMode>,
    /// Bytes, all layers together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layer_count: Option<u64>,
}

/// Facts of the analysed content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageContent {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<ImageContentMetadata>,
}

/// One tag of an image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageDetail {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
    /// `registry/repository:tag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_tag: Option<String>,
    /// `registry/repository@digest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// Base64.
    #[schema(default = json!(null))]
    pub dockerfile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// When the tag was first seen on this digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_detected_at: Option<Timestamp>,
}

/// One change of the analysis status, and who made it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AnalysisStatusDetail {
    pub from_status: String,
    pub to_status: String,
    pub timestamp: Timestamp,
    pub source: ServiceAnalysisReference,
}

/// The process that changed the status.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ServiceAnalysisReference {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis_engine: Option<AnalysisEngine>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enterprise_version: Option<String>,
}

/// Submits an image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImageAnalysisRequest {
    /// `docker`; no other kind is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotations: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[garde(dive)]
    pub source: Option<ImageSource>,
}

/// Where the image comes from: exactly one field is set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImageSource {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    #[garde(dive)]
    pub tag: Option<RegistryTagSource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    #[garde(dive)]
    pub digest: Option<RegistryDigestSource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    #[garde(dive)]
    pub archive: Option<AnalysisArchiveSource>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub import: Option<ImageImportManifest>,
}

/// An image by tag, pulled from its registry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct RegistryTagSource {
    pub pull_string: String,
    /// Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^[a-zA-Z0-9+/=]+$")]
    #[garde(pattern(r"^[a-zA-Z0-9+/=]+$"))]
    pub dockerfile: Option<String>,
}

/// An image by digest, with the tag it is to be known by.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct RegistryDigestSource {
    /// `registry/repository@digest`.
    pub pull_string: String,
    /// `registry/repository:tag`.
    pub tag: String,
    /// Takes the place of the time at which the tag was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creation_timestamp_override: Option<Timestamp>,
    /// Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = r"^[a-zA-Z0-9+/=]+$")]
    #[garde(pattern(r"^[a-zA-Z0-9+/=]+$"))]
    pub dockerfile: Option<String>,
}

/// An image whose archived analysis is to be restored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct AnalysisArchiveSource {
    #[schema(pattern = r"^sha256:[a-fA-F0-9]{64}$")]
    #[garde(pattern(r"^sha256:[a-fA-F0-9]{64}$"))]
    pub digest: String,
}

/// What became of one digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DeleteImageResponse {
    pub image_digest: String,
    pub status: DeleteImageStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

list! {
    /// What became of each digest of a bulk deletion.
    DeleteImageResponseList of DeleteImageResponse
}

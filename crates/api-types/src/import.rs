//! Imports: an image analysed elsewhere is uploaded in parts, then submitted.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::sbom::ImportPackageLocation;
use crate::words::list;

/// Where an import stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportStatus {
    Pending,
    Queued,
    Processing,
    Complete,
    Failed,
    Expired,
}

list! {
    /// The account's running imports.
    ImageImports of ImageImportOperation
}

/// An open import.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageImportOperation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ImportStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

list! {
    /// Digests of what was uploaded under one kind.
    ImportContentDigestList of String
}

/// What an uploaded part is known by from now on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImportContentResponse {
    /// SHA-256 over the bytes as they were received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

/// The last step of an import: which uploaded parts make the image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImageImportManifest {
    pub contents: ImportContentDigests,
    pub tags: Vec<String>,
    pub digest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_digest: Option<String>,
    /// Digest of the image config.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local_image_id: Option<String>,
    pub operation_uuid: Uuid,
}

/// Digests of the uploaded parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportContentDigests {
    pub packages: String,
    pub image_config: String,
    pub manifest: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_manifest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_searches: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_searches: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_contents: Option<String>,
    /// Our own analysis document; not part of the published shape, and sent only to servers that took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub analysis: Option<String>,
}

list! {
    /// Hits of searches made elsewhere.
    ImageImportContentSearchList of ImageImportContentSearch
}

/// The hits in one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImageImportContentSearch {
    pub location: ImportPackageLocation,
    pub content_searches: Vec<ImportContentSearchElement>,
}

/// One hit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportContentSearchElement {
    /// Name of the expression.
    pub classification: String,
    /// From 1.
    pub line_number: u64,
    /// Bytes from the start of the line.
    pub line_offset: u64,
    /// Bytes from the start of the file.
    pub seek_position: u64,
    /// Bytes.
    pub length: u64,
}

list! {
    /// Files kept by an analysis made elsewhere.
    ImageImportFileContentList of ImageImportFileContent
}

/// A kept file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImageImportFileContent {
    pub location: ImportPackageLocation,
    /// Base64.
    pub contents: String,
}

list! {
    /// The account's running source imports.
    SourceImportList of SourceImportOperation
}

/// An open import of a source revision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SourceImportOperation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ImportStatus>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
}

/// Digests of the uploaded parts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct SourceImportContents {
    pub sbom: String,
}

/// The last step of a source import: what revision the SBOM is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct SourceImportMetadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub ci_workflow_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub ci_workflow_execution_time: Option<Timestamp>,
    pub host: String,
    pub repository_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub branch_name: Option<String>,
    pub revision: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub change_author: Option<String>,
    pub contents: SourceImportContents,
}

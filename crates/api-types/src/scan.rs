//! Scans of posted data that store nothing.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::evaluation::PolicyEvaluation;
use crate::import::ImportContentSearchElement;
use crate::sbom::{ImportPackageLocation, NativeSBOM};
use crate::vulnerability::SBOMVulnerabilitiesResponse;
use crate::words::open_words;

open_words! {
    /// Kinds of search results.
    SearchMediaType {
        SecretSearch = "application/anchore.enterprise.local-analyze.secret-search.v1+json",
        ContentSearch = "application/anchore.enterprise.local-analyze.content-search.v1+json",
    }
}

open_words! {
    /// Kinds of kept files.
    FileContentsMediaType {
        FileContents = "application/anchore.enterprise.local-analyze.file-contents.v1+json",
    }
}

/// An SBOM and what else was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ScanRequest {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<NativeSBOM>)]
    pub sbom: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_scan: Option<ContentSearch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_search: Option<ContentSearch>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieved_files: Option<FileContents>,
}

/// Who searched, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct SearchMetadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzed_at: Option<Timestamp>,
    pub anchorectl_version: String,
    /// Kept for older clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    pub anchorectl_platform: String,
}

/// The file of a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct SearchLocation {
    pub path: String,
    #[serde(rename = "layerID")]
    pub layer_id: String,
}

/// The hits in one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct SearchFinding {
    pub location: SearchLocation,
    pub content_searches: Vec<ImportContentSearchElement>,
}

/// Hits of one kind of search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ContentSearch {
    pub media_type: SearchMediaType,
    pub metadata: SearchMetadata,
    pub findings: Vec<SearchFinding>,
}

/// A kept file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct FileFinding {
    pub location: ImportPackageLocation,
    /// Base64.
    pub contents: String,
}

/// Kept files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct FileContents {
    pub media_type: FileContentsMediaType,
    pub metadata: SearchMetadata,
    pub findings: Vec<FileFinding>,
}

/// The reports on an SBOM.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScanResponse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vuln_scan: Option<SBOMVulnerabilitiesResponse>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_scan: Option<PolicyEvaluation>,
}

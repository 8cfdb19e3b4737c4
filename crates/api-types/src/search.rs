//! Hits of content searches, secret searches, and files that were kept.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::words::list;

list! {
    /// Hits of content searches, per file.
    FileContentSearchList of FileContentSearchResult
}

/// The hits in one file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FileContentSearchResult {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default)]
    pub matches: Vec<RegexContentMatch>,
}

/// One expression and where it was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RegexContentMatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regex: Option<String>,
    /// Line numbers, from 1.
    #[serde(default)]
    pub lines: Vec<u64>,
}

list! {
    /// Files that the analysis kept.
    RetrievedFileList of RetrievedFile
}

/// A file with its content.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RetrievedFile {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b64_content: Option<String>,
}

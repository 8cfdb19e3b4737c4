//! Searches over all images and all vulnerability records.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::vulnerability::{NvdDataList, Severity, VendorDataList};

/// Where a page stands. Page numbers are texts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaginationProperties {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// Empty at the end, never absent: one client would loop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page: Option<String>,
    /// Entries of this page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned_count: Option<u64>,
}

/// Images that hold a package.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaginatedImageList {
    #[serde(flatten)]
    pub page: PaginationProperties,
    #[serde(default)]
    pub images: Vec<ImageWithPackages>,
}

/// An image and those of its packages that were asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageWithPackages {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageReference>,
    #[serde(default)]
    pub packages: Vec<PackageReference>,
}

/// An image and the tags it had.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageReference {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzed_at: Option<Timestamp>,
    #[serde(default)]
    pub tag_history: Vec<TagEntry>,
}

/// A tag and when it was seen.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TagEntry {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_tag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_detected_at: Option<Timestamp>,
}

/// A package by name, version and kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PackageReference {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Null when a record names every version.
    #[schema(default = json!(null))]
    pub version: Option<String>,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The vendor announced no fix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub will_not_fix: Option<bool>,
}

/// Vulnerability records.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PaginatedVulnerabilityList {
    #[serde(flatten)]
    pub page: PaginationProperties,
    #[serde(default)]
    pub vulnerabilities: Vec<StandaloneVulnerability>,
}

/// A vulnerability record of one provider, apart from any image.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StandaloneVulnerability {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The provider's name, as `debian:12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    #[serde(default)]
    pub affected_packages: Vec<PackageReference>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nvd_data: Option<NvdDataList>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_data: Option<VendorDataList>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub references: Vec<VulnerabilityReference>,
}

/// Where to read on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VulnerabilityReference {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    #[serde(default)]
    pub tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

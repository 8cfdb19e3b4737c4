//! Applications: named groups of images and sources, by version.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::policy::ArtifactType;
use crate::source::Source;
use crate::vulnerability::{CVSSV2Scores, CVSSV3Scores};
use crate::words::list;

list! {
    /// Applications.
    ApplicationList of Application
}

/// An application.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct Application {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_versions: Option<ApplicationVersionList>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
}

list! {
    /// The versions of an application.
    ApplicationVersionList of ApplicationVersion
}

/// A version of an application.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ApplicationVersion {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_version_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    pub version_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
}

/// What a version is made of.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactListResponse {
    #[serde(default)]
    pub associated_source_artifacts: Vec<AssociatedSourceArtifact>,
    #[serde(default)]
    pub associated_image_artifacts: Vec<AssociatedImageArtifact>,
}

/// When an artifact was tied to a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactAssociationMetadata {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub association_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
}

/// A source that belongs to a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AssociatedSourceArtifact {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_association_metadata: Option<ArtifactAssociationMetadata>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// An image that belongs to a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AssociatedImageArtifact {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_association_metadata: Option<ArtifactAssociationMetadata>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageArtifact>,
}

/// An image, in short.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ImageArtifact {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distro_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis_status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyzed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
}

/// Ties an artifact to a version.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ArtifactAssociationRequest {
    pub artifact_type: ArtifactType,
    /// `image_digest` for an image, `source_id` for a source.
    pub artifact_keys: Map<String, Value>,
}

/// The artifact that was tied: one of the two.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ArtifactAssociationResponse {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageArtifact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_association_metadata: Option<ArtifactAssociationMetadata>,
}

/// The SBOMs of everything in a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationVersionSbom {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<Application>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_version: Option<ApplicationVersion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default)]
    pub source_sboms: Vec<Map<String, Value>>,
    #[serde(default)]
    pub image_sboms: Vec<Map<String, Value>>,
}

/// The images and sources that were looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportedArtifacts {
    #[serde(default)]
    pub sources: Vec<VersionVulnerabilityReportSource>,
    #[serde(default)]
    pub images: Vec<VersionVulnerabilityReportImage>,
}

/// The version that a report is about.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReportedApplication {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifacts: Option<ReportedArtifacts>,
}

/// The vulnerabilities of everything in a version.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationVersionVulnerabilityReport {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<ReportedApplication>,
    #[serde(default)]
    pub vulnerabilities: Vec<VersionVulnerability>,
}

/// A source that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionVulnerabilityReportSource {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

/// An image that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionVulnerabilityReportImage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image_digest: Option<String>,
}

/// A vulnerability and where it was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionVulnerability {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(default)]
    pub nvd: Vec<VersionVulnerabilityNVD>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor_data: Option<VersionVulnerabilityVendor>,
    #[serde(default)]
    pub matches: Vec<VersionVulnerabilityMatch>,
}

/// Scores of both CVSS versions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScoresByVersion {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss_v2: Option<CVSSV2Scores>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss_v3: Option<CVSSV3Scores>,
}

/// What NVD and vendors both tell.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionVulnerabilityVendorNVDCommon {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cvss: Option<ScoresByVersion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What NVD tells.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionVulnerabilityNVD {
    #[serde(flatten)]
    pub common: VersionVulnerabilityVendorNVDCommon,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// What the vendor tells.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionVulnerabilityVendor {
    #[serde(flatten)]
    pub common: VersionVulnerabilityVendorNVDCommon,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub will_not_fix: Option<bool>,
}

/// The image or source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MatchedArtifact {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// The package.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MatchedPackage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// Where a vulnerability was found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MatchLocation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<MatchedArtifact>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<MatchedPackage>,
}

/// One package of one artifact.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VersionVulnerabilityMatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<MatchLocation>,
}

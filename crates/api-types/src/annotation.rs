//! Notes on a vulnerability of an image: the VEX statements of the API.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// The four states of VEX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VulnAnnotationStatus {
    NotAffected,
    Affected,
    Fixed,
    UnderInvestigation,
}

/// Why a vulnerability does not matter, or is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Justification {
    ComponentNotPresent,
    VulnerableCodeNotPresent,
    VulnerableCodeNotInExecutePath,
    VulnerableCodeCannotBeControlledByAdversary,
    InlineMitigationsAlreadyExist,
    FixNotPlanned,
}

/// A note and the package it is about; without one, about the whole image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct PackageVulnerabilityAnnotation {
    pub annotation: VulnerabilityAnnotation,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub package_identifier: Option<PackageIdentifier>,
}

/// The notes of an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PackageVulnerabilityAnnotationResponseList {
    pub items: Vec<PackageVulnerabilityAnnotation>,
}

/// The note itself. What the server sets is ignored in requests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct VulnerabilityAnnotation {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub uuid: Option<Uuid>,
    pub vulnerability_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub updated_at: Option<Timestamp>,
    /// Counts the changes of the note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(read_only)]
    pub version: Option<u64>,
    pub status: VulnAnnotationStatus,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub status_notes: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub justification: Option<Justification>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub impact_statement: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub action_statement: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub additional_details: Option<String>,
}

/// A package by name, version and kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct PackageIdentifier {
    pub name: String,
    pub version: String,
    #[serde(rename = "type")]
    pub kind: String,
}

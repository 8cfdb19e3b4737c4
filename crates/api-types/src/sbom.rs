//! Syft's SBOM document, as an upload describes it.

use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An SBOM in Syft's form. Keys that are not named here are accepted; whoever needs them reads the raw document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct NativeSBOM {
    pub artifacts: Vec<ImportPackage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub files: Option<Vec<ImportFile>>,
    pub source: ImportSource,
    pub distro: ImportDistribution,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub descriptor: Option<ImportDescriptor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<ImportSchema>,
    #[serde(rename = "artifactRelationships", default, skip_serializing_if = "Option::is_none")]
    pub artifact_relationships: Option<Vec<ImportPackageRelationship>>,
}

/// A package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportPackage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub name: String,
    pub version: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(rename = "foundBy", default, skip_serializing_if = "Option::is_none")]
    pub found_by: Option<String>,
    pub locations: Vec<ImportPackageLocation>,
    pub licenses: Vec<ImportLicenseForm>,
    pub language: String,
    pub cpes: Vec<ImportCpeForm>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purl: Option<String>,
    /// Name of the shape of `metadata`.
    #[serde(rename = "metadataType", default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub metadata_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub metadata: Option<Map<String, Value>>,
}

/// A path in a layer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportPackageLocation {
    pub path: String,
    #[serde(rename = "layerID", default, skip_serializing_if = "Option::is_none")]
    pub layer_id: Option<String>,
}

/// A licence as newer documents write it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportPackageLicense {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(rename = "spdxExpression", default, skip_serializing_if = "Option::is_none")]
    pub spdx_expression: Option<String>,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ImportLicenseType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub urls: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locations: Option<Vec<ImportPackageLocation>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contents: Option<String>,
}

/// Whether a licence was stated by the author or found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportLicenseType {
    Declared,
    Concluded,
}

/// A CPE as newer documents write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportPackageCPE {
    pub cpe: String,
    pub source: String,
}

/// What the SBOM describes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportSource {
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

/// The distribution.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportDistribution {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub version: Option<String>,
    #[serde(rename = "versionID", default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub version_id: Option<String>,
    #[serde(rename = "idLike", default, skip_serializing_if = "Option::is_none")]
    pub id_like: Option<Value>,
    #[serde(rename = "extendedSupport", default, skip_serializing_if = "Option::is_none")]
    #[schema(default = json!(null))]
    pub extended_support: Option<bool>,
}

/// The tool that made the document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportDescriptor {
    pub name: String,
    pub version: String,
}

/// The version of the document's form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportSchema {
    pub version: String,
    pub url: String,
}

/// One element's relation to another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportPackageRelationship {
    pub parent: String,
    pub child: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
}

/// A file and its digests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportFile {
    pub id: String,
    pub location: ImageImportFileCoordinate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digests: Option<Vec<ImportFileDigest>>,
}

/// A path in a layer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImageImportFileCoordinate {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    #[serde(rename = "layerID", default, skip_serializing_if = "Option::is_none")]
    pub layer_id: Option<String>,
}

/// A digest of a file's content.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct ImportFileDigest {
    pub algorithm: String,
    pub value: String,
}

/// A licence: a bare name in older documents, an object in newer ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ImportLicenseForm {
    Name(String),
    Full(ImportPackageLicense),
}

/// A CPE: a bare name in older documents, an object in newer ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ImportCpeForm {
    Name(String),
    Full(ImportPackageCPE),
}

//! syft's metadata of a Java package, and the package made of it.

use serde::Serialize;
use stopgate_model::{Details, Digest, License, Package, PackageType, Purl};

use super::group_id::group_id;
use super::manifest::Manifest;
use super::pom_properties::PomProperties;

/// What is known of a package while its archive is read.
#[derive(Debug, Clone)]
pub(super) struct JavaPackage<'a> {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) package_type: PackageType,
    pub(super) licenses: Vec<License>,
    pub(super) archive: JavaArchive<'a>,
}

/// `java-archive`, in the shape that syft writes.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JavaArchive<'a> {
    pub(super) virtual_path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) manifest: Option<&'a Manifest>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pom_properties: Option<PomProperties>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pom_project: Option<PomProject>,
    #[serde(rename = "digest", skip_serializing_if = "Vec::is_empty")]
    pub(super) digests: Vec<ArchiveDigest>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ArchiveDigest {
    algorithm: &'static str,
    value: String,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PomProject {
    pub(super) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parent: Option<PomParent>,
    pub(super) group_id: String,
    pub(super) artifact_id: String,
    pub(super) version: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) description: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) url: String,
}

#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PomParent {
    pub(super) group_id: String,
    pub(super) artifact_id: String,
    pub(super) version: String,
}

impl ArchiveDigest {
    pub(super) fn sha1(digest: &Digest) -> Self {
        Self { algorithm: "sha1", value: digest.hex().to_owned() }
    }
}

impl JavaPackage<'_> {
    /// The finished package.
    pub(super) fn finish(&self) -> Package {
        let purl = purl(&self.name, &self.version, &self.archive);
        let jenkins = ["io.jenkins.plugins", "org.jenkins-ci.plugins"].iter().any(|group| purl.contains(group));
        let package_type = if jenkins { PackageType::JENKINS_PLUGIN } else { self.package_type.clone() };
        let mut package = Package::new(package_type, self.name.as_str(), self.version.as_str());
        package.purl = purl;
        package.licenses.clone_from(&self.licenses);
        package.digests = self
            .archive
            .digests
            .iter()
            .filter_map(|digest| Digest::new(stopgate_model::DigestAlgorithm::Sha1, &digest.value))
            .collect();
        package.details = serde_json::to_string(&self.archive)
            .ok()
            .map(|json| Details { type_name: "java-archive".to_owned(), json });
        package
    }
}

/// The package URL. A package whose group nothing tells is its own group.
pub(super) fn purl(name: &str, version: &str, archive: &JavaArchive<'_>) -> String {
    let group = group_id(name, version, archive);
    Purl::new("maven", if group.is_empty() { name } else { &group }, name, version).to_string()
}

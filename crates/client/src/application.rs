//! Applications, their versions, and what belongs to a version.

use bytes::Bytes;
use stopgate_api_types::application::{
    Application, ApplicationList, ApplicationVersion, ApplicationVersionList, ApplicationVersionVulnerabilityReport,
    ArtifactAssociationRequest, ArtifactAssociationResponse, ArtifactListResponse,
};

use crate::{Client, ClientError, Reply};

impl Client {
    /// Lists applications.
    pub fn application_list(&self, include_versions: bool) -> Result<Reply<ApplicationList>, ClientError> {
        self.get(&["applications"]).flag("include_versions", include_versions).reply()
    }

    /// Creates an application.
    pub fn application_add(&self, application: &Application) -> Result<Reply<Application>, ClientError> {
        self.post(&["applications"]).json(application).reply()
    }

    /// One application.
    pub fn application_get(&self, id: &str, include_versions: bool) -> Result<Reply<Application>, ClientError> {
        self.get(&["applications", id]).flag("include_versions", include_versions).reply()
    }

    /// Changes name or description.
    pub fn application_update(&self, id: &str, application: &Application) -> Result<Reply<Application>, ClientError> {
        self.put(&["applications", id]).json(application).reply()
    }

    /// Deletes an application.
    pub fn application_delete(&self, id: &str) -> Result<(), ClientError> {
        self.delete(&["applications", id]).done()
    }

    /// Lists versions.
    pub fn application_version_list(&self, id: &str) -> Result<Reply<ApplicationVersionList>, ClientError> {
        self.get(&["applications", id, "versions"]).reply()
    }

    /// Creates a version.
    pub fn application_version_add(
        &self,
        id: &str,
        version: &ApplicationVersion,
    ) -> Result<Reply<ApplicationVersion>, ClientError> {
        self.post(&["applications", id, "versions"]).json(version).reply()
    }

    /// Renames a version.
    pub fn application_version_update(
        &self,
        id: &str,
        version: &str,
        change: &ApplicationVersion,
    ) -> Result<Reply<ApplicationVersion>, ClientError> {
        self.put(&["applications", id, "versions", version]).json(change).reply()
    }

    /// Deletes a version.
    pub fn application_version_delete(&self, id: &str, version: &str) -> Result<(), ClientError> {
        self.delete(&["applications", id, "versions", version]).done()
    }

    /// What belongs to a version: `image`, `source` or, without a type, both.
    pub fn application_artifact_list(
        &self,
        id: &str,
        version: &str,
        kinds: &[String],
    ) -> Result<Reply<ArtifactListResponse>, ClientError> {
        let kinds = (!kinds.is_empty()).then(|| kinds.join(","));
        self.get(&["applications", id, "versions", version, "artifacts"])
            .query("artifact_types", kinds.as_deref())
            .reply()
    }

    /// Adds an image or a source to a version.
    pub fn application_artifact_add(
        &self,
        id: &str,
        version: &str,
        request: &ArtifactAssociationRequest,
    ) -> Result<Reply<ArtifactAssociationResponse>, ClientError> {
        self.post(&["applications", id, "versions", version, "artifacts"]).json(request).reply()
    }

    /// Takes an artifact out of a version.
    pub fn application_artifact_remove(&self, id: &str, version: &str, association: &str) -> Result<(), ClientError> {
        self.delete(&["applications", id, "versions", version, "artifacts", association]).done()
    }

    /// The SBOM of a version, byte for byte.
    pub fn application_version_sbom(&self, id: &str, version: &str, kinds: &[String]) -> Result<Bytes, ClientError> {
        let kinds = (!kinds.is_empty()).then(|| kinds.join(","));
        self.get(&["applications", id, "versions", version, "sboms", "native-json"])
            .query("artifact_types", kinds.as_deref())
            .bytes()
    }

    /// Vulnerabilities of all that belongs to a version.
    pub fn application_version_vulnerabilities(
        &self,
        id: &str,
        version: &str,
        will_not_fix: Option<bool>,
    ) -> Result<Reply<ApplicationVersionVulnerabilityReport>, ClientError> {
        let mut call = self.get(&["applications", id, "versions", version, "vulnerabilities"]);
        if let Some(will_not_fix) = will_not_fix {
            call = call.flag("will_not_fix", will_not_fix);
        }
        call.reply()
    }
}

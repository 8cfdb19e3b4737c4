//! Source revisions, and how their SBOMs are imported.

use bytes::Bytes;
use stopgate_api_types::content::SourceContentPackageResponse;
use stopgate_api_types::evaluation::SourcePolicyEvaluation;
use stopgate_api_types::import::{ImportContentResponse, SourceImportMetadata, SourceImportOperation};
use stopgate_api_types::source::{SourceManifest, SourcesList};
use stopgate_api_types::vulnerability::SourcePackageVulnerabilityResponse;
use uuid::Uuid;

use crate::{Client, ClientError, Reply};

/// Which vulnerabilities of a source.
#[derive(Debug, Clone, Default)]
pub struct SourceVulnerabilityOptions {
    /// Match again although a result is stored.
    pub force_refresh: bool,
    /// With descriptions.
    pub include_description: bool,
    /// Also what the vendor will not fix; `None`: the server's default.
    pub will_not_fix: Option<bool>,
}

impl Client {
    /// Lists source revisions.
    pub fn source_list(&self) -> Result<Reply<SourcesList>, ClientError> {
        self.get(&["sources"]).reply()
    }

    /// One source revision.
    pub fn source_get(&self, id: &str) -> Result<Reply<SourceManifest>, ClientError> {
        self.get(&["sources", id]).reply()
    }

    /// Deletes a source revision.
    pub fn source_delete(&self, id: &str, force: bool) -> Result<(), ClientError> {
        self.delete(&["sources", id]).flag("force", force).done()
    }

    /// Evaluates a source revision; `None` as policy: the active one.
    pub fn source_check(
        &self,
        id: &str,
        policy_id: Option<&str>,
    ) -> Result<Reply<SourcePolicyEvaluation>, ClientError> {
        self.get(&["sources", id, "check"]).query("policy_id", policy_id).reply()
    }

    /// The kinds of vulnerability report.
    pub fn source_vulnerability_types(&self, id: &str) -> Result<Reply<Vec<String>>, ClientError> {
        self.get(&["sources", id, "vuln"]).reply()
    }

    /// Vulnerabilities of one kind.
    pub fn source_vulnerabilities(
        &self,
        id: &str,
        kind: &str,
        options: &SourceVulnerabilityOptions,
    ) -> Result<Reply<SourcePackageVulnerabilityResponse>, ClientError> {
        let mut call = self
            .get(&["sources", id, "vuln", kind])
            .flag("force_refresh", options.force_refresh)
            .flag("include_vuln_description", options.include_description);
        if let Some(will_not_fix) = options.will_not_fix {
            call = call.flag("will_not_fix", will_not_fix);
        }
        call.reply()
    }

    /// The kinds of content that are known of a source.
    pub fn source_content_types(&self, id: &str) -> Result<Reply<Vec<String>>, ClientError> {
        self.get(&["sources", id, "content"]).reply()
    }

    /// Packages of one kind.
    pub fn source_content(&self, id: &str, kind: &str) -> Result<Reply<SourceContentPackageResponse>, ClientError> {
        self.get(&["sources", id, "content", kind]).reply()
    }

    /// The SBOM as `native-json`, `cyclonedx-json` or `spdx-json`, byte for byte.
    pub fn source_sbom(&self, id: &str, format: &str) -> Result<Bytes, ClientError> {
        self.get(&["sources", id, "sbom", format]).bytes()
    }

    /// Opens an import.
    pub fn source_import_begin(&self) -> Result<Reply<SourceImportOperation>, ClientError> {
        self.post(&["imports", "sources"]).reply()
    }

    /// Uploads the SBOM; the answer holds its digest.
    pub fn source_import_sbom(
        &self,
        operation: Uuid,
        bytes: Bytes,
    ) -> Result<Reply<ImportContentResponse>, ClientError> {
        self.post(&["imports", "sources", &operation.to_string(), "sbom"]).body("application/json", bytes).reply()
    }

    /// Says which revision the SBOM is of.
    pub fn source_import_finish(
        &self,
        operation: Uuid,
        metadata: &SourceImportMetadata,
    ) -> Result<Reply<SourceManifest>, ClientError> {
        self.post(&["imports", "sources", &operation.to_string(), "finalize"]).json(metadata).reply()
    }
}

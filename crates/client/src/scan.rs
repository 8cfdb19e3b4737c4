//! Verdicts about what is not stored.

use serde_json::Value;
use stopgate_api_types::scan::{ScanRequest, ScanResponse};
use stopgate_api_types::vulnerability::SBOMVulnerabilitiesResponse;

use crate::{Client, ClientError, Reply};

impl Client {
    /// Vulnerabilities and verdict of posted data.
    pub fn scan(
        &self,
        request: &ScanRequest,
        tag: &str,
        policy_id: Option<&str>,
    ) -> Result<Reply<ScanResponse>, ClientError> {
        self.post(&["scan"]).query("tag", Some(tag)).query("policy_id", policy_id).json(request).reply()
    }

    /// Vulnerabilities of a posted SBOM.
    pub fn sbom_vulnerabilities(&self, sbom: &Value) -> Result<Reply<SBOMVulnerabilitiesResponse>, ClientError> {
        self.post(&["vulnerability-scan"]).json(sbom).reply()
    }
}

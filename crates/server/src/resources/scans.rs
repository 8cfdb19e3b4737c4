//! Scans of what is sent with the question; nothing of it is kept.

use serde::Deserialize;
use serde_json::{Value, json};
use stopgate_api_types::evaluation::PolicyEvaluation;
use stopgate_api_types::scan::{ScanRequest, ScanResponse};
use stopgate_api_types::vulnerability::SBOMVulnerabilitiesResponse;
use stopgate_model::Artifact;
use stopgate_service::permission::granted;
use stopgate_service::scan::Beside;
use stopgate_service::vulnerability::Vulnerable;
use stopgate_service::{ServiceError, sha256_hex};
use utoipa::IntoParams;

use super::{evaluations, vulnerabilities};
use crate::answer::{Answer, Written};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{AnyJson, ApiJson, ApiQuery};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.post("/scan", scan).post("/vulnerability-scan", vulnerability_scan);
}

#[derive(Debug, Deserialize, IntoParams)]
struct Scanning {
    /// The policy; without, the active one.
    policy_id: Option<String>,
    /// `registry/repository:tag`: it chooses the mapping.
    tag: String,
    /// With support beyond the vendor's; data has none.
    #[expect(dead_code, reason = "there is no such data")]
    extended_support: Option<bool>,
}

async fn scan(
    call: Call<granted::GetImageEvaluation>,
    ApiQuery(asked): ApiQuery<Scanning>,
    ApiJson(sent): ApiJson<ScanRequest>,
) -> Result<Written<ScanResponse>, ApiError> {
    let sbom = sent.sbom.ok_or_else(|| ServiceError::invalid("`sbom` is missing: expected an SBOM in Syft's form"))?;
    let bytes = serde_json::to_vec(&sbom).map_err(ServiceError::internal)?;
    let id = sbom_id(&bytes);
    let artifact = call.service().read_sbom(bytes).await?;
    let found = call.service().scan(artifact.clone()).await?;
    let findings = |found: Option<Value>| found.and_then(|mut found| Some(found.get_mut("findings")?.take()));
    let value = |found| serde_json::to_value(found).map_err(ServiceError::internal);
    let beside = Beside {
        secrets: findings(sent.secret_scan.map(value).transpose()?),
        content: findings(sent.content_search.map(value).transpose()?),
        files: findings(
            sent.retrieved_files
                .map(|files| serde_json::to_value(files).map_err(ServiceError::internal))
                .transpose()?,
        ),
    };
    let digest = artifact.source.image().map(|image| image.manifest_digest.to_string());
    let named = (asked.tag.as_str(), asked.policy_id.as_deref());
    let decided = call.service().check_scan(&call, artifact, beside, named).await?;
    let evaluation = json!({
        "policy_id": decided.policy_id,
        "image_digest": digest,
        "evaluated_tag": decided.tag,
        "evaluations": [evaluations::result(&decided, true)],
    });
    // The shape is the one that is told of a stored image.
    debug_assert!(serde_json::from_value::<PolicyEvaluation>(evaluation.clone()).is_ok(), "a wrong shape");
    let body = json!({"vuln_scan": told(id, &found, false), "policy_scan": evaluation});
    Ok(Written::new(serde_json::to_vec(&body).map_err(ServiceError::internal)?))
}

#[derive(Debug, Deserialize, IntoParams)]
struct VulnerabilityScanning {
    /// With texts.
    include_vuln_description: Option<bool>,
    /// With support beyond the vendor's; data has none.
    #[expect(dead_code, reason = "there is no such data")]
    extended_support: Option<bool>,
}

async fn vulnerability_scan(
    call: Call<granted::GetImage>,
    ApiQuery(asked): ApiQuery<VulnerabilityScanning>,
    AnyJson(sbom): AnyJson,
) -> Result<Answer<SBOMVulnerabilitiesResponse>, ApiError> {
    let bytes = serde_json::to_vec(&sbom).map_err(ServiceError::internal)?;
    let id = sbom_id(&bytes);
    let artifact: Artifact = call.service().read_sbom(bytes).await?;
    let found = call.service().scan(artifact).await?;
    Ok(Answer(told(id, &found, asked.include_vuln_description.unwrap_or(false))))
}

/// The SBOM by its content, since it has no other name here.
fn sbom_id(bytes: &[u8]) -> String {
    format!("sha256:{}", sha256_hex(bytes))
}

fn told(id: String, found: &[Vulnerable], description: bool) -> SBOMVulnerabilitiesResponse {
    SBOMVulnerabilitiesResponse {
        sbom_id: Some(id),
        extended_support: Some(false),
        vulnerabilities: found.iter().map(|found| vulnerabilities::told(found, description)).collect(),
    }
}

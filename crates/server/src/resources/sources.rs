//! Sources: listing, deleting, what they hold, what is decided about them.

use serde::Deserialize;
use serde_json::Value;
use stopgate_api_types::content::{ContentCount, ImageContentSummary, SourceContentPackageResponse};
use stopgate_api_types::evaluation::SourcePolicyEvaluation;
use stopgate_api_types::image::AnalysisStatus;
use stopgate_api_types::source::{Source, SourceManifest, SourceManifestMetadataRecord, SourceStatus, SourcesList};
use stopgate_api_types::vulnerability::{SourcePackageVulnerabilityResponse, VulnerabilityType};
use stopgate_model::{Artifact, FixState};
use stopgate_service::permission::granted;
use stopgate_service::source::SourceDecision;
use stopgate_service::store::image::AnalysisState;
use stopgate_service::store::source::SourceRow;
use stopgate_service::{ServiceError, sbom};
use utoipa::IntoParams;
use uuid::Uuid;

use super::{contents, vulnerabilities};
use crate::answer::{Answer, NoContent, Written};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiPath, ApiQuery};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/sources", list)
        .get("/sources/{source_id}", get)
        .delete("/sources/{source_id}", delete)
        .get("/sources/{source_id}/check", check)
        .get("/sources/{source_id}/content", types)
        .get("/sources/{source_id}/content-summary", summary)
        .get("/sources/{source_id}/content/{content_type}", packages)
        .get("/sources/{source_id}/sbom/native-json", native)
        .get("/sources/{source_id}/sbom/cyclonedx-json", cyclonedx)
        .get("/sources/{source_id}/sbom/spdx-json", spdx)
        .get("/sources/{source_id}/vuln", vulnerability_types)
        .get("/sources/{source_id}/vuln/{vuln_type}", vulnerable);
}

const fn analysis(state: AnalysisState) -> AnalysisStatus {
    match state {
        AnalysisState::NotAnalyzed => AnalysisStatus::NotAnalyzed,
        AnalysisState::Analyzing => AnalysisStatus::Analyzing,
        AnalysisState::Analyzed => AnalysisStatus::Analyzed,
        AnalysisState::Failed => AnalysisStatus::AnalysisFailed,
    }
}

fn status(state: &str) -> SourceStatus {
    if state == "active" { SourceStatus::Active } else { SourceStatus::Deleting }
}

pub(super) fn told(row: &SourceRow, account: &str) -> Source {
    Source {
        uuid: Uuid::parse_str(&row.uuid).ok(),
        account_name: Some(account.to_owned()),
        host: Some(row.host.clone()),
        repository_name: Some(row.repository.clone()),
        revision: Some(row.revision.clone()),
        analysis_status: Some(analysis(row.analysis_state)),
        source_status: Some(status(&row.state)),
        created_at: Some(row.created_at),
        last_updated: Some(row.updated_at),
    }
}

pub(super) fn manifest(row: &SourceRow, account: &str) -> SourceManifest {
    let records = row.metadata.as_array().into_iter().flatten();
    let records: Vec<SourceManifestMetadataRecord> =
        records.filter_map(|record| serde_json::from_value(record.clone()).ok()).collect();
    SourceManifest {
        uuid: Uuid::parse_str(&row.uuid).ok(),
        account_name: Some(account.to_owned()),
        vcs_type: Some("git".to_owned()),
        host: Some(row.host.clone()),
        repository_name: Some(row.repository.clone()),
        revision: Some(row.revision.clone()),
        created_at: Some(row.created_at),
        last_updated: Some(row.updated_at),
        analysis_status: Some(analysis(row.analysis_state)),
        source_status: Some(status(&row.state)),
        metadata_records: records,
    }
}

async fn list(call: Call<granted::ListSources>) -> Result<Answer<SourcesList>, ApiError> {
    let rows = call.service().sources(&call).await?;
    Ok(Answer(SourcesList { items: rows.iter().map(|row| told(row, &call.account.name)).collect() }))
}

async fn get(call: Call<granted::GetSource>, ApiPath(id): ApiPath<String>) -> Result<Answer<SourceManifest>, ApiError> {
    let row = call.service().source(&call, &id).await?;
    Ok(Answer(manifest(&row, &call.account.name)))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Deleting {
    /// Also while it is in use.
    #[expect(dead_code, reason = "nothing stands in the way of deleting a source")]
    force: Option<bool>,
}

async fn delete(
    call: Call<granted::DeleteSource>,
    ApiPath(id): ApiPath<String>,
    ApiQuery(_): ApiQuery<Deleting>,
) -> Result<NoContent, ApiError> {
    call.service().delete_source(&call, &id).await?;
    Ok(NoContent)
}

#[derive(Debug, Deserialize, IntoParams)]
struct Checking {
    /// The policy; without, the active one.
    policy_id: Option<String>,
}

async fn check(
    call: Call<granted::GetSourceEvaluation>,
    ApiPath(id): ApiPath<String>,
    ApiQuery(asked): ApiQuery<Checking>,
) -> Result<Answer<SourcePolicyEvaluation>, ApiError> {
    let decided = call.service().check_source(&call, &id, asked.policy_id.as_deref()).await?;
    Ok(Answer(evaluation(&decided, &call.account.name)?))
}

/// A decision in the published shape, from the parts that it shares with the one about an image.
fn evaluation(decided: &SourceDecision, account: &str) -> Result<SourcePolicyEvaluation, ServiceError> {
    let result = decided.document.get("evaluation").cloned().unwrap_or_default();
    let part = |name: &str| result.get(name).cloned().unwrap_or_default();
    let detail = |name: &str| result.pointer(&format!("/details/{name}")).cloned().unwrap_or_default();
    let mapping = part("matched_mapping_rule");
    let source = &decided.source;
    Ok(SourcePolicyEvaluation {
        account_name: account.to_owned(),
        evaluation_id: decided.id.to_string(),
        source_id: source.uuid.clone(),
        host: source.host.clone(),
        repository_name: source.repository.clone(),
        revision: source.revision.clone(),
        policy: detail("policy"),
        source_mapped_to_rule: !mapping.is_null(),
        matched_mapping_rule: mapping.as_object().cloned(),
        findings: read(detail("findings"))?,
        number_of_findings: read(part("number_of_findings"))?,
        evaluation_time: read(part("evaluation_time"))?,
        final_action: read(part("final_action"))?,
        final_action_reason: read(part("final_action_reason"))?,
        evaluation_problems: read(part("evaluation_problems"))?,
        status: read(part("status"))?,
    })
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> Result<T, ServiceError> {
    serde_json::from_value(value).map_err(ServiceError::internal)
}

/// Types of packages in a source.
fn all_types(artifact: &Artifact) -> Vec<String> {
    let mut all: Vec<String> = artifact.packages.iter().map(contents::listed_as).collect();
    all.extend(contents::ALWAYS.iter().map(|name| (*name).to_owned()));
    all.sort();
    all.dedup();
    all
}

async fn types(call: Call<granted::GetSource>, ApiPath(id): ApiPath<String>) -> Result<Answer<Vec<String>>, ApiError> {
    let (_, artifact) = call.service().source_content(&call, &id).await?;
    Ok(Answer(all_types(&artifact)))
}

async fn summary(
    call: Call<granted::GetSource>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<ImageContentSummary>, ApiError> {
    let (_, artifact) = call.service().source_content(&call, &id).await?;
    let of = |name: String| ContentCount {
        count: Some(artifact.packages.iter().filter(|package| contents::listed_as(package) == name).count() as u64),
        display_name: Some(name.clone()),
        content_type: Some(name),
    };
    Ok(Answer(ImageContentSummary { items: all_types(&artifact).into_iter().map(of).collect() }))
}

async fn packages(
    call: Call<granted::GetSource>,
    ApiPath((id, wanted)): ApiPath<(String, String)>,
) -> Result<Answer<SourceContentPackageResponse>, ApiError> {
    let (_, artifact) = call.service().source_content(&call, &id).await?;
    let known = all_types(&artifact);
    if !known.contains(&wanted) {
        return Err(ServiceError::invalid(format!("`content_type`: expected one of {}", known.join(", "))).into());
    }
    let listed = artifact.packages.iter().filter(|package| contents::listed_as(package) == wanted);
    let content = listed.map(contents::told).collect();
    Ok(Answer(SourceContentPackageResponse { source_id: Some(id), content_type: Some(wanted), content }))
}

async fn document(
    call: &Call<granted::GetSource>,
    id: &str,
    write: fn(&Artifact) -> Result<Vec<u8>, ServiceError>,
) -> Result<Written<Value>, ApiError> {
    let (_, artifact) = call.service().source_content(call, id).await?;
    let written = tokio::task::spawn_blocking(move || write(&artifact)).await.map_err(ServiceError::internal)??;
    Ok(Written::new(written))
}

async fn native(call: Call<granted::GetSource>, ApiPath(id): ApiPath<String>) -> Result<Written<Value>, ApiError> {
    document(&call, &id, sbom::native).await
}

async fn cyclonedx(call: Call<granted::GetSource>, ApiPath(id): ApiPath<String>) -> Result<Written<Value>, ApiError> {
    document(&call, &id, sbom::cyclonedx).await
}

async fn spdx(call: Call<granted::GetSource>, ApiPath(id): ApiPath<String>) -> Result<Written<Value>, ApiError> {
    document(&call, &id, sbom::spdx).await
}

async fn vulnerability_types(
    call: Call<granted::GetSource>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<Vec<VulnerabilityType>>, ApiError> {
    call.service().source(&call, &id).await?;
    Ok(Answer(vec![VulnerabilityType::All, VulnerabilityType::Os, VulnerabilityType::NonOs]))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Vulnerable {
    /// Match again; matches are always those of the data in use.
    #[expect(dead_code, reason = "answers are always fresh")]
    force_refresh: Option<bool>,
    /// With texts.
    include_vuln_description: Option<bool>,
    /// Only what vendors will not fix, or only the rest.
    will_not_fix: Option<bool>,
}

async fn vulnerable(
    call: Call<granted::GetSource>,
    ApiPath((id, kind)): ApiPath<(String, String)>,
    ApiQuery(asked): ApiQuery<Vulnerable>,
) -> Result<Answer<SourcePackageVulnerabilityResponse>, ApiError> {
    vulnerabilities::check_kind(&kind)?;
    let all = call.service().source_vulnerabilities(&call, &id).await?;
    let description = asked.include_vuln_description.unwrap_or(false);
    let found = all
        .iter()
        .filter(|found| vulnerabilities::is_of(found, &kind))
        .filter(|found| {
            asked.will_not_fix.is_none_or(|wanted| wanted == (found.matched.fix.state == FixState::WontFix))
        })
        .map(|found| vulnerabilities::told(found, description));
    Ok(Answer(SourcePackageVulnerabilityResponse {
        source_id: Some(id),
        vulnerabilities: found.collect(),
        vulnerability_type: Some(kind),
    }))
}

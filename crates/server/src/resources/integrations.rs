//! Agents that report to the server.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;
use stopgate_api_types::integration::{
    HealthReport, Integration, IntegrationAdditionalProperties, IntegrationHealthState, IntegrationLifecycleState,
    IntegrationListResponse, IntegrationRegister, IntegrationReportedStatus, IntegrationStatus, IntegrationSummary,
    IntegrationSummaryList, IntegrationType,
};
use stopgate_service::ServiceError;
use stopgate_service::integration::{Registration, Standing, standing};
use stopgate_service::permission::granted;
use stopgate_service::store::integration::IntegrationRow;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::answer::{Answer, Made, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::routes::{self, Routes};

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/system/integrations", list)
        .post("/system/integrations/registration", register)
        .get("/system/integrations/{integration_uuid}", get)
        .delete("/system/integrations/{integration_uuid}", delete)
        .post("/system/integrations/{integration_uuid}/health-report", report);
}

/// An agent: 201 when it is new, 200 when it is known.
struct Registered {
    new: bool,
    agent: Integration,
}

impl IntoResponse for Registered {
    fn into_response(self) -> Response {
        let status = if self.new { StatusCode::CREATED } else { StatusCode::OK };
        (status, axum::Json(self.agent)).into_response()
    }
}

impl routes::Output for Registered {
    fn describe(operation: &mut routes::Described) {
        operation.json_answer::<Integration>(201);
        operation.other_success = Some(200);
        operation.statuses.insert(409);
    }
}

fn register_of(row: &IntegrationRow) -> Result<IntegrationRegister, ApiError> {
    Ok(serde_json::from_value(row.body.clone()).map_err(ServiceError::internal)?)
}

fn reported(report: Option<&HealthReport>) -> Option<IntegrationReportedStatus> {
    let report = report?;
    let errors = report.health_data.errors.iter().flatten();
    let accounts = report.health_data.account_k8s_inventory_reports.iter().flatten();
    let failed = accounts.filter(|(_, sent)| sent.has_errors).map(|(account, _)| account);
    let mut reasons: Vec<String> = errors.cloned().collect();
    reasons.extend(failed.map(|account| format!("the inventory of `{account}` could not be sent whole")));
    let state = if reasons.is_empty() { IntegrationHealthState::Healthy } else { IntegrationHealthState::Unhealthy };
    Some(IntegrationReportedStatus {
        state: Some(state),
        reason: (!reasons.is_empty()).then(|| reasons.join("; ")),
        details: serde_json::to_value(&report.health_data).ok().and_then(|data| data.as_object().cloned()),
    })
}

fn summary(row: &IntegrationRow, account: &str) -> Result<IntegrationSummary, ApiError> {
    let told = register_of(row)?;
    let report: Option<HealthReport> =
        row.health.clone().map(serde_json::from_value).transpose().map_err(ServiceError::internal)?;
    let state = match standing(row, crate::request::now()) {
        Standing::Registered => IntegrationLifecycleState::Registered,
        Standing::Active => IntegrationLifecycleState::Active,
        Standing::Inactive => IntegrationLifecycleState::Inactive,
    };
    let accounts = report.iter().flat_map(|report| report.health_data.account_k8s_inventory_reports.iter().flatten());
    Ok(IntegrationSummary {
        uuid: row.uuid.parse().map_err(ServiceError::internal)?,
        kind: told.kind,
        name: told.name,
        version: told.version,
        reported_status: reported(report.as_ref()),
        integration_status: Some(IntegrationStatus {
            state: Some(state),
            reason: (state == IntegrationLifecycleState::Inactive).then(|| "its health report is overdue".to_owned()),
            details: None,
            updated_at: Some(row.seen_at.unwrap_or(row.updated_at)),
        }),
        last_seen: row.seen_at,
        uptime: report.as_ref().map(|report| report.uptime).or(told.uptime),
        account_name: account.to_owned(),
        username: told.username,
        explicitly_account_bound: told.explicitly_account_bound.unwrap_or_default(),
        accounts: accounts.map(|(account, _)| account.clone()).collect(),
        cluster_name: told.cluster_name,
        namespace: told.namespace,
        health_report_interval: Some(told.health_report_interval),
        registration_id: Some(told.registration_id),
        registration_instance_id: Some(told.registration_instance_id),
    })
}

fn whole(row: &IntegrationRow, account: &str) -> Result<Integration, ApiError> {
    let told = register_of(row)?;
    Ok(Integration {
        summary: summary(row, account)?,
        more: IntegrationAdditionalProperties {
            description: told.description,
            started_at: told.started_at,
            namespaces: told.namespaces.unwrap_or_default(),
            configuration: told.configuration,
        },
    })
}

async fn register(
    call: Call<granted::RegisterIntegration>,
    ApiJson(new): ApiJson<IntegrationRegister>,
) -> Result<Registered, ApiError> {
    if let IntegrationType::Other(kind) = &new.kind {
        let shown: String = kind.chars().take(50).collect();
        return Err(ServiceError::invalid(format!("`type` is `{shown}`: expected `k8s_inventory_agent`")).into());
    }
    let body = serde_json::to_value(&new).map_err(ServiceError::internal)?;
    let registration = Registration {
        name: new.name.clone().unwrap_or_else(|| new.registration_id.clone()),
        registration_id: new.registration_id,
        instance_id: new.registration_instance_id,
        kind: new.kind.as_str().to_owned(),
        body,
    };
    let (row, new) = call.service().register(&call, &registration).await?;
    Ok(Registered { new, agent: whole(&row, &call.account.name)? })
}

#[derive(Debug, Deserialize, IntoParams)]
struct Filter {
    /// Only agents that are not well, or silent.
    #[param(default = false)]
    only_degraded: Option<bool>,
}

async fn list(
    call: Call<granted::ListIntegrations>,
    ApiQuery(filter): ApiQuery<Filter>,
) -> Result<Answer<IntegrationListResponse>, ApiError> {
    let mut items = Vec::new();
    for row in call.service().integrations(&call).await? {
        let agent = summary(&row, &call.account.name)?;
        let unwell = agent.reported_status.as_ref().and_then(|status| status.state)
            == Some(IntegrationHealthState::Unhealthy)
            || agent.integration_status.as_ref().and_then(|status| status.state)
                == Some(IntegrationLifecycleState::Inactive);
        if unwell || !filter.only_degraded.unwrap_or(false) {
            items.push(agent);
        }
    }
    Ok(Answer(IntegrationListResponse { items: Some(IntegrationSummaryList(items)) }))
}

async fn get(
    call: Call<granted::GetIntegration>,
    ApiPath(uuid): ApiPath<Uuid>,
) -> Result<Answer<Integration>, ApiError> {
    let row = call.service().integration(&call, &uuid.to_string()).await?;
    Ok(Answer(whole(&row, &call.account.name)?))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Deleting {
    /// Also while it still reports.
    #[param(default = false)]
    force: Option<bool>,
}

async fn delete(
    call: Call<granted::DeleteIntegration>,
    ApiPath(uuid): ApiPath<Uuid>,
    ApiQuery(how): ApiQuery<Deleting>,
) -> Result<NoContent, ApiError> {
    call.service().delete_integration(&call, &uuid.to_string(), how.force.unwrap_or(false)).await?;
    Ok(NoContent)
}

async fn report(
    call: Call<granted::ReportHealth>,
    ApiPath(uuid): ApiPath<Uuid>,
    ApiJson(report): ApiJson<HealthReport>,
) -> Result<Made, ApiError> {
    if report.uuid != uuid {
        return Err(ServiceError::invalid("`uuid` is another than in the address").into());
    }
    let body: Value = serde_json::to_value(&report).map_err(ServiceError::internal)?;
    call.service().take_health(&call, &uuid.to_string(), &body).await?;
    Ok(Made)
}

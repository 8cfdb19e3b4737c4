//! Policies.

use serde::Deserialize;
use serde_json::Value;
use stopgate_api_types::policy::{PolicyList, PolicyRecord};
use stopgate_service::ServiceError;
use stopgate_service::permission::granted;
use stopgate_service::store::policy::PolicyRow;
use utoipa::IntoParams;

use crate::answer::{Answer, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{AnyJson, ApiPath, ApiQuery};
use crate::routes::{Described, Input, Routes};

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/policies", list)
        .post("/policies", create)
        .get("/policies/{policy_id}", get)
        .put("/policies/{policy_id}", update)
        .delete("/policies/{policy_id}", delete);
}

fn told(row: &PolicyRow, account: &str, policy: Option<Value>) -> PolicyRecord {
    PolicyRecord {
        created_at: Some(row.created_at),
        last_updated: Some(row.updated_at),
        policy_id: row.policy_id.clone(),
        active: row.active,
        account_name: account.to_owned(),
        policy_source: row.source.clone(),
        policy,
        name: row.name.clone(),
        description: Some(row.description.clone()),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Detail {
    /// With the documents.
    detail: Option<bool>,
}

async fn list(
    call: Call<granted::ListPolicies>,
    ApiQuery(asked): ApiQuery<Detail>,
) -> Result<Answer<PolicyList>, ApiError> {
    let service = call.service();
    let mut all = Vec::new();
    for row in service.policies(&call).await? {
        let document = if asked.detail.unwrap_or(false) { Some(service.policy_document(&row).await?) } else { None };
        all.push(told(&row, &call.account.name, document));
    }
    Ok(Answer(PolicyList(all)))
}

/// A policy as a body: its own reader checks it, with every error at once.
struct PolicyBody(Value);

impl axum::extract::FromRequest<crate::App> for PolicyBody {
    type Rejection = ApiError;

    async fn from_request(request: axum::extract::Request, app: &crate::App) -> Result<Self, ApiError> {
        let AnyJson(value) = AnyJson::from_request(request, app).await?;
        Ok(Self(value))
    }
}

impl Input for PolicyBody {
    fn describe(operation: &mut Described) {
        operation.json_body::<stopgate_api_types::policy::Policy>(true);
        operation.statuses.extend([400, 409, 413, 415]);
    }
}

async fn create(
    call: Call<granted::CreatePolicy>,
    PolicyBody(document): PolicyBody,
) -> Result<Answer<PolicyRecord>, ApiError> {
    let service = call.service();
    let row = service.add_policy(&call, &document).await?;
    let document = service.policy_document(&row).await?;
    Ok(Answer(told(&row, &call.account.name, Some(document))))
}

async fn get(
    call: Call<granted::GetPolicy>,
    ApiPath(id): ApiPath<String>,
    ApiQuery(asked): ApiQuery<Detail>,
) -> Result<Answer<PolicyRecord>, ApiError> {
    let service = call.service();
    let row = service.deciding(call.account_id(), Some(&id)).await?;
    let document = if asked.detail.unwrap_or(true) { Some(service.policy_document(&row).await?) } else { None };
    Ok(Answer(told(&row, &call.account.name, document)))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Activate {
    /// Let it decide from now on, in place of the one before.
    active: Option<bool>,
}

/// A record as a body: what clients were told, sent back.
struct RecordBody(Value);

impl axum::extract::FromRequest<crate::App> for RecordBody {
    type Rejection = ApiError;

    async fn from_request(request: axum::extract::Request, app: &crate::App) -> Result<Self, ApiError> {
        let AnyJson(value) = AnyJson::from_request(request, app).await?;
        Ok(Self(value))
    }
}

impl Input for RecordBody {
    fn describe(operation: &mut Described) {
        operation.json_body::<PolicyRecord>(true);
        operation.statuses.extend([400, 413, 415]);
    }
}

async fn update(
    call: Call<granted::UpdatePolicy>,
    ApiPath(id): ApiPath<String>,
    ApiQuery(asked): ApiQuery<Activate>,
    RecordBody(record): RecordBody,
) -> Result<Answer<PolicyRecord>, ApiError> {
    let service = call.service();
    let members =
        record.as_object().ok_or_else(|| ServiceError::invalid("expected a record of a policy, an object"))?;
    // Some clients send the bare policy.
    let document = match members.get("policy") {
        Some(Value::Null) | None if members.contains_key("rule_sets") => Some(&record),
        Some(Value::Null) | None => None,
        Some(document) => Some(document),
    };
    let wanted = asked.active.or_else(|| members.get("active").and_then(Value::as_bool));
    let known = service.deciding(call.account_id(), Some(&id)).await?;
    if known.active && wanted == Some(false) {
        let message = "the active policy cannot be made inactive; activate another one";
        return Err(ServiceError::invalid(message).into());
    }
    let row = service.update_policy(&call, &id, document, wanted.unwrap_or(false)).await?;
    let document = service.policy_document(&row).await?;
    Ok(Answer(told(&row, &call.account.name, Some(document))))
}

async fn delete(call: Call<granted::DeletePolicy>, ApiPath(id): ApiPath<String>) -> Result<NoContent, ApiError> {
    call.service().delete_policy(&call, &id).await?;
    Ok(NoContent)
}

//! Corrections of what packages are identified as.

use serde::Deserialize;
use serde_json::Value;
use stopgate_api_types::correction::{Correction, CorrectionList};
use stopgate_service::ServiceError;
use stopgate_service::permission::granted;
use stopgate_service::store::document::DocumentRow;
use utoipa::IntoParams;

use crate::answer::{Answer, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/corrections", list)
        .post("/corrections", create)
        .get("/corrections/{uuid}", get)
        .put("/corrections/{uuid}", update)
        .delete("/corrections/{uuid}", delete);
}

fn told(row: DocumentRow) -> Result<Correction, ApiError> {
    let written: Correction = serde_json::from_value(row.body).map_err(ServiceError::internal)?;
    Ok(Correction {
        uuid: row.uuid.parse().ok(),
        created_at: Some(row.created_at),
        last_updated: Some(row.updated_at),
        ..written
    })
}

/// What is kept of a correction: not what the server sets.
fn kept(correction: Correction) -> Result<Value, ApiError> {
    let kept = Correction { uuid: None, created_at: None, last_updated: None, ..correction };
    Ok(serde_json::to_value(kept).map_err(ServiceError::internal)?)
}

#[derive(Debug, Deserialize, IntoParams)]
struct Filter {
    /// `package`, the only sort that there is.
    correction_type: Option<String>,
}

async fn list(
    call: Call<granted::GetCorrection>,
    ApiQuery(filter): ApiQuery<Filter>,
) -> Result<Answer<CorrectionList>, ApiError> {
    if filter.correction_type.is_some_and(|sort| sort != "package") {
        return Err(ServiceError::invalid("`correction_type`: expected `package`").into());
    }
    let rows = call.service().corrections(&call).await?;
    Ok(Answer(CorrectionList(rows.into_iter().map(told).collect::<Result<_, _>>()?)))
}

async fn create(
    call: Call<granted::AddCorrection>,
    ApiJson(new): ApiJson<Correction>,
) -> Result<Answer<Correction>, ApiError> {
    Ok(Answer(told(call.service().add_correction(&call, kept(new)?).await?)?))
}

async fn get(
    call: Call<granted::GetCorrection>,
    ApiPath(uuid): ApiPath<String>,
) -> Result<Answer<Correction>, ApiError> {
    Ok(Answer(told(call.service().correction(&call, &uuid).await?)?))
}

async fn update(
    call: Call<granted::UpdateCorrection>,
    ApiPath(uuid): ApiPath<String>,
    ApiJson(new): ApiJson<Correction>,
) -> Result<Answer<Correction>, ApiError> {
    Ok(Answer(told(call.service().update_correction(&call, &uuid, kept(new)?).await?)?))
}

async fn delete(call: Call<granted::DeleteCorrection>, ApiPath(uuid): ApiPath<String>) -> Result<NoContent, ApiError> {
    call.service().delete_correction(&call, &uuid).await?;
    Ok(NoContent)
}

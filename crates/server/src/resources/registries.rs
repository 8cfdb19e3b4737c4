//! Registries with their credentials. A password goes in and never comes out.

use secrecy::SecretString;
use serde::Deserialize;
use stopgate_api_types::registry::{RegistryConfiguration, RegistryConfigurationList, RegistryConfigurationRequest};
use stopgate_service::ServiceError;
use stopgate_service::permission::granted;
use stopgate_service::registry::NewRegistry;
use stopgate_service::store::registry::RegistryRow;
use utoipa::IntoParams;

use crate::answer::{Answer, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/registries", list)
        .post("/registries", create)
        .get("/registries/{registry}", get)
        .put("/registries/{registry}", update)
        .delete("/registries/{registry}", delete)
        .fails(415);
}

fn told(row: RegistryRow, account: &str) -> RegistryConfiguration {
    RegistryConfiguration {
        created_at: Some(row.created_at),
        last_updated: Some(row.updated_at),
        registry_user: Some(row.username),
        registry_type: Some(row.kind),
        account_name: Some(account.to_owned()),
        registry: Some(row.pattern),
        registry_name: Some(row.name),
        registry_verify: Some(row.verify),
    }
}

fn one<P>(call: &Call<P>, row: RegistryRow) -> Answer<RegistryConfigurationList> {
    Answer(RegistryConfigurationList(vec![told(row, &call.account.name)]))
}

fn wanted(pattern: String, new: RegistryConfigurationRequest) -> NewRegistry {
    NewRegistry {
        name: new.registry_name.unwrap_or_else(|| pattern.clone()),
        pattern,
        kind: new.registry_type.unwrap_or_else(|| "docker_v2".to_owned()),
        username: new.registry_user.unwrap_or_default(),
        password: new.registry_pass.map(|password| SecretString::from(password.expose().to_owned())),
        verify: new.registry_verify.unwrap_or(true),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Validate {
    /// Try the credentials first.
    validate: Option<bool>,
}

async fn list(call: Call<granted::ListRegistries>) -> Result<Answer<RegistryConfigurationList>, ApiError> {
    let rows = call.service().registries(&call).await?;
    Ok(Answer(RegistryConfigurationList(rows.into_iter().map(|row| told(row, &call.account.name)).collect())))
}

async fn create(
    call: Call<granted::CreateRegistry>,
    ApiQuery(how): ApiQuery<Validate>,
    ApiJson(new): ApiJson<RegistryConfigurationRequest>,
) -> Result<Answer<RegistryConfigurationList>, ApiError> {
    let pattern = new.registry.clone().ok_or_else(|| ServiceError::invalid("`registry` is missing"))?;
    let new = wanted(pattern, new);
    let row = call.service().add_registry(&call, &new, how.validate.unwrap_or(true)).await?;
    Ok(one(&call, row))
}

async fn get(
    call: Call<granted::GetRegistry>,
    ApiPath(pattern): ApiPath<String>,
) -> Result<Answer<RegistryConfigurationList>, ApiError> {
    let row = call.service().registry(&call, &pattern).await?;
    Ok(one(&call, row))
}

async fn update(
    call: Call<granted::UpdateRegistry>,
    ApiPath(pattern): ApiPath<String>,
    ApiQuery(how): ApiQuery<Validate>,
    ApiJson(new): ApiJson<RegistryConfigurationRequest>,
) -> Result<Answer<RegistryConfigurationList>, ApiError> {
    let new = wanted(pattern, new);
    let row = call.service().update_registry(&call, &new, how.validate.unwrap_or(true)).await?;
    Ok(one(&call, row))
}

async fn delete(call: Call<granted::DeleteRegistry>, ApiPath(pattern): ApiPath<String>) -> Result<NoContent, ApiError> {
    call.service().delete_registry(&call, &pattern).await?;
    Ok(NoContent)
}

//! Settings of the installation.

use serde_json::{Map, Number, Value, json};
use stopgate_api_types::configuration::{
    ConfigurationDataType, ConfigurationSource, SystemConfiguration, SystemConfigurationList, SystemConfigurationPatch,
    SystemConfigurationPut, SystemConfigurationSchema, SystemConfigurationValue,
};
use stopgate_service::ServiceError;
use stopgate_service::configuration::{SETTINGS, SettingView};
use stopgate_service::permission::granted;

use crate::answer::{Answer, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/system/configurations", list)
        .patch("/system/configurations", update_many)
        .fails(409)
        .get("/system/configurations/schema", schema)
        .get("/system/configurations/{config_key}", get)
        .put("/system/configurations/{config_key}", update)
        .fails(409)
        .delete("/system/configurations/{config_key}", unset);
}

fn number(value: i64) -> SystemConfigurationValue {
    SystemConfigurationValue::Number(Number::from(value))
}

fn told(view: &SettingView) -> SystemConfiguration {
    let setting = &view.setting;
    let bound = |value: i64| Some(value as f64);
    SystemConfiguration {
        uuid: None,
        key: setting.key.to_owned(),
        value: number(view.value),
        requires_system_restart: Some(false),
        category: Some(setting.category.to_owned()),
        config_schema: Some(SystemConfigurationSchema {
            data_type: Some(ConfigurationDataType::Integer),
            default_value: Some(number(setting.default)),
            ge: bound(setting.bounds.0),
            le: bound(setting.bounds.1),
            ..SystemConfigurationSchema::default()
        }),
        title: Some(setting.title.to_owned()),
        description: Some(setting.description.to_owned()),
        default_value: Some(number(setting.default)),
        source: Some(if view.set { ConfigurationSource::Api } else { ConfigurationSource::Default }),
        is_editable: Some(true),
        editable_reason: None,
        is_secret: Some(false),
        is_deprecated: Some(false),
        deprecated_reason: None,
        is_system_internal: Some(false),
        created_at: None,
        updated_at: None,
    }
}

async fn all<P>(call: &Call<P>) -> Result<Answer<SystemConfigurationList>, ApiError> {
    let items = call.service().settings().await?.iter().map(told).collect();
    Ok(Answer(SystemConfigurationList { items }))
}

async fn list(call: Call<granted::GetSystemConfig>) -> Result<Answer<SystemConfigurationList>, ApiError> {
    all(&call).await
}

async fn schema(_: Call<granted::GetSystemConfig>) -> Result<Answer<Value>, ApiError> {
    let properties: Map<String, Value> =
        SETTINGS.iter().map(|setting| (setting.key.to_owned(), setting.schema())).collect();
    Ok(Answer(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": properties,
        "additionalProperties": false,
    })))
}

async fn get(
    call: Call<granted::GetSystemConfig>,
    ApiPath(key): ApiPath<String>,
) -> Result<Answer<SystemConfiguration>, ApiError> {
    Ok(Answer(told(&call.service().setting(&key).await?)))
}

fn wanted(put: SystemConfigurationPut) -> Result<(String, Value), ApiError> {
    Ok((put.key, serde_json::to_value(put.value).map_err(ServiceError::internal)?))
}

async fn update_many(
    call: Call<granted::UpdateSystemConfig>,
    ApiJson(new): ApiJson<SystemConfigurationPatch>,
) -> Result<Answer<SystemConfigurationList>, ApiError> {
    let new = new.0.into_iter().map(wanted).collect::<Result<Vec<_>, _>>()?;
    // Of a request with several settings an unknown one is a fault of the request.
    if let Some((key, _)) = new.iter().find(|(key, _)| !SETTINGS.iter().any(|setting| setting.key == key)) {
        let shown: String = key.chars().take(100).collect();
        return Err(ServiceError::invalid(format!("there is no setting `{shown}`")).into());
    }
    call.service().set_settings(&new).await?;
    all(&call).await
}

async fn update(
    call: Call<granted::UpdateSystemConfig>,
    ApiPath(key): ApiPath<String>,
    ApiJson(new): ApiJson<SystemConfigurationPut>,
) -> Result<Answer<SystemConfiguration>, ApiError> {
    if new.key != key {
        return Err(ServiceError::invalid("`key` is another than in the address").into());
    }
    call.service().set_settings(&[wanted(new)?]).await?;
    Ok(Answer(told(&call.service().setting(&key).await?)))
}

async fn unset(call: Call<granted::UnsetSystemConfig>, ApiPath(key): ApiPath<String>) -> Result<NoContent, ApiError> {
    call.service().unset_setting(&key).await?;
    Ok(NoContent)
}

//! Processes of the installation by service and host, and facts about the installation as a whole.

use serde_json::{Value, json};
use stopgate_api_types::system::{LoggingLevel, LoggingLevelResponse, Service, ServiceList};
use stopgate_service::permission::granted;
use stopgate_service::store::setting;
use stopgate_service::{Kind, ServiceError};

use super::system::states;
use crate::answer::{Answer, Done};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/system/services/{service_name}", named)
        .get("/system/services/{service_name}/{host_id}", on_host)
        .delete("/system/services/{service_name}/{host_id}", forget)
        .post("/system/logging", set_log_level)
        .fails(501)
        .get("/system/resource-limits", limits)
        .get("/system/deployment-history", history)
        .get("/system/statistics", statistics)
        .get("/system/stig-entitlement", stig);
}

async fn named(
    call: Call<granted::GetService>,
    ApiPath(name): ApiPath<String>,
) -> Result<Answer<ServiceList>, ApiError> {
    let all = states(call.app()).await?;
    Ok(Answer(ServiceList(all.into_iter().filter(|service| service.service_name.as_ref() == Some(&name)).collect())))
}

async fn found<P>(call: &Call<P>, name: &str, host: &str) -> Result<Vec<Service>, ApiError> {
    let of =
        |service: &Service| service.service_name.as_deref() == Some(name) && service.host_id.as_deref() == Some(host);
    let found: Vec<Service> = states(call.app()).await?.into_iter().filter(of).collect();
    if found.is_empty() {
        return Err(ServiceError::not_found(format!("there is no service `{name}` on `{host}`")).into());
    }
    Ok(found)
}

async fn on_host(
    call: Call<granted::GetService>,
    ApiPath((name, host)): ApiPath<(String, String)>,
) -> Result<Answer<ServiceList>, ApiError> {
    Ok(Answer(ServiceList(found(&call, &name, &host).await?)))
}

async fn forget(
    call: Call<granted::DeleteService>,
    ApiPath((name, host)): ApiPath<(String, String)>,
) -> Result<Done, ApiError> {
    if found(&call, &name, &host).await?.iter().any(|service| service.status == Some(true)) {
        return Err(ServiceError::invalid(format!("the process on `{host}` is alive; stop it first")).into());
    }
    let store = call.service().store();
    let gone = setting::workers(store.read()).await?.into_iter().filter(|worker| worker.host == host);
    let tx = store.begin().await?;
    for worker in gone {
        setting::forget_worker(tx.db(), &worker.id).await?;
    }
    tx.commit().await?;
    Ok(Done)
}

async fn set_log_level(
    _: Call<granted::UpdateLoggingLevel>,
    ApiJson(_): ApiJson<LoggingLevel>,
) -> Result<Answer<LoggingLevelResponse>, ApiError> {
    let message = "the log level of this server is set when it is started, not while it runs";
    Err(ServiceError::new(Kind::NotImplemented, message).into())
}

/// Nothing is limited, so there are no limits to tell.
async fn limits(_: Call<granted::GetResourceLimits>) -> Result<Answer<Value>, ApiError> {
    Ok(Answer(json!({"items": []})))
}

/// Upgrades of other products' installations are none of ours, and our own are not numbered so.
async fn history(_: Call<granted::Known>) -> Result<Answer<Value>, ApiError> {
    Ok(Answer(json!({"items": []})))
}

async fn statistics(call: Call<granted::Known>) -> Result<Answer<Value>, ApiError> {
    if !call.is_admin() {
        return Ok(Answer(json!({"items": []})));
    }
    let service = call.service();
    let counts = [
        ("account_inventory", "Accounts", service.accounts(None).await?.len()),
        ("user_inventory", "Users", service.users(None).await?.len()),
    ];
    let items = counts.map(
        |(name, description, n)| json!({"name": name, "description": description, "value": n, "value_type": "count"}),
    );
    Ok(Answer(json!({"items": items})))
}

async fn stig(_: Call<granted::Known>) -> Result<Answer<Value>, ApiError> {
    Ok(Answer(json!({"items": [{"name": "static_stig", "enabled": true}, {"name": "runtime_stig", "enabled": false}]})))
}

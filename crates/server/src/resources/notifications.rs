//! Where an account wants its events sent. Every kind of endpoint has the same operations on another configuration.

use serde::Serialize;
use serde::de::DeserializeOwned;
use stopgate_api_types::notification as wire;
use stopgate_api_types::notification::{
    EndpointStatus, EventLevelFilter, NotificationEndpoint, NotificationEndpointEnabledStatus,
    NotificationEndpointList, NotificationEventSelector, NotificationOperationalStatus, NotificationScope,
    NotificationSelector, NotificationSelectorList, NotificationTestResult,
};
use stopgate_service::ServiceError;
use stopgate_service::notify::{EndpointKind, NewSelector, Scope, Tried};
use stopgate_service::permission::granted;
use stopgate_service::store::notify::Selector;

use crate::answer::{Answer, Done};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath};
use crate::routes::Routes;

/// A kind of endpoint: its configuration as it is added, changed and told.
trait Kind: 'static {
    const KIND: EndpointKind;
    type New: Body;
    type Change: Body;
    type Told: DeserializeOwned;
    type List: From<Vec<Self::Told>> + Serialize + utoipa::ToSchema + Send + 'static;
}

/// A configuration in a body.
trait Body: Serialize + DeserializeOwned + garde::Validate<Context = ()> + utoipa::ToSchema + Send + 'static {}

impl<T: Serialize + DeserializeOwned + garde::Validate<Context = ()> + utoipa::ToSchema + Send + 'static> Body for T {}

macro_rules! kinds {
    ($($kind:ident $path:literal $new:ident $change:ident $told:ident $list:ident;)+) => {
        $(
            enum $kind {}

            impl Kind for $kind {
                const KIND: EndpointKind = EndpointKind::$kind;
                type New = wire::$new;
                type Change = wire::$change;
                type Told = wire::$told;
                type List = wire::$list;
            }
        )+

        pub(super) fn routes(routes: &mut Routes) {
            routes
                .get("/notifications/endpoints", kinds)
                .put("/notifications/endpoints/{name}", switch)
                .fails(501)
                .get("/notifications/selectors", all_selectors);
            $(
                routes
                    .get(concat!("/notifications/endpoints/", $path, "/configurations"), list::<$kind>)
                    .post(concat!("/notifications/endpoints/", $path, "/configurations"), create::<$kind, wire::$told>)
                    .fails(501)
                    .get(concat!("/notifications/endpoints/", $path, "/configurations/{uuid}"), get::<$kind, wire::$told>)
                    .put(concat!("/notifications/endpoints/", $path, "/configurations/{uuid}"), update::<$kind, wire::$told>)
                    .fails(501)
                    .delete(concat!("/notifications/endpoints/", $path, "/configurations/{uuid}"), delete::<$kind>)
                    .get(concat!("/notifications/endpoints/", $path, "/configurations/{uuid}/status"), status::<$kind>)
                    .get(concat!("/notifications/endpoints/", $path, "/configurations/{uuid}/test"), test::<$kind>)
                    .fails(501)
                    .post(concat!("/notifications/endpoints/", $path, "/test"), test_unsaved::<$kind>)
                    .fails(501)
                    .get(concat!("/notifications/endpoints/", $path, "/configurations/{uuid}/selectors"), selectors::<$kind>)
                    .post(
                        concat!("/notifications/endpoints/", $path, "/configurations/{uuid}/selectors"),
                        create_selector::<$kind>,
                    )
                    .get(
                        concat!(
                            "/notifications/endpoints/", $path,
                            "/configurations/{configuration_uuid}/selectors/{selector_uuid}"
                        ),
                        selector::<$kind>,
                    )
                    .put(
                        concat!(
                            "/notifications/endpoints/", $path,
                            "/configurations/{configuration_uuid}/selectors/{selector_uuid}"
                        ),
                        update_selector::<$kind>,
                    )
                    .delete(
                        concat!(
                            "/notifications/endpoints/", $path,
                            "/configurations/{configuration_uuid}/selectors/{selector_uuid}"
                        ),
                        delete_selector::<$kind>,
                    );
            )+
        }
    };
}

kinds! {
    Webhook "webhook" NotificationWebhookEndpointConfiguration NotificationWebhookEndpointConfiguration
        NotificationWebhookEndpointConfiguration NotificationWebhookEndpointConfigurationList;
    Slack "slack" NotificationSlackEndpointConfiguration NotificationSlackEndpointConfiguration
        NotificationSlackEndpointConfiguration NotificationSlackEndpointConfigurationList;
    Teams "teams" NotificationTeamsEndpointConfiguration NotificationTeamsEndpointConfiguration
        NotificationTeamsEndpointConfiguration NotificationTeamsEndpointConfigurationList;
    Smtp "smtp" NotificationSMTPEndpointConfiguration NotificationSMTPEndpointConfiguration
        NotificationSMTPEndpointConfiguration NotificationSMTPEndpointConfigurationList;
    Github "github" NotificationGitHubEndpointConfigurationPost NotificationGitHubEndpointConfigurationPut
        NotificationGitHubEndpointConfigurationBase NotificationGitHubEndpointConfigurationList;
    Jira "jira" NotificationJiraEndpointConfigurationPost NotificationJiraEndpointConfigurationPut
        NotificationJiraEndpointConfigurationBase NotificationJiraEndpointConfigurationList;
}

fn told<T: DeserializeOwned>(value: serde_json::Value) -> Result<T, ServiceError> {
    serde_json::from_value(value).map_err(ServiceError::internal)
}

fn sent(body: &impl Serialize) -> Result<serde_json::Value, ServiceError> {
    serde_json::to_value(body).map_err(ServiceError::internal)
}

async fn kinds(call: Call<granted::ListNotificationEndpoints>) -> Result<Answer<NotificationEndpointList>, ApiError> {
    let all = call.service().endpoint_kinds().await?;
    let of = |(kind, enabled, last_updated): (EndpointKind, bool, _)| NotificationEndpoint {
        name: Some(kind.name().to_owned()),
        enabled: Some(enabled),
        last_updated,
    };
    Ok(Answer(NotificationEndpointList(all.into_iter().map(of).collect())))
}

async fn switch(
    call: Call<granted::UpdateNotificationEndpoint>,
    ApiPath(name): ApiPath<String>,
    ApiJson(wanted): ApiJson<NotificationEndpointEnabledStatus>,
) -> Result<Answer<NotificationEndpointEnabledStatus>, ApiError> {
    let kind = EndpointKind::parse(&name).ok_or_else(|| {
        let names: Vec<&str> = EndpointKind::ALL.into_iter().map(EndpointKind::name).collect();
        ServiceError::invalid(format!("`{name}` is no kind of endpoint: expected one of {}", names.join(", ")))
    })?;
    let enabled = wanted.enabled.ok_or_else(|| ServiceError::invalid("`enabled` is missing"))?;
    let at = call.service().switch_endpoint_kind(kind, enabled).await?;
    Ok(Answer(NotificationEndpointEnabledStatus { enabled: Some(enabled), last_updated: Some(at) }))
}

async fn list<K: Kind>(
    call: Call<granted::ListNotificationEndpointConfigurations>,
) -> Result<Answer<K::List>, ApiError> {
    let all = call.service().endpoints(&call, K::KIND).await?;
    let all: Result<Vec<K::Told>, _> = all.into_iter().map(told).collect();
    Ok(Answer(all?.into()))
}

async fn create<K: Kind, T: DeserializeOwned>(
    call: Call<granted::CreateNotificationEndpointConfiguration>,
    ApiJson(new): ApiJson<K::New>,
) -> Result<Answer<T>, ApiError> {
    Ok(Answer(told(call.service().add_endpoint(&call, K::KIND, sent(&new)?).await?)?))
}

async fn get<K: Kind, T: DeserializeOwned>(
    call: Call<granted::GetNotificationEndpointConfiguration>,
    ApiPath(uuid): ApiPath<String>,
) -> Result<Answer<T>, ApiError> {
    Ok(Answer(told(call.service().endpoint(&call, K::KIND, &uuid).await?)?))
}

async fn update<K: Kind, T: DeserializeOwned>(
    call: Call<granted::UpdateNotificationEndpointConfiguration>,
    ApiPath(uuid): ApiPath<String>,
    ApiJson(change): ApiJson<K::Change>,
) -> Result<Answer<T>, ApiError> {
    Ok(Answer(told(call.service().update_endpoint(&call, K::KIND, &uuid, sent(&change)?).await?)?))
}

async fn delete<K: Kind>(
    call: Call<granted::DeleteNotificationEndpointConfiguration>,
    ApiPath(uuid): ApiPath<String>,
) -> Result<Done, ApiError> {
    call.service().delete_endpoint(&call, K::KIND, &uuid).await?;
    Ok(Done)
}

async fn status<K: Kind>(
    call: Call<granted::GetNotificationEndpointConfiguration>,
    ApiPath(uuid): ApiPath<String>,
) -> Result<Answer<NotificationOperationalStatus>, ApiError> {
    let status = match call.service().endpoint_health(&call, K::KIND, &uuid).await? {
        None => EndpointStatus::Unknown,
        Some(true) => EndpointStatus::Healthy,
        Some(false) => EndpointStatus::Unhealthy,
    };
    Ok(Answer(NotificationOperationalStatus { status: Some(status) }))
}

fn tried(tried: Tried) -> Answer<NotificationTestResult> {
    let status = if tried.arrived { "success" } else { "failure" };
    Answer(NotificationTestResult { status: Some(status.to_owned()), response: Some(tried.answer) })
}

async fn test<K: Kind>(
    call: Call<granted::CreateNotificationEndpointConfiguration>,
    ApiPath(uuid): ApiPath<String>,
) -> Result<Answer<NotificationTestResult>, ApiError> {
    Ok(tried(call.service().try_endpoint(&call, K::KIND, &uuid).await?))
}

async fn test_unsaved<K: Kind>(
    call: Call<granted::CreateNotificationEndpointConfiguration>,
    ApiJson(new): ApiJson<K::New>,
) -> Result<Answer<NotificationTestResult>, ApiError> {
    Ok(tried(call.service().try_configuration(&call, K::KIND, sent(&new)?).await?))
}

fn told_selector(selector: Selector) -> Result<NotificationSelector, ServiceError> {
    Ok(NotificationSelector {
        uuid: Some(selector.uuid.parse().map_err(ServiceError::internal)?),
        configuration_uuid: Some(selector.endpoint_uuid.parse().map_err(ServiceError::internal)?),
        scope: if selector.global { NotificationScope::Global } else { NotificationScope::Account },
        event: NotificationEventSelector {
            level: match selector.level.as_str() {
                "info" => EventLevelFilter::Info,
                "error" => EventLevelFilter::Error,
                _ => EventLevelFilter::Any,
            },
            resource_type: selector.resource_type,
            kind: selector.kind,
        },
    })
}

fn wanted_selector(new: NotificationSelector) -> NewSelector {
    NewSelector {
        scope: match new.scope {
            NotificationScope::Account => Scope::Account,
            NotificationScope::Global => Scope::Global,
        },
        level: match new.event.level {
            EventLevelFilter::Any => "*",
            EventLevelFilter::Info => "info",
            EventLevelFilter::Error => "error",
        }
        .to_owned(),
        resource_type: new.event.resource_type,
        kind: new.event.kind,
    }
}

fn told_selectors(all: Vec<Selector>) -> Result<Answer<NotificationSelectorList>, ApiError> {
    let all: Result<Vec<_>, _> = all.into_iter().map(told_selector).collect();
    Ok(Answer(NotificationSelectorList(all?)))
}

async fn all_selectors(
    call: Call<granted::ListNotificationEndpointConfigurations>,
) -> Result<Answer<NotificationSelectorList>, ApiError> {
    told_selectors(call.service().selectors(&call, None).await?)
}

async fn selectors<K: Kind>(
    call: Call<granted::ListNotificationEndpointConfigurations>,
    ApiPath(uuid): ApiPath<String>,
) -> Result<Answer<NotificationSelectorList>, ApiError> {
    told_selectors(call.service().selectors(&call, Some((K::KIND, &uuid))).await?)
}

async fn create_selector<K: Kind>(
    call: Call<granted::CreateNotificationEndpointConfiguration>,
    ApiPath(uuid): ApiPath<String>,
    ApiJson(new): ApiJson<NotificationSelector>,
) -> Result<Answer<NotificationSelector>, ApiError> {
    let new = wanted_selector(new);
    Ok(Answer(told_selector(call.service().put_selector(&call, (K::KIND, &uuid), None, &new).await?)?))
}

async fn selector<K: Kind>(
    call: Call<granted::GetNotificationEndpointConfiguration>,
    ApiPath((endpoint, uuid)): ApiPath<(String, String)>,
) -> Result<Answer<NotificationSelector>, ApiError> {
    Ok(Answer(told_selector(call.service().selector(&call, (K::KIND, &endpoint), &uuid).await?)?))
}

async fn update_selector<K: Kind>(
    call: Call<granted::UpdateNotificationEndpointConfiguration>,
    ApiPath((endpoint, uuid)): ApiPath<(String, String)>,
    ApiJson(change): ApiJson<NotificationSelector>,
) -> Result<Answer<NotificationSelector>, ApiError> {
    let change = wanted_selector(change);
    Ok(Answer(told_selector(call.service().put_selector(&call, (K::KIND, &endpoint), Some(&uuid), &change).await?)?))
}

async fn delete_selector<K: Kind>(
    call: Call<granted::DeleteNotificationEndpointConfiguration>,
    ApiPath((endpoint, uuid)): ApiPath<(String, String)>,
) -> Result<Done, ApiError> {
    call.service().delete_selector(&call, (K::KIND, &endpoint), &uuid).await?;
    Ok(Done)
}

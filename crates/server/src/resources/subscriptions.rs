//! Subscriptions.

use serde::Deserialize;
use stopgate_api_types::subscription::{Subscription, SubscriptionList, SubscriptionRequest, SubscriptionUpdate};
use stopgate_service::ServiceError;
use stopgate_service::permission::granted;
use stopgate_service::store::subscription as stored;
use utoipa::IntoParams;

use crate::answer::{Answer, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/subscriptions", list)
        .post("/subscriptions", create)
        .get("/subscriptions/{subscription_id}", get)
        .put("/subscriptions/{subscription_id}", update)
        .delete("/subscriptions/{subscription_id}", delete);
}

fn told(row: stored::Subscription, account: &str) -> Subscription {
    Subscription {
        subscription_key: Some(row.topic),
        subscription_type: Some(row.kind),
        subscription_value: row.value,
        account_name: Some(account.to_owned()),
        active: Some(row.active),
        subscription_id: Some(row.subscription_id),
        created_at: Some(row.created_at),
        last_updated: Some(row.updated_at),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Filter {
    /// A tag, a repository, a cluster.
    subscription_key: Option<String>,
    /// What is watched.
    subscription_type: Option<String>,
}

async fn list(
    call: Call<granted::ListSubscriptions>,
    ApiQuery(filter): ApiQuery<Filter>,
) -> Result<Answer<SubscriptionList>, ApiError> {
    let (topic, kind) = (filter.subscription_key.as_deref(), filter.subscription_type.as_deref());
    let rows = stored::list(call.service().store().read(), call.account_id(), topic, kind).await?;
    Ok(Answer(SubscriptionList(rows.into_iter().map(|row| told(row, &call.account.name)).collect())))
}

pub(super) fn one(row: stored::Subscription, account: &str) -> Answer<SubscriptionList> {
    Answer(SubscriptionList(vec![told(row, account)]))
}

async fn create(
    call: Call<granted::CreateSubscription>,
    ApiJson(new): ApiJson<SubscriptionRequest>,
) -> Result<Answer<SubscriptionList>, ApiError> {
    let missing = |field: &str| ServiceError::invalid(format!("`{field}` is missing"));
    let topic = new.subscription_key.ok_or_else(|| missing("subscription_key"))?;
    let kind = new.subscription_type.ok_or_else(|| missing("subscription_type"))?;
    let row = call.service().subscribe(&call, &topic, &kind, new.subscription_value.as_deref()).await?;
    Ok(one(row, &call.account.name))
}

fn unknown() -> ServiceError {
    ServiceError::not_found("there is no such subscription in the account")
}

async fn get(
    call: Call<granted::GetSubscription>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<SubscriptionList>, ApiError> {
    let found = stored::find(call.service().store().read(), call.account_id(), &id).await?;
    Ok(one(found.ok_or_else(unknown)?, &call.account.name))
}

async fn update(
    call: Call<granted::UpdateSubscription>,
    ApiPath(id): ApiPath<String>,
    ApiJson(change): ApiJson<SubscriptionUpdate>,
) -> Result<Answer<SubscriptionList>, ApiError> {
    let tx = call.service().store().begin().await?;
    let known = stored::find(tx.db(), call.account_id(), &id).await?.ok_or_else(unknown)?;
    let value = change.subscription_value.or(known.value);
    let active = change.active.unwrap_or(known.active);
    stored::update(tx.db(), call.account_id(), &id, value.as_deref(), active, crate::request::now()).await?;
    let row = stored::find(tx.db(), call.account_id(), &id).await?.ok_or_else(unknown)?;
    tx.commit().await?;
    Ok(one(row, &call.account.name))
}

async fn delete(call: Call<granted::DeleteSubscription>, ApiPath(id): ApiPath<String>) -> Result<NoContent, ApiError> {
    let tx = call.service().store().begin().await?;
    if !stored::delete(tx.db(), call.account_id(), &id).await? {
        return Err(unknown().into());
    }
    tx.commit().await?;
    Ok(NoContent)
}

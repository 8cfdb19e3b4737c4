//! Events: what happened.

use serde::Deserialize;
use stopgate_api_types::event::{EventDetail, EventResource, EventResponse, EventSource, EventsList};
use stopgate_service::ServiceError;
use stopgate_service::permission::granted;
use stopgate_service::store::event::{self, Event, EventFilter};
use utoipa::IntoParams;

use crate::answer::{Answer, Done};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiPath, ApiQuery};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/events", list)
        .delete("/events", delete_many)
        .get("/events/{event_id}", get)
        .delete("/events/{event_id}", delete);
}

fn told(event: Event) -> EventResponse {
    EventResponse {
        event_id: Some(event.uuid),
        created_at: Some(event.at),
        event: Some(EventDetail {
            source: Some(EventSource {
                service_name: Some("stopgate".to_owned()),
                host_id: Some(event.host),
                base_url: Some(String::new()),
                request_id: Some(event.request_id),
            }),
            resource: Some(EventResource {
                account_name: Some(event.account_name),
                id: Some(event.resource_id),
                kind: Some(event.resource_type),
            }),
            kind: Some(event.kind),
            category: Some(event.category),
            level: Some(event.level.to_uppercase()),
            message: Some(event.message),
            details: event.details.as_object().cloned(),
            timestamp: Some(event.at),
        }),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Asked {
    /// `stopgate`, the only one there is.
    source_service_name: Option<String>,
    /// The process that wrote it.
    source_host_id: Option<String>,
    /// Start of the dotted type.
    event_type: Option<String>,
    /// What it is about.
    resource_type: Option<String>,
    /// Which one.
    resource_id: Option<String>,
    /// `INFO` or `ERROR`.
    level: Option<String>,
    /// Not before.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<jiff::Timestamp>,
    /// Before.
    #[param(value_type = Option<String>, format = DateTime)]
    before: Option<jiff::Timestamp>,
    /// Which page, from 1.
    #[param(minimum = 1)]
    page: Option<u64>,
    /// Events on a page.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
}

async fn list(
    call: Call<granted::ListEvents>,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Answer<EventsList>, ApiError> {
    let (page, limit) = (asked.page.unwrap_or(1), asked.limit.unwrap_or(100));
    if page == 0 || limit == 0 || limit > 1_000 {
        return Err(ServiceError::invalid("`limit` is 1 to 1000, `page` begins at 1").into());
    }
    if asked.source_service_name.is_some_and(|name| name != "stopgate") {
        return Ok(Answer(EventsList {
            results: Vec::new(),
            next_page: Some(false),
            item_count: Some(0),
            page: Some(page),
        }));
    }
    let filter = EventFilter {
        kind: asked.event_type,
        level: asked.level.map(|level| level.to_lowercase()),
        resource_type: asked.resource_type,
        resource_id: asked.resource_id,
        host: asked.source_host_id,
        since: asked.since,
        before: asked.before,
    };
    let offset = (page - 1).saturating_mul(limit);
    let db = call.service().store().read();
    let mut found = event::list(db, call.account_id(), &filter, limit + 1, offset).await?;
    let more = found.len() as u64 > limit;
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(Answer(EventsList {
        item_count: Some(found.len() as u64),
        results: found.into_iter().map(told).collect(),
        next_page: Some(more),
        page: Some(page),
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Which {
    /// Before.
    #[param(value_type = Option<String>, format = DateTime)]
    before: Option<jiff::Timestamp>,
    /// Not before.
    #[param(value_type = Option<String>, format = DateTime)]
    since: Option<jiff::Timestamp>,
    /// `INFO` or `ERROR`.
    level: Option<String>,
}

async fn delete_many(
    call: Call<granted::DeleteEvents>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<Answer<Vec<String>>, ApiError> {
    let level = which.level.map(|level| level.to_lowercase());
    let filter = EventFilter { level, since: which.since, before: which.before, ..EventFilter::default() };
    let tx = call.service().store().begin().await?;
    let gone = event::delete(tx.db(), call.account_id(), &filter, None).await?;
    tx.commit().await?;
    Ok(Answer(gone))
}

fn unknown() -> ServiceError {
    ServiceError::not_found("there is no such event in the account")
}

async fn get(call: Call<granted::GetEvent>, ApiPath(id): ApiPath<String>) -> Result<Answer<EventResponse>, ApiError> {
    let found = event::find(call.service().store().read(), call.account_id(), &id).await?;
    Ok(Answer(told(found.ok_or_else(unknown)?)))
}

// The document names the permission to read for it; deleting asks for the one to delete.
async fn delete(call: Call<granted::DeleteEvents>, ApiPath(id): ApiPath<String>) -> Result<Done, ApiError> {
    let tx = call.service().store().begin().await?;
    let gone = event::delete(tx.db(), call.account_id(), &EventFilter::default(), Some(&id)).await?;
    tx.commit().await?;
    if gone.is_empty() { Err(unknown().into()) } else { Ok(Done) }
}

//! The service itself: versions, health, feeds, gates, error codes, the download of the command line.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use stopgate_api_types::feed::{FeedGroupMetadata, FeedMetadata, FeedSyncStarted};
use stopgate_api_types::system::{
    AnchoreErrorCode, ApiLevel, DatabaseLevel, Service, ServiceBuild, ServiceList, ServiceVersion, StatusResponse,
    SystemStatusResponse,
};
use stopgate_service::ServiceError;
use stopgate_service::permission::granted;
use stopgate_service::store::setting;
use utoipa::IntoParams;

use crate::App;
use crate::answer::{Answer, Done, Written};
use crate::call::{self, Call};
use crate::error::ApiError;
use crate::extract::ApiQuery;
use crate::openapi;
use crate::routes::Routes;

/// The level of Anchore Enterprise that clients are told: agents register from 5.11.0 on.
const EMULATED: &str = "5.22.0";
const OWN: &str = env!("CARGO_PKG_VERSION");

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/", root)
        .get("/health", health)
        .get("/version", version)
        .get("/status", status)
        .get("/system", system)
        .get("/system/error-codes", error_codes)
        .get("/system/policy-spec", policy_spec)
        .get("/system/feeds", feeds)
        .post("/system/feeds", sync_feeds)
        .fails(409)
        .get("/system/services", services)
        .get("/system/anchorectl", crate::anchorectl::download);
}

fn versions() -> ServiceVersion {
    ServiceVersion {
        service: Some(ServiceBuild { version: Some(EMULATED.to_owned()) }),
        // The admission controller compares this text.
        api: Some(ApiLevel { version: Some("2".to_owned()) }),
        db: Some(DatabaseLevel { schema_version: Some(OWN.to_owned()) }),
    }
}

async fn root() -> Result<Answer<String>, ApiError> {
    Ok(Answer("Stopgate".to_owned()))
}

async fn health() -> Result<Done, ApiError> {
    Ok(Done)
}

async fn version() -> Result<Answer<ServiceVersion>, ApiError> {
    Ok(Answer(versions()))
}

pub(crate) async fn version_at_root() -> Answer<ServiceVersion> {
    Answer(versions())
}

/// Whether the process can answer: the database does.
pub(crate) async fn ready(State(app): State<App>) -> Result<&'static str, ApiError> {
    app.service().store().ping().await?;
    Ok("ready")
}

pub(crate) async fn metrics(State(app): State<App>, request: axum::extract::Request) -> Result<Response, ApiError> {
    let (parts, _) = request.into_parts();
    if app.0.guarded_metrics {
        call::caller(&parts, &app).await?;
    }
    for (lane, n) in stopgate_service::store::job::depth(app.service().store().read()).await? {
        // Dashboards look for the one queue of the engine.
        let name = if lane == "analyze" { "images_to_analyze".to_owned() } else { lane };
        ::metrics::gauge!("anchore_queue_length", "queuename" => name).set(n as f64);
    }
    let text = app.0.metrics.render();
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response())
}

pub(crate) async fn openapi() -> Response {
    written(&openapi::document())
}

pub(crate) async fn own_openapi() -> Response {
    written(&openapi::own_document())
}

fn written(document: &utoipa::openapi::OpenApi) -> Response {
    match document.to_json() {
        Ok(json) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Err(error) => ApiError(ServiceError::internal(error)).into_response(),
    }
}

fn of_process(app: &App) -> StatusResponse {
    let detail = serde_json::json!({"stopgate_version": OWN, "started_at": app.0.started.to_string()});
    StatusResponse {
        available: Some(true),
        busy: Some(false),
        up: Some(true),
        message: Some("all good".to_owned()),
        version: Some(EMULATED.to_owned()),
        db_version: Some(OWN.to_owned()),
        detail: detail.as_object().cloned(),
    }
}

async fn status(call: Call<granted::Known>) -> Result<Answer<StatusResponse>, ApiError> {
    Ok(Answer(of_process(call.app())))
}

/// Names close to those of the original's services, so that dashboards and `system wait` read them.
const SERVICES: [&str; 5] = ["apiext", "catalog", "policy_engine", "analyzer", "simplequeue"];

pub(super) async fn states(call: &App) -> Result<Vec<Service>, ApiError> {
    let workers = setting::workers(call.service().store().read()).await?;
    let now = crate::request::now();
    let mut all = Vec::new();
    for worker in workers {
        let alive = worker.seen_at + std::time::Duration::from_mins(1) > now;
        for name in SERVICES {
            all.push(Service {
                host_id: Some(worker.host.clone()),
                service_name: Some(name.to_owned()),
                base_url: Some(String::new()),
                status_message: Some(if alive { "available" } else { "orphaned" }.to_owned()),
                service_detail: Some(of_process(call)),
                status: Some(alive),
                version: Some("v2".to_owned()),
            });
        }
    }
    Ok(all)
}

async fn system(call: Call<granted::Known>) -> Result<Answer<SystemStatusResponse>, ApiError> {
    Ok(Answer(SystemStatusResponse { service_states: Some(ServiceList(states(call.app()).await?)) }))
}

async fn services(call: Call<granted::ListServices>) -> Result<Answer<ServiceList>, ApiError> {
    Ok(Answer(ServiceList(states(call.app()).await?)))
}

/// The catalogue that `detail.error_codes` is from.
const CODES: [(&str, &str); 8] = [
    ("REGISTRY_PERMISSION_DENIED", "The registry refuses the credentials, or needs some"),
    ("REGISTRY_IMAGE_NOT_FOUND", "The registry has no such image"),
    ("REGISTRY_NOT_ACCESSIBLE", "The registry cannot be reached, or may not be"),
    ("REGISTRY_NOT_SUPPORTED", "The registry answers in a way that is not understood"),
    ("SKOPEO_UNKNOWN_ERROR", "Fetching the image failed"),
    ("UNKNOWN", "Something else"),
    ("FEED_SYNC_ALREADY_IN_PROGRESS", "Vulnerability data is being renewed already"),
    ("OSARCH_MISMATCH", "The image is not there for the wanted platform"),
];

async fn error_codes(_: Call<granted::Known>) -> Result<Answer<Vec<AnchoreErrorCode>>, ApiError> {
    let of = |(name, description): (&str, &str)| AnchoreErrorCode {
        name: Some(name.to_owned()),
        description: Some(description.to_owned()),
    };
    Ok(Answer(CODES.into_iter().map(of).collect()))
}

async fn policy_spec(_: Call<granted::Known>) -> Result<Written<Vec<stopgate_api_types::spec::GateSpec>>, ApiError> {
    let spec = serde_json::to_vec(&stopgate_service::policy::spec()).map_err(ServiceError::internal)?;
    Ok(Written::new(spec))
}

async fn feeds(call: Call<granted::Known>) -> Result<Answer<Vec<FeedMetadata>>, ApiError> {
    let service = call.service();
    let Some(data) = service.data().current() else { return Ok(Answer(Vec::new())) };
    let known = setting::current_build(service.store().read()).await?;
    let synced = known.and_then(|known| known.activated_at);
    let identity = data.identity();
    let built = identity.built.parse().ok();
    let groups = identity.providers.iter().map(|provider| FeedGroupMetadata {
        name: Some(provider.provider.clone()),
        data_service_built_at: built,
        enterprise_received_at: synced,
        created_at: synced,
        last_sync: synced,
        record_count: Some(provider.vulnerabilities),
        enabled: Some(true),
    });
    Ok(Answer(vec![FeedMetadata {
        name: Some("vulnerabilities".to_owned()),
        version: Some(identity.schema.clone()),
        created_at: synced,
        updated_at: synced,
        data_service_built_at: built,
        enterprise_received_at: synced,
        groups: groups.collect(),
        last_full_sync: synced,
        enabled: Some(true),
        dataset_name: Some("grypedb".to_owned()),
        dataset_checksum: Some(identity.digest.to_string()),
    }]))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Sync {
    /// Take data again that is in use already.
    force_sync: Option<bool>,
}

async fn sync_feeds(
    call: Call<granted::UpdateFeeds>,
    ApiQuery(how): ApiQuery<Sync>,
) -> Result<Answer<FeedSyncStarted>, ApiError> {
    call.service().sync_feeds(how.force_sync.unwrap_or(false)).await?;
    let message = "vulnerability data is being fetched; `GET /system/feeds` and the events of the admin account tell when \
                   it is in use";
    Ok(Answer(FeedSyncStarted { message: Some(message.to_owned()) }))
}

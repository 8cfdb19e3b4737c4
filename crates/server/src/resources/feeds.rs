//! Files of vulnerability data: uploading one, and what is known of the one in use.

use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use stopgate_api_types::feed::{FeedDataRecord, FeedMetadata};
use stopgate_service::feed::{UPLOAD_BYTES, Upload};
use stopgate_service::permission::granted;
use stopgate_service::store::setting;
use stopgate_service::{Kind, ServiceError};
use utoipa::IntoParams;

use crate::answer::{Answer, Done};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiPath, ApiQuery};
use crate::routes::{self, Routes};
use crate::{App, extract};

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/system/feeds/{feed}", get)
        .post("/system/feeds/{feed}", upload)
        .put("/system/feeds/{feed}", switch)
        .delete("/system/feeds/{feed}", delete);
}

/// Refuses what is no feed, and feeds that come as part of another.
fn known(feed: &str) -> Result<(), ServiceError> {
    match feed {
        "vulnerabilities" | "vulnerability_db" => Ok(()),
        "kev" | "kev_db" | "epss" | "epss_db" => Err(ServiceError::new(
            Kind::NotImplemented,
            format!("the feed `{feed}` is part of `vulnerabilities`: upload that"),
        )),
        "advisories" | "clamav_db" | "vulnerability_match_exclusions_db" => Err(ServiceError::new(
            Kind::NotImplemented,
            format!("this server takes no data of the feed `{feed}`: expected `vulnerabilities`"),
        )),
        other => {
            let shown: String = other.chars().take(100).collect();
            Err(ServiceError::invalid(format!("`{shown}` is no feed: expected `vulnerabilities`")))
        }
    }
}

/// A file in a form, received into the server's scratch folder.
struct FeedFile(Upload);

impl FromRequest<App> for FeedFile {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, app: &App) -> Result<Self, ApiError> {
        let typed = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !typed.is_some_and(|typed| typed.to_ascii_lowercase().starts_with("multipart/form-data")) {
            let message = "expected a body of type `multipart/form-data` with a part `file`";
            return Err(ServiceError::new(Kind::Unsupported, message).into());
        }
        // What surrounds the file in a form is small; the file itself is counted as it is written.
        let limit = usize::try_from(UPLOAD_BYTES).unwrap_or(usize::MAX).saturating_add(1 << 20);
        DefaultBodyLimit::max(limit).apply(&mut request);
        let unreadable = |error: axum::extract::multipart::MultipartError| {
            let large = error.status() == StatusCode::PAYLOAD_TOO_LARGE;
            ServiceError::new(if large { Kind::TooLarge } else { Kind::Invalid }, error.body_text())
        };
        let form = Multipart::from_request(request, app).await;
        let mut form = form.map_err(|error| ServiceError::invalid(error.body_text()))?;
        while let Some(mut field) = form.next_field().await.map_err(unreadable)? {
            if field.name() != Some("file") {
                continue;
            }
            let mut upload = app.service().upload()?;
            while let Some(piece) = field.chunk().await.map_err(unreadable)? {
                upload.write(&piece)?;
            }
            return Ok(Self(upload));
        }
        Err(ServiceError::invalid("the form has no part `file`").into())
    }
}

impl routes::Input for FeedFile {
    fn describe(operation: &mut routes::Described) {
        operation.file_body("file");
        operation.statuses.extend([400, 413, 415]);
    }
}

/// 202 without a body.
struct Accepted;

impl IntoResponse for Accepted {
    fn into_response(self) -> Response {
        StatusCode::ACCEPTED.into_response()
    }
}

impl routes::Output for Accepted {
    fn describe(operation: &mut routes::Described) {
        operation.empty_answer(202);
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct What {
    /// Version of the schema, for example `v6.1.9`.
    version: String,
    /// When it was built.
    #[param(value_type = String, format = DateTime)]
    built: jiff::Timestamp,
    /// SHA-256 of the file.
    checksum: String,
}

/// Refuses versions that cannot be read.
fn readable(version: &str) -> Result<(), ServiceError> {
    let model = version.trim().trim_start_matches('v').split('.').next();
    if model == Some("6") {
        return Ok(());
    }
    let shown: String = version.chars().take(100).collect();
    Err(ServiceError::invalid(format!("`version`: data of the schema `{shown}` cannot be read, expected 6")))
}

/// What an upload says of itself; checked before its body is read.
struct Announced(What);

impl axum::extract::FromRequestParts<App> for Announced {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, app: &App) -> Result<Self, ApiError> {
        let ApiPath(feed) = ApiPath::<String>::from_request_parts(parts, app).await?;
        known(&feed)?;
        let what: What = extract::read_query(&parts.uri)?;
        readable(&what.version)?;
        Ok(Self(what))
    }
}

impl routes::Input for Announced {
    fn describe(operation: &mut routes::Described) {
        ApiQuery::<What>::describe(operation);
        operation.statuses.extend([400, 404]);
    }
}

async fn upload(
    call: Call<granted::UpdateFeeds>,
    Announced(what): Announced,
    FeedFile(upload): FeedFile,
) -> Result<Accepted, ApiError> {
    upload.verify(&what.checksum)?;
    tracing::info!(built = %what.built, version = what.version, "vulnerability data was uploaded");
    call.service().take_upload(upload).await?;
    Ok(Accepted)
}

#[derive(Debug, Deserialize, IntoParams)]
struct Which {
    /// Version of the schema.
    version: String,
}

async fn get(
    call: Call<granted::ListFeeds>,
    ApiPath(feed): ApiPath<String>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<Answer<FeedDataRecord>, ApiError> {
    known(&feed)?;
    readable(&which.version)?;
    let data = call.service().data().current();
    let data = data.ok_or_else(|| ServiceError::not_found("the server has no vulnerability data yet"))?;
    let identity = data.identity();
    let stored = setting::current_build(call.service().store().read()).await?;
    let received = stored.and_then(|stored| stored.activated_at);
    let built = identity.built.parse().ok();
    Ok(Answer(FeedDataRecord {
        id: Some(identity.digest.to_string()),
        name: Some(feed),
        dataset: Some("grypedb".to_owned()),
        data_format: Some(identity.schema.clone()),
        checksum: Some(identity.digest.to_string()),
        version: Some(identity.schema.clone()),
        data_service_built_at: built,
        enterprise_received_at: received,
        built_at: built,
        created_at: received,
        updated_at: received,
    }))
}

fn never(what: &str) -> ServiceError {
    ServiceError::new(
        Kind::NotImplemented,
        format!("vulnerability data cannot be {what}: all of it decides, or newer data"),
    )
}

#[derive(Debug, Deserialize, IntoParams)]
struct Enabled {
    /// Whether it counts.
    #[expect(dead_code, reason = "documented, and refused")]
    enabled: bool,
}

async fn switch(
    _: Call<granted::UpdateFeeds>,
    ApiPath(feed): ApiPath<String>,
    ApiQuery(_): ApiQuery<Enabled>,
) -> Result<Answer<FeedMetadata>, ApiError> {
    known(&feed)?;
    Err(never("switched off").into())
}

async fn delete(_: Call<granted::UpdateFeeds>, ApiPath(feed): ApiPath<String>) -> Result<Done, ApiError> {
    known(&feed)?;
    Err(never("deleted").into())
}

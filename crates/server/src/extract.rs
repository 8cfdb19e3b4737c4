//! What handlers read from requests. What does not fit is one sentence and a list of fields.

use std::fmt::Write as _;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Uri};
use garde::Validate;
use serde::de::DeserializeOwned;
use stopgate_api_types::error::ValidationFault;
use stopgate_service::{Kind, ServiceError};
use utoipa::openapi::path::ParameterIn;
use utoipa::{IntoParams, ToSchema};

use crate::error::ApiError;
use crate::{App, routes};

/// Values of a path.
pub(crate) struct ApiPath<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let read = Path::<T>::from_request_parts(parts, app).await;
        let Path(value) = read.map_err(|error| ServiceError::invalid(error.body_text()))?;
        Ok(Self(value))
    }
}

impl<T> routes::Input for ApiPath<T> {
    fn describe(operation: &mut routes::Described) {
        operation.statuses.extend([400, 404]);
    }
}

/// The digest of an image in a path.
pub(crate) struct ImageDigest(pub(crate) String);

impl FromRequestParts<App> for ImageDigest {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let read = Path::<std::collections::HashMap<String, String>>::from_request_parts(parts, app).await;
        let Path(values) = read.map_err(|error| ServiceError::invalid(error.body_text()))?;
        let digest = values.get("image_digest").cloned().unwrap_or_default();
        check_digest(&digest)?;
        Ok(Self(digest))
    }
}

impl routes::Input for ImageDigest {
    fn describe(operation: &mut routes::Described) {
        operation.statuses.extend([400, 404]);
    }
}

/// Refuses what is no digest.
pub(crate) fn check_digest(text: &str) -> Result<(), ServiceError> {
    let good =
        text.strip_prefix("sha256:").is_some_and(|hex| hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_hexdigit()));
    if good {
        return Ok(());
    }
    let shown: String = text.chars().take(100).collect();
    Err(ServiceError::invalid(format!("`{shown}` is no digest: expected `sha256:` and 64 hexadecimal digits")))
}

/// Values of a query. A list is joined by commas or repeated; `True` is as good as `true`.
pub(crate) struct ApiQuery<T>(pub(crate) T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, ApiError> {
        read_query(&parts.uri).map(Self)
    }
}

pub(crate) fn read_query<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    let Query(pairs) =
        Query::<Vec<(String, String)>>::try_from_uri(uri).map_err(|error| ServiceError::invalid(error.body_text()))?;
    let mut merged: Vec<(String, String)> = Vec::new();
    for (name, value) in pairs {
        match merged.iter_mut().find(|(known, _)| *known == name) {
            Some((_, before)) => {
                before.push(',');
                before.push_str(&value);
            }
            None => merged.push((name, value)),
        }
    }
    match read_pairs(&merged) {
        Ok(value) => Ok(value),
        // Only now: `True` may as well be a name or a password, which stay as they are.
        Err(error) => {
            for (_, value) in &mut merged {
                if ["true", "false"].iter().any(|word| value.eq_ignore_ascii_case(word)) {
                    value.make_ascii_lowercase();
                }
            }
            read_pairs(&merged).map_err(|_| error)
        }
    }
}

fn read_pairs<T: DeserializeOwned>(pairs: &[(String, String)]) -> Result<T, ApiError> {
    let mut text = String::from("/?");
    // An empty value says as much as none.
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        if text.len() > 2 {
            text.push('&');
        }
        text.push_str(&escaped(name));
        text.push('=');
        text.push_str(&escaped(value));
    }
    let uri: Uri = text.parse().map_err(|_| ServiceError::invalid("the query cannot be read"))?;
    let Query(value) = Query::<T>::try_from_uri(&uri).map_err(|error| {
        ServiceError::invalid(error.body_text().replace("Failed to deserialize query string: ", "query: "))
    })?;
    Ok(value)
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

impl<T: IntoParams> routes::Input for ApiQuery<T> {
    fn describe(operation: &mut routes::Described) {
        operation.parameters.extend(T::into_params(|| Some(ParameterIn::Query)));
        operation.statuses.insert(400);
    }
}

/// A list in a query, its members joined by commas.
pub(crate) fn list(text: Option<&str>) -> Vec<&str> {
    text.into_iter().flat_map(|text| text.split(',')).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// A JSON body that fits its type and its bounds.
pub(crate) struct ApiJson<T>(pub(crate) T);

impl<T> FromRequest<App> for ApiJson<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let value: T = read_json(request, app).await?;
        value.validate().map_err(|report| {
            let faults: Vec<ValidationFault> = report
                .iter()
                .map(|(path, error)| ValidationFault { field: path.to_string(), message: error.message().to_owned() })
                .collect();
            ApiError::fields(&faults)
        })?;
        Ok(Self(value))
    }
}

impl<T: ToSchema> routes::Input for ApiJson<T> {
    fn describe(operation: &mut routes::Described) {
        operation.json_body::<T>(true);
        operation.statuses.extend([400, 413, 415]);
    }
}

/// A JSON body that is checked elsewhere.
pub(crate) struct AnyJson(pub(crate) serde_json::Value);

impl FromRequest<App> for AnyJson {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        read_json(request, app).await.map(Self)
    }
}

impl routes::Input for AnyJson {
    fn describe(operation: &mut routes::Described) {
        operation.any_body();
        operation.statuses.extend([400, 413, 415]);
    }
}

async fn read_json<T: DeserializeOwned>(request: Request, app: &App) -> Result<T, ApiError> {
    if !is_json(request.headers()) {
        return Err(ServiceError::new(Kind::Unsupported, "expected a body of type `application/json`").into());
    }
    let bytes = body(request, app).await?;
    let mut reader = serde_json::Deserializer::from_slice(&bytes);
    let value = T::deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| ServiceError::invalid(format!("the body is not what is expected: {error}")).into())
}

/// The bytes of a body; larger ones than the route takes are refused.
pub(crate) async fn body(request: Request, app: &App) -> Result<Bytes, ApiError> {
    let read = Bytes::from_request(request, app).await;
    read.map_err(|error| {
        let kind =
            if error.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE { Kind::TooLarge } else { Kind::Invalid };
        ServiceError::new(kind, error.body_text()).into()
    })
}

/// JSON by its media type, `application/vnd...+json` included; a body without a type counts as JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let Ok(value) = value.to_str() else { return false };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// A form.
pub(crate) struct ApiForm<T>(pub(crate) T);

impl<T: DeserializeOwned + Validate<Context = ()>> FromRequest<App> for ApiForm<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        let typed = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let bytes = body(request, app).await?;
        let form = typed.is_none_or(|typed| typed.starts_with("application/x-www-form-urlencoded"));
        if !form && !bytes.is_empty() {
            let message = "expected a body of type `application/x-www-form-urlencoded`";
            return Err(ServiceError::new(Kind::Unsupported, message).into());
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| ServiceError::invalid("the form is not UTF-8"))?;
        let uri: Uri = format!("/?{text}").parse().map_err(|_| ServiceError::invalid("the form cannot be read"))?;
        let value: T = read_query(&uri)?;
        value.validate().map_err(|report| ServiceError::invalid(report.to_string()))?;
        Ok(Self(value))
    }
}

impl<T: ToSchema> routes::Input for ApiForm<T> {
    fn describe(operation: &mut routes::Described) {
        operation.form_body::<T>();
        operation.statuses.extend([400, 413, 415]);
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{list, read_query};

    #[derive(Debug, Deserialize, PartialEq)]
    struct Asked {
        force: Option<bool>,
        limit: Option<u64>,
        id: Option<String>,
    }

    fn read(query: &str) -> Result<Asked, String> {
        read_query(&format!("/x?{query}").parse().unwrap()).map_err(|error| error.0.message)
    }

    #[test]
    fn lists_flags_and_numbers() {
        let asked = read("id=A&id=B%2CC&force=True&limit=5&unknown=1").unwrap();
        assert_eq!(asked, Asked { force: Some(true), limit: Some(5), id: Some("A,B,C".to_owned()) });
        assert_eq!(list(asked.id.as_deref()), ["A", "B", "C"]);
        assert_eq!(read("force=&limit="), Ok(Asked { force: None, limit: None, id: None }));
        let named = read("id=True").unwrap();
        assert_eq!(named.id.as_deref(), Some("True"), "a name or a password is no flag");
        assert!(read("limit=-1").unwrap_err().contains("limit"));
        assert!(read("force=maybe").unwrap_err().contains("force"));
    }
}

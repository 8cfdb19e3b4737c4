//! Failures as answers: one status, one body.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use stopgate_api_types::error::{ApiErrorResponse, ErrorDetail, ValidationFault};
use stopgate_service::{Kind, ServiceError};

use crate::request;

/// A failure on its way out.
#[derive(Debug, Clone)]
pub(crate) struct ApiError(pub(crate) ServiceError);

impl<E: Into<ServiceError>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl ApiError {
    /// Fields of a request that are not accepted.
    pub(crate) fn fields(faults: &[ValidationFault]) -> Self {
        let told: Vec<String> = faults
            .iter()
            .map(|fault| {
                if fault.field.is_empty() {
                    fault.message.clone()
                } else {
                    format!("`{}`: {}", fault.field, fault.message)
                }
            })
            .collect();
        let faults = serde_json::to_value(faults).unwrap_or_default();
        Self(ServiceError::invalid(told.join("; ")).with("validation", faults))
    }
}

/// Status and word of a kind of failure.
const fn status(kind: Kind) -> (StatusCode, &'static str) {
    match kind {
        Kind::Invalid => (StatusCode::BAD_REQUEST, "bad_request"),
        Kind::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
        Kind::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
        Kind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
        Kind::Conflict => (StatusCode::CONFLICT, "conflict"),
        Kind::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Kind::Unsupported => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
        Kind::TooMany => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
        Kind::NotImplemented => (StatusCode::NOT_IMPLEMENTED, "not_implemented"),
        Kind::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Kind::Full => (StatusCode::INSUFFICIENT_STORAGE, "insufficient_storage"),
        Kind::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal_error"),
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, word) = status(self.0.kind);
        let retry = self.0.detail.get("retry_after").and_then(Value::as_u64);
        let detail: ErrorDetail = serde_json::from_value(self.0.detail).unwrap_or_default();
        let body = ApiErrorResponse {
            code: Some(status.as_u16()),
            error_type: Some(word.to_owned()),
            message: Some(self.0.message),
            detail: Some(detail),
            httpcode: Some(status.as_u16()),
            anchore_request_id: request::id(),
        };
        let mut response = (status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED && !request::of_browser() {
            // Jenkins sends its credentials only after this.
            headers
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("basic realm=\"Authentication required\""));
        }
        if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(retry.unwrap_or(5)));
        }
        response
    }
}

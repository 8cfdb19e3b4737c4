//! Why a call gave no answer.

use std::fmt::Write as _;

use stopgate_api_types::error::{ApiErrorResponse, ErrorDetail};

/// Why a call gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address of the server cannot be used.
    #[error("`{url}` is not the address of a server: {reason}")]
    Address {
        /// As given, without user and password.
        url: String,
        /// One clause.
        reason: String,
    },
    /// TLS or the runtime could not be set up.
    #[error("the connection cannot be set up: {reason}")]
    Setup {
        /// One clause.
        reason: String,
    },
    /// No answer came.
    #[error("cannot reach `{server}`: {reason}")]
    Unreachable {
        /// The server's address.
        server: String,
        /// One clause.
        reason: String,
    },
    /// The server answered with an error.
    #[error("{}", sentence(*.status, .body.as_deref(), .operation))]
    Status {
        /// The HTTP status.
        status: u16,
        /// What was asked, as `GET /v2/images`.
        operation: String,
        /// The body, when it was of the known shape.
        body: Option<Box<ApiErrorResponse>>,
    },
    /// The answer is not what the API promises.
    #[error("the server's answer to `{operation}` cannot be read: {reason}")]
    Body {
        /// What was asked.
        operation: String,
        /// One clause.
        reason: String,
    },
}

impl ClientError {
    /// The HTTP status, when the server answered.
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(*status),
            _ => None,
        }
    }
}

/// The server's own words with what it says beyond them; without words, what the status means.
fn sentence(status: u16, body: Option<&ApiErrorResponse>, operation: &str) -> String {
    let message = body.and_then(|body| body.message.as_deref()).map(str::trim).filter(|text| !text.is_empty());
    let mut text = match (message, status) {
        (Some(message), 401) => {
            format!("the server does not accept the user name and password: {message} (401 on `{operation}`)")
        }
        (Some(message), _) => format!("{message} ({status} on `{operation}`)"),
        (None, 401) => format!("the server does not accept the user name and password (401 on `{operation}`)"),
        (None, 403) => format!("the user may not do this (403 on `{operation}`)"),
        (None, 404) => format!("the server knows no such thing (404 on `{operation}`)"),
        (None, _) => format!("the server answered {status} on `{operation}`"),
    };
    if let Some(detail) = body.and_then(|body| body.detail.as_ref()) {
        for part in detail_parts(detail) {
            let _ = write!(text, "; {part}");
        }
    }
    text
}

fn detail_parts(detail: &ErrorDetail) -> Vec<String> {
    let mut parts = Vec::new();
    if !detail.error_codes.is_empty() {
        parts.push(detail.error_codes.join(", "));
    }
    parts.extend(detail.validation.iter().map(|fault| format!("{}: {}", fault.field, fault.message)));
    parts.extend(detail.validation_details.iter().map(plain));
    parts.extend(detail.more.iter().filter(|(_, value)| !is_empty(value)).map(|(name, value)| match name.as_str() {
        "text" => plain(value),
        _ => format!("{name}: {}", plain(value)),
    }));
    parts
}

fn plain(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn is_empty(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null => true,
        serde_json::Value::Array(items) => items.is_empty(),
        serde_json::Value::Object(fields) => fields.is_empty(),
        serde_json::Value::String(text) => text.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::sentence;

    fn said(status: u16, body: &str) -> String {
        let body = serde_json::from_str(body).ok();
        sentence(status, body.as_ref(), "GET /v2/images")
    }

    #[test]
    fn the_servers_words_come_first_and_its_detail_after_them() {
        for (status, body, text) in [
            (
                404,
                r#"{"message":"image not found","detail":{"error_codes":[]}}"#,
                "image not found (404 on `GET /v2/images`)",
            ),
            (
                400,
                r#"{"message":"cannot pull","detail":{"error_codes":["REGISTRY_IMAGE_NOT_FOUND"],"raw":"denied","empty":{}}}"#,
                "cannot pull (400 on `GET /v2/images`); REGISTRY_IMAGE_NOT_FOUND; raw: denied",
            ),
            (
                400,
                r#"{"message":"bad","detail":{"validation":[{"field":"source","message":"is missing"}],"validation_details":["no id"]}}"#,
                "bad (400 on `GET /v2/images`); source: is missing; no id",
            ),
            (
                400,
                r#"{"title":"Bad Request","detail":"'name' is required","status":400}"#,
                "the server answered 400 on `GET /v2/images`; 'name' is required",
            ),
            (401, "", "the server does not accept the user name and password (401 on `GET /v2/images`)"),
            (
                401,
                r#"{"message":"Unauthorized"}"#,
                "the server does not accept the user name and password: Unauthorized (401 on `GET /v2/images`)",
            ),
            (502, "<html>", "the server answered 502 on `GET /v2/images`"),
        ] {
            assert_eq!(said(status, body), text);
        }
    }
}

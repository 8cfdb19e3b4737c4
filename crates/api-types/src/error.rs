//! Errors and their one body.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// The body of every reply that is not a success.
///
/// The published shape has the first four keys and none of them is required; clients of the older engine read
/// `httpcode` and the codes in `detail.error_codes`. The service always sends all of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApiErrorResponse {
    /// The HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u16>,
    /// A word for the kind of error, as `resource_not_found`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// One sentence for people; some clients look for words in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "object_or_text")]
    pub detail: Option<ErrorDetail>,
    /// `code` under the name that older clients read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub httpcode: Option<u16>,
    /// What the server's log calls this request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchore_request_id: Option<String>,
}

/// What is known of an error beyond its sentence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    /// Codes of `GET /system/error-codes`.
    #[serde(default)]
    pub error_codes: Vec<String>,
    /// Faults of a request's fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation: Vec<ValidationFault>,
    /// Faults of a policy body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation_details: Vec<Value>,
    /// Anything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// COMPAT: Anchore's schema check answers with RFC 7807, where `detail` is a text; it is kept as `more["text"]`.
fn object_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ErrorDetail>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Detail {
        Object(ErrorDetail),
        Other(Value),
    }
    Ok(Option::deserialize(deserializer)?.map(|detail| match detail {
        Detail::Object(detail) => detail,
        Detail::Other(text) => {
            ErrorDetail { more: Map::from_iter([("text".to_owned(), text)]), ..ErrorDetail::default() }
        }
    }))
}

/// A field that was not accepted, and why.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ValidationFault {
    /// Path of the field in the request, as `source.tag.pull_string`.
    pub field: String,
    pub message: String,
}

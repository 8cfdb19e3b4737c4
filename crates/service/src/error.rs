//! Why a use case gave no answer.

use serde_json::Value;
use stopgate_store::StoreError;

/// What kind of failure it is: each has one HTTP status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong.
    Invalid,
    /// Nobody knows who asks.
    Unauthorized,
    /// Who asks may not.
    Forbidden,
    /// There is no such thing, or it is none of the asker's business.
    NotFound,
    /// It does not fit what is there.
    Conflict,
    /// It is larger than is taken.
    TooLarge,
    /// What was sent is of a type that is not taken.
    Unsupported,
    /// Somebody asks too often.
    TooMany,
    /// It is not there in this installation, and will not be.
    NotImplemented,
    /// Asking again later may help.
    Unavailable,
    /// There is no room left.
    Full,
    /// It is our fault.
    Internal,
}

/// A failure: one sentence, and what a program may want to know.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct ServiceError {
    /// What kind.
    pub kind: Kind,
    /// One sentence: what, where, what was expected, what to do.
    pub message: String,
    /// More, as an object.
    pub detail: Value,
}

impl ServiceError {
    /// A failure with its sentence.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), detail: Value::Object(serde_json::Map::new()) }
    }

    /// The request is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, message)
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }

    /// It does not fit what is there.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::new(Kind::Conflict, message)
    }

    /// It is our fault: the cause goes to the log, not to the asker.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!(%cause, "a request failed");
        Self::new(Kind::Internal, "the server failed on this request; its log says why, under the request's id")
    }

    /// Adds what a program may want to know.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        if let Some(members) = self.detail.as_object_mut() {
            members.insert(key.to_owned(), value.into());
        }
        self
    }

    /// Adds codes of the catalogue of error codes.
    #[must_use]
    pub fn codes(self, codes: &[&str]) -> Self {
        self.with("error_codes", codes.iter().map(|code| Value::from(*code)).collect::<Vec<_>>())
    }
}

/// An error with the causes that its text does not repeat: what a person needs is often in the last one.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    text
}

impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unreachable(cause) => {
                tracing::error!(%cause, "the database does not answer");
                Self::new(Kind::Unavailable, "the database does not answer; try again")
            }
            StoreError::Full(cause) => {
                tracing::error!(%cause, "there is no room left");
                Self::new(Kind::Full, "there is no room left on the server's disk")
            }
            StoreError::Duplicate => Self::conflict("there is already one of this name"),
            other => Self::internal(other),
        }
    }
}

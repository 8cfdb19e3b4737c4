//! Why a source cannot be opened or read.

use std::io;

use stopgate_archive::IntegrityError;
use stopgate_archive::tar::TarError;
use stopgate_model::ReferenceError;

use crate::Platform;

/// Each message names what was asked for; none holds a secret or a signed address.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// A scheme without anything behind it.
    #[error("`{scheme}:` names nothing: expected `{scheme}:PATH-OR-REFERENCE`")]
    EmptyTarget {
        /// The scheme.
        scheme: String,
    },
    /// There is no such path.
    #[error("`{path}` does not exist: expected a path or an image reference")]
    Missing {
        /// The path.
        path: String,
    },
    /// A path of another kind than the scheme wants.
    #[error("`{path}` is not {expected}")]
    WrongKind {
        /// The path.
        path: String,
        /// What was expected, with its article.
        expected: &'static str,
    },
    /// Reading failed.
    #[error("cannot read `{what}`")]
    Io {
        /// Path or blob.
        what: String,
        /// Cause.
        source: io::Error,
    },
    /// An archive could not be read.
    #[error("cannot read `{path}`")]
    Archive {
        /// The archive.
        path: String,
        /// Cause.
        source: TarError,
    },
    /// No image reference.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// A kind of source that we do not open yet.
    #[error("`{scheme}:` is not supported yet: expected {instead}")]
    Unsupported {
        /// The scheme.
        scheme: &'static str,
        /// What to use instead.
        instead: &'static str,
    },
    /// A part of the source says something that cannot be.
    #[error("`{what}` is not valid: {reason}")]
    Malformed {
        /// The part: `manifest.json`, a digest ...
        what: String,
        /// What is wrong, one clause.
        reason: String,
    },
    /// A part that others refer to is not there.
    #[error("`{what}` is missing in `{source_name}`")]
    MissingPart {
        /// The part.
        what: String,
        /// The source.
        source_name: String,
    },
    /// A limit was reached.
    #[error("`{what}` has {seen} {unit}, the limit is {limit}")]
    Limit {
        /// What is too large.
        what: String,
        /// What was seen.
        seen: u64,
        /// The limit.
        limit: u64,
        /// Unit of both.
        unit: &'static str,
    },
    /// Content is not what its digest says.
    #[error(transparent)]
    Integrity(#[from] IntegrityError),
    /// An artifact that is no image, such as a chart or a signature.
    #[error("`{what}` is not a container image but `{found}`")]
    NotAnImage {
        /// The reference or path.
        what: String,
        /// Its media type.
        found: String,
    },
    /// There is no image for the platform.
    #[error("`{what}` has no image for `{wanted}`: expected one of {}", list(.available))]
    Platform {
        /// The reference or path.
        what: String,
        /// What was asked for.
        wanted: Platform,
        /// What there is.
        available: Vec<String>,
    },
    /// An archive holds several images.
    #[error("`{what}` holds several images: expected one of {} behind a colon", list(.names))]
    SeveralImages {
        /// The path.
        what: String,
        /// Their names.
        names: Vec<String>,
    },
    /// The network may not be used.
    #[error("`{what}` needs the network, which `--offline` forbids")]
    Offline {
        /// The reference.
        what: String,
    },
    /// The registry wants credentials, or others.
    #[error("`{registry}` denies access to `{repository}`: {reason}")]
    Denied {
        /// Registry.
        registry: String,
        /// Repository.
        repository: String,
        /// What to do, one clause.
        reason: String,
    },
    /// The registry has no such image.
    #[error("`{reference}` does not exist in its registry")]
    NotInRegistry {
        /// The reference.
        reference: String,
    },
    /// The registry cannot be reached or does not answer as a registry.
    #[error("cannot reach `{registry}`: {reason}")]
    Unreachable {
        /// Registry.
        registry: String,
        /// Cause, one clause.
        reason: String,
    },
    /// Set-up that the user gave is wrong.
    #[error("{what} cannot be used: {reason}")]
    Setting {
        /// The setting, in backticks.
        what: String,
        /// What is wrong, one clause.
        reason: String,
    },
}

fn list(names: &[String]) -> String {
    let mut shown: Vec<String> = names.iter().take(20).map(|name| format!("`{name}`")).collect();
    if names.len() > shown.len() {
        shown.push(format!("{} more", names.len() - shown.len()));
    }
    if shown.is_empty() { "an image".to_owned() } else { shown.join(", ") }
}

impl SourceError {
    /// An I/O error, or the integrity error inside it.
    pub(crate) fn io(what: impl Into<String>, source: io::Error) -> Self {
        match IntegrityError::of(&source) {
            Some(integrity) => Self::Integrity(integrity.clone()),
            None => Self::Io { what: what.into(), source },
        }
    }

    /// Why a path that the user gave cannot be opened.
    pub(crate) fn opening(path: &str, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing { path: path.to_owned() },
            io::ErrorKind::InvalidInput => Self::WrongKind { path: path.to_owned(), expected: "a regular file" },
            _ => Self::io(path, error),
        }
    }

    pub(crate) fn malformed(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Malformed { what: what.into(), reason: reason.into() }
    }

    /// Whether the artifact is not what it says, as opposed to not being reachable.
    pub const fn is_integrity(&self) -> bool {
        matches!(self, Self::Integrity(_))
    }
}

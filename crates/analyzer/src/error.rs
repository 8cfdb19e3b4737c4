//! Why there is no artifact: it is not what it says, or cannot be read at all.

use std::io;

use stopgate_archive::IntegrityError;
use stopgate_model::Digest;
use stopgate_source::SourceError;

/// No verdict can rest on the artifact (exit code 2). What is merely missing is a gap instead.
#[derive(Debug, thiserror::Error)]
pub enum AnalyzeError {
    /// The source cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A blob is not what its digest says.
    #[error(transparent)]
    Integrity(IntegrityError),
    /// An inflated layer is not what the configuration says.
    #[error("layer `{expected}` is not what it says: its content has digest `{found}`")]
    WrongDiffId {
        /// DiffID in the configuration.
        expected: Digest,
        /// Digest of the content.
        found: Digest,
    },
    /// A layer, folder or file cannot be read: corrupt, truncated, or its source failed.
    #[error("`{what}` cannot be read: {source}")]
    Unreadable {
        /// DiffID of the layer, or path as given.
        what: String,
        /// Cause.
        source: io::Error,
    },
    /// Facts that were just made cannot be read back: a fault of ours.
    #[error("the facts of layer `{layers}` cannot be put together; this is a fault of ours")]
    Inconsistent {
        /// DiffIDs.
        layers: String,
    },
    /// The walk ended because that of another layer failed.
    #[error("another layer failed")]
    Stopped,
    /// An SBOM or analysis document: what it describes was analysed already.
    #[error("a document is read, not analysed: expected an image, a folder or a file")]
    Document,
}

impl AnalyzeError {
    /// Whether the artifact is not what it says, as opposed to not being reachable.
    pub fn is_integrity(&self) -> bool {
        match self {
            Self::Integrity(_) | Self::WrongDiffId { .. } => true,
            Self::Source(error) => error.is_integrity(),
            Self::Unreadable { source, .. } => {
                matches!(source.kind(), io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof)
            }
            Self::Inconsistent { .. } | Self::Stopped | Self::Document => false,
        }
    }
}

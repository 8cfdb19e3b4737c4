//! How data comes in.

use std::path::{Path, PathBuf};

use stopgate_model::DataIdentity;

/// Where data comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ImportSource {
    /// An archive (`.tar.zst`, `.tar.gz`, `.tar.xz`) or the bare SQLite file, recognised by content.
    File(PathBuf),
    /// A folder with `latest.json` and the archive that it names, or the listing itself.
    Listing(PathBuf),
}

/// How to import.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Take an older build, and one that lost all rows of a provider.
    pub force: bool,
    /// What the identity names as origin; empty: the file's path.
    pub origin: String,
    /// What the source's sha256 must be.
    pub checksum: Option<stopgate_model::Digest>,
}

/// One OSV document: its name for messages, and its bytes.
pub type OsvDocument = (String, Vec<u8>);

/// Why data was not taken. The data in use stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The file system said no.
    #[error("cannot access `{}`", path.display())]
    Io {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
}

/// Compiles a Grype DB v6 into the store and makes it current.
pub fn import(_from: &ImportSource, store: &Path, _options: &ImportOptions) -> Result<DataIdentity, ImportError> {
    Err(ImportError::Io { path: store.into(), source: std::io::ErrorKind::Unsupported.into() })
}

/// Compiles OSV documents into the store and makes them current. `built` is RFC 3339.
pub fn build(
    _documents: impl Iterator<Item = OsvDocument>,
    store: &Path,
    _built: &str,
    _origin: &str,
) -> Result<DataIdentity, ImportError> {
    Err(ImportError::Io { path: store.into(), source: std::io::ErrorKind::Unsupported.into() })
}

//! Where things lie on disk: the cache folder with the vulnerability data and the layers' facts.

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Facts of layers may take this much; the oldest use goes first.
pub(crate) const LAYER_CACHE_BYTES: u64 = 5 << 30;

/// The cache folder: `STOPGATE_CACHE_DIR`, else `$XDG_CACHE_HOME/stopgate`, else `~/.cache/stopgate`.
pub(crate) struct Cache(PathBuf);

impl Cache {
    pub(crate) fn find() -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        variable("STOPGATE_CACHE_DIR")
            .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("stopgate")))
            .or_else(|| Some(variable("HOME")?.join(".cache").join("stopgate")))
            .map(Self)
            .ok_or_else(|| {
                Failure::new("there is no cache folder: neither STOPGATE_CACHE_DIR nor XDG_CACHE_HOME nor HOME is set")
            })
    }

    /// Vulnerability data.
    pub(crate) fn data(&self) -> PathBuf {
        self.0.join("db")
    }

    /// Facts of layers.
    pub(crate) fn root(&self) -> &Path {
        &self.0
    }
}

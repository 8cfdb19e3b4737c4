//! What the databases of operating systems have in common in package URLs and details.

use serde::Serialize;
use stopgate_model::{Digest, Distro};

/// The `distro` qualifier of a package URL: id and version, or what stands for it in rolling releases.
pub(crate) fn distro_qualifier(distro: &Distro) -> String {
    let version = if distro.version_id.is_empty() { &distro.build_id } else { &distro.version_id };
    [distro.id.as_str(), version].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

/// A digest in details.
#[derive(Serialize)]
pub(crate) struct EntryDigest<'a> {
    algorithm: &'a str,
    value: &'a str,
}

impl<'a> EntryDigest<'a> {
    /// Of a digest.
    pub(crate) fn of(digest: &'a Digest) -> Self {
        Self { algorithm: digest.algorithm().name(), value: digest.hex() }
    }
}

//! Digests for verification: package databases record MD5 (dpkg) or SHA-1 (apk) where the tree has SHA-256.
//!
//! Which files are meant, and by which digests, is known only when packages are put together. So their layers
//! are read once more, for these files alone, and only when somebody wants to verify them.

use std::collections::{BTreeMap, BTreeSet};

use stopgate_model::{DigestAlgorithm, FileEntry, FileIndex, FileKind, Package};

use crate::links::{Place, Want, Wants};

/// The files of package databases whose recorded digests are of an algorithm that the tree lacks.
pub(crate) fn wants(files: &FileIndex, packages: &[Package]) -> Wants {
    let mut algorithms: BTreeMap<&str, BTreeSet<DigestAlgorithm>> = BTreeMap::new();
    for owned in packages.iter().filter(|package| package.package_type.is_os()).flat_map(|package| &package.files) {
        // Configuration is meant to be changed.
        let Some(digest) = owned.digest.as_ref().filter(|_| !owned.config) else { continue };
        let Some(entry) = behind(files, &owned.path) else { continue };
        if entry.sha256.is_none() || digest.algorithm() != DigestAlgorithm::Sha256 {
            algorithms.entry(entry.path).or_default().insert(digest.algorithm());
        }
    }
    let mut wants = Wants::new();
    for (path, algorithms) in algorithms {
        let Some(place) = files.get(path).map(|entry| Place::of(&entry)) else { continue };
        let shown = path.trim_start_matches('/').to_owned();
        let want = Want { sha256: place.sha256, shown, digests: algorithms.into_iter().collect(), ..Want::default() };
        wants.entry(place.layer).or_default().entry(place.path).or_default().push(want);
    }
    wants
}

/// The file to which a recorded path leads.
fn behind<'f>(files: &'f FileIndex, path: &str) -> Option<FileEntry<'f>> {
    let own = files.get(path).filter(|entry| entry.kind != FileKind::Symlink);
    own.or_else(|| files.resolve(path).ok().flatten()).filter(FileEntry::is_file)
}

//! One file of the tree against what a package database says of it.

use stopgate_model::{DigestAlgorithm, FileEntry, FileIndex, FileKind, OwnedFile};

/// What was seen of a recorded file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// It is there, and all that could be compared is equal.
    Same {
        /// Whether its content was compared.
        content: bool,
        /// Whether anything was compared.
        anything: bool,
    },
    /// It was recorded as a link, and one is there.
    Link,
    /// It is not there.
    Missing,
    /// It differs in this.
    Changed(String),
}

/// Compares; links of folders are followed, so that `/bin/ls` is found in `/usr/bin`.
pub(super) fn compare(files: &FileIndex, owned: &OwnedFile) -> Seen {
    let own = files.get(&owned.path);
    if is_link(owned) && (own.is_some() || is_below_linked_folder(files, &owned.path)) {
        return Seen::Link;
    }
    let entry = match own.filter(|entry| entry.kind != FileKind::Symlink) {
        Some(entry) => entry,
        // A file that became a link counts as what the link leads to.
        None => match files.resolve(&owned.path) {
            Ok(Some(entry)) => entry,
            // A circle of links leads nowhere.
            Ok(None) | Err(_) => return Seen::Missing,
        },
    };
    match (entry.is_file(), &owned.digest) {
        (true, _) => attributes(files, &entry, owned),
        (false, Some(_)) => Seen::Changed(format!("it is no file any more ({})", entry.kind.name())),
        // A device or a pipe, which databases record without a digest.
        (false, None) => Seen::Same { content: true, anything: true },
    }
}

/// Databases do not say of a path that it is a link. Its mode does, unless a SHA-256 says that it has content: apk
/// gives links the SHA-1 of their target.
fn is_link(owned: &OwnedFile) -> bool {
    let content = owned.digest.as_ref().is_some_and(|digest| digest.algorithm() == DigestAlgorithm::Sha256);
    owned.mode.is_some_and(|mode| mode & 0o7777 == 0o777) && !content
}

/// Whether a path exists below a folder that is a link, itself not followed.
fn is_below_linked_folder(files: &FileIndex, path: &str) -> bool {
    let Some((folder, name)) = path.rsplit_once('/') else { return false };
    let Ok(Some(real)) = files.resolve(folder) else { return false };
    files.get(&format!("{}/{name}", real.path.trim_end_matches('/'))).is_some()
}

fn attributes(files: &FileIndex, entry: &FileEntry<'_>, owned: &OwnedFile) -> Seen {
    let content = owned.digest.as_ref().and_then(|recorded| {
        let own = files.digest(entry.path, recorded.algorithm())?;
        Some((recorded, own))
    });
    let mut how = Vec::new();
    if let Some((recorded, own)) = &content
        && *recorded != own
    {
        how.push("its content differs".to_owned());
    }
    if let Some(mode) = owned.mode.map(|mode| mode & 0o7777)
        && mode != entry.mode
    {
        how.push(format!("its mode is {:04o} instead of {mode:04o}", entry.mode));
    }
    if let Some(size) = owned.size
        && size != entry.size
    {
        how.push(format!("its size is {} instead of {size} bytes", entry.size));
    }
    if how.is_empty() {
        let content = content.is_some();
        Seen::Same { content, anything: content || owned.mode.is_some() || owned.size.is_some() }
    } else {
        Seen::Changed(how.join(", "))
    }
}

//! Fast questions about many paths of a tree: is something there, and where do links lead.

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{HashMap, HashSet};

use stopgate_model::{FileIndex, FileKind};

/// Answers from hash tables; the tree itself is asked once per linked folder.
pub(crate) struct PathLookup<'a> {
    files: &'a FileIndex,
    /// Made when first asked for.
    present: OnceCell<HashSet<&'a str>>,
    links: HashSet<&'a str>,
    maybe_link: PathBits,
    /// Real folders of those that were asked for; `None` when a folder is what it seems.
    folders: RefCell<HashMap<String, Option<String>>>,
    /// The folder that was asked for last: lists of files go folder by folder.
    last: RefCell<(String, Option<String>)>,
}

impl<'a> PathLookup<'a> {
    /// Of all paths of a tree.
    pub(crate) fn new(files: &'a FileIndex) -> Self {
        let mut links = HashSet::new();
        let mut maybe_link = PathBits::default();
        for link in files.iter().filter(|entry| entry.kind == FileKind::Symlink) {
            links.insert(link.path);
            maybe_link.add(link.path);
        }
        Self {
            files,
            present: OnceCell::new(),
            links,
            maybe_link,
            folders: RefCell::default(),
            last: RefCell::default(),
        }
    }

    /// Whether something is at a path when links of its folders are followed; a link without a target is
    /// something too.
    pub(crate) fn has(&self, path: &str) -> bool {
        let present = self.present.get_or_init(|| self.files.iter().map(|entry| entry.path).collect());
        present.contains(path) || present.contains(&*self.through_folders(path))
    }

    /// The real path when all links are followed; the path itself when it leads nowhere.
    pub(crate) fn real<'p>(&self, path: &'p str) -> Cow<'p, str> {
        let path = self.through_folders(path);
        if self.maybe_link.may_have(&path)
            && self.links.contains(&*path)
            && let Ok(Some(entry)) = self.files.resolve(&path)
        {
            return Cow::Owned(entry.path.to_owned());
        }
        path
    }

    fn through_folders<'p>(&self, path: &'p str) -> Cow<'p, str> {
        if self.links.is_empty() {
            return Cow::Borrowed(path);
        }
        let Some((folder, name)) = path.rsplit_once('/') else { return Cow::Borrowed(path) };
        let mut last = self.last.borrow_mut();
        if last.0 != folder {
            let mut folders = self.folders.borrow_mut();
            let real = folders.entry(folder.to_owned()).or_insert_with(|| self.real_folder(folder)).clone();
            *last = (folder.to_owned(), real);
        }
        match &last.1 {
            Some(real) => Cow::Owned(format!("{real}/{name}")),
            None => Cow::Borrowed(path),
        }
    }

    fn real_folder(&self, folder: &str) -> Option<String> {
        let mut ends = folder.match_indices('/').map(|(at, _)| at).chain(std::iter::once(folder.len()));
        if !ends.any(|end| folder.get(..end).is_some_and(|part| self.links.contains(part))) {
            return None;
        }
        let real = self.files.resolve(folder).ok().flatten()?.path;
        (real != folder).then(|| real.trim_end_matches('/').to_owned())
    }
}

/// Tells of most paths at once that they are not in a set: a bit by length and end of a path.
pub(crate) struct PathBits(Vec<u64>);

impl Default for PathBits {
    fn default() -> Self {
        Self(vec![0; 1 << 10])
    }
}

impl PathBits {
    /// Adds a path.
    pub(crate) fn add(&mut self, path: &str) {
        let (word, bit) = Self::place(path);
        if let Some(word) = self.0.get_mut(word) {
            *word |= bit;
        }
    }

    /// `false`: the path was not added.
    pub(crate) fn may_have(&self, path: &str) -> bool {
        let (word, bit) = Self::place(path);
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }

    fn place(path: &str) -> (usize, u64) {
        let end = path.as_bytes().last_chunk::<8>().map_or(0, |end| u64::from_le_bytes(*end));
        let mixed = (end ^ ((path.len() as u64) << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        ((mixed >> 54) as usize, 1 << ((mixed >> 48) & 63))
    }
}

#[cfg(test)]
mod tests {
    use super::PathLookup;
    use stopgate_model::{FileEntry, FileIndexBuilder, FileKind};

    #[test]
    fn links_of_folders_and_files_are_followed() {
        let mut builder = FileIndexBuilder::default();
        for (path, kind, link) in [
            ("/bin", FileKind::Symlink, Some("usr/bin")),
            ("/usr", FileKind::Directory, None),
            ("/usr/bin", FileKind::Directory, None),
            ("/usr/bin/dash", FileKind::Regular, None),
            ("/usr/bin/sh", FileKind::Symlink, Some("dash")),
            ("/usr/bin/dead", FileKind::Symlink, Some("nowhere")),
        ] {
            builder.push(&FileEntry { path, kind, mode: 0, uid: 0, gid: 0, size: 0, sha256: None, link, layer: 0 });
        }
        let files = builder.finish();
        let lookup = PathLookup::new(&files);
        assert!(lookup.has("/bin/sh") && lookup.has("/bin/dead") && lookup.has("/usr/bin/dash"));
        assert!(!lookup.has("/bin/none") && !lookup.has("/none"));
        assert_eq!(lookup.real("/bin/sh"), "/usr/bin/dash");
        assert_eq!(lookup.real("/bin/dead"), "/usr/bin/dead");
        assert_eq!(lookup.real("/none"), "/none");
    }
}

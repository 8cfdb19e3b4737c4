//! The squashed file tree of an artifact: compact, sorted by path, links resolved inside the root.
//!
//! Paths and link targets lie in one arena, so three million entries fit in a few hundred megabytes.

use crate::{Digest, DigestAlgorithm, limits};

/// What a path is (names: syft's file types).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A second name of a regular file of the same layer.
    HardLink,
    /// A symbolic link.
    Symlink,
    /// A character device.
    CharDevice,
    /// A block device.
    BlockDevice,
    /// A directory.
    Directory,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
    /// Anything else.
    Irregular,
}

impl FileKind {
    /// syft's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Regular => "RegularFile",
            Self::HardLink => "HardLink",
            Self::Symlink => "SymbolicLink",
            Self::CharDevice => "CharacterDevice",
            Self::BlockDevice => "BlockDevice",
            Self::Directory => "Directory",
            Self::Fifo => "FIFONode",
            Self::Socket => "Socket",
            Self::Irregular => "IrregularFile",
        }
    }

    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Regular,
        Self::HardLink,
        Self::Symlink,
        Self::CharDevice,
        Self::BlockDevice,
        Self::Directory,
        Self::Fifo,
        Self::Socket,
        Self::Irregular,
    ];

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The `S_IF…` bits of stat(2); a hard link is a regular file.
    pub const fn type_bits(self) -> u32 {
        match self {
            Self::Regular | Self::HardLink => 0o100_000,
            Self::Symlink => 0o120_000,
            Self::CharDevice => 0o020_000,
            Self::BlockDevice => 0o060_000,
            Self::Directory => 0o040_000,
            Self::Fifo => 0o010_000,
            Self::Socket => 0o140_000,
            Self::Irregular => 0,
        }
    }
}

/// One path of the tree, borrowed from its [`FileIndex`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileEntry<'a> {
    /// From the root, with a leading slash, no `.` or `..`.
    pub path: &'a str,
    /// What it is.
    pub kind: FileKind,
    /// Permission bits with set-id and sticky bits, `0o7777` at most.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Bytes; of a hard link, its target's.
    pub size: u64,
    /// SHA-256 of the content of a regular file or hard link; `None` when it was not computed.
    pub sha256: Option<&'a [u8; 32]>,
    /// Target of a link as written.
    pub link: Option<&'a str>,
    /// Position in the image's layers of the layer that holds it; 0 outside images.
    pub layer: u32,
}

impl FileEntry<'_> {
    /// `st_mode` with its type bits.
    pub const fn st_mode(&self) -> u32 {
        self.kind.type_bits() | (self.mode & 0o7777)
    }

    /// Whether it has content of its own or shared.
    pub const fn is_file(&self) -> bool {
        matches!(self.kind, FileKind::Regular | FileKind::HardLink)
    }
}

#[derive(Debug, Clone, Copy)]
struct Row {
    size: u64,
    path_start: u32,
    link_start: u32,
    sha256: u32,
    uid: u32,
    gid: u32,
    path_len: u16,
    link_len: u16,
    mode: u16,
    layer: u16,
    kind: FileKind,
}

const NONE: u32 = u32::MAX;

/// The tree, sorted by path.
#[derive(Clone, Default)]
pub struct FileIndex {
    rows: Vec<Row>,
    text: String,
    digests: Vec<[u8; 32]>,
    /// Digests that somebody asked for beside the SHA-256, by position and algorithm.
    further: Vec<(u32, Digest)>,
    /// What files have as `security.capability` attribute, by position; few have one.
    capabilities: Vec<(u32, Box<[u8]>)>,
}

/// Collects entries in any order; a path given twice keeps the last.
#[derive(Default)]
pub struct FileIndexBuilder {
    index: FileIndex,
}

impl FileIndexBuilder {
    /// Adds an entry. Returns `false`, and adds nothing, when the path or link is longer than the
    /// limit or the tree is full.
    pub fn push(&mut self, entry: &FileEntry<'_>) -> bool {
        let link = entry.link.unwrap_or("");
        let limit = limits::PATH_BYTES as usize;
        if entry.path.len() > limit || link.len() > limit {
            return false;
        }
        let (Ok(path_start), Ok(link_start)) =
            (u32::try_from(self.index.text.len()), u32::try_from(self.index.text.len() + entry.path.len()))
        else {
            return false;
        };
        self.index.text.push_str(entry.path);
        self.index.text.push_str(link);
        let sha256 = match entry.sha256 {
            Some(digest) => {
                // Millions of empty files share one digest.
                if self.index.digests.last() != Some(digest) {
                    self.index.digests.push(*digest);
                }
                (self.index.digests.len() - 1) as u32
            }
            None => NONE,
        };
        self.index.rows.push(Row {
            size: entry.size,
            path_start,
            link_start: if entry.link.is_some() { link_start } else { NONE },
            sha256,
            uid: entry.uid,
            gid: entry.gid,
            path_len: entry.path.len() as u16,
            link_len: link.len() as u16,
            mode: (entry.mode & 0o7777) as u16,
            layer: entry.layer as u16,
            kind: entry.kind,
        });
        true
    }

    /// Sorts and closes the tree.
    pub fn finish(mut self) -> FileIndex {
        let mut rows = std::mem::take(&mut self.index.rows);
        let text = &self.index.text;
        // Stable, so of equal paths the last stays when the earlier ones are dropped from the back.
        rows.sort_by(|a, b| path_of(text, a).cmp(path_of(text, b)));
        rows.reverse();
        rows.dedup_by(|a, b| path_of(text, a) == path_of(text, b));
        rows.reverse();
        rows.shrink_to_fit();
        self.index.rows = rows;
        self.index
    }
}

fn slice(text: &str, start: u32, len: u16) -> &str {
    // INVARIANT: rows point into `text` at the boundaries at which they were pushed.
    text.get(start as usize..start as usize + usize::from(len)).unwrap_or("")
}

fn path_of<'a>(text: &'a str, row: &Row) -> &'a str {
    slice(text, row.path_start, row.path_len)
}

/// Why a path does not lead to an entry through its links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkError {
    /// More links than the limit, or a circle.
    Loop,
}

impl FileIndex {
    /// How many paths there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no path at all.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All entries, sorted by path.
    #[inline]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = FileEntry<'_>> {
        self.rows.iter().map(|row| self.entry(row))
    }

    /// The entry at this position in the order of paths.
    #[inline]
    pub fn at(&self, position: usize) -> Option<FileEntry<'_>> {
        self.rows.get(position).map(|row| self.entry(row))
    }

    /// The entry at exactly this path, links not followed.
    pub fn get(&self, path: &str) -> Option<FileEntry<'_>> {
        self.rows.get(self.position(path)?).map(|row| self.entry(row))
    }

    fn position(&self, path: &str) -> Option<usize> {
        self.rows.binary_search_by(|row| path_of(&self.text, row).cmp(path)).ok()
    }

    /// The digest of the content of the file at exactly this path; `None` when it was not computed.
    pub fn digest(&self, path: &str, algorithm: DigestAlgorithm) -> Option<Digest> {
        let position = self.position(path)?;
        let sha256 = self.at(position)?.sha256.filter(|_| algorithm == DigestAlgorithm::Sha256);
        sha256.map(Digest::sha256).or_else(|| {
            let key = (position as u32, algorithm);
            let found = self.further.binary_search_by_key(&key, |(row, digest)| (*row, digest.algorithm())).ok()?;
            self.further.get(found).map(|(_, digest)| digest.clone())
        })
    }

    /// Digests beside the SHA-256 of the entries, in the order of paths.
    pub fn further_digests(&self) -> impl Iterator<Item = (FileEntry<'_>, &Digest)> {
        self.further.iter().filter_map(|(position, digest)| Some((self.at(*position as usize)?, digest)))
    }

    /// Adds digests of files by their paths; one of an algorithm that is known, or of a path that is not, changes
    /// nothing.
    pub fn add_digests<'p>(&mut self, digests: impl IntoIterator<Item = (&'p str, Digest)>) {
        for (path, digest) in digests {
            if let Some(position) = self.position(path) {
                self.further.push((position as u32, digest));
            }
        }
        // Stable, so the digest that was there first stays.
        self.further.sort_by_key(|(position, digest)| (*position, digest.algorithm()));
        self.further.dedup_by_key(|(position, digest)| (*position, digest.algorithm()));
    }

    /// The raw `security.capability` attributes of files, in the order of paths: what lets whoever runs them do some of
    /// what root may do. A further name of a file, a hard link, has none of its own.
    pub fn capabilities(&self) -> impl Iterator<Item = (FileEntry<'_>, &[u8])> {
        self.capabilities.iter().filter_map(|(position, raw)| Some((self.at(*position as usize)?, &**raw)))
    }

    /// Adds raw `security.capability` attributes by paths; one of a path that has one, or that is not there, changes
    /// nothing.
    pub fn add_capabilities<'p>(&mut self, attributes: impl IntoIterator<Item = (&'p str, &'p [u8])>) {
        for (path, raw) in attributes {
            if let Some(position) = self.position(path) {
                self.capabilities.push((position as u32, raw.into()));
            }
        }
        // Stable, so the attribute that was there first stays.
        self.capabilities.sort_by_key(|(position, _)| *position);
        self.capabilities.dedup_by_key(|(position, _)| *position);
    }

    /// The entries below a directory, its own entry not included.
    pub fn below(&self, directory: &str) -> impl Iterator<Item = FileEntry<'_>> {
        let prefix = if directory.ends_with('/') { directory.to_owned() } else { format!("{directory}/") };
        let start = self.rows.partition_point(|row| path_of(&self.text, row) < prefix.as_str());
        self.rows
            .get(start..)
            .unwrap_or_default()
            .iter()
            .map(|row| self.entry(row))
            .take_while(move |entry| entry.path.starts_with(&prefix))
    }

    /// The entry to which a path leads when symbolic links of its folders, and its own, are followed
    /// inside the root. `Ok(None)`: nothing there.
    pub fn resolve(&self, path: &str) -> Result<Option<FileEntry<'_>>, LinkError> {
        let mut links = 0;
        let mut todo: Vec<String> = parts(path).rev().map(str::to_owned).collect();
        let mut real = String::new();
        while let Some(part) = todo.pop() {
            if part == ".." {
                real.truncate(real.rfind('/').unwrap_or(0));
                continue;
            }
            let parent = real.len();
            real.push('/');
            real.push_str(&part);
            let Some(entry) = self.get(&real) else {
                // A folder may be implied by its content only.
                if self.below(&real).next().is_some() {
                    continue;
                }
                return Ok(None);
            };
            let (FileKind::Symlink, Some(target)) = (entry.kind, entry.link) else { continue };
            links += 1;
            if links > limits::LINK_DEPTH || todo.len() > limits::PATH_PARTS as usize {
                return Err(LinkError::Loop);
            }
            real.truncate(if target.starts_with('/') { 0 } else { parent });
            todo.extend(parts(target).rev().map(str::to_owned));
        }
        Ok(self.get(&real))
    }

    /// Leaves out the entries for which `keep` says no.
    pub fn retain(&mut self, mut keep: impl FnMut(&FileEntry<'_>) -> bool) {
        let mut further = std::mem::take(&mut self.further).into_iter().peekable();
        let mut capabilities = std::mem::take(&mut self.capabilities).into_iter().peekable();
        let mut kept = Vec::with_capacity(self.rows.len());
        for (row, position) in std::mem::take(&mut self.rows).into_iter().zip(0_u32..) {
            let keeps = keep(&self.entry(&row));
            // What is known of an entry moves, or goes, with it.
            while let Some((_, digest)) = further.next_if(|(of, _)| *of == position) {
                if keeps {
                    self.further.push((kept.len() as u32, digest));
                }
            }
            if let Some((_, raw)) = capabilities.next_if(|(of, _)| *of == position).filter(|_| keeps) {
                self.capabilities.push((kept.len() as u32, raw));
            }
            if keeps {
                kept.push(row);
            }
        }
        self.rows = kept;
    }

    /// Gives the entry at exactly this path another mode. Returns `false` when there is none.
    pub fn set_mode(&mut self, path: &str, mode: u32) -> bool {
        let text = &self.text;
        let Ok(found) = self.rows.binary_search_by(|row| path_of(text, row).cmp(path)) else { return false };
        let Some(row) = self.rows.get_mut(found) else { return false };
        row.mode = (mode & 0o7777) as u16;
        true
    }

    #[inline]
    fn entry(&self, row: &Row) -> FileEntry<'_> {
        FileEntry {
            path: path_of(&self.text, row),
            kind: row.kind,
            mode: u32::from(row.mode),
            uid: row.uid,
            gid: row.gid,
            size: row.size,
            sha256: self.digests.get(row.sha256 as usize),
            link: (row.link_start != NONE).then(|| slice(&self.text, row.link_start, row.link_len)),
            layer: u32::from(row.layer),
        }
    }
}

fn parts(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".")
}

impl PartialEq for FileIndex {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len()
            && self.iter().eq(other.iter())
            && self.further == other.further
            && self.capabilities == other.capabilities
    }
}

impl std::fmt::Debug for FileIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).entries(&self.further).entries(&self.capabilities).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::{FileEntry, FileIndex, FileIndexBuilder, FileKind, LinkError};
    use crate::{Digest, DigestAlgorithm};

    fn entry<'a>(path: &'a str, kind: FileKind, link: Option<&'a str>) -> FileEntry<'a> {
        FileEntry { path, kind, mode: 0o644, uid: 0, gid: 0, size: 1, sha256: None, link, layer: 0 }
    }

    fn tree(rows: &[(&str, Option<&str>)]) -> FileIndex {
        let mut builder = FileIndexBuilder::default();
        for (path, link) in rows {
            let kind = if link.is_some() { FileKind::Symlink } else { FileKind::Regular };
            assert!(builder.push(&entry(path, kind, *link)));
        }
        builder.finish()
    }

    #[test]
    fn follows_links_of_folders_and_files_inside_the_root() {
        let tree = tree(&[
            ("/usr/lib/os-release", None),
            ("/lib", Some("usr/lib")),
            ("/etc/os-release", Some("../lib/os-release")),
            ("/abs", Some("/../../etc/os-release")),
        ]);
        for path in ["/lib/os-release", "/etc/os-release", "/abs", "lib/./os-release"] {
            assert_eq!(tree.resolve(path).unwrap().unwrap().path, "/usr/lib/os-release", "{path}");
        }
        assert_eq!(tree.resolve("/lib/none"), Ok(None));
    }

    #[test]
    fn a_circle_of_links_is_an_error_not_a_hang() {
        let tree = tree(&[("/a", Some("b")), ("/b", Some("a")), ("/grow", Some("grow/x/y/z"))]);
        assert_eq!(tree.resolve("/a"), Err(LinkError::Loop));
        assert_eq!(tree.resolve("/grow"), Err(LinkError::Loop));
    }

    #[test]
    fn digests_are_added_by_path() {
        let mut builder = FileIndexBuilder::default();
        builder.push(&FileEntry { sha256: Some(&[7; 32]), ..entry("/b", FileKind::Regular, None) });
        builder.push(&entry("/a", FileKind::Regular, None));
        let mut tree = builder.finish();
        let before = tree.clone();
        let (md5, sha1) = (Digest::new(DigestAlgorithm::Md5, &"1".repeat(32)).unwrap(), Digest::sha1(&[2; 20]));
        tree.add_digests([("/b", sha1.clone()), ("/b", md5.clone()), ("/none", md5.clone())]);
        tree.add_digests([("/a", sha1.clone()), ("/b", Digest::sha1(&[3; 20]))]);
        assert_eq!(tree.digest("/b", DigestAlgorithm::Sha256), Some(Digest::sha256(&[7; 32])));
        assert_eq!(tree.digest("/b", DigestAlgorithm::Md5), Some(md5.clone()));
        assert_eq!(tree.digest("/b", DigestAlgorithm::Sha1), Some(sha1.clone()));
        assert_eq!(tree.digest("/a", DigestAlgorithm::Sha256), None);
        let further: Vec<_> = tree.further_digests().map(|(entry, digest)| (entry.path, digest.clone())).collect();
        assert_eq!(further, [("/a", sha1.clone()), ("/b", md5), ("/b", sha1)]);
        assert_ne!(tree, before);
    }

    #[test]
    fn capabilities_are_added_by_path_and_go_with_their_file() {
        let mut tree = tree(&[("/a", None), ("/b", None), ("/c", None)]);
        let before = tree.clone();
        let (one, two): (&[u8], &[u8]) = (&[1, 2], &[3]);
        tree.add_capabilities([("/c", one), ("/a", two), ("/none", one)]);
        tree.add_capabilities([("/c", two)]);
        let found = |tree: &FileIndex| -> Vec<(String, Vec<u8>)> {
            tree.capabilities().map(|(entry, raw)| (entry.path.to_owned(), raw.to_vec())).collect()
        };
        assert_eq!(found(&tree), [("/a".to_owned(), vec![3]), ("/c".to_owned(), vec![1, 2])]);
        assert_ne!(tree, before);
        tree.retain(|entry| entry.path != "/a");
        assert_eq!(found(&tree), [("/c".to_owned(), vec![1, 2])]);
    }

    #[test]
    fn of_equal_paths_the_last_stays_and_order_is_by_path() {
        let mut builder = FileIndexBuilder::default();
        builder.push(&entry("/b", FileKind::Regular, None));
        builder.push(&entry("/a", FileKind::Regular, None));
        builder.push(&entry("/b", FileKind::Directory, None));
        let tree = builder.finish();
        assert_eq!(tree.iter().map(|e| e.path).collect::<Vec<_>>(), ["/a", "/b"]);
        assert_eq!(tree.get("/b").unwrap().kind, FileKind::Directory);
    }

    #[test]
    fn entries_can_go_and_modes_can_change() {
        let mut tree = tree(&[("/a", None), ("/b", Some("a")), ("/c", None)]);
        let (sha1, other) = (Digest::sha1(&[1; 20]), Digest::sha1(&[2; 20]));
        tree.add_digests([("/c", sha1.clone()), ("/b", other)]);
        tree.retain(|entry| entry.path != "/b");
        assert!(tree.set_mode("/c", 0o10_4755) && !tree.set_mode("/b", 0));
        assert_eq!(tree.iter().map(|e| (e.path, e.mode)).collect::<Vec<_>>(), [("/a", 0o644), ("/c", 0o4755)]);
        assert_eq!(tree.get("/c").unwrap().size, 1, "the rest stays");
        let further: Vec<_> = tree.further_digests().map(|(entry, digest)| (entry.path, digest)).collect();
        assert_eq!(further, [("/c", &sha1)]);
    }
}

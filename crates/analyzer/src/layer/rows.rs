//! The rows of a layer as columns: kinds, paths that share their start with the row before, owners,
//! sizes, digests, link targets.

use stopgate_model::{FileKind, limits};

use super::order::shared_prefix;
use super::wire::{Damaged, Reader, Writer};
use super::{DIGESTS, INODES, KINDS, LINKS, OWNERS, PATHS, SIZES};

/// Whose content a hard link shares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Its own, or it has none.
    Own,
    /// That of another row of the layer, which holds the findings.
    Row(u32),
    /// That of a file of a lower layer.
    Below,
}

/// One row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    /// Path from the root, without leading slash.
    pub(crate) path: &'a str,
    /// What the layer has at this path; `None` when it only takes something away.
    pub(crate) kind: Option<FileKind>,
    /// The path and all below it in lower layers is gone.
    pub(crate) whiteout: bool,
    /// All below the path in lower layers is gone.
    pub(crate) opaque: bool,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) size: u64,
    pub(crate) sha256: Option<&'a [u8; 32]>,
    /// Target: of a symbolic link as written, of a hard link as a path without leading slash.
    pub(crate) link: Option<&'a str>,
    pub(crate) content: Content,
}

const KIND_MASK: u8 = 0x0f;
const NO_ENTRY: u8 = 0x0f;
/// Mode and owner are those of the row before.
const SAME_OWNER: u8 = 0x10;
const HAS_DIGEST: u8 = 0x20;
/// The digest is that of the last row that had one.
const SAME_DIGEST: u8 = 0x40;
/// A byte with the marks stands before the owner.
const HAS_MARKS: u8 = 0x80;
const WHITEOUT: u8 = 1;
const OPAQUE: u8 = 2;

/// Writes rows into columns.
#[derive(Default)]
pub(super) struct RowWriter {
    pub(super) columns: [Writer; 7],
    path: String,
    owner: (u32, u32, u32),
    digest: Option<[u8; 32]>,
}

impl RowWriter {
    pub(super) fn push(&mut self, row: &Row<'_>) {
        let [kinds, paths, owners, sizes, digests, links, inodes] = &mut self.columns;
        let mut flags = row.kind.map_or(NO_ENTRY, |kind| kind as u8);
        let mut shared = shared_prefix(self.path.as_bytes(), row.path.as_bytes());
        while !row.path.is_char_boundary(shared) {
            shared -= 1;
        }
        paths.count(shared);
        paths.text(row.path.get(shared..).unwrap_or_default());
        self.path.truncate(shared);
        self.path.push_str(row.path.get(shared..).unwrap_or_default());
        if row.whiteout || row.opaque {
            flags |= HAS_MARKS;
            owners.byte((u8::from(row.whiteout) * WHITEOUT) | (u8::from(row.opaque) * OPAQUE));
        }
        let owner = (row.mode, row.uid, row.gid);
        if owner == self.owner {
            flags |= SAME_OWNER;
        } else {
            for number in [row.mode, row.uid, row.gid] {
                owners.number(u64::from(number));
            }
            self.owner = owner;
        }
        if let Some(digest) = row.sha256 {
            flags |= HAS_DIGEST;
            if self.digest.as_ref() == Some(digest) {
                flags |= SAME_DIGEST;
            } else {
                digests.bytes.extend_from_slice(digest);
                self.digest = Some(*digest);
            }
        }
        if let Some(entry) = row.kind {
            if matches!(entry, FileKind::Regular | FileKind::HardLink) {
                sizes.number(row.size);
            }
            if matches!(entry, FileKind::Symlink | FileKind::HardLink) {
                links.text(row.link.unwrap_or_default());
            }
            if entry == FileKind::HardLink {
                inodes.number(match row.content {
                    Content::Own => 0,
                    Content::Below => 1,
                    Content::Row(row) => u64::from(row) + 2,
                });
            }
        }
        kinds.byte(flags);
    }
}

/// Reads rows one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Rows<'a> {
    columns: [Reader<'a>; 7],
    path: String,
    kind: Option<FileKind>,
    marks: u8,
    owner: (u32, u32, u32),
    size: u64,
    last_digest: Option<&'a [u8; 32]>,
    sha256: Option<&'a [u8; 32]>,
    link: Option<&'a str>,
    content: Content,
    index: u32,
}

impl<'a> Rows<'a> {
    pub(super) const fn new(columns: [Reader<'a>; 7]) -> Self {
        Self {
            columns,
            path: String::new(),
            kind: None,
            marks: 0,
            owner: (0, 0, 0),
            size: 0,
            last_digest: None,
            sha256: None,
            link: None,
            content: Content::Own,
            index: u32::MAX,
        }
    }

    /// Goes to the next row; `false` at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, Damaged> {
        let [kinds, paths, owners, sizes, digests, links, inodes] = &mut self.columns;
        if kinds.is_empty() {
            return Ok(false);
        }
        let flags = kinds.byte()?;
        self.kind = match flags & KIND_MASK {
            NO_ENTRY => None,
            number => Some(*FileKind::ALL.get(usize::from(number)).ok_or(Damaged)?),
        };
        let shared = paths.small()? as usize;
        let rest = paths.text()?;
        if !self.path.is_char_boundary(shared) || shared + rest.len() > limits::PATH_BYTES as usize {
            return Err(Damaged);
        }
        self.path.truncate(shared);
        self.path.push_str(rest);
        self.marks = if flags & HAS_MARKS == 0 { 0 } else { owners.byte()? };
        if flags & SAME_OWNER == 0 {
            self.owner = (owners.small()?, owners.small()?, owners.small()?);
        }
        self.sha256 = None;
        if flags & HAS_DIGEST != 0 {
            if flags & SAME_DIGEST == 0 {
                self.last_digest = digests.take(32)?.try_into().ok();
            }
            self.sha256 = Some(self.last_digest.ok_or(Damaged)?);
        }
        (self.size, self.link, self.content) = (0, None, Content::Own);
        if let Some(kind) = self.kind {
            if matches!(kind, FileKind::Regular | FileKind::HardLink) {
                self.size = sizes.number()?;
            }
            if matches!(kind, FileKind::Symlink | FileKind::HardLink) {
                self.link = Some(links.text()?);
            }
            if kind == FileKind::HardLink {
                self.content = match inodes.number()? {
                    0 => Content::Own,
                    1 => Content::Below,
                    row => Content::Row(u32::try_from(row - 2).map_err(|_| Damaged)?),
                };
            }
        }
        self.index = self.index.wrapping_add(1);
        Ok(true)
    }

    /// Position of the current row.
    pub(crate) const fn index(&self) -> u32 {
        self.index
    }

    /// Path of the current row.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The current row.
    pub(crate) fn row(&self) -> Row<'_> {
        let (mode, uid, gid) = self.owner;
        Row {
            path: &self.path,
            kind: self.kind,
            whiteout: self.marks & WHITEOUT != 0,
            opaque: self.marks & OPAQUE != 0,
            mode,
            uid,
            gid,
            size: self.size,
            sha256: self.sha256,
            link: self.link,
            content: self.content,
        }
    }
}

const _: () = {
    // INVARIANT: `Rows` and `RowWriter` name the columns in the order of the sections.
    assert!(KINDS == 0 && PATHS == 1 && OWNERS == 2 && SIZES == 3 && DIGESTS == 4 && LINKS == 5 && INODES == 6);
};

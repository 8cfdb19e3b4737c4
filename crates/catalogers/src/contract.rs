//! The contract of a cataloger: which files it wants, how it reads one, how a package comes of them.

use std::borrow::Cow;
use std::io;

use stopgate_archive::{Cursor, ReadAt};
use stopgate_model::{GapCode, PackageType, limits};

use crate::{Facts, Found, MergedView};

/// Declares what it finds and which files it wants; reads them; makes packages of them.
pub struct Cataloger {
    /// syft's name, for example `dpkg-db-cataloger`: goes to `foundBy`.
    pub name: &'static str,
    /// Package types that it may add.
    pub finds: &'static [PackageType],
    /// Kinds of source for which it runs.
    pub sources: Sources,
    /// Files that it wants. Data, so the engine walks the tree once for all catalogers.
    pub claims: &'static [Claim],
    /// The gap when `extract` fails: [`GapCode::DatabaseUnreadable`] for package databases.
    pub unreadable: GapCode,
    /// Reads one file. Pure; runs once per layer.
    pub extract: fn(&Claimed<'_>, &mut Facts) -> Result<(), ReadError>,
    /// Makes packages of the merged facts.
    pub assemble: Assemble,
}

/// Kinds of source (syft's tags `image` and `directory`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sources {
    /// Images only: what is installed.
    Image,
    /// Directories and files only: what is declared.
    Directory,
    /// Both.
    All,
}

/// A pattern of files. Paths have no leading slash here; matching is on raw paths of a layer and is
/// checked again on the merged tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The last part of the path equals this.
    Name(&'static str),
    /// The path ends with this, upper and lower case alike: `.jar`.
    Suffix(&'static str),
    /// A glob over the whole path: `**` any parts, `*` within a part.
    Glob(&'static str),
    /// An ELF, PE or Mach-O file, by its first bytes.
    Executable,
}

/// How packages come of facts.
pub enum Assemble {
    /// Each package fact of each visible file is a package at that file.
    EachFile,
    /// A package spans several files: the function joins their records.
    Joined(fn(&MergedView<'_>, &mut Found)),
}

/// A file that a cataloger wanted.
pub struct Claimed<'a> {
    path: &'a str,
    mode: u32,
    content: &'a dyn ReadAt,
}

/// Why a file could not be read. A bad record is a gap in [`Facts`], not an error.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Reading failed.
    #[error("cannot be read")]
    Io(#[from] io::Error),
    /// The file is longer than its limit.
    #[error("is {seen} bytes long, the limit is {limit}")]
    TooLarge {
        /// Limit, bytes.
        limit: u64,
        /// Size, bytes.
        seen: u64,
    },
    /// The text has more lines and list elements than its limit.
    #[error("has {seen} lines and list elements, the limit is {limit}")]
    TooMany {
        /// Limit.
        limit: u64,
        /// What was seen.
        seen: u64,
    },
    /// The content is not what its name promises; one clause that says where.
    #[error("{0}")]
    Malformed(String),
}

impl<'a> Claimed<'a> {
    /// A file at `path` (no leading slash).
    pub const fn new(path: &'a str, mode: u32, content: &'a dyn ReadAt) -> Self {
        Self { path, mode, content }
    }

    /// Path from the root, without leading slash.
    pub const fn path(&self) -> &'a str {
        self.path
    }

    /// Last part of the path.
    pub fn name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or(self.path)
    }

    /// Permission bits.
    pub const fn mode(&self) -> u32 {
        self.mode
    }

    /// Bytes.
    pub fn size(&self) -> u64 {
        self.content.size()
    }

    /// Random access to the content.
    pub const fn content(&self) -> &'a dyn ReadAt {
        self.content
    }

    /// The content as `Read` and `Seek`.
    pub const fn cursor(&self) -> Cursor<'a> {
        Cursor::new(self.content)
    }

    /// All bytes, when there are at most `limit`.
    pub fn bytes(&self, limit: u64) -> Result<Cow<'a, [u8]>, ReadError> {
        let seen = self.content.size();
        if seen > limit {
            return Err(ReadError::TooLarge { limit, seen });
        }
        if let Some(bytes) = self.content.in_memory() {
            return Ok(Cow::Borrowed(bytes));
        }
        let mut bytes = vec![0; seen as usize];
        self.content.read_exact_at(0, &mut bytes)?;
        Ok(Cow::Owned(bytes))
    }

    /// All text, invalid UTF-8 replaced, when there are at most `limit` bytes.
    pub fn text(&self, limit: u64) -> Result<Cow<'a, str>, ReadError> {
        let bytes = self.bytes(limit)?;
        // Each may become a package, so what a short text becomes would fill the memory.
        let limit = limits::METADATA_ELEMENTS;
        let seen =
            if bytes.len() as u64 > limit { memchr::memchr2_iter(b'\n', b',', &bytes).count() as u64 } else { 0 };
        if seen > limit {
            return Err(ReadError::TooMany { limit, seen });
        }
        Ok(match bytes {
            Cow::Borrowed(bytes) => String::from_utf8_lossy(bytes),
            Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
        })
    }
}

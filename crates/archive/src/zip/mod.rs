//! Zip archives (PKWARE APPNOTE 6.3.10) read by their central directory: jars, wheels, packages of NuGet.
//!
//! Stored and deflated entries, zip64, data descriptors, bytes in front (self-extracting jars). Encrypted
//! entries, split archives and other methods are errors of the entry. Where the directory leaves room for
//! another reading, [`Archive::doubts`] says so.

mod directory;
mod doubts;

#[cfg(test)]
mod tests;

use std::io;

use crate::{BudgetError, Nesting, ReadAt, Refusal, Slice};

pub use doubts::Doubts;

/// Deflate cannot expand by more than this factor, so a larger claim is false.
const MAX_DEFLATE_RATIO: u64 = 1032;

const LOCAL_HEADER: u64 = 30;

/// Why an archive or entry cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ZipError {
    /// There is no end record.
    #[error("the content is not a zip archive")]
    NotZip,
    /// A part of the archive lies outside of it.
    #[error("the zip archive is truncated")]
    Truncated,
    /// A record makes no sense.
    #[error("the zip archive is corrupt: {0}")]
    Malformed(&'static str),
    /// The content does not have the checksum that the directory gives.
    #[error("the content does not have its declared checksum")]
    Checksum,
    /// The entry is encrypted.
    #[error("the entry is encrypted")]
    Encrypted,
    /// The entry is compressed in a way that we do not read.
    #[error("the entry is compressed by method {0}: expected 0 (stored) or 8 (deflated)")]
    Method(u16),
    /// The entry is longer than the caller wants.
    #[error("the entry is {size} bytes long, the limit is {limit}")]
    TooLarge {
        /// Declared size, bytes.
        size: u64,
        /// The caller's limit, bytes.
        limit: u64,
    },
    /// A limit of nested archives was reached.
    #[error(transparent)]
    Budget(#[from] BudgetError),
    /// Reading failed.
    #[error("the zip archive cannot be read")]
    Io(#[source] io::Error),
}

impl From<io::Error> for ZipError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Truncated } else { Self::Io(error) }
    }
}

/// One entry of the central directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Cleaned path without leading slash. After a refusal a short form for messages.
    pub name: String,
    /// Whether it is a folder: the raw name ends with a slash.
    pub is_directory: bool,
    /// Why the name must not be taken: make it a gap.
    pub refused: Option<Refusal>,
    /// Uncompressed size as declared, bytes.
    pub size: u64,
    /// Compressed size as declared, bytes.
    pub compressed_size: u64,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// `st_mode` when the writer was a Unix, else zero.
    pub unix_mode: u32,
    method: u16,
    crc32: u32,
    offset: u64,
    raw_name_len: u16,
}

impl Entry {
    /// Whether the content is stored as it is.
    pub const fn is_stored(&self) -> bool {
        self.method == 0
    }

    /// CRC-32 of the content as declared.
    pub const fn crc32(&self) -> u32 {
        self.crc32
    }
}

/// An archive over content that stays where it is.
pub struct Archive<'a> {
    content: &'a dyn ReadAt,
    nesting: Nesting<'a>,
    entries: Vec<Entry>,
    doubts: Doubts,
}

impl<'a> Archive<'a> {
    /// Whether the first bytes are those of a zip archive without anything in front.
    pub fn looks_like(head: &[u8]) -> bool {
        matches!(head, [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..])
    }

    /// Reads the central directory. Its entries are taken out of the budget.
    pub fn open(content: &'a dyn ReadAt, nesting: Nesting<'a>) -> Result<Self, ZipError> {
        let (entries, doubts) = directory::read(content, nesting)?;
        Ok(Self { content, nesting, entries, doubts })
    }

    /// All entries, in the directory's order. A name may occur twice.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What another reader could see differently.
    pub const fn doubts(&self) -> Doubts {
        self.doubts
    }

    /// Where this archive stands in the nesting.
    pub const fn nesting(&self) -> Nesting<'a> {
        self.nesting
    }

    /// The content of an entry, inflated and checked, when it has at most `limit` bytes.
    pub fn read(&self, entry: &Entry, limit: u64) -> Result<Vec<u8>, ZipError> {
        if entry.size > limit {
            return Err(ZipError::TooLarge { size: entry.size, limit });
        }
        let compressed = self.raw(entry)?;
        let claimed = entry.compressed_size.saturating_mul(MAX_DEFLATE_RATIO).saturating_add(MAX_DEFLATE_RATIO);
        let fits = match entry.method {
            0 => entry.size == entry.compressed_size,
            8 => entry.size <= claimed,
            method => return Err(ZipError::Method(method)),
        };
        if !fits {
            return Err(ZipError::Malformed("the declared sizes of an entry do not fit each other"));
        }
        self.nesting.budget().take_bytes(entry.size)?;
        let content = if entry.method == 0 { bytes_of(&compressed)? } else { inflate(&compressed, entry.size)? };
        if libdeflater::crc32(&content) != entry.crc32 {
            return Err(ZipError::Checksum);
        }
        Ok(content)
    }

    /// The content of a stored entry where it lies, not copied and not checked; `None` when it is
    /// compressed.
    pub fn stored(&self, entry: &Entry) -> Result<Option<Slice<'a>>, ZipError> {
        if entry.method != 0 {
            return Ok(None);
        }
        if entry.size != entry.compressed_size {
            return Err(ZipError::Malformed("the declared sizes of an entry do not fit each other"));
        }
        self.raw(entry).map(Some)
    }

    /// The entry as it lies in the archive, behind its local header.
    fn raw(&self, entry: &Entry) -> Result<Slice<'a>, ZipError> {
        if entry.encrypted {
            return Err(ZipError::Encrypted);
        }
        let mut local = [0; LOCAL_HEADER as usize];
        self.content.read_exact_at(entry.offset, &mut local)?;
        if !local.starts_with(b"PK\x03\x04") {
            return Err(ZipError::Malformed("an entry has no local header"));
        }
        let [.., name_low, name_high, extra_low, extra_high] = local;
        let name = u64::from(u16::from_le_bytes([name_low, name_high]));
        let extra = u64::from(u16::from_le_bytes([extra_low, extra_high]));
        if name != u64::from(entry.raw_name_len) {
            return Err(ZipError::Malformed("the local header of an entry has another name"));
        }
        let start = entry.offset.saturating_add(LOCAL_HEADER + name + extra);
        Slice::new(self.content, start, entry.compressed_size).ok_or(ZipError::Truncated)
    }
}

fn bytes_of(slice: &Slice<'_>) -> Result<Vec<u8>, ZipError> {
    if let Some(bytes) = slice.bytes() {
        return Ok(bytes.to_vec());
    }
    let mut bytes = vec![0; slice.size() as usize];
    slice.read_exact_at(0, &mut bytes)?;
    Ok(bytes)
}

fn inflate(compressed: &Slice<'_>, size: u64) -> Result<Vec<u8>, ZipError> {
    let owned;
    let input = if let Some(bytes) = compressed.bytes() {
        bytes
    } else {
        owned = bytes_of(compressed)?;
        &owned
    };
    let mut content = vec![0; size as usize];
    let written = libdeflater::Decompressor::new()
        .deflate_decompress(input, &mut content)
        .map_err(|_| ZipError::Malformed("the deflated content of an entry is damaged or longer than declared"))?;
    if written as u64 != size {
        return Err(ZipError::Malformed("the content of an entry is shorter than declared"));
    }
    Ok(content)
}

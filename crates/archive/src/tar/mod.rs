//! A streaming tar reader: v7, ustar, star, GNU and PAX, with long names and sparse files.
//!
//! Nothing is allocated per entry and content is seen where the source buffered it. Where readers of the
//! format differ we follow the one of the container runtimes (Go's archive/tar): global PAX headers change
//! nothing, links and folders have no content. What another reader would see differently is reported by
//! [`Reader::drain`]. Multi-volume archives are left out.

mod content;
mod header;
mod pax;
mod sparse;

#[cfg(test)]
mod tests;

use std::io::{self, BufRead, BufReader, Read};

use stopgate_model::{FileKind, limits};

use crate::Refusal;
use crate::path::{clean_path_into, push_text};

pub use content::Content;
use content::{Source, State};
use header::{BLOCK, Header, Layout, is_header_only};
use pax::{Records, SparseFormat};
use sparse::{MAX_SEGMENTS, Map, Segment};

/// Buffer of [`Reader::from_read`].
const BUFFER: usize = 256 << 10;

/// Why an archive cannot be read on.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The first block is no header.
    #[error("the content is not a tar archive")]
    NotTar,
    /// The archive ends inside an entry.
    #[error("the tar archive is truncated at byte {offset}")]
    Truncated {
        /// Position in the uncompressed archive.
        offset: u64,
    },
    /// A header makes no sense.
    #[error("the tar archive is corrupt at byte {offset}: {reason}")]
    Malformed {
        /// Position of the header in the uncompressed archive.
        offset: u64,
        /// What is wrong, one clause.
        reason: &'static str,
    },
    /// The source failed: its own errors, of the decoder or of a wrong digest.
    #[error("the tar archive cannot be read")]
    Io(#[from] io::Error),
}

/// One entry, borrowed from its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Cleaned path without leading slash; empty for the root. After a refusal a short form for messages.
    pub path: &'a str,
    /// What it is.
    pub kind: FileKind,
    /// Permission bits with set-id and sticky bits.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Length of the content, holes included; zero for what has none.
    pub size: u64,
    /// Target of a symbolic or hard link, as written.
    pub link: Option<&'a str>,
    /// Seconds since 1970.
    pub mtime: i64,
    /// Major and minor number of a device.
    pub device: (u32, u32),
    /// Raw `security.capability` attribute.
    pub capability: Option<&'a [u8]>,
    /// Whether it is an opaque directory in overlay's own form (`trusted.overlay.opaque`).
    pub overlay_opaque: bool,
    /// Why the entry must not be taken: make it a gap.
    pub refused: Option<Refusal>,
}

/// What lies behind the last entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Drained {
    /// Bytes of the whole archive, from the first to the last.
    pub bytes: u64,
    /// Whether other readers may see other entries: data behind the end mark, or global headers that
    /// rename files.
    pub ambiguous: bool,
}

/// Reads entries one after another.
pub struct Reader<R> {
    source: Source<R>,
    state: State,
    ambiguous: bool,
    ended: bool,
    hole_bytes: u64,
    scratch: Vec<u8>,
    records: Records,
    path: String,
    link: String,
}

/// What extended headers said about the entry that follows them.
#[derive(Default)]
struct Pending {
    name: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    header_bytes: u64,
    refused: Option<Refusal>,
}

impl<R: Read> Reader<BufReader<R>> {
    /// Over a source without a buffer of its own.
    pub fn from_read(source: R) -> Self {
        Self::new(BufReader::with_capacity(BUFFER, source))
    }
}

impl<R: BufRead> Reader<R> {
    /// Over a buffered source; content is shown straight from its buffer.
    pub fn new(source: R) -> Self {
        Self::at(source, 0)
    }

    /// Like [`Reader::new`] for a source that starts inside an archive, at the header at `position`.
    pub fn at(source: R, position: u64) -> Self {
        Self {
            source: Source::new(source, position),
            state: State::default(),
            ambiguous: false,
            ended: false,
            hole_bytes: 0,
            scratch: Vec::new(),
            records: Records::default(),
            path: String::new(),
            link: String::new(),
        }
    }

    /// The next entry with its content; what was not read of the last one is skipped. `None` at the end.
    pub fn next_entry(&mut self) -> Result<Option<(Entry<'_>, Content<'_, R>)>, TarError> {
        if self.ended {
            return Ok(None);
        }
        let head = match self.next_head() {
            Ok(Some(head)) => head,
            other => {
                self.ended = true;
                return other.map(|_| None);
            }
        };
        let entry = Entry {
            path: &self.path,
            link: matches!(head.kind, FileKind::Symlink | FileKind::HardLink).then_some(self.link.as_str()),
            capability: self.records.capability.as_deref(),
            overlay_opaque: self.records.opaque,
            kind: head.kind,
            mode: head.mode,
            uid: head.uid,
            gid: head.gid,
            size: head.size,
            mtime: head.mtime,
            device: head.device,
            refused: head.refused,
        };
        Ok(Some((entry, Content::new(&mut self.source, &mut self.state))))
    }

    /// Bytes of the archive that were read so far.
    pub const fn position(&self) -> u64 {
        self.source.position()
    }

    /// Reads the source to its end (so that digests over it are complete) and says what was there.
    pub fn drain(&mut self) -> io::Result<Drained> {
        self.ended = true;
        loop {
            let content = self.source.fill()?;
            if content.is_empty() {
                return Ok(Drained { bytes: self.source.position(), ambiguous: self.ambiguous });
            }
            let count = content.len();
            // Padding after the end mark is zero; anything else may be a second archive.
            self.ambiguous |= content.iter().any(|byte| *byte != 0);
            self.source.consume(count);
        }
    }

    /// The source, for example to take a digest out of it.
    pub fn into_inner(self) -> R {
        self.source.into_inner()
    }

    fn next_head(&mut self) -> Result<Option<Head>, TarError> {
        let mut pending = Pending::default();
        self.records = Records::default();
        loop {
            self.state.skip(&mut self.source)?;
            let offset = self.source.position();
            let Some(header) = self.source.block()? else {
                // Extended headers that no entry follows change nothing.
                return Ok(None);
            };
            if header.is_zero() {
                return self.end_mark(offset);
            }
            if !header.checksum_is_right() {
                return Err(match offset {
                    0 => TarError::NotTar,
                    _ => TarError::Malformed { offset, reason: "the checksum of the header is wrong" },
                });
            }
            let malformed = |reason| TarError::Malformed { offset, reason };
            let size = u64::try_from(header.size().map_err(bad_field(offset))?)
                .map_err(|_| malformed("the size is negative"))?;
            match header.type_flag() {
                b'x' => {
                    self.records = Records::default();
                    if self.extended(size, &mut pending)? {
                        self.records.read(&self.scratch).map_err(malformed)?;
                    }
                }
                b'g' => {
                    if self.extended(size, &mut pending)? {
                        let mut global = Records::default();
                        global.read(&self.scratch).map_err(malformed)?;
                        self.ambiguous |= global.change_the_reading();
                    }
                }
                b'L' => {
                    if self.extended(size, &mut pending)? {
                        pending.name = Some(header::until_zero(&self.scratch).to_vec());
                    }
                }
                b'K' => {
                    if self.extended(size, &mut pending)? {
                        pending.link = Some(header::until_zero(&self.scratch).to_vec());
                    }
                }
                _ => return self.head(&header, size, &pending, offset).map(Some),
            }
        }
    }

    /// One zero block and the end, or two zero blocks, end an archive.
    fn end_mark(&mut self, offset: u64) -> Result<Option<Head>, TarError> {
        match self.source.block()? {
            Some(header) if !header.is_zero() => {
                Err(TarError::Malformed { offset, reason: "a single zero block is followed by data" })
            }
            _ => Ok(None),
        }
    }

    /// Reads the content of an extended header into `scratch`; `false` when it is too long and skipped.
    fn extended(&mut self, size: u64, pending: &mut Pending) -> Result<bool, TarError> {
        self.scratch.clear();
        self.state = State::plain(size);
        pending.header_bytes = pending.header_bytes.saturating_add(size);
        if pending.header_bytes > limits::TAR_HEADER_BYTES {
            pending.refused = Some(Refusal::HeaderBytes);
            return Ok(false);
        }
        Content::new(&mut self.source, &mut self.state).read_to_end(&mut self.scratch)?;
        Ok(true)
    }

    fn head(&mut self, header: &Header, size: u64, pending: &Pending, offset: u64) -> Result<Head, TarError> {
        let bad = bad_field(offset);
        self.scratch.clear();
        header.name_into(&mut self.scratch);
        let mut kind = header.kind();
        let name = pending.name.as_deref().or(self.records.path.as_deref()).unwrap_or(&self.scratch);
        if header.type_flag() == 0 && name.ends_with(b"/") {
            kind = FileKind::Directory;
        }
        let mut head = Head {
            kind,
            mode: header.mode().map_err(&bad)?,
            uid: self.records.uid.map_or_else(|| header.uid(), Ok).map_err(&bad)?,
            gid: self.records.gid.map_or_else(|| header.gid(), Ok).map_err(&bad)?,
            mtime: self.records.mtime.map_or_else(|| header.mtime(), Ok).map_err(&bad)?,
            device: header.device().map_err(&bad)?,
            size: match self.records.size {
                Some(size) => {
                    u64::try_from(size).map_err(|_| TarError::Malformed { offset, reason: "the size is negative" })?
                }
                None => size,
            },
            refused: pending.refused.or(self.records.refused),
        };
        if is_header_only(kind) {
            head.size = 0;
        }
        self.state = State::plain(head.size);
        if !is_header_only(kind) {
            self.set_up_sparse(header, &mut head, offset)?;
        }
        self.set_names(header, pending, &mut head);
        Ok(head)
    }

    fn set_names(&mut self, header: &Header, pending: &Pending, head: &mut Head) {
        let sparse_name = self.records.sparse.format().and(self.records.sparse.name.as_deref());
        let name = sparse_name.or(pending.name.as_deref()).or(self.records.path.as_deref()).unwrap_or(&self.scratch);
        if let Err(refusal) = clean_path_into(name, &mut self.path) {
            head.refused.get_or_insert(refusal);
        }
        self.link.clear();
        let link = pending.link.as_deref().or(self.records.link.as_deref()).unwrap_or_else(|| header.link());
        if link.len() > limits::PATH_BYTES as usize {
            head.refused.get_or_insert(Refusal::LinkBytes);
        } else {
            push_text(link, &mut self.link);
            if self.link.len() > limits::PATH_BYTES as usize {
                self.link.clear();
                head.refused.get_or_insert(Refusal::LinkBytes);
            }
        }
    }

    fn set_up_sparse(&mut self, header: &Header, head: &mut Head, offset: u64) -> Result<(), TarError> {
        let malformed = |reason| TarError::Malformed { offset, reason };
        let no_number = || malformed("the sparse map has no valid numbers");
        let (segments, size) = if header.type_flag() == b'S' {
            if header.layout() != Layout::Gnu {
                return Err(malformed("a sparse file has no gnu header"));
            }
            let size = header.number_at(483, 12).ok_or_else(no_number)?;
            (self.old_gnu_segments(header)?.ok_or_else(no_number)?, size)
        } else {
            let sparse = &mut self.records.sparse;
            let declared = sparse.size.unwrap_or(head.size as i64);
            match sparse.format() {
                None => return Ok(()),
                Some(SparseFormat::InRecords) => (Segments::Kept(std::mem::take(&mut sparse.map)), declared),
                Some(SparseFormat::InContent) => (self.leading_segments()?.ok_or_else(no_number)?, declared),
            }
        };
        let Segments::Kept(segments) = segments else {
            self.state.hide();
            head.refused.get_or_insert(Refusal::Sparse);
            return Ok(());
        };
        if head.refused == Some(Refusal::Sparse) {
            self.state.hide();
            return Ok(());
        }
        let map =
            Map::new(segments, size).ok_or_else(|| malformed("the sparse map has overlapping or outlying parts"))?;
        if map.stored() != self.state.stored_left() {
            return Err(malformed("the sparse map does not fit the stored content"));
        }
        head.size = size as u64;
        self.hole_bytes = self.hole_bytes.saturating_add(head.size - map.stored());
        if self.hole_bytes > limits::LAYER_BYTES {
            self.state.hide();
            head.refused.get_or_insert(Refusal::Sparse);
            return Ok(());
        }
        self.state.set_map(map);
        Ok(())
    }

    /// The table in an old GNU header and the blocks that continue it. `None`: a number is not one.
    fn old_gnu_segments(&mut self, header: &Header) -> Result<Option<Segments>, TarError> {
        let mut segments = Vec::new();
        let mut too_many = false;
        let mut block = *header;
        let (mut start, mut count, mut more_at) = (386, 4, 482);
        loop {
            for position in (0..count).map(|index| start + 24 * index) {
                if block.byte_at(position) == 0 {
                    break;
                }
                let (Some(offset), Some(length)) = (block.number_at(position, 12), block.number_at(position + 12, 12))
                else {
                    return Ok(None);
                };
                too_many |= segments.len() >= MAX_SEGMENTS;
                if !too_many {
                    segments.push(Segment { offset, length });
                }
            }
            if block.byte_at(more_at) == 0 {
                return Ok(Some(if too_many { Segments::TooMany } else { Segments::Kept(segments) }));
            }
            let offset = self.source.position();
            block = self.source.block()?.ok_or(TarError::Truncated { offset })?;
            (start, count, more_at) = (0, 21, 504);
        }
    }

    /// The map in front of the content of a PAX 1.0 sparse file: decimal lines, padded to a block.
    fn leading_segments(&mut self) -> Result<Option<Segments>, TarError> {
        let mut numbers = Vec::new();
        let mut wanted = 1;
        let mut digits = Vec::new();
        while numbers.len() < wanted {
            let mut block = [0; BLOCK];
            Content::new(&mut self.source, &mut self.state).read_exact(&mut block)?;
            for byte in block {
                if byte != b'\n' {
                    digits.push(byte);
                    if digits.len() > 20 {
                        return Ok(None);
                    }
                    continue;
                }
                let Ok(Some(number)) = pax::decimal(&digits) else { return Ok(None) };
                digits.clear();
                numbers.push(number);
                if numbers.len() == 1 {
                    match usize::try_from(number) {
                        Ok(count) if count <= MAX_SEGMENTS => wanted = 1 + 2 * count,
                        Ok(_) => return Ok(Some(Segments::TooMany)),
                        Err(_) => return Ok(None),
                    }
                }
                if numbers.len() >= wanted {
                    break;
                }
            }
        }
        let pairs = numbers.get(1..).unwrap_or_default().chunks_exact(2);
        let segment = |pair: &[i64]| Some(Segment { offset: *pair.first()?, length: *pair.get(1)? });
        Ok(pairs.map(segment).collect::<Option<Vec<_>>>().map(Segments::Kept))
    }
}

enum Segments {
    Kept(Vec<Segment>),
    TooMany,
}

/// The numbers of an entry.
struct Head {
    kind: FileKind,
    mode: u32,
    uid: u32,
    gid: u32,
    size: u64,
    mtime: i64,
    device: (u32, u32),
    refused: Option<Refusal>,
}

fn bad_field(offset: u64) -> impl Fn(header::BadField) -> TarError {
    move |field| TarError::Malformed {
        offset,
        reason: match field {
            "size" => "the size is not a number",
            "mode" => "the mode is not a number",
            "uid" | "gid" => "the owner is not a number",
            "mtime" => "the modification time is not a number",
            _ => "the device number is not a number",
        },
    }
}

//! The container of both files: a header, a table of sections, the sections.
//!
//! The header's checksum covers header and table; the sections are covered by the digest that was checked at import
//! and are not read when the file is opened.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::layout::{SECTIONS, Section, read_u32, read_u64};

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Index,
    Details,
}

impl Kind {
    const fn magic(self) -> [u8; 8] {
        match self {
            Self::Index => *b"SGVULNIX",
            Self::Details => *b"SGVULNDT",
        }
    }
}

/// Changes when the layout does; a build of another format is made again from its source.
pub(crate) const FORMAT: u32 = 1;
/// magic, format, sections, length, stamp, checksum.
const HEADER: usize = 40;
/// section, nothing, offset, length.
const ENTRY: usize = 24;

/// Where the bytes of a file are.
#[derive(Debug)]
pub(crate) enum Bytes {
    Mapped(memmap2::Mmap),
    Memory(Cow<'static, [u8]>),
}

impl Bytes {
    /// Maps a file.
    #[expect(unsafe_code, reason = "files of a build are written once under a temporary name and never changed")]
    pub(crate) fn map(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        // SAFETY: nobody writes to a finished file, it is only ever removed; and every access checks bounds and UTF-8
        // anew, so that bytes that changed all the same give wrong answers, not undefined ones.
        Ok(Self::Mapped(unsafe { memmap2::Mmap::map(&file)? }))
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        match self {
            Self::Mapped(map) => map,
            Self::Memory(bytes) => bytes,
        }
    }
}

/// An open file.
#[derive(Debug)]
pub(crate) struct Container {
    bytes: Bytes,
    sections: [Range<usize>; SECTIONS],
    stamp: u64,
}

impl Container {
    /// Checks header and section table; an error says what is wrong.
    pub(crate) fn open(bytes: Bytes, kind: Kind) -> Result<Self, String> {
        let all = bytes.as_ref();
        let word = |offset| read_u32(all, offset).ok_or_else(|| "it is too short".to_owned());
        let long = |offset| read_u64(all, offset).ok_or_else(|| "it is too short".to_owned());
        if all.get(..8) != Some(&kind.magic()) {
            return Err("it does not begin as such a file does".to_owned());
        }
        if word(8)? != FORMAT {
            return Err(format!("its format is {}, this version reads {FORMAT}", word(8)?));
        }
        if long(16)? != all.len() as u64 {
            return Err(format!("it has {} bytes, {} were expected", all.len(), long(16)?));
        }
        let count = word(12)? as usize;
        let table_end = count.checked_mul(ENTRY).and_then(|length| length.checked_add(HEADER));
        let Some(table) = table_end.and_then(|end| all.get(HEADER..end)) else {
            return Err("its table of sections does not fit".to_owned());
        };
        if checksum(all.get(..32).unwrap_or_default(), table) != long(32)? {
            return Err("the checksum of its header is wrong".to_owned());
        }
        let mut sections = [const { 0..0 }; SECTIONS];
        for at in (0..table.len()).step_by(ENTRY) {
            let (section, range) = entry(table, at, all.len()).ok_or_else(|| "a section lies outside".to_owned())?;
            // Sections that this version does not know are left alone.
            if let Some(place) = sections.get_mut(section) {
                *place = range;
            }
        }
        let stamp = long(24)?;
        Ok(Self { bytes, sections, stamp })
    }

    /// The bytes of a section; empty when the file does not have it.
    pub(crate) fn section(&self, section: Section) -> &[u8] {
        let range = self.sections.get(section as usize).cloned().unwrap_or(0..0);
        self.bytes.as_ref().get(range).unwrap_or_default()
    }

    /// Equal for the two files of one build.
    pub(crate) const fn stamp(&self) -> u64 {
        self.stamp
    }
}

fn entry(table: &[u8], at: usize, file: usize) -> Option<(usize, Range<usize>)> {
    let section = read_u32(table, at)? as usize;
    let start = usize::try_from(read_u64(table, at + 8)?).ok()?;
    let end = start.checked_add(usize::try_from(read_u64(table, at + 16)?).ok()?)?;
    (end <= file).then_some((section, start..end))
}

fn checksum(header: &[u8], table: &[u8]) -> u64 {
    xxh3_64(header) ^ xxh3_64(table).rotate_left(1)
}

/// Writes a file.
pub(crate) fn write_container(
    out: &mut impl Write,
    kind: Kind,
    stamp: u64,
    sections: &[(Section, &[u8])],
) -> io::Result<()> {
    let mut table = Vec::with_capacity(sections.len() * ENTRY);
    let mut offset = HEADER + sections.len() * ENTRY;
    for (section, bytes) in sections {
        table.extend_from_slice(&(*section as u32).to_le_bytes());
        table.extend_from_slice(&0_u32.to_le_bytes());
        table.extend_from_slice(&(offset as u64).to_le_bytes());
        table.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        offset += bytes.len();
    }
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(&kind.magic());
    header.extend_from_slice(&FORMAT.to_le_bytes());
    header.extend_from_slice(&(sections.len() as u32).to_le_bytes());
    header.extend_from_slice(&(offset as u64).to_le_bytes());
    header.extend_from_slice(&stamp.to_le_bytes());
    header.extend_from_slice(&checksum(&header, &table).to_le_bytes());
    out.write_all(&header)?;
    out.write_all(&table)?;
    for (_, bytes) in sections {
        out.write_all(bytes)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Container, Kind, write_container};
    use crate::file::Section;

    fn file() -> Vec<u8> {
        let mut out = Vec::new();
        write_container(&mut out, Kind::Index, 7, &[(Section::Texts, b"abc"), (Section::Meta, b"")]).unwrap();
        out
    }

    fn open(bytes: Vec<u8>) -> Result<Container, String> {
        Container::open(Bytes::Memory(bytes.into()), Kind::Index)
    }

    #[test]
    fn what_is_written_is_read() {
        let container = open(file()).unwrap();
        assert_eq!(container.section(Section::Texts), b"abc");
        assert_eq!(container.section(Section::Rows), b"");
        assert_eq!(container.stamp(), 7);
    }

    #[test]
    fn every_truncation_and_every_flip_of_the_header_is_refused() {
        let good = file();
        for length in 0..good.len() {
            assert!(open(good[..length].to_vec()).is_err(), "{length}");
        }
        for bit in 0..(good.len() - 3) * 8 {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(open(bad).is_err(), "bit {bit}");
        }
        assert!(Container::open(Bytes::Memory(good.into()), Kind::Details).unwrap_err().contains("begin"));
    }
}

//! The 512-byte header block: fields at fixed places, in the v7, ustar, star and GNU layouts.
//!
//! Number and format rules follow the reader that container runtimes use (Go's archive/tar), so that we
//! see the file that they would unpack.

use std::ops::Range;

use stopgate_model::FileKind;

/// Size of every block of a tar archive.
pub(crate) const BLOCK: usize = 512;

const NAME: Range<usize> = 0..100;
const MODE: Range<usize> = 100..108;
const UID: Range<usize> = 108..116;
const GID: Range<usize> = 116..124;
const SIZE: Range<usize> = 124..136;
const MTIME: Range<usize> = 136..148;
const CHECKSUM: Range<usize> = 148..156;
const KIND: usize = 156;
const LINK: Range<usize> = 157..257;
const MAGIC: Range<usize> = 257..265;
const MAJOR: Range<usize> = 329..337;
const MINOR: Range<usize> = 337..345;
const PREFIX: Range<usize> = 345..500;
const STAR_PREFIX: Range<usize> = 345..476;
const STAR_TRAILER: Range<usize> = 508..512;

/// Which layout the fields behind the link name have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    V7,
    Ustar,
    Star,
    Gnu,
}

/// One header block.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    block: [u8; BLOCK],
}

/// The name of a field whose number is not one.
pub(crate) type BadField = &'static str;

impl Header {
    pub(crate) const fn zero() -> Self {
        Self { block: [0; BLOCK] }
    }

    pub(crate) const fn block_mut(&mut self) -> &mut [u8; BLOCK] {
        &mut self.block
    }

    pub(crate) fn is_zero(&self) -> bool {
        self.block.iter().all(|byte| *byte == 0)
    }

    fn field(&self, range: Range<usize>) -> &[u8] {
        self.block.get(range).unwrap_or_default()
    }

    /// Whether the checksum is right; it counts its own field as blanks. Old writers summed signed bytes.
    pub(crate) fn checksum_is_right(&self) -> bool {
        let Some(declared) = octal(self.field(CHECKSUM)) else { return false };
        let blank = i64::from(b' ') * CHECKSUM.len() as i64;
        let own = self.field(CHECKSUM);
        let unsigned = self.block.iter().map(|b| i64::from(*b)).sum::<i64>()
            - own.iter().map(|b| i64::from(*b)).sum::<i64>()
            + blank;
        if declared == unsigned {
            return true;
        }
        let signed = |byte: &u8| i64::from(byte.cast_signed());
        declared == self.block.iter().map(signed).sum::<i64>() - own.iter().map(signed).sum::<i64>() + blank
    }

    pub(crate) fn layout(&self) -> Layout {
        match self.field(MAGIC) {
            b"ustar  \0" => Layout::Gnu,
            b"ustar\x0000" if self.field(STAR_TRAILER) == b"tar\0" => Layout::Star,
            [b'u', b's', b't', b'a', b'r', 0, ..] => Layout::Ustar,
            _ => Layout::V7,
        }
    }

    pub(crate) fn type_flag(&self) -> u8 {
        self.block.get(KIND).copied().unwrap_or_default()
    }

    /// Appends prefix and name as written to `path`.
    pub(crate) fn name_into(&self, path: &mut Vec<u8>) {
        let prefix = match self.layout() {
            Layout::Ustar => self.field(PREFIX),
            Layout::Star => self.field(STAR_PREFIX),
            Layout::V7 | Layout::Gnu => &[],
        };
        let prefix = until_zero(prefix);
        if !prefix.is_empty() {
            path.extend_from_slice(prefix);
            path.push(b'/');
        }
        path.extend_from_slice(until_zero(self.field(NAME)));
    }

    pub(crate) fn link(&self) -> &[u8] {
        until_zero(self.field(LINK))
    }

    pub(crate) fn size(&self) -> Result<i64, BadField> {
        number(self.field(SIZE)).ok_or("size")
    }

    pub(crate) fn mode(&self) -> Result<u32, BadField> {
        number(self.field(MODE)).map(|mode| mode as u32 & 0o7777).ok_or("mode")
    }

    pub(crate) fn uid(&self) -> Result<u32, BadField> {
        number(self.field(UID)).map(|id| id as u32).ok_or("uid")
    }

    pub(crate) fn gid(&self) -> Result<u32, BadField> {
        number(self.field(GID)).map(|id| id as u32).ok_or("gid")
    }

    pub(crate) fn mtime(&self) -> Result<i64, BadField> {
        number(self.field(MTIME)).ok_or("mtime")
    }

    /// Major and minor number, where the layout has them.
    pub(crate) fn device(&self) -> Result<(u32, u32), BadField> {
        if self.layout() == Layout::V7 {
            return Ok((0, 0));
        }
        let major = number(self.field(MAJOR)).ok_or("device number")?;
        let minor = number(self.field(MINOR)).ok_or("device number")?;
        Ok((major as u32, minor as u32))
    }

    pub(crate) fn kind(&self) -> FileKind {
        match self.type_flag() {
            // Contiguous files ('7') and old sparse files ('S') are regular for everyone who reads them.
            0 | b'0' | b'7' | b'S' => FileKind::Regular,
            b'1' => FileKind::HardLink,
            b'2' => FileKind::Symlink,
            b'3' => FileKind::CharDevice,
            b'4' => FileKind::BlockDevice,
            b'5' => FileKind::Directory,
            b'6' => FileKind::Fifo,
            _ => FileKind::Irregular,
        }
    }

    /// A number field of the block, for the sparse table of old GNU headers.
    pub(crate) fn number_at(&self, start: usize, len: usize) -> Option<i64> {
        number(self.block.get(start..start.checked_add(len)?)?)
    }

    pub(crate) fn byte_at(&self, position: usize) -> u8 {
        self.block.get(position).copied().unwrap_or_default()
    }
}

/// Whether entries of this kind have no content, whatever their size field says.
pub(crate) const fn is_header_only(kind: FileKind) -> bool {
    matches!(
        kind,
        FileKind::HardLink
            | FileKind::Symlink
            | FileKind::CharDevice
            | FileKind::BlockDevice
            | FileKind::Directory
            | FileKind::Fifo
    )
}

pub(crate) fn until_zero(field: &[u8]) -> &[u8] {
    field.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// A numeric field: base-256 when its first bit is set, else octal.
fn number(field: &[u8]) -> Option<i64> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => base256(field),
        _ => octal(field),
    }
}

fn octal(field: &[u8]) -> Option<i64> {
    let is_padding = |byte: &u8| matches!(byte, b' ' | 0);
    let start = field.iter().position(|byte| !is_padding(byte)).unwrap_or(field.len());
    let digits = until_zero(field.get(start..).unwrap_or_default());
    let end = digits.iter().rposition(|byte| !is_padding(byte)).map_or(0, |last| last + 1);
    let mut value: i64 = 0;
    for digit in digits.get(..end).unwrap_or_default() {
        if !matches!(digit, b'0'..=b'7') {
            return None;
        }
        value = value.checked_mul(8)?.checked_add(i64::from(digit - b'0'))?;
    }
    Some(value)
}

/// Two's complement, big-endian, of which the first bit is the mark and the second the sign.
fn base256(field: &[u8]) -> Option<i64> {
    let (first, rest) = field.split_first()?;
    let negative = first & 0x40 != 0;
    let invert = if negative { 0xff } else { 0 };
    let mut value: i64 = i64::from((first ^ invert) & 0x7f);
    for byte in rest {
        if value >> 55 != 0 {
            return None;
        }
        value = value << 8 | i64::from(byte ^ invert);
    }
    Some(if negative { !value } else { value })
}

#[cfg(test)]
mod tests {
    use super::{base256, number, octal};

    #[test]
    fn reads_octal_with_any_padding() {
        for (field, value) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"   644 \0", Some(0o644)),
            (b"\0\0\0\0", Some(0)),
            (b"        ", Some(0)),
            (b"644\0junk", Some(0o644)),
            (b"6 4", None),
            (b"89", None),
            (b"-1", None),
            (b"777777777777777777777777", None),
        ] {
            assert_eq!(octal(field), value, "{field:?}");
        }
    }

    #[test]
    fn reads_base_256_of_either_sign() {
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]), Some(256));
        assert_eq!(number(&[0xff; 12]), Some(-1));
        assert_eq!(base256(&[0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]), None);
        assert_eq!(base256(&[0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), None);
        assert_eq!(base256(&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Some(i64::MAX));
    }
}

//! The header of an installed rpm package: an index of tags and the data that they point into
//! (rpm's "Package Format" documentation, section Header; here without the magic that files have).

/// Numbers of tags that are read.
pub(super) mod tag {
    pub(in super::super) const PGP: u32 = 259;
    pub(in super::super) const RSA_HEADER: u32 = 268;
    pub(in super::super) const NAME: u32 = 1000;
    pub(in super::super) const VERSION: u32 = 1001;
    pub(in super::super) const RELEASE: u32 = 1002;
    pub(in super::super) const EPOCH: u32 = 1003;
    pub(in super::super) const SIZE: u32 = 1009;
    pub(in super::super) const VENDOR: u32 = 1011;
    pub(in super::super) const LICENSE: u32 = 1014;
    pub(in super::super) const ARCH: u32 = 1022;
    pub(in super::super) const OLD_FILENAMES: u32 = 1027;
    pub(in super::super) const FILE_SIZES: u32 = 1028;
    pub(in super::super) const FILE_STATES: u32 = 1029;
    pub(in super::super) const FILE_MODES: u32 = 1030;
    pub(in super::super) const FILE_DIGESTS: u32 = 1035;
    pub(in super::super) const FILE_FLAGS: u32 = 1037;
    pub(in super::super) const FILE_USERS: u32 = 1039;
    pub(in super::super) const FILE_GROUPS: u32 = 1040;
    pub(in super::super) const SOURCE_RPM: u32 = 1044;
    pub(in super::super) const FILE_VERIFY_FLAGS: u32 = 1045;
    pub(in super::super) const PROVIDES: u32 = 1047;
    pub(in super::super) const REQUIRES: u32 = 1049;
    pub(in super::super) const DIR_INDEXES: u32 = 1116;
    pub(in super::super) const BASE_NAMES: u32 = 1117;
    pub(in super::super) const DIR_NAMES: u32 = 1118;
    pub(in super::super) const LONG_FILE_SIZES: u32 = 5008;
    pub(in super::super) const LONG_SIZE: u32 = 5009;
    pub(in super::super) const FILE_DIGEST_ALGORITHM: u32 = 5011;
    pub(in super::super) const MODULARITY_LABEL: u32 = 5096;
}

/// A header, borrowed from its bytes.
pub(super) struct Header<'a> {
    entries: Vec<Entry>,
    data: &'a [u8],
}

#[derive(Clone, Copy)]
struct Entry {
    tag: u32,
    kind: u32,
    offset: usize,
    count: usize,
}

// As rpm itself bounds them.
const MOST_TAGS: usize = 0xffff;
const MOST_DATA: usize = 0x0fff_ffff;

impl<'a> Header<'a> {
    /// Reads the index. `None` when the bytes are too short for what they announce.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (tags, data) = (be32(bytes, 0)? as usize, be32(bytes, 4)? as usize);
        if tags == 0 || tags > MOST_TAGS || data > MOST_DATA {
            return None;
        }
        let start = 8 + tags * 16;
        let index = bytes.get(8..start)?;
        let entries = index.chunks_exact(16).filter_map(|row| {
            Some(Entry {
                tag: be32(row, 0)?,
                kind: be32(row, 4)?,
                offset: be32(row, 8)? as usize,
                count: be32(row, 12)? as usize,
            })
        });
        Some(Self { entries: entries.collect(), data: bytes.get(start..start + data)? })
    }

    /// One string; of several (translations) the first.
    pub(super) fn string(&self, tag: u32) -> Option<String> {
        self.strings(tag).into_iter().next()
    }

    /// Strings of a list.
    pub(super) fn strings(&self, tag: u32) -> Vec<String> {
        let Some((entry, data)) = self.find(tag, &[6, 8, 9]) else { return Vec::new() };
        let mut rest = data;
        let mut strings = Vec::new();
        while strings.len() < entry.count {
            let Some(end) = memchr::memchr(0, rest) else { break };
            let (text, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            strings.push(String::from_utf8_lossy(text).into_owned());
            rest = after.get(1..).unwrap_or_default();
        }
        strings
    }

    /// Whole numbers of any width.
    pub(super) fn numbers(&self, tag: u32) -> Vec<u64> {
        let Some((entry, data)) = self.find(tag, &[1, 2, 3, 4, 5]) else { return Vec::new() };
        let width = match entry.kind {
            1 | 2 => 1,
            3 => 2,
            4 => 4,
            _ => 8,
        };
        let value = |bytes: &[u8]| bytes.iter().fold(0, |number: u64, byte| (number << 8) | u64::from(*byte));
        data.chunks_exact(width).take(entry.count).map(value).collect()
    }

    /// One number.
    pub(super) fn number(&self, tag: u32) -> Option<u64> {
        self.numbers(tag).into_iter().next()
    }

    /// Bytes.
    pub(super) fn bytes(&self, tag: u32) -> Option<&'a [u8]> {
        let (entry, data) = self.find(tag, &[7])?;
        data.get(..entry.count)
    }

    /// The last entry of a tag that is of one of these kinds: what was added later stands behind.
    fn find(&self, tag: u32, kinds: &[u32]) -> Option<(Entry, &'a [u8])> {
        let entry = self.entries.iter().rev().find(|entry| entry.tag == tag && kinds.contains(&entry.kind))?;
        Some((*entry, self.data.get(entry.offset..)?))
    }
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_be_bytes)
}

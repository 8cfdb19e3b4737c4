//! PAX extended headers (POSIX.1-2001, pax "Extended Header"): `length keyword=value` records.
//!
//! Only what changes the reading of an entry or a policy needs is kept.

use stopgate_model::limits;

use super::sparse::{MAX_SEGMENTS, Segment};
use crate::Refusal;

/// A capability set is at most 24 bytes (vfs_ns_cap_data); of anything longer enough is kept to tell that it is none.
const CAPABILITY_BYTES: usize = 64;

/// The records that one entry has.
#[derive(Default)]
pub(crate) struct Records {
    pub(crate) path: Option<Vec<u8>>,
    pub(crate) link: Option<Vec<u8>>,
    pub(crate) size: Option<i64>,
    pub(crate) uid: Option<u32>,
    pub(crate) gid: Option<u32>,
    pub(crate) mtime: Option<i64>,
    pub(crate) capability: Option<Vec<u8>>,
    pub(crate) opaque: bool,
    pub(crate) sparse: Sparse,
    pub(crate) refused: Option<Refusal>,
}

/// What the GNU.sparse records say (formats 0.0, 0.1 and 1.0).
#[derive(Default)]
pub(crate) struct Sparse {
    major: Option<Vec<u8>>,
    minor: Option<Vec<u8>>,
    pub(crate) name: Option<Vec<u8>>,
    pub(crate) size: Option<i64>,
    pub(crate) map: Vec<Segment>,
    has_map: bool,
    pending_offset: Option<i64>,
}

/// Which sparse format the records announce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SparseFormat {
    /// The map is in the records.
    InRecords,
    /// The map is in front of the content.
    InContent,
}

impl Sparse {
    pub(crate) fn format(&self) -> Option<SparseFormat> {
        match (self.major.as_deref().unwrap_or_default(), self.minor.as_deref().unwrap_or_default()) {
            (b"0", b"0" | b"1") => Some(SparseFormat::InRecords),
            (b"1", b"0") => Some(SparseFormat::InContent),
            (b"", b"") if self.has_map => Some(SparseFormat::InRecords),
            _ => None,
        }
    }
}

/// What is wrong with an extended header.
pub(crate) type BadRecord = &'static str;

impl Records {
    /// Adds all records of an extended header. A keyword without value takes back an earlier one.
    pub(crate) fn read(&mut self, mut header: &[u8]) -> Result<(), BadRecord> {
        while !header.is_empty() {
            let Record { length, keyword, value, rest } = first_record(header).ok_or("a record has no valid length")?;
            header = rest;
            if keyword.is_empty() {
                return Err("a record has no keyword");
            }
            if length as u64 > limits::PAX_RECORD_BYTES {
                // The map of a sparse file is long by nature; it has its own limit.
                if keyword != b"GNU.sparse.map" {
                    self.refused.get_or_insert(Refusal::PaxRecord);
                    continue;
                }
            }
            self.set(keyword, value)?;
        }
        Ok(())
    }

    /// Whether an entry that had these records would be read differently than without them.
    pub(crate) const fn change_the_reading(&self) -> bool {
        self.path.is_some() || self.link.is_some() || self.size.is_some() || self.sparse.major.is_some()
    }

    fn set(&mut self, keyword: &[u8], value: &[u8]) -> Result<(), BadRecord> {
        match keyword {
            b"path" => self.path = self.name(value),
            b"linkpath" => self.link = self.name(value),
            b"size" => self.size = decimal(value)?,
            b"uid" => self.uid = decimal(value)?.map(|id| id as u32),
            b"gid" => self.gid = decimal(value)?.map(|id| id as u32),
            b"mtime" => self.mtime = seconds(value)?,
            b"SCHILY.xattr.security.capability" => {
                let kept = value.get(..CAPABILITY_BYTES).unwrap_or(value);
                self.capability = (!value.is_empty()).then(|| kept.to_vec());
            }
            b"SCHILY.xattr.trusted.overlay.opaque" => self.opaque = value == b"y",
            _ => {
                if let Some(key) = keyword.strip_prefix(b"GNU.sparse.") {
                    return self.set_sparse(key, value);
                }
            }
        }
        Ok(())
    }

    fn name(&mut self, value: &[u8]) -> Option<Vec<u8>> {
        if value.contains(&0) {
            self.refused.get_or_insert(Refusal::ZeroByte);
        }
        (!value.is_empty()).then(|| value.to_vec())
    }

    fn set_sparse(&mut self, key: &[u8], value: &[u8]) -> Result<(), BadRecord> {
        let sparse = &mut self.sparse;
        match key {
            b"major" => sparse.major = Some(value.to_vec()),
            b"minor" => sparse.minor = Some(value.to_vec()),
            b"name" => sparse.name = (!value.is_empty()).then(|| value.to_vec()),
            b"size" => sparse.size = decimal(value)?.or(sparse.size),
            b"realsize" => sparse.size = sparse.size.or(decimal(value)?),
            b"offset" => {
                sparse.pending_offset = Some(decimal(value)?.ok_or("a sparse offset is empty")?);
                return Ok(());
            }
            b"numbytes" => {
                let offset = sparse.pending_offset.take().ok_or("a sparse length has no offset")?;
                let length = decimal(value)?.ok_or("a sparse length is empty")?;
                self.push(offset, length);
            }
            b"map" => {
                let mut numbers = value.split(|byte| *byte == b',');
                while let Some(offset) = numbers.next() {
                    let offset = decimal(offset)?.ok_or("a sparse offset is empty")?;
                    let length = numbers.next().ok_or("a sparse offset has no length")?;
                    let length = decimal(length)?.ok_or("a sparse length is empty")?;
                    self.push(offset, length);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn push(&mut self, offset: i64, length: i64) {
        self.sparse.has_map = true;
        if self.sparse.map.len() >= MAX_SEGMENTS {
            self.refused.get_or_insert(Refusal::Sparse);
            return;
        }
        self.sparse.map.push(Segment { offset, length });
    }
}

/// One record, and what follows it.
struct Record<'a> {
    length: usize,
    keyword: &'a [u8],
    value: &'a [u8],
    rest: &'a [u8],
}

fn first_record(header: &[u8]) -> Option<Record<'_>> {
    let blank = header.iter().take(20).position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(header.get(..blank)?).ok()??).ok()?;
    let record = header.get(blank + 1..length)?.strip_suffix(b"\n")?;
    let equals = record.iter().position(|byte| *byte == b'=')?;
    Some(Record {
        length,
        keyword: record.get(..equals)?,
        value: record.get(equals + 1..)?,
        rest: header.get(length..)?,
    })
}

/// A whole decimal number; `None` when it is empty, which takes a value back.
pub(crate) fn decimal(text: &[u8]) -> Result<Option<i64>, BadRecord> {
    if text.is_empty() {
        return Ok(None);
    }
    let text = std::str::from_utf8(text).map_err(|_| "a number has other characters than digits")?;
    text.parse().map(Some).map_err(|_| "a number is not a whole number of 64 bits")
}

/// Seconds since 1970, the fraction cut off.
fn seconds(text: &[u8]) -> Result<Option<i64>, BadRecord> {
    decimal(text.split(|byte| *byte == b'.').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use stopgate_model::limits;

    use super::{Records, SparseFormat};
    use crate::Refusal;

    fn record(keyword: &str, value: &[u8]) -> Vec<u8> {
        crate::write::pax_record(keyword, value)
    }

    #[test]
    fn reads_the_records_that_matter_and_takes_back_empty_ones() {
        let mut header = record("path", "ä/b".as_bytes());
        header.extend(record("size", b"12"));
        header.extend(record("mtime", b"1700000000.123"));
        header.extend(record("linkpath", b"x"));
        header.extend(record("linkpath", b""));
        header.extend(record("SCHILY.xattr.security.capability", &[1, 0, 0, 2, 0, 4, 0, 0]));
        let mut records = Records::default();
        records.read(&header).unwrap();
        assert_eq!(records.path.as_deref(), Some("ä/b".as_bytes()));
        assert_eq!((records.size, records.mtime, records.link), (Some(12), Some(1_700_000_000), None));
        assert_eq!(records.capability.unwrap().len(), 8);
    }

    #[test]
    fn refuses_zero_bytes_and_long_records_but_reads_on() {
        let mut header = record("comment", &vec![b'x'; limits::PAX_RECORD_BYTES as usize]);
        header.extend(record("size", b"7"));
        let mut records = Records::default();
        records.read(&header).unwrap();
        assert_eq!((records.refused, records.size), (Some(Refusal::PaxRecord), Some(7)));
        let mut records = Records::default();
        records.read(&record("path", b"a\0b")).unwrap();
        assert_eq!(records.refused, Some(Refusal::ZeroByte));
    }

    #[test]
    fn malformed_records_are_errors() {
        for header in [&b"x"[..], b"5 a=b\n", b"7 a=b", b"99 a=b\n", b"6 abc\n", b"5 =b\n", b"-1 a=b\n", b"10 size=x\n"]
        {
            assert!(Records::default().read(header).is_err(), "{header:?}");
        }
    }

    #[test]
    fn reads_sparse_maps_of_both_old_formats() {
        let mut old = record("GNU.sparse.offset", b"0");
        old.extend(record("GNU.sparse.numbytes", b"5"));
        old.extend(record("GNU.sparse.offset", b"100"));
        old.extend(record("GNU.sparse.numbytes", b"0"));
        for header in [old, record("GNU.sparse.map", b"0,5,100,0")] {
            let mut records = Records::default();
            records.read(&header).unwrap();
            assert_eq!(records.sparse.format(), Some(SparseFormat::InRecords));
            assert_eq!(records.sparse.map.len(), 2);
        }
    }
}

//! Finding and reading the central directory of a zip archive.

use std::io::{BufReader, Read};

use super::{Doubts, Entry, LOCAL_HEADER, ZipError};
use crate::{Cursor, Nesting, ReadAt, Slice, clean_path_into};

const END_RECORD: usize = 22;
const END_LOCATOR_64: u64 = 20;
const END_RECORD_64: usize = 56;
const CENTRAL_HEADER: usize = 46;
const MAX_COMMENT: usize = u16::MAX as usize;
/// In a 32-bit field: the value stands in the zip64 extra field.
const ELSEWHERE: u64 = u32::MAX as u64;

/// What the end record says of the directory.
struct End {
    /// Where the directory starts in the content.
    start: u64,
    size: u64,
    /// Number of entries, modulo 65536 without zip64.
    count: u64,
    zip64: bool,
    /// What was put in front of the archive: all offsets are counted from here.
    base: u64,
    doubts: Doubts,
}

/// Reads all entries.
pub(super) fn read(content: &dyn ReadAt, nesting: Nesting<'_>) -> Result<(Vec<Entry>, Doubts), ZipError> {
    let end = find_end(content)?;
    let directory = Slice::new(content, end.start, end.size).ok_or(ZipError::Truncated)?;
    let mut reader = BufReader::with_capacity(64 << 10, Cursor::new(&directory));
    let mut entries = Vec::new();
    let mut left = end.size;
    let mut variable = Vec::new();
    while left >= CENTRAL_HEADER as u64 {
        let mut fixed = [0; CENTRAL_HEADER];
        reader.read_exact(&mut fixed)?;
        if !fixed.starts_with(b"PK\x01\x02") {
            // A digital signature may close the directory; everything else would be counted.
            break;
        }
        nesting.budget().take_entries(1)?;
        let record = Fields(&fixed);
        let (name, extra) = (record.u16(28), record.u16(30));
        let length = usize::from(name) + usize::from(extra) + usize::from(record.u16(32));
        variable.resize(length, 0);
        reader.read_exact(&mut variable)?;
        left = left.saturating_sub((CENTRAL_HEADER + length) as u64);
        entries.push(entry(&record, &variable, end.base)?);
    }
    let mut doubts = end.doubts;
    let counted = if end.zip64 { entries.len() as u64 } else { entries.len() as u64 & 0xffff };
    doubts.entry_count = counted != end.count;
    doubts.overlap = overlap(&entries, end.start);
    Ok((entries, doubts))
}

/// Little-endian fields of a record; zero outside of it.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&self, at: usize) -> [u8; N] {
        self.0.get(at..).and_then(|rest| rest.first_chunk()).copied().unwrap_or([0; N])
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.bytes(at))
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.bytes(at))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.bytes(at))
    }
}

fn find_end(content: &dyn ReadAt) -> Result<End, ZipError> {
    let size = content.size();
    let tail_size = size.min((END_RECORD + MAX_COMMENT) as u64);
    let mut tail = vec![0; tail_size as usize];
    content.read_exact_at(size - tail_size, &mut tail)?;
    let candidate = |at: usize| {
        let record = tail.get(at..)?;
        let comment = usize::from(Fields(record).u16(20));
        (record.starts_with(b"PK\x05\x06") && END_RECORD + comment <= record.len()).then_some(comment)
    };
    let last = tail.len().checked_sub(END_RECORD).ok_or(ZipError::NotZip)?;
    let mut found = None;
    let mut doubts = Doubts::default();
    for at in (0..=last).rev() {
        let Some(comment) = candidate(at) else { continue };
        match found {
            None => {
                doubts.trailing_bytes = at + END_RECORD + comment < tail.len();
                found = Some(at);
            }
            // A record whose comment reaches over the one that we took: another reader may take it.
            Some(taken) if at + END_RECORD + comment > taken => doubts.end_in_comment = true,
            Some(_) => {}
        }
    }
    let at = found.ok_or(ZipError::NotZip)?;
    let position = size - tail_size + at as u64;
    let record = Fields(tail.get(at..).unwrap_or_default());
    let end = End {
        start: u64::from(record.u32(16)),
        size: u64::from(record.u32(12)),
        count: u64::from(record.u16(10)),
        zip64: false,
        base: 0,
        doubts,
    };
    if record.u16(4) != 0 && record.u16(4) != u16::MAX {
        return Err(ZipError::Malformed("it is one part of a split archive"));
    }
    let needs_64 = end.count == 0xffff || end.size == ELSEWHERE || end.start == ELSEWHERE;
    let (end, behind) = match if needs_64 { find_end_64(content, position)? } else { None } {
        Some((end_64, position)) => (End { doubts, ..end_64 }, position),
        None => (end, position),
    };
    with_base(content, end, behind)
}

/// The zip64 end record in front of the end record, with its position.
fn find_end_64(content: &dyn ReadAt, end: u64) -> Result<Option<(End, u64)>, ZipError> {
    let Some(locator_at) = end.checked_sub(END_LOCATOR_64) else { return Ok(None) };
    let mut locator = [0; END_LOCATOR_64 as usize];
    content.read_exact_at(locator_at, &mut locator)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    let declared = Fields(&locator).u64(8);
    // With bytes in front the declared place is wrong, but the record still ends at its locator.
    for position in [Some(declared), locator_at.checked_sub(END_RECORD_64 as u64)].into_iter().flatten() {
        let mut record = [0; END_RECORD_64];
        if content.read_exact_at(position, &mut record).is_ok() && record.starts_with(b"PK\x06\x06") {
            let record = Fields(&record);
            let end = End {
                start: record.u64(48),
                size: record.u64(40),
                count: record.u64(32),
                zip64: true,
                base: 0,
                doubts: Doubts::default(),
            };
            return Ok(Some((end, position)));
        }
    }
    Err(ZipError::Malformed("the zip64 end record is missing"))
}

/// Finds how many bytes were put in front: the directory ends where the end record starts.
fn with_base(content: &dyn ReadAt, mut end: End, behind: u64) -> Result<End, ZipError> {
    let start = behind.checked_sub(end.size).ok_or(ZipError::Truncated)?;
    let base = start.checked_sub(end.start).ok_or(ZipError::Malformed("the directory lies behind its end record"))?;
    let mut mark = [0; 4];
    // Some writers leave room between directory and end record; then the declared place is right.
    let declared_is_right =
        base > 0 && content.read_exact_at(end.start, &mut mark).is_ok() && mark == *b"PK\x01\x02" && end.size > 0;
    if !declared_is_right {
        end.base = base;
        end.start = start;
    }
    Ok(end)
}

fn entry(record: &Fields<'_>, variable: &[u8], base: u64) -> Result<Entry, ZipError> {
    let name_len = usize::from(record.u16(28));
    let raw_name = variable.get(..name_len).unwrap_or_default();
    let extra = variable.get(name_len..name_len + usize::from(record.u16(30))).unwrap_or_default();
    let mut sizes = [u64::from(record.u32(24)), u64::from(record.u32(20)), u64::from(record.u32(42))];
    zip64_sizes(extra, &mut sizes)?;
    let [size, compressed_size, offset] = sizes;
    let mut name = String::new();
    let refused = clean_path_into(raw_name, &mut name).err();
    let made_by_unix = record.u16(4) >> 8 == 3;
    Ok(Entry {
        name,
        is_directory: raw_name.ends_with(b"/"),
        refused,
        size,
        compressed_size,
        encrypted: record.u16(8) & 0x2041 != 0,
        unix_mode: if made_by_unix { record.u32(38) >> 16 } else { 0 },
        method: record.u16(10),
        crc32: record.u32(16),
        offset: base.checked_add(offset).ok_or(ZipError::Truncated)?,
        raw_name_len: name_len as u16,
    })
}

/// Takes the values that do not fit 32 bits out of the zip64 extra field, in their fixed order.
fn zip64_sizes(mut extra: &[u8], sizes: &mut [u64; 3]) -> Result<(), ZipError> {
    if !sizes.contains(&ELSEWHERE) {
        return Ok(());
    }
    while extra.len() >= 4 {
        let field = Fields(extra);
        let (id, length) = (field.u16(0), usize::from(field.u16(2)));
        let Some(mut value) = extra.get(4..4 + length) else { break };
        if id == 1 {
            for size in sizes.iter_mut().filter(|size| **size == ELSEWHERE) {
                let Some((first, rest)) = value.split_first_chunk() else {
                    return Err(ZipError::Malformed("a zip64 field is too short"));
                };
                *size = u64::from_le_bytes(*first);
                value = rest;
            }
            return Ok(());
        }
        extra = extra.get(4 + length..).unwrap_or_default();
    }
    // Without the field the values are what they say: exactly 4 GiB - 1.
    Ok(())
}

/// Whether entries share bytes with each other or with the directory.
fn overlap(entries: &[Entry], directory: u64) -> bool {
    let mut spans: Vec<(u64, u64)> = entries
        .iter()
        .map(|entry| {
            let length = LOCAL_HEADER + u64::from(entry.raw_name_len);
            (entry.offset, entry.offset.saturating_add(length).saturating_add(entry.compressed_size))
        })
        .collect();
    spans.sort_unstable();
    let outside = spans.last().is_some_and(|(_, end)| *end > directory);
    outside || spans.windows(2).any(|pair| matches!(pair, [(_, end), (start, _)] if end > start))
}

#[cfg(test)]
mod tests {
    use super::zip64_sizes;

    #[test]
    fn takes_only_the_values_that_are_elsewhere() {
        let mut extra = vec![0x99, 0x99, 1, 0, 7, 1, 0, 16, 0];
        extra.extend(5_000_000_000_u64.to_le_bytes());
        extra.extend(6_000_000_000_u64.to_le_bytes());
        let mut sizes = [u64::from(u32::MAX), 12, u64::from(u32::MAX)];
        zip64_sizes(&extra, &mut sizes).unwrap();
        assert_eq!(sizes, [5_000_000_000, 12, 6_000_000_000]);
        let mut sizes = [u64::from(u32::MAX); 3];
        assert!(zip64_sizes(&extra, &mut sizes).is_err());
    }
}

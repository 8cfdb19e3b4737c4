//! `Packages`: the Berkeley DB hash file that rpm used before 4.16 (RHEL 8 and older, Amazon Linux 2).
//!
//! Pages are read in order; keys are package numbers and do not matter. A value that does not fit lies in a
//! chain of overflow pages (Berkeley DB's `dbinc/db_page.h`).

use stopgate_archive::ReadAt;

use crate::ReadError;

const MAGIC: u32 = 0x0006_1561;
const HASH_META: u8 = 8;
const HASH_UNSORTED: u8 = 2;
const HASH: u8 = 13;
const OVERFLOW: u8 = 7;
const PAGE_HEADER: usize = 26;
const KEY_DATA: u8 = 1;
const OFF_PAGE: u8 = 3;
const VALUE_BYTES: usize = 256 << 20;

struct Database<'a> {
    content: &'a dyn ReadAt,
    little: bool,
    page_size: usize,
    last_page: u32,
}

/// Whether a file begins as such a database.
pub(super) fn is(first_bytes: &[u8]) -> bool {
    let magic = first_bytes.get(12..16).and_then(|bytes| bytes.try_into().ok());
    magic.is_some_and(|magic: [u8; 4]| u32::from_le_bytes(magic) == MAGIC || u32::from_be_bytes(magic) == MAGIC)
}

/// Calls `value` with each value.
pub(super) fn values(content: &dyn ReadAt, value: &mut dyn FnMut(&[u8])) -> Result<(), ReadError> {
    let database = Database::open(content)?;
    // Overflow pages belong to one value each, so all values together are no longer than the file.
    let mut budget = u64::from(database.last_page) + 1;
    for number in 1..=database.last_page {
        let page = database.page(number)?;
        if !matches!(page.get(25), Some(&(HASH | HASH_UNSORTED))) {
            continue;
        }
        let count = usize::from(database.u16(&page, 20).unwrap_or(0));
        // Entries come in pairs: key, value.
        for entry in (1..count).step_by(2) {
            let bytes = database.entry(&page, entry, &mut budget)?;
            value(&bytes);
        }
    }
    Ok(())
}

impl<'a> Database<'a> {
    fn open(content: &'a dyn ReadAt) -> Result<Self, ReadError> {
        let mut meta = [0; 512];
        content.read_exact_at(0, &mut meta)?;
        let mut database = Self { content, little: true, page_size: 0, last_page: 0 };
        if database.u32(&meta, 12) != Some(MAGIC) {
            database.little = false;
        }
        if database.u32(&meta, 12) != Some(MAGIC) || meta.get(25) != Some(&HASH_META) {
            return Err(malformed("is no Berkeley DB hash file"));
        }
        if meta.get(24) != Some(&0) {
            return Err(malformed("is encrypted"));
        }
        database.page_size = database.u32(&meta, 20).unwrap_or(0) as usize;
        if !database.page_size.is_power_of_two() || !(512..=65536).contains(&database.page_size) {
            return Err(malformed("has a page size that Berkeley DB does not have"));
        }
        database.last_page = database.u32(&meta, 32).unwrap_or(0);
        let pages = content.size() / database.page_size as u64;
        if u64::from(database.last_page) >= pages {
            return Err(malformed("is shorter than its header says"));
        }
        Ok(database)
    }

    fn page(&self, number: u32) -> Result<Vec<u8>, ReadError> {
        let mut page = vec![0; self.page_size];
        self.content.read_exact_at(u64::from(number) * self.page_size as u64, &mut page)?;
        Ok(page)
    }

    fn entry(&self, page: &[u8], entry: usize, budget: &mut u64) -> Result<Vec<u8>, ReadError> {
        let start = |entry: usize| self.u16(page, PAGE_HEADER + 2 * entry).map(usize::from);
        let bad = || malformed("has an entry outside of its page");
        let at = start(entry).ok_or_else(bad)?;
        match *page.get(at).ok_or_else(bad)? {
            // Items fill a page from its end, so one ends where the one before it begins.
            KEY_DATA => {
                let end = start(entry - 1).ok_or_else(bad)?;
                Ok(page.get(at + 1..end).ok_or_else(bad)?.to_vec())
            }
            OFF_PAGE => {
                let first = self.u32(page, at + 4).ok_or_else(bad)?;
                let length = self.u32(page, at + 8).ok_or_else(bad)? as usize;
                self.chain(first, length, budget)
            }
            _ => Err(malformed("has an entry of an unknown kind")),
        }
    }

    fn chain(&self, first: u32, length: usize, budget: &mut u64) -> Result<Vec<u8>, ReadError> {
        if length > VALUE_BYTES || length as u64 > self.content.size() {
            return Err(malformed("has a value that is longer than the file or the limit"));
        }
        let mut value = Vec::with_capacity(length);
        let mut number = first;
        while value.len() < length {
            let page =
                if number == 0 || number > self.last_page || *budget == 0 { None } else { Some(self.page(number)?) };
            let Some(page) = page.filter(|page| page.get(25) == Some(&OVERFLOW)) else {
                return Err(malformed("has a value whose chain of pages is broken"));
            };
            *budget -= 1;
            let here = usize::from(self.u16(&page, 22).unwrap_or(0)).min(length - value.len());
            let bytes = page.get(PAGE_HEADER..PAGE_HEADER + here).unwrap_or_default();
            if bytes.is_empty() {
                return Err(malformed("has a value whose chain of pages is broken"));
            }
            value.extend_from_slice(bytes);
            number = self.u32(&page, 16).unwrap_or(0);
        }
        Ok(value)
    }

    fn u16(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let two = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(if self.little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) })
    }

    fn u32(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let four = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(if self.little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    }
}

fn malformed(what: &str) -> ReadError {
    ReadError::Malformed(what.to_owned())
}

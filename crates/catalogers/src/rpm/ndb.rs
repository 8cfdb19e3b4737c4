//! `Packages.db`: rpm's own database "ndb" (SUSE), format as in rpm's `lib/backend/ndb/rpmpkg.c`.
//!
//! A header, pages of slots that name a package's number, place and length in blocks of 16 bytes, and the
//! blobs. All numbers are little endian.

use stopgate_archive::ReadAt;

use crate::ReadError;

const HEADER: &[u8; 4] = b"RpmP";
const SLOT: &[u8; 4] = b"Slot";
const BLOB: &[u8; 4] = b"BlbS";
const PAGE: u64 = 4096;
const BLOCK: u64 = 16;
const BLOB_HEADER: u64 = 16;
const VALUE_BYTES: u64 = 256 << 20;
/// More pages of slots than this hold over 16 million packages.
const MOST_PAGES: u32 = 1 << 16;

/// Whether a file begins as such a database.
pub(super) fn is(first_bytes: &[u8]) -> bool {
    first_bytes.starts_with(HEADER)
}

/// Calls `value` with each value.
pub(super) fn values(content: &dyn ReadAt, value: &mut dyn FnMut(&[u8])) -> Result<(), ReadError> {
    let mut header = [0; 32];
    content.read_exact_at(0, &mut header)?;
    if !is(&header) || le32(&header, 4) != Some(0) {
        return Err(malformed("is no ndb database of version 0"));
    }
    let pages = le32(&header, 12).unwrap_or(0);
    if pages == 0 || pages > MOST_PAGES || u64::from(pages) * PAGE > content.size() {
        return Err(malformed("has fewer pages of slots than its header says"));
    }
    let mut slots = vec![0; pages as usize * PAGE as usize];
    content.read_exact_at(0, &mut slots)?;
    // Blobs do not overlap, so all together are no longer than the file.
    let mut budget = content.size();
    // The header takes the place of the first two slots.
    for slot in slots.chunks_exact(16).skip(2) {
        if slot.get(..4) != Some(SLOT) {
            return Err(malformed("has a slot without its mark"));
        }
        let (Some(package), Some(block)) = (le32(slot, 4), le32(slot, 8)) else { continue };
        if package == 0 || block == 0 {
            continue; // A free slot.
        }
        let at = u64::from(block) * BLOCK;
        let mut head = [0; BLOB_HEADER as usize];
        content.read_exact_at(at, &mut head)?;
        if head.get(..4) != Some(BLOB) || le32(&head, 4) != Some(package) {
            return Err(malformed("has a slot that leads to no blob of its package"));
        }
        let length = u64::from(le32(&head, 12).unwrap_or(0));
        if length > VALUE_BYTES || length > budget {
            return Err(malformed("has a value that is longer than the file or the limit"));
        }
        budget -= length;
        let mut bytes = vec![0; length as usize];
        content.read_exact_at(at + BLOB_HEADER, &mut bytes)?;
        value(&bytes);
    }
    Ok(())
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes)
}

fn malformed(what: &str) -> ReadError {
    ReadError::Malformed(what.to_owned())
}

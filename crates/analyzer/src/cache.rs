//! The layer cache: facts of layers in files, named by diffID and by what the facts depend on.
//!
//! A file that is damaged or of another version is a miss. Files are written beside and renamed, so
//! several processes may share a folder; the ones that were used longest ago go when it grows too large.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{Timespec, Timestamps, UTIME_NOW, futimens};
use stopgate_model::Digest;
use xxhash_rust::xxh3::xxh3_128;

use crate::layer::{FORMAT, LayerFacts};

/// Where facts of layers are kept between runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheDir {
    /// The folder; it is made when it does not exist.
    pub path: PathBuf,
    /// Bytes that it may hold.
    pub max_bytes: u64,
}

impl CacheDir {
    /// The size that a cache has when nobody says another: 5 GiB.
    pub const DEFAULT_BYTES: u64 = 5 << 30;
}

const MAGIC: &[u8; 4] = b"SGLF";
/// Magic, version, length and checksum of the plain form.
const HEADER: usize = 4 + 4 + 8 + 16;
/// Plain facts of one layer are never longer: four million rows take a quarter of it.
const MAX_PLAIN: u64 = 2 << 30;
/// Marks of stored bytes that are remembered for one layer; the newest stay.
const MARKS: usize = 64;
/// Fast, and still a quarter of the size.
const LEVEL: i32 = 1;

impl CacheDir {
    /// The facts of a layer, if they are there and whole. `part` names what was asked for: empty for what every
    /// analysis wants of all files.
    pub(crate) fn load(&self, diff_id: &Digest, part: &str) -> Option<LayerFacts> {
        let path = self.file(diff_id, part);
        let mut file = File::open(&path).ok()?;
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut file, &mut bytes).ok()?;
        let facts = decode(&bytes);
        if facts.is_some() {
            // The time of last use; the clock stays with the system.
            let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
            let _ = futimens(&file, &Timestamps { last_access: now, last_modification: now });
        } else {
            let path = path.display();
            tracing::warn!(%path, "cached facts of a layer are damaged; the layer is read again");
        }
        facts
    }

    /// Keeps the facts of a layer. Failing to do so costs time, not correctness.
    pub(crate) fn store(&self, diff_id: &Digest, part: &str, facts: &LayerFacts) {
        let stored = encode(facts).and_then(|bytes| self.write(&self.file(diff_id, part), &bytes));
        if let Err(error) = stored.and_then(|()| self.evict()) {
            tracing::warn!(path = %self.path.display(), %error, "the layer cache cannot be written");
        }
    }

    /// Whether stored bytes with this mark are known to hold the layer.
    pub(crate) fn knows(&self, diff_id: &Digest, part: &str, mark: u128) -> bool {
        let marks = fs::read(self.marks(&self.file(diff_id, part))).unwrap_or_default();
        marks.as_chunks().0.iter().any(|known| u128::from_le_bytes(*known) == mark)
    }

    /// Remembers that stored bytes with these marks hold the layer.
    pub(crate) fn remember(&self, diff_id: &Digest, part: &str, marks: &[u128]) {
        let file = self.marks(&self.file(diff_id, part));
        let mut known = fs::read(&file).unwrap_or_default();
        known.extend(marks.iter().flat_map(|mark| mark.to_le_bytes()));
        let oldest = known.len().saturating_sub(MARKS * size_of::<u128>());
        if let Err(error) = self.write(&file, known.get(oldest..).unwrap_or_default()) {
            tracing::debug!(path = %file.display(), %error, "the layer cache cannot be written");
        }
    }

    /// Where the marks of a layer's stored bytes lie, beside its facts.
    fn marks(&self, facts: &Path) -> PathBuf {
        self.path.join("known").join(facts.file_name().unwrap_or_default())
    }

    fn file(&self, diff_id: &Digest, part: &str) -> PathBuf {
        let depends_on = env!("STOPGATE_ANALYSIS");
        let dash = if part.is_empty() { "" } else { "-" };
        self.path.join(format!("{}-{}-{depends_on}{dash}{part}", diff_id.algorithm().name(), diff_id.hex()))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    }

    /// Removes the files that were used longest ago until nine tenths of the size are left.
    fn evict(&self) -> io::Result<()> {
        let mut files = Vec::new();
        let mut total = 0;
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            // Another process may have removed it meanwhile.
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_file() {
                total += metadata.len();
                files.push((metadata.modified()?, entry.path(), metadata.len()));
            }
        }
        if total <= self.max_bytes {
            return Ok(());
        }
        files.sort_unstable();
        for (_, path, size) in files {
            if total <= self.max_bytes / 10 * 9 {
                break;
            }
            if fs::remove_file(&path).is_ok() {
                total -= size;
                let _ = fs::remove_file(self.marks(&path)); // Most have marks, facts of a part have none.
            }
        }
        Ok(())
    }
}

fn encode(facts: &LayerFacts) -> io::Result<Vec<u8>> {
    let plain = facts.plain();
    let mut bytes = Vec::with_capacity(HEADER + plain.len() / 3);
    bytes.extend_from_slice(MAGIC);
    bytes.extend_from_slice(&FORMAT.to_le_bytes());
    bytes.extend_from_slice(&(plain.len() as u64).to_le_bytes());
    bytes.extend_from_slice(&xxh3_128(plain).to_le_bytes());
    zstd::stream::copy_encode(plain, &mut bytes, LEVEL)?;
    Ok(bytes)
}

fn decode(bytes: &[u8]) -> Option<LayerFacts> {
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    let (format, rest) = rest.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let (checksum, packed) = rest.split_first_chunk::<16>()?;
    let length = u64::from_le_bytes(*length);
    if magic != MAGIC || u32::from_le_bytes(*format) != FORMAT || length > MAX_PLAIN {
        return None;
    }
    let plain = zstd::bulk::decompress(packed, usize::try_from(length).ok()?).ok()?;
    if plain.len() as u64 != length || xxh3_128(&plain) != u128::from_le_bytes(*checksum) {
        return None;
    }
    LayerFacts::open(plain).ok()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    use stopgate_model::Digest;

    use super::{CacheDir, decode, encode};
    use crate::layer::tests::{DIR, FILE, layer};

    fn digest(number: u8) -> Digest {
        Digest::sha256(&[number; 32])
    }

    #[test]
    fn what_was_stored_is_loaded_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CacheDir { path: folder.path().join("new/layers"), max_bytes: 1 << 20 };
        let facts = layer(&[("a", DIR, None), ("a/b", FILE, None)]);
        assert!(cache.load(&digest(1), "").is_none());
        cache.store(&digest(1), "", &facts);
        assert_eq!(cache.load(&digest(1), "").unwrap().plain(), facts.plain());
        assert!(cache.load(&digest(2), "").is_none());
        assert!(cache.load(&digest(1), "part").is_none());
    }

    #[test]
    fn marks_are_remembered_for_their_layer_and_the_oldest_go() {
        let folder = tempfile::tempdir().unwrap();
        let cache = CacheDir { path: folder.path().join("new"), max_bytes: 1 << 20 };
        assert!(!cache.knows(&digest(1), "", 0));
        for mark in 0..100 {
            cache.remember(&digest(1), "", &[mark]);
        }
        let known = |number, part, mark| cache.knows(&digest(number), part, mark);
        assert_eq!((known(1, "", 99), known(1, "", 36), known(1, "", 35)), (true, true, false));
        assert_eq!((known(2, "", 99), known(1, "part", 99)), (false, false));
    }

    #[test]
    fn a_damaged_file_is_a_miss() {
        let facts = layer(&[("a", DIR, None), ("a/b", FILE, None)]);
        let bytes = encode(&facts).unwrap();
        for position in 0..bytes.len() {
            assert!(decode(&bytes[..position]).is_none(), "cut at {position}");
            let mut changed = bytes.clone();
            changed[position] ^= 0x10;
            // A few bits of a zstd frame mean nothing; then nothing may change.
            let read = decode(&changed);
            assert!(read.is_none_or(|read| read.plain() == facts.plain()), "changed at {position}");
        }
    }

    #[test]
    fn the_files_used_longest_ago_go() {
        let folder = tempfile::tempdir().unwrap();
        let facts = layer(&[("a", FILE, None)]);
        let size = encode(&facts).unwrap().len() as u64;
        let cache = CacheDir { path: folder.path().to_owned(), max_bytes: 4 * size };
        for number in 1..=4 {
            cache.store(&digest(number), "", &facts);
            let old = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(number));
            File::options().write(true).open(cache.file(&digest(number), "")).unwrap().set_modified(old).unwrap();
        }
        cache.load(&digest(1), "").unwrap(); // Now it is the one that was used last.
        cache.store(&digest(5), "", &facts);
        let left: Vec<u8> = (1..=5).filter(|number| cache.load(&digest(*number), "").is_some()).collect();
        assert_eq!(left, [1, 4, 5]);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
    }
}

//! The archive in which a database is distributed: a tar file in zstd, gzip or xz that holds `vulnerability.db`; or the
//! database itself. Which one is told by the first bytes.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use stopgate_model::{Digest, limits};

/// Memory that an xz archive may ask for, KiB.
const XZ_KIB: u32 = (2 * limits::DECODER_WINDOW_BYTES / 1024) as u32;

/// What unpacking found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unpacked {
    /// SHA-256 of all that was read.
    pub(crate) digest: Digest,
    /// Whether a database was written; else the archive holds none.
    pub(crate) found: bool,
}

/// Which side failed.
#[derive(Debug)]
pub(crate) enum UnpackError {
    /// The source cannot be read, or is not what it should be.
    Source(io::Error),
    /// The database cannot be written.
    Target(io::Error),
}

impl From<io::Error> for UnpackError {
    fn from(error: io::Error) -> Self {
        Self::Source(error)
    }
}

/// Writes the database in `source` to `target`. Everything is read to its end, for the digest.
pub(crate) fn unpack(source: impl Read, target: &Path) -> Result<Unpacked, UnpackError> {
    let mut hashed = Hashed { inner: source, hash: Sha256::new() };
    let mut head = [0_u8; 16];
    let length = read_up_to(&mut hashed, &mut head)?;
    let head = head.get(..length).unwrap_or_default().to_vec();
    let found = {
        let reader = BufReader::with_capacity(1 << 20, io::Cursor::new(head.clone()).chain(&mut hashed));
        if head.starts_with(b"SQLite format 3\0") {
            copy_limited(reader, target).map(|()| true)?
        } else if head.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(reader)?;
            decoder.window_log_max(limits::DECODER_WINDOW_BYTES.ilog2())?;
            from_tar(decoder, target)?
        } else if head.starts_with(&[0x1f, 0x8b]) {
            from_tar(flate2::bufread::MultiGzDecoder::new(reader), target)?
        } else if head.starts_with(&[0xfd, b'7', b'z', b'X', b'Z', 0]) {
            from_tar(lzma_rust2::XzReader::new_mem_limit(reader, true, XZ_KIB), target)?
        } else {
            return Err(invalid("it is neither a tar archive in zstd, gzip or xz nor an SQLite file"));
        }
    };
    io::copy(&mut hashed, &mut io::sink())?;
    Ok(Unpacked { digest: Digest::sha256(&hashed.hash.finalize().into()), found })
}

fn invalid(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> UnpackError {
    UnpackError::Source(io::Error::new(io::ErrorKind::InvalidData, what))
}

fn from_tar(reader: impl Read, target: &Path) -> Result<bool, UnpackError> {
    let mut archive = tar::Archive::new(reader);
    let mut found = false;
    // Raw, since extended headers would be read into memory however long they are; the name is a short one.
    for entry in archive.entries()?.raw(true) {
        let entry = entry?;
        let is_database = entry.header().entry_type().is_file()
            && entry.path()?.file_name().is_some_and(|name| name == "vulnerability.db");
        if is_database && !found {
            copy_limited(entry, target)?;
            found = true;
        }
    }
    // The end of the stream has the checksum.
    io::copy(&mut archive.into_inner(), &mut io::sink())?;
    Ok(found)
}

fn copy_limited(reader: impl Read, target: &Path) -> Result<(), UnpackError> {
    let limit = limits::VULNERABILITY_DATA_BYTES;
    let mut file = File::create(target).map_err(UnpackError::Target)?;
    let mut limited = reader.take(limit + 1);
    let mut buffer = vec![0; 1 << 20];
    let mut copied = 0;
    loop {
        let count = limited.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        copied += count as u64;
        if copied > limit {
            return Err(invalid(format!("the database is longer than {limit} bytes")));
        }
        file.write_all(buffer.get(..count).unwrap_or_default()).map_err(UnpackError::Target)?;
    }
}

fn read_up_to(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read(rest)? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// Hashes what passes through.
struct Hashed<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

//! Streaming decompression: gzip (RFC 1952, several members), zstd (RFC 8878), xz, bzip2 or none, told
//! apart by their first bytes, since media types are often wrong.
//!
//! Errors have the kind `UnexpectedEof` when the stream is cut and `InvalidData` when it is corrupt;
//! errors of the source itself pass unchanged. zstd dictionaries and legacy formats are left out.

#[cfg(test)]
mod tests;

use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flate2::bufread::GzDecoder;
use stopgate_model::limits;

/// How content is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all, or in a way that we do not know.
    None,
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstd,
    /// xz.
    Xz,
    /// bzip2.
    Bzip2,
}

const HEAD: usize = 10;

impl Compression {
    /// The compression that the first bytes (10 are enough) show.
    pub fn detect(head: &[u8]) -> Self {
        match head {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            // The second form is a skippable frame, which some writers put first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            // The level is followed by the mark of a block or of the end: "BZh" alone could be text.
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Self::Bzip2,
            _ => Self::None,
        }
    }

    /// Name as people write it; empty for none.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
        }
    }
}

/// Large enough that the decoders rarely stop for input.
const BUFFER: usize = 256 << 10;

type Source<'a> = BufReader<io::Chain<io::Cursor<Vec<u8>>, Watched<Box<dyn Read + Send + 'a>>>>;

/// Inflates whatever it is given.
pub struct Decoder<'a> {
    inner: Box<dyn Read + Send + 'a>,
    compression: Compression,
    source_failed: Arc<AtomicBool>,
}

impl<'a> Decoder<'a> {
    /// Reads the first bytes and chooses the decoder.
    pub fn new(source: impl Read + Send + 'a) -> io::Result<Self> {
        let source_failed = Arc::new(AtomicBool::new(false));
        let boxed: Box<dyn Read + Send + 'a> = Box::new(source);
        let mut source = Watched { inner: boxed, failed: Arc::clone(&source_failed) };
        let mut head = Vec::with_capacity(HEAD);
        source.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        let compression = Compression::detect(&head);
        let source: Source<'a> = BufReader::with_capacity(BUFFER, io::Cursor::new(head).chain(source));
        let inner: Box<dyn Read + Send + 'a> = match compression {
            Compression::None => Box::new(source),
            Compression::Gzip => Box::new(Gunzip { member: Some(GzDecoder::new(source)) }),
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(source)?;
                decoder.window_log_max(limits::DECODER_WINDOW_BYTES.ilog2())?;
                Box::new(decoder)
            }
            Compression::Xz => {
                let limit = (2 * limits::DECODER_WINDOW_BYTES / 1024) as u32;
                Box::new(lzma_rust2::XzReader::new_mem_limit(source, true, limit))
            }
            Compression::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(source)),
        };
        Ok(Self { inner, compression, source_failed })
    }

    /// What was found.
    pub const fn compression(&self) -> Compression {
        self.compression
    }

    fn explain(&self, error: io::Error) -> io::Error {
        let name = self.compression.name();
        if self.source_failed.load(Ordering::Relaxed) {
            return error;
        }
        match error.kind() {
            io::ErrorKind::Interrupted => error,
            io::ErrorKind::UnexpectedEof => {
                io::Error::new(io::ErrorKind::UnexpectedEof, format!("the {name} stream is truncated"))
            }
            _ => io::Error::new(io::ErrorKind::InvalidData, format!("the {name} stream is corrupt: {error}")),
        }
    }
}

impl Read for Decoder<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| self.explain(error))
    }
}

/// Remembers that the source failed, so that its errors are told from the decoder's.
struct Watched<R> {
    inner: R,
    failed: Arc<AtomicBool>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).inspect_err(|error| {
            if error.kind() != io::ErrorKind::Interrupted {
                self.failed.store(true, Ordering::Relaxed);
            }
        })
    }
}

/// All members of a gzip stream. Zero bytes after the last member are padding; anything else that is no
/// member is corrupt, as for the container runtimes.
struct Gunzip<R> {
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let count = member.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            let Some(mut source) = self.member.take().map(GzDecoder::into_inner) else { break };
            if skip_zeros(&mut source)? {
                self.member = Some(GzDecoder::new(source));
            }
        }
        Ok(0)
    }
}

/// Skips zero bytes; whether anything follows them.
fn skip_zeros(source: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let content = source.fill_buf()?;
        if content.is_empty() {
            return Ok(false);
        }
        let zeros = content.iter().take_while(|byte| **byte == 0).count();
        let more = zeros < content.len();
        source.consume(zeros);
        if more {
            return Ok(true);
        }
    }
}

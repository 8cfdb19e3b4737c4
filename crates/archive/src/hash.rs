//! Hashing and verifying content while it streams.

use std::fmt;
use std::io::{self, BufRead, Read};

use sha2::{Digest as _, Sha256, Sha384, Sha512};
use stopgate_model::{Digest, DigestAlgorithm};

/// A running digest of one of the algorithms that OCI content may be named by.
#[derive(Clone)]
pub enum Hasher {
    /// SHA-256.
    Sha256(Sha256),
    /// SHA-384.
    Sha384(Sha384),
    /// SHA-512.
    Sha512(Sha512),
}

impl Default for Hasher {
    fn default() -> Self {
        Self::Sha256(Sha256::new())
    }
}

impl Hasher {
    /// A hasher; `None` for algorithms that must not verify content (MD5, SHA-1).
    pub fn new(algorithm: DigestAlgorithm) -> Option<Self> {
        match algorithm {
            DigestAlgorithm::Sha256 => Some(Self::default()),
            DigestAlgorithm::Sha384 => Some(Self::Sha384(Sha384::new())),
            DigestAlgorithm::Sha512 => Some(Self::Sha512(Sha512::new())),
            DigestAlgorithm::Md5 | DigestAlgorithm::Sha1 => None,
        }
    }

    /// Adds content.
    pub fn update(&mut self, content: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(content),
            Self::Sha384(hasher) => hasher.update(content),
            Self::Sha512(hasher) => hasher.update(content),
        }
    }

    /// The digest of all content added.
    pub fn finish(self) -> Digest {
        let (algorithm, bytes) = match self {
            Self::Sha256(hasher) => return Digest::sha256(&hasher.finalize().into()),
            Self::Sha384(hasher) => (DigestAlgorithm::Sha384, hex::encode(hasher.finalize())),
            Self::Sha512(hasher) => (DigestAlgorithm::Sha512, hex::encode(hasher.finalize())),
        };
        // INVARIANT: the text has the algorithm's length, so this is always `Some`.
        Digest::new(algorithm, &bytes).unwrap_or_else(|| Digest::sha256(&[0; 32]))
    }
}

/// SHA-256 of content in memory.
pub fn digest_of(content: &[u8]) -> Digest {
    Digest::sha256(&Sha256::digest(content).into())
}

/// Content is not what its digest or size promised. Wrapped in an [`io::Error`] of kind `InvalidData`;
/// find it with [`IntegrityError::of`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityError {
    /// The digest under which the content was asked for.
    pub expected: Digest,
    /// What was found.
    pub found: Found,
}

/// What was found instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// All of it, with another digest.
    Digest(Digest),
    /// It ended before its declared size.
    Short {
        /// Declared size, bytes.
        declared: u64,
        /// Bytes that there were.
        seen: u64,
    },
    /// It goes on after its declared size.
    Long {
        /// Declared size, bytes.
        declared: u64,
    },
}

impl fmt::Display for IntegrityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = &self.expected;
        match &self.found {
            Found::Digest(digest) => write!(f, "`{expected}` is not what it says: its content has digest `{digest}`"),
            Found::Short { declared, seen } => {
                write!(f, "`{expected}` is truncated: expected {declared} bytes, got {seen}")
            }
            Found::Long { declared } => write!(f, "`{expected}` is longer than its declared {declared} bytes"),
        }
    }
}

impl std::error::Error for IntegrityError {}

impl From<IntegrityError> for io::Error {
    fn from(error: IntegrityError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

impl IntegrityError {
    /// The integrity error inside an I/O error, when it is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

/// Hashes and counts everything that is read through it.
pub struct HashingReader<R> {
    inner: R,
    hasher: Hasher,
    count: u64,
}

impl<R> HashingReader<R> {
    /// Counts and hashes with SHA-256.
    pub fn new(inner: R) -> Self {
        Self { inner, hasher: Hasher::default(), count: 0 }
    }

    /// Bytes so far.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Digest and count of everything that was read.
    pub fn finish(self) -> (Digest, u64) {
        (self.hasher.finish(), self.count)
    }
}

impl<R: Read> Read for HashingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        self.count += count as u64;
        Ok(count)
    }
}

impl<R: BufRead> BufRead for HashingReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        // What was filled is still there, so this does not read.
        if let Ok(content) = self.inner.fill_buf() {
            self.hasher.update(content.get(..count).unwrap_or(content));
        }
        self.count += count as u64;
        self.inner.consume(count);
    }
}

/// Reads content of a known digest, and optionally size: the end is only reported when both are right.
pub struct VerifyingReader<R> {
    inner: R,
    hasher: Option<Hasher>,
    expected: Digest,
    declared: Option<u64>,
    count: u64,
    verdict: Option<Result<(), IntegrityError>>,
}

impl<R: Read> VerifyingReader<R> {
    /// Verifies against a digest; `declared` is the size, when one is declared.
    pub fn new(inner: R, expected: Digest, declared: Option<u64>) -> io::Result<Self> {
        let Some(hasher) = Hasher::new(expected.algorithm()) else {
            let message = format!("`{expected}` cannot verify content: expected sha256, sha384 or sha512");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        };
        Ok(Self { inner, hasher: Some(hasher), expected, declared, count: 0, verdict: None })
    }

    fn found_at_end(&mut self) -> Result<(), Found> {
        if let Some(declared) = self.declared
            && self.count < declared
        {
            return Err(Found::Short { declared, seen: self.count });
        }
        let digest = self.hasher.take().unwrap_or_default().finish();
        if digest == self.expected { Ok(()) } else { Err(Found::Digest(digest)) }
    }

    fn verdict(&mut self, found: Result<(), Found>) -> io::Result<usize> {
        let verdict = found.map_err(|found| IntegrityError { expected: self.expected.clone(), found });
        self.verdict = Some(verdict.clone());
        verdict.map(|()| 0).map_err(io::Error::from)
    }
}

impl<R: Read> Read for VerifyingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(verdict) = &self.verdict {
            return verdict.clone().map(|()| 0).map_err(io::Error::from);
        }
        if buffer.is_empty() {
            return Ok(0);
        }
        let count = match self.inner.read(buffer) {
            Ok(count) => count,
            // A source that notices itself that it ends early says so with this kind.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && self.declared.is_some() => 0,
            Err(error) => return Err(error),
        };
        if count == 0 {
            let found = self.found_at_end();
            return self.verdict(found);
        }
        self.count += count as u64;
        if let Some(declared) = self.declared
            && self.count > declared
        {
            return self.verdict(Err(Found::Long { declared }));
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(buffer.get(..count).unwrap_or_default());
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read};

    use stopgate_model::{Digest, DigestAlgorithm};

    use super::{Found, Hasher, HashingReader, IntegrityError, VerifyingReader, digest_of};

    fn verify(content: &[u8], expected: &Digest, declared: Option<u64>) -> Result<Vec<u8>, Found> {
        let mut read = Vec::new();
        let mut reader = VerifyingReader::new(content, expected.clone(), declared).unwrap();
        match reader.read_to_end(&mut read) {
            Ok(_) => Ok(read),
            Err(error) => {
                assert!(reader.read(&mut [0; 1]).is_err(), "an error stays an error");
                Err(IntegrityError::of(&error).unwrap().found.clone())
            }
        }
    }

    #[test]
    fn the_end_is_reported_only_for_the_right_content() {
        let digest = digest_of(b"content");
        assert_eq!(verify(b"content", &digest, Some(7)).unwrap(), b"content");
        assert_eq!(verify(b"content", &digest, None).unwrap(), b"content");
        assert_eq!(verify(b"cont", &digest, Some(7)), Err(Found::Short { declared: 7, seen: 4 }));
        assert_eq!(verify(b"content!", &digest, Some(7)), Err(Found::Long { declared: 7 }));
        assert_eq!(verify(b"CONTENT", &digest, Some(7)), Err(Found::Digest(digest_of(b"CONTENT"))));
    }

    #[test]
    fn weak_algorithms_do_not_verify_and_strong_ones_do() {
        let weak = Digest::new(DigestAlgorithm::Md5, &"0".repeat(32)).unwrap();
        assert!(VerifyingReader::new(&b""[..], weak, None).is_err());
        let mut hasher = Hasher::new(DigestAlgorithm::Sha512).unwrap();
        hasher.update(b"content");
        let strong = hasher.finish();
        assert!(verify(b"content", &strong, None).is_ok());
    }

    #[test]
    fn hashes_the_same_by_read_and_by_buffer() {
        let content = vec![7; 10_000];
        let mut by_buffer = HashingReader::new(BufReader::with_capacity(100, &content[..]));
        loop {
            let count = by_buffer.fill_buf().unwrap().len().min(33);
            if count == 0 {
                break;
            }
            by_buffer.consume(count);
        }
        let mut by_read = HashingReader::new(&content[..]);
        by_read.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(by_buffer.finish(), by_read.finish());
    }
}

//! Digests as OCI writes them: `algorithm:hex` (OCI image specification, descriptor, "Digests").

use std::fmt;

/// A hash algorithm that documents of the field name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DigestAlgorithm {
    /// MD5, as dpkg records files. Never used to verify content.
    Md5,
    /// SHA-1, as apk and jars record files. Never used to verify content.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl DigestAlgorithm {
    const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// Name as in `sha256:…`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5",
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Length of the hexadecimal form.
    pub const fn hex_len(self) -> usize {
        match self {
            Self::Md5 => 32,
            Self::Sha1 => 40,
            Self::Sha256 => 64,
            Self::Sha384 => 96,
            Self::Sha512 => 128,
        }
    }

    /// The algorithm of this name, in any case, with or without a dash (`SHA-256`).
    pub fn parse(name: &str) -> Option<Self> {
        let folded: String = name.chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
        Self::ALL.into_iter().find(|algorithm| algorithm.name() == folded)
    }
}

/// `algorithm:hex`; the hex part is lower case and has the algorithm's length.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest {
    algorithm: DigestAlgorithm,
    hex: String,
}

/// Why a text is no digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a digest: expected `sha256:` and 64 hexadecimal digits, or sha384, sha512, sha1, md5")]
pub struct DigestError {
    /// The text, cut to 100 characters.
    pub text: String,
}

impl Digest {
    /// Reads `algorithm:hex`.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        let error = || DigestError { text: text.chars().take(100).collect() };
        let (name, hex) = text.split_once(':').ok_or_else(error)?;
        let algorithm = DigestAlgorithm::parse(name).ok_or_else(error)?;
        Self::new(algorithm, hex).ok_or_else(error)
    }

    /// A digest from its parts; `None` when `hex` has another length or other characters.
    pub fn new(algorithm: DigestAlgorithm, hex: &str) -> Option<Self> {
        // Counted to the end, which looks at many bytes at once.
        let others = hex.bytes().filter(|byte| !byte.is_ascii_hexdigit()).count();
        let valid = hex.len() == algorithm.hex_len() && others == 0;
        valid.then(|| Self { algorithm, hex: hex.to_ascii_lowercase() })
    }

    /// A SHA-256 from its 32 bytes.
    pub fn sha256(bytes: &[u8; 32]) -> Self {
        Self::from_bytes(DigestAlgorithm::Sha256, bytes)
    }

    /// A SHA-1 from its 20 bytes.
    pub fn sha1(bytes: &[u8; 20]) -> Self {
        Self::from_bytes(DigestAlgorithm::Sha1, bytes)
    }

    fn from_bytes(algorithm: DigestAlgorithm, bytes: &[u8]) -> Self {
        let mut hex = String::with_capacity(bytes.len() * 2);
        for byte in bytes {
            for nibble in [byte >> 4, byte & 15] {
                hex.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
        }
        Self { algorithm, hex }
    }

    /// The algorithm.
    pub const fn algorithm(&self) -> DigestAlgorithm {
        self.algorithm
    }

    /// The hexadecimal part, lower case.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.algorithm.name(), self.hex)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Digest;

    #[test]
    fn reads_and_writes_the_oci_form() {
        let text = format!("sha256:{}", "0aF".repeat(21) + "0");
        let digest = Digest::parse(&text).unwrap();
        assert_eq!(digest.to_string(), text.to_lowercase());
        assert_eq!(Digest::sha256(&[0xab; 32]).hex(), "ab".repeat(32));
    }

    #[test]
    fn refuses_wrong_lengths_characters_and_algorithms() {
        for text in ["", "sha256", "sha256:", "sha256:zz", "sha257:00", "sha256:../../etc/passwd"] {
            assert!(Digest::parse(text).is_err(), "{text}");
        }
    }
}

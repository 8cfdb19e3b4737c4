//! Several digests of one content at once.

use std::collections::BTreeSet;

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use stopgate_model::{Digest, DigestAlgorithm};

/// Hashes what goes by.
pub(crate) struct Hashes(Vec<Hash>);

enum Hash {
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha384(Sha384),
    Sha512(Sha512),
}

impl Hashes {
    pub(crate) fn new(algorithms: BTreeSet<DigestAlgorithm>) -> Self {
        let hash = |algorithm| match algorithm {
            DigestAlgorithm::Md5 => Hash::Md5(Md5::new()),
            DigestAlgorithm::Sha1 => Hash::Sha1(Sha1::new()),
            DigestAlgorithm::Sha256 => Hash::Sha256(Sha256::new()),
            DigestAlgorithm::Sha384 => Hash::Sha384(Sha384::new()),
            DigestAlgorithm::Sha512 => Hash::Sha512(Sha512::new()),
        };
        Self(algorithms.into_iter().map(hash).collect())
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn update(&mut self, part: &[u8]) {
        for hash in &mut self.0 {
            match hash {
                Hash::Md5(hash) => hash.update(part),
                Hash::Sha1(hash) => hash.update(part),
                Hash::Sha256(hash) => hash.update(part),
                Hash::Sha384(hash) => hash.update(part),
                Hash::Sha512(hash) => hash.update(part),
            }
        }
    }

    pub(crate) fn finish(self) -> Vec<Digest> {
        self.0.into_iter().filter_map(Hash::finish).collect()
    }
}

impl Hash {
    fn finish(self) -> Option<Digest> {
        match self {
            Self::Md5(hash) => digest(DigestAlgorithm::Md5, &hash.finalize()),
            Self::Sha1(hash) => digest(DigestAlgorithm::Sha1, &hash.finalize()),
            Self::Sha256(hash) => digest(DigestAlgorithm::Sha256, &hash.finalize()),
            Self::Sha384(hash) => digest(DigestAlgorithm::Sha384, &hash.finalize()),
            Self::Sha512(hash) => digest(DigestAlgorithm::Sha512, &hash.finalize()),
        }
    }
}

/// `None` never stands for a length that an algorithm has.
fn digest(algorithm: DigestAlgorithm, bytes: &[u8]) -> Option<Digest> {
    Digest::new(algorithm, &hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use stopgate_model::DigestAlgorithm::{Md5, Sha1, Sha256, Sha384, Sha512};

    use super::Hashes;

    #[test]
    fn digests_are_those_of_the_tools() {
        let mut hashes = Hashes::new([Sha512, Sha1, Md5, Sha256, Sha384].into());
        hashes.update(b"a");
        hashes.update(b"bc");
        let starts: Vec<String> = hashes.finish().iter().map(|digest| format!("{digest:.20}")).collect();
        // By md5sum, sha1sum, sha256sum, sha384sum and sha512sum.
        let expected = ["md5:9001509", "sha1:a9993e3", "sha256:ba7816b", "sha384:cb00753", "sha512:ddaf35a"];
        for (digest, start) in starts.iter().zip(expected) {
            assert!(digest.starts_with(start), "{digest} {start}");
        }
        assert_eq!(starts.len(), 5);
    }
}

//! CycloneDX 1.4 to 1.7 (ECMA-424) in JSON and XML: packages, their dependencies, the distribution.
//!
//! Unlike syft's: the root depends on whatever nothing else needs, the serial number follows from the content, and
//! gaps make the composition incomplete. Files are left out; CPEs and package URLs that are not valid are properties.

mod component;
mod read;
mod write;
mod xml;

pub use read::read;
pub(crate) use read::read_text;
pub use write::write;
pub use xml::write_xml;

use stopgate_model::DigestAlgorithm;

/// Version of CycloneDX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Version {
    /// 1.4
    V1_4,
    /// 1.5
    V1_5,
    /// 1.6
    #[default]
    V1_6,
    /// 1.7
    V1_7,
}

impl Version {
    /// As written: `1.6`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V1_4 => "1.4",
            Self::V1_5 => "1.5",
            Self::V1_6 => "1.6",
            Self::V1_7 => "1.7",
        }
    }

    /// The version of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::V1_4, Self::V1_5, Self::V1_6, Self::V1_7].into_iter().find(|version| version.name() == name)
    }
}

const fn algorithm(algorithm: DigestAlgorithm) -> &'static str {
    match algorithm {
        DigestAlgorithm::Md5 => "MD5",
        DigestAlgorithm::Sha1 => "SHA-1",
        DigestAlgorithm::Sha256 => "SHA-256",
        DigestAlgorithm::Sha384 => "SHA-384",
        DigestAlgorithm::Sha512 => "SHA-512",
    }
}

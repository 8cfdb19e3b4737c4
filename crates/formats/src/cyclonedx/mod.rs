//! CycloneDX JSON 1.4 to 1.7 (ECMA-424): packages, their dependencies, the distribution.
//!
//! Unlike syft's: the root depends on whatever nothing else needs, the serial number follows from the content, and
//! gaps make the composition incomplete. Files are left out; CPEs and package URLs that are not valid are properties.

mod read;
mod write;

pub use read::read;
pub(crate) use read::read_text;
pub use write::write;

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

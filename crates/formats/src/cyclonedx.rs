//! CycloneDX JSON.

use std::io::{self, Write};

use stopgate_model::Artifact;

use crate::Producer;

/// Version of CycloneDX.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
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

/// Writes an artifact as a CycloneDX JSON document.
pub fn write(
    _artifact: &Artifact,
    _version: Version,
    _producer: &Producer<'_>,
    _out: &mut dyn Write,
) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

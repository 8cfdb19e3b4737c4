//! Our own analysis document.

use std::io::{self, Write};

use stopgate_model::Artifact;

use crate::FormatError;

/// Writes the whole artifact.
pub fn write(_artifact: &Artifact, _out: &mut dyn Write) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Reads the whole artifact.
pub fn read(_bytes: &[u8]) -> Result<Artifact, FormatError> {
    Err(FormatError::Unknown { expected: "nothing yet" })
}

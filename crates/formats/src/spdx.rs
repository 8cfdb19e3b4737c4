//! SPDX 2.3 JSON.

use std::io::{self, Write};

use stopgate_model::Artifact;

use crate::Producer;

/// Writes an artifact as an SPDX 2.3 JSON document.
pub fn write(_artifact: &Artifact, _producer: &Producer<'_>, _out: &mut dyn Write) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

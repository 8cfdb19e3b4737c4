//! grype's JSON document.

use std::io::{self, Write};

use stopgate_model::{Artifact, MatchReport};

use crate::Producer;

/// Writes the matches of an artifact in grype's JSON shape.
pub fn write(
    _artifact: &Artifact,
    _report: &MatchReport,
    _producer: &Producer<'_>,
    _out: &mut dyn Write,
) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

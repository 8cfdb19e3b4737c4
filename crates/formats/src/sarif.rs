//! SARIF 2.1.0.

use std::io::{self, Write};

use stopgate_model::{Artifact, CheckReport, MatchReport};

use crate::Producer;

/// Writes the findings of a check.
pub fn write_check(_report: &CheckReport<'_>, _out: &mut dyn Write) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Writes the matches of an artifact.
pub fn write_matches(
    _artifact: &Artifact,
    _report: &MatchReport,
    _producer: &Producer<'_>,
    _out: &mut dyn Write,
) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

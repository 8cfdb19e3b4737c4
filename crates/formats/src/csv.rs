//! A verdict as a document.

use std::io::{self, Write};

use stopgate_model::CheckReport;

/// Writes a verdict.
pub fn write(_report: &CheckReport<'_>, _out: &mut dyn Write) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

//! The Python whose packages read what we write: readers that others made, so that no document is judged by its author.

use std::path::PathBuf;

use anyhow::Result;

use crate::Run;
use crate::program::{other, run_of};

/// Names the Python that has the packages (`cargo xtask test` sets it).
const VARIABLE: &str = "STOPGATE_PYTHON";

/// A Python with the packages that tests ask for.
pub struct Python(PathBuf);

impl Python {
    /// The Python of `STOPGATE_PYTHON`. Missing: a failure when `CI=true`, else a line that says what was skipped.
    ///
    /// # Panics
    /// When it is missing and `CI=true`.
    #[expect(clippy::print_stderr, reason = "a skip must be heard")]
    pub fn find() -> Option<Self> {
        let python = std::env::var_os(VARIABLE).map(PathBuf::from).filter(|path| path.is_file());
        let ci = std::env::var("CI").as_deref() == Ok("true");
        assert!(python.is_some() || !ci, "{VARIABLE} names no Python with the packages that read documents");
        if python.is_none() {
            eprintln!("SKIPPED: {VARIABLE} names no Python with the packages that read documents");
        }
        python.map(Self)
    }

    /// Runs a script to its end.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, script: &str, arguments: impl IntoIterator<Item = S>) -> Result<Run> {
        let mut command = other(&self.0);
        // No file of the caller's folder is taken for a package.
        Ok(run_of(command.args(["-I", "-c", script]).args(arguments).output()?))
    }
}

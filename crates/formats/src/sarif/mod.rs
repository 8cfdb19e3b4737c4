//! SARIF 2.1.0 (OASIS): findings of a verdict, or vulnerabilities of an artifact, for code scanning.
//!
//! GitHub's limits are kept: 25,000 results a run, 20 runs, 20 tags a rule; what is left out is said in the
//! first run. What could not be decided is a notification of the invocation. No taxonomies: controls are properties.

mod check;
mod controls;
mod document;
mod matches;

pub use check::write_check;
pub use controls::write_controls;
pub use matches::write_matches;

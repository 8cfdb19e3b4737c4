//! Advisories in the Open Source Vulnerability format (OSV schema 1.6, <https://ossf.github.io/osv-schema/>).
//!
//! The reader is tolerant: fields that nobody here reads are left alone, so advisories of later 1.x schemas are read as
//! well. It leaves out credits, ranges of commits (kept as a flag) and what databases add for themselves, except CWE
//! ids, a severity word and our own `stopgate` object.

mod document;
mod ecosystem;
mod ranges;
#[cfg(test)]
mod tests;

pub use document::{Advisory, Affected, OwnCvss, OwnData, OwnEpss, OwnKev, Reference, Score};
pub use ecosystem::{Ecosystem, Release};
pub use ranges::{End, Span};

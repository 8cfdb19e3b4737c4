//! Documents in and out. Nothing here opens a file, asks a clock or decides anything: a document is
//! bytes on one side and the nouns of `model` on the other.
//!
//! SBOMs and the analysis document are read and written, what others say about an artifact is read; verdicts and
//! matches are written.

mod elements;
mod error;
mod json;
mod list;
mod producer;
mod sbom_parts;
mod strict;
mod xml;

pub mod analysis;
pub mod cyclonedx;
pub mod sbom;
pub mod spdx;
pub mod syft_json;

pub mod grype_json;
pub mod osv;

pub mod dsse;
pub mod hdf;
pub mod malware;
pub mod trust;
pub mod vex;

pub mod check_json;
pub mod controls;
pub mod csv;
pub mod junit;
pub mod junit_cases;
pub mod sarif;

#[cfg(test)]
mod laws;
#[cfg(test)]
mod samples;

pub use error::FormatError;
pub use producer::Producer;

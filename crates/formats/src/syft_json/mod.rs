//! syft's JSON document (schema 16.1.10): what Anchore's import API takes and grype reads.
//!
//! Differences from syft: `descriptor` holds nothing of the run; only SHA-256 of files is known;
//! gaps are written as `unknowns` of the file they concern (`/` when they concern none). Contents,
//! licence texts and hardening flags of executables are neither written nor read.

mod files;
mod metadata;
mod read;
mod read_files;
mod read_source;
mod relationships;
mod source;
mod write;

pub use read::read;
pub use write::write;

pub(crate) use read::read_text;
pub(crate) use source::image_metadata;
pub(crate) use write::locations_field;

/// The schema that documents of ours declare.
pub const SCHEMA_VERSION: &str = "16.1.10";

//! `stopgate-analysis/1`: the whole artifact, so that a verdict can be replayed from one file.
//!
//! JSON in zstd (RFC 8878) with a checksum. Canonical: keys in a fixed order, nothing optional that is
//! empty, no blanks, so equal artifacts are equal bytes. The reader is strict: a field or a name that it
//! does not know was written by a newer program and must not be dropped in silence.

mod documents;
mod files;
mod packages;
mod parts;
mod read;
mod source;
mod write;

pub use read::{is_compressed, read};
pub use write::write;

/// The schema that documents declare.
pub const SCHEMA: &str = "stopgate-analysis/1";

const FORMAT: &str = "analysis";

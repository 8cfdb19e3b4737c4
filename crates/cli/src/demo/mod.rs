//! The demo's inputs: two images that it makes itself, and about thirty well-known vulnerabilities.

mod images;

use std::path::Path;

use serde_json::value::RawValue;
use stopgate_vulndb::{Database, OsvDocument};

use crate::failure::Failure;

pub(crate) use images::{bad_image, good_image};

/// OSV documents with facts of well-known vulnerabilities, in our own words.
const ADVISORIES: &str = include_str!("../../data/demo-advisories.json");

/// The day of the demo's data: the demo evaluates as of it, and says so.
pub(crate) const AS_OF: &str = "2026-11-25T00:00:00Z";

/// Builds the demo's data in a folder and opens it.
pub(crate) fn database(folder: &Path) -> Result<Database, Failure> {
    let documents: Vec<Box<RawValue>> = serde_json::from_str(ADVISORIES)
        .map_err(|error| Failure::new(format!("the demo's data cannot be read: {error}")))?;
    let documents = documents
        .iter()
        .enumerate()
        .map(|(number, raw)| -> OsvDocument { (format!("demo advisory {number}"), raw.get().as_bytes().to_vec()) });
    stopgate_vulndb::build(documents, folder, AS_OF, "embedded demo data").map_err(|error| Failure::of(&error))?;
    Database::open(folder)
        .map_err(|error| Failure::of(&error))?
        .ok_or_else(|| Failure::new("the demo's data is not where it was written"))
}

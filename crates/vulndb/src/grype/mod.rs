//! Reading a Grype DB v6: an SQLite file of relational tables with JSON blobs, usually in a compressed archive.
//!
//! Every table is read once from front to back, since the distributed file has no indexes; blobs are decoded on all
//! processors.

mod archive;
mod blobs;
mod json;
mod listing;
mod read;
mod sqlite;
mod tables;

pub(crate) use archive::{UnpackError, unpack};
pub use listing::{Listing, ListingError};
pub(crate) use read::read;
pub use sqlite::GrypeError;

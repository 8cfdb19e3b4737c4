//! Walks layers, caches their facts, merges them into an artifact.
//!
//! A layer is walked once per diffID: its bytes are read, verified, inflated, hashed and inspected on the
//! way, and what was found is kept. An image is its layers' facts merged; a folder or a file takes the same
//! way without layers. Whatever cannot be read is a gap; what is not what it says is an error.

mod again;
mod analyze;
mod cache;
mod collect;
mod demand;
mod directory;
mod document;
mod error;
mod file;
mod hashes;
mod image;
mod layer;
mod links;
mod merged;
mod parallel;
mod pipe;
mod pool;
mod scan;
mod squash;
mod unlayered;
mod verify;
mod walk;

pub use analyze::{AnalyzeOptions, NamedFile, Progress, analyze};
pub use cache::CacheDir;
pub use document::complete;
pub use error::AnalyzeError;
// What the options take beyond plain values: who analyses makes them without another arrow. Who takes over hits of
// others needs the texts of the patterns that their names stand for.
pub use stopgate_inspectors::{ContentEntry, ContentSearch, ContentSearchError, MalwareScanner, SECRET_PATTERNS};

//! Inspectors: facts of an artifact other than its packages.
//!
//! Image configuration, Dockerfile (given or guessed from the history), secrets, what a site looks for, the files
//! whose content policies read, and what a malware scanner must do. All pure: bytes in, facts and gaps out.

mod config;
mod content;
mod dockerfile;
mod malware;
mod retrieved;
mod secrets;

pub use config::read_image_config;
pub use content::{ContentEntry, ContentHits, ContentSearch, ContentSearchError};
pub use dockerfile::{guess_dockerfile, read_dockerfile};
pub use malware::MalwareScanner;
pub use retrieved::RETRIEVED_PATHS;
pub use secrets::{LineHits, SECRET_PATTERNS, SecretPattern, SecretSearch};

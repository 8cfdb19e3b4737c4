//! Where artifacts come from: archives, layouts, registries, folders, files and documents.
//!
//! An image is opened as manifest, configuration and layers; every digest that the source promises is
//! verified while its content streams. Nothing here knows what a layer contains.

mod blobs;
mod daemon;
mod detect;
mod directory;
mod docker_archive;
mod error;
mod files;
mod image;
mod manifest;
mod named;
mod oci;
mod open;
mod options;
mod platform;
mod registry;
mod select;
mod spec;

#[cfg(test)]
mod tests;

pub use directory::{Directory, Walk, WalkEntry, WalkError};
pub use error::SourceError;
pub use image::{Image, LayerBlob};
pub use named::open_readable;
pub use open::{LocalFile, Opened, open};
pub use options::{Credentials, SourceOptions};
pub use platform::Platform;
pub use registry::{TagList, http_client, list_tags, pinned_client, reason as http_reason};
pub use spec::{Scheme, SourceSpec};
pub use stopgate_archive::IntegrityError;

//! The HTTP client of the v2 API: one method per operation, over the wire structs of `api-types`.
//!
//! Calls block. Every method answers with a [`Reply`]: the typed body and the body as it was received, since tools
//! pass fields on that this version does not know. A failed call is one sentence, with the server's own words in it.

mod call;
mod connection;
mod error;
mod reply;

mod account;
mod api_key;
mod application;
mod archive;
mod correction;
mod event;
mod feed;
mod image;
mod image_import;
mod inventory;
mod policy;
mod rbac;
mod registry;
mod scan;
mod source;
mod subscription;
mod system;
mod user;
mod user_group;

#[cfg(test)]
mod tests;

pub use connection::{Client, Connection};
pub use error::ClientError;
pub use event::EventFilter;
pub use image::{AddOptions, CheckOptions, ImageFilter, VulnerabilityOptions};
pub use image_import::ImportPart;
pub use reply::Reply;
pub use source::SourceVulnerabilityOptions;
pub use subscription::RepositoryOptions;

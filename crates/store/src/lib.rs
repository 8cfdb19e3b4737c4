//! What a server keeps: tables on SQLite or PostgreSQL, jobs, blobs.
//!
//! Functions take and return domain values; no entity, no row and no SQL leaves the crate. Everything that belongs
//! to an account asks for an [`AccountId`], so a query without one cannot be written. The crate decides nothing.

pub mod account;
pub mod annotation;
pub mod api_key;
pub mod application;
pub mod audit;
mod blobs;
mod connect;
pub mod content;
pub mod document;
mod error;
pub mod evaluation;
pub mod event;
pub mod group;
pub mod image;
pub mod import;
pub mod integration;
pub mod inventory;
pub mod job;
pub mod notify;
pub mod policy;
pub mod registry;
pub mod role;
mod schema;
pub mod secret;
pub mod setting;
pub mod source;
mod sql;
pub mod subscription;
pub mod tag;
mod time;
pub mod token;
pub mod user;

#[cfg(test)]
mod tests;

pub use blobs::{BlobPlace, Blobs, StagedBlob};
pub use connect::{Store, StoreOptions, Tx};
pub use error::StoreError;
pub use sql::Db;

/// An account, by its key: what every query about things that belong to one asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(pub i64);

impl AccountId {
    /// What belongs to no account, and may be used by all.
    pub const SHARED: Self = Self(0);
}

/// A user, by its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(pub i64);

//! Use cases of a server, one folder or file each: who may do what, and what it does.
//!
//! Nothing here knows HTTP; nothing here writes SQL. What a caller may do was decided before a use case is called: the
//! server asks [`Caller::require`] with the permission that stands in the route.

pub mod alert;
pub mod annotation;
pub mod application;
pub mod auth;
mod clock;
pub mod configuration;
pub mod correction;
pub mod data;
mod egress;
mod error;
pub mod evaluation;
mod events;
pub mod feed;
pub mod group;
pub mod image;
pub mod import;
pub mod integration;
pub mod inventory;
mod library;
pub mod notify;
mod pattern;
pub mod permission;
pub mod policy;
pub mod registry;
pub mod sandbox;
pub mod sbom;
pub mod scan;
pub mod search;
pub mod source;
mod start;
mod subscription;
pub mod users;
mod vault;
pub mod vex;
pub mod vulnerability;
pub mod watch;
pub mod worker;

pub use auth::Caller;
pub use error::{Kind, ServiceError};
pub use start::{FirstStart, ServiceOptions};
pub use stopgate_store as store;
pub use vault::Vault;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use stopgate_store::Store;

use auth::Auth;
use data::Data;
use library::Library;

/// Everything that use cases share. Clones are the same.
#[derive(Clone)]
pub struct Service(Arc<Inner>);

struct Inner {
    store: Store,
    auth: Auth,
    vault: Vault,
    data: Data,
    library: Library,
    options: ServiceOptions,
    /// Told whenever a job was asked for, so that idle workers of this process look at once.
    wake: tokio::sync::Notify,
}

impl Service {
    /// Verifies credentials.
    pub fn auth(&self) -> &Auth {
        &self.0.auth
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// Vulnerability data.
    pub fn data(&self) -> &Data {
        &self.0.data
    }

    /// Secrets.
    pub fn vault(&self) -> &Vault {
        &self.0.vault
    }

    /// How the process was started.
    pub fn options(&self) -> &ServiceOptions {
        &self.0.options
    }

    pub(crate) fn library(&self) -> &Library {
        &self.0.library
    }

    /// Wakes idle workers of this process.
    pub(crate) fn wake(&self) {
        self.0.wake.notify_waiters();
    }
}

/// SHA-256 as hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

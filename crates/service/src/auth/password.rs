//! Passwords: Argon2id with 19 MiB and two passes. Two at a time, since each costs that much memory and 20 ms or more.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Kind, ServiceError};

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Hashes at the same time.
const AT_ONCE: usize = 2;
/// Requests that may wait for their turn.
const WAITING: usize = 64;

fn hasher() -> Result<Argon2<'static>, ServiceError> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).map_err(ServiceError::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password, in PHC form.
pub(crate) fn hash(password: &str) -> Result<String, ServiceError> {
    let salt = super::random::<16>()?;
    let hash = hasher()?.hash_password_with_salt(password.as_bytes(), &salt).map_err(ServiceError::internal)?;
    Ok(hash.to_string())
}

/// Compares passwords with hashes, a few at a time.
#[derive(Clone)]
pub(super) struct Checker {
    turns: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Compared with when there is no such user, so that the time tells nothing.
    nobody: Arc<str>,
}

impl Checker {
    pub(super) fn new() -> Result<Self, ServiceError> {
        Ok(Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            nobody: hash("nobody has this password")?.into(),
        })
    }

    /// Whether a password is the one that was hashed; with nothing to compare it takes as long and is wrong.
    pub(super) async fn matches(&self, password: &str, phc: Option<String>) -> Result<bool, ServiceError> {
        let Ok(_place) = self.waiting.try_acquire() else {
            return Err(ServiceError::new(Kind::TooMany, "too many logins at once; try again in a second"));
        };
        let _turn = self.turns.acquire().await.map_err(ServiceError::internal)?;
        let known = phc.is_some();
        let phc = phc.unwrap_or_else(|| self.nobody.to_string());
        let password = password.to_owned();
        let hasher = hasher()?;
        let same = tokio::task::spawn_blocking(move || {
            PasswordHash::new(&phc).is_ok_and(|hash| hasher.verify_password(password.as_bytes(), &hash).is_ok())
        });
        Ok(same.await.map_err(ServiceError::internal)? && known)
    }
}

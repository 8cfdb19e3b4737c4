//! From what a request shows to who asks.
//!
//! CI sends a password with every call, and comparing one takes 20 ms and more. So a pair that was right is remembered for
//! a minute under a keyed hash, and who it stands for is looked up again every second: a role that is taken away, a
//! disabled account or a changed password count at once.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use ring::hmac;
use stopgate_store::account::{self, AccountState};
use stopgate_store::token::{self, TokenKind};
use stopgate_store::{Store, UserId, api_key, role, user};
use subtle::ConstantTimeEq as _;

use super::caller::{Caller, Origin};
use super::password::Checker;
use super::tokens::{ApiKeySecret, TokenPair, refused};
use super::{random, sha256};
use crate::clock;
use crate::error::{Kind, ServiceError};
use crate::permission::Allowed;

/// What a request shows.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// `Authorization: Basic`.
    Basic {
        /// User name, `_api_key` for a key.
        username: String,
        /// Password or key.
        password: String,
    },
    /// `Authorization: Bearer`.
    Bearer(String),
}

/// The user name that says that the password is an API key.
const API_KEY: &str = "_api_key";
/// For how long a pair that was right is believed.
const BELIEVED: Duration = Duration::from_mins(1);
/// For how long what a user may do is believed.
const STANDING: Duration = Duration::from_secs(1);
/// Wrong passwords for a user from one address, after which no more are compared for a while.
const FAILURES: u32 = 5;
const LOCKED: Duration = Duration::from_mins(5);
const REMEMBERED: u64 = 10_000;

/// Who was right, and the version of the user then.
#[derive(Debug, Clone, Copy)]
struct Proof {
    user: UserId,
    version: i64,
    origin: Origin,
}

/// Verifies credentials.
pub struct Auth {
    store: Store,
    checker: Checker,
    key: hmac::Key,
    proofs: Cache<Vec<u8>, Proof>,
    callers: Cache<(UserId, Origin, String), Arc<Caller>>,
    failures: Cache<(String, String), u32>,
}

impl Auth {
    pub(crate) fn new(store: Store) -> Result<Self, ServiceError> {
        Ok(Self {
            store,
            checker: Checker::new()?,
            key: hmac::Key::new(hmac::HMAC_SHA256, &random::<32>()?),
            proofs: Cache::builder().max_capacity(REMEMBERED).time_to_live(BELIEVED).build(),
            callers: Cache::builder().max_capacity(REMEMBERED).time_to_live(STANDING).build(),
            failures: Cache::builder().max_capacity(REMEMBERED).time_to_live(LOCKED).build(),
        })
    }

    /// Who asks. `account` is the account that they want to act in, if it is another than their own; `address` is where
    /// the request comes from.
    pub async fn verify(
        &self,
        credentials: &Credentials,
        account: Option<&str>,
        address: &str,
        request_id: &str,
    ) -> Result<Caller, ServiceError> {
        let proof = match credentials {
            Credentials::Bearer(secret) => self.token(secret).await?,
            Credentials::Basic { username, password } if username == API_KEY => self.api_key(password).await?,
            Credentials::Basic { username, password } => self.password(username, password, address).await?,
        };
        let wanted = account.unwrap_or_default().to_owned();
        let place = (proof.user, proof.origin, wanted);
        let caller = if let Some(known) = self.callers.get(&place) {
            known
        } else {
            let found = Arc::new(self.caller(proof, &place.2).await?);
            self.callers.insert(place, found.clone());
            found
        };
        // A password that was changed since it was compared is wrong now.
        if proof.origin == Origin::Password && caller.user.version != proof.version {
            self.proofs.invalidate(&self.keyed(credentials));
            return Box::pin(self.verify_again(credentials, account, address, request_id)).await;
        }
        Ok(Caller { request_id: request_id.to_owned(), ..(*caller).clone() })
    }

    async fn verify_again(
        &self,
        credentials: &Credentials,
        account: Option<&str>,
        address: &str,
        request_id: &str,
    ) -> Result<Caller, ServiceError> {
        let Credentials::Basic { username, password } = credentials else { return Err(refused()) };
        let proof = self.password(username, password, address).await?;
        let caller = self.caller(proof, account.unwrap_or_default()).await?;
        Ok(Caller { request_id: request_id.to_owned(), ..caller })
    }

    fn keyed(&self, credentials: &Credentials) -> Vec<u8> {
        let mut context = hmac::Context::with_key(&self.key);
        if let Credentials::Basic { username, password } = credentials {
            context.update(&u64::try_from(username.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(username.as_bytes());
            context.update(password.as_bytes());
        }
        context.sign().as_ref().to_vec()
    }

    async fn password(&self, username: &str, password: &str, address: &str) -> Result<Proof, ServiceError> {
        let credentials = Credentials::Basic { username: username.to_owned(), password: password.to_owned() };
        let keyed = self.keyed(&credentials);
        if let Some(proof) = self.proofs.get(&keyed) {
            return Ok(proof);
        }
        let place = (username.to_owned(), address.to_owned());
        if self.failures.get(&place).unwrap_or(0) >= FAILURES {
            return Err(ServiceError::new(
                Kind::TooMany,
                "too many wrong passwords for this user from this address; try again in five minutes",
            )
            .with("retry_after", LOCKED.as_secs()));
        }
        let known = user::find(self.store.read(), username).await?;
        let phc = match &known {
            Some(known) => user::password(self.store.read(), known.id).await?,
            None => None,
        };
        if !self.checker.matches(password, phc).await? {
            let so_far = self.failures.get(&place).unwrap_or(0);
            self.failures.insert(place, so_far + 1);
            return Err(refused());
        }
        let Some(known) = known else { return Err(refused()) };
        self.failures.invalidate(&place);
        let proof = Proof { user: known.id, version: known.version, origin: Origin::Password };
        self.proofs.insert(keyed, proof);
        Ok(proof)
    }

    async fn api_key(&self, value: &str) -> Result<Proof, ServiceError> {
        let (id, digest) = ApiKeySecret::read(value).ok_or_else(refused)?;
        let now = clock::now();
        let key = api_key::find(self.store.read(), id).await?.ok_or_else(refused)?;
        let same: bool = key.sha256.ct_eq(&digest).into();
        if !same || key.revoked || key.expires_at <= now {
            return Err(refused());
        }
        // To the minute: a write for every request would cost more than it tells.
        if key.used_at.is_none_or(|used| used + Duration::from_mins(1) < now) {
            let tx = self.store.begin().await?;
            api_key::mark_used(tx.db(), id, now).await?;
            tx.commit().await?;
        }
        Ok(Proof { user: key.owner, version: 0, origin: Origin::ApiKey })
    }

    async fn token(&self, secret: &str) -> Result<Proof, ServiceError> {
        let known = token::find(self.store.read(), &sha256(secret.as_bytes()), TokenKind::Access).await?;
        let known = known.filter(|token| token.expires_at > clock::now()).ok_or_else(refused)?;
        Ok(Proof { user: known.owner, version: 0, origin: Origin::Token })
    }

    async fn caller(&self, proof: Proof, wanted: &str) -> Result<Caller, ServiceError> {
        let db = self.store.read();
        let known = user::get(db, proof.user).await?.ok_or_else(refused)?;
        let home = account::get(db, known.account).await?.ok_or_else(refused)?;
        if home.state != AccountState::Enabled {
            return Err(not_enabled(&home.name));
        }
        let admin = home.kind == "admin";
        let elsewhere = !wanted.is_empty() && wanted != home.name;
        let account = if elsewhere { account::find(db, wanted).await? } else { Some(home.clone()) };
        let allowed = if admin {
            Allowed::Everything
        } else {
            let domain = account.as_ref().map_or(wanted, |account| account.name.as_str());
            let held = role::list(db, Some(known.id), None, Some(domain)).await?;
            let roles: Vec<String> = held.into_iter().map(|held| held.role).collect();
            // Whether there is such an account is none of a stranger's business.
            if elsewhere && roles.is_empty() {
                return Err(ServiceError::new(
                    Kind::Forbidden,
                    format!("Not authorized. Requires permissions: domain={wanted} action=* target=*"),
                ));
            }
            Allowed::Roles(roles)
        };
        let account = account.ok_or_else(|| ServiceError::not_found(format!("User account not found: {wanted}")))?;
        if account.state != AccountState::Enabled && !admin {
            return Err(not_enabled(&account.name));
        }
        Ok(Caller { user: known, home, account, allowed, origin: proof.origin, request_id: String::new() })
    }

    /// Forgets what users may do, so that it is looked up again: in this process at once, in others within a second.
    pub(crate) fn rights_changed(&self) {
        self.callers.invalidate_all();
    }

    /// A token pair for a user and a password.
    pub async fn login(&self, username: &str, password: &str, address: &str) -> Result<TokenPair, ServiceError> {
        let credentials = Credentials::Basic { username: username.to_owned(), password: password.to_owned() };
        let caller = self.verify(&credentials, None, address, "").await?;
        let tx = self.store.begin().await?;
        let pair = TokenPair::create(tx.db(), caller.user.id, None, clock::now()).await?;
        tx.commit().await?;
        Ok(pair)
    }

    /// A new token pair for a refresh token.
    pub async fn refresh(&self, secret: &str) -> Result<TokenPair, ServiceError> {
        let tx = self.store.begin().await?;
        let pair = TokenPair::refresh(tx.db(), secret, clock::now()).await?;
        tx.commit().await?;
        pair.ok_or_else(refused)
    }

    /// Ends a login by its refresh token; a token that nobody knows has ended already.
    pub async fn revoke(&self, secret: &str) -> Result<(), ServiceError> {
        let tx = self.store.begin().await?;
        if let Some(known) = token::find(tx.db(), &sha256(secret.as_bytes()), TokenKind::Refresh).await? {
            token::revoke_family(tx.db(), &known.family).await?;
        }
        Ok(tx.commit().await?)
    }
}

fn not_enabled(account: &str) -> ServiceError {
    ServiceError::new(Kind::Forbidden, format!("Not authorized. Account {account} not enabled."))
}

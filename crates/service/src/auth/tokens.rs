//! Making and reading API keys and tokens. All are random; only their digests are kept.

use std::time::Duration;

use jiff::Timestamp;
use stopgate_store::Db;
use stopgate_store::UserId;
use stopgate_store::token::{self, Token, TokenKind};
use uuid::Uuid;

use super::{base32, random, sha256};
use crate::ServiceError;
use crate::error::Kind;

/// How long an access token lasts.
pub(super) const ACCESS: Duration = Duration::from_hours(1);
/// How long a refresh token lasts.
const REFRESH: Duration = Duration::from_hours(24);

/// A new API key, the only time that its secret is known.
#[derive(Debug, Clone)]
pub struct ApiKeySecret {
    /// The part that may be shown.
    pub key_id: String,
    /// The whole key: `sgk_<id>_<secret>`.
    pub value: String,
    /// Digest of the secret part.
    pub sha256: Vec<u8>,
}

impl ApiKeySecret {
    /// A new one: ten characters of id, 52 of secret.
    pub fn new() -> Result<Self, ServiceError> {
        let id: String = base32(&random::<7>()?).chars().take(10).collect();
        let secret = base32(&random::<32>()?);
        Ok(Self { value: format!("sgk_{id}_{secret}"), sha256: sha256(secret.as_bytes()), key_id: id })
    }

    /// Id and digest of a key that somebody shows.
    pub(super) fn read(value: &str) -> Option<(&str, Vec<u8>)> {
        let (id, secret) = value.strip_prefix("sgk_")?.split_once('_')?;
        Some((id, sha256(secret.as_bytes())))
    }
}

/// An access token and the refresh token that comes with it.
#[derive(Debug, Clone)]
pub struct TokenPair {
    /// Opens the API.
    pub access: String,
    /// Is given back for a new pair, once.
    pub refresh: String,
    /// How long the access token lasts, in seconds.
    pub expires_in: u64,
}

impl TokenPair {
    /// A new pair for a user.
    pub(super) async fn create(
        db: Db<'_>,
        owner: UserId,
        family: Option<String>,
        now: Timestamp,
    ) -> Result<Self, ServiceError> {
        let family = family.unwrap_or_else(|| Uuid::new_v4().to_string());
        let pair = Self {
            access: format!("sgt_{}", base32(&random::<32>()?)),
            refresh: format!("sgr_{}", base32(&random::<32>()?)),
            expires_in: ACCESS.as_secs(),
        };
        for (secret, kind, life) in
            [(&pair.access, TokenKind::Access, ACCESS), (&pair.refresh, TokenKind::Refresh, REFRESH)]
        {
            let token = Token { owner, family: family.clone(), expires_at: now + life, used: false };
            token::create(db, &sha256(secret.as_bytes()), kind, &token).await?;
        }
        Ok(pair)
    }

    /// A new pair for a refresh token. One that is given back a second time ends everything that came of its login:
    /// somebody has stolen it.
    pub(super) async fn refresh(db: Db<'_>, secret: &str, now: Timestamp) -> Result<Option<Self>, ServiceError> {
        let digest = sha256(secret.as_bytes());
        let known = token::find(db, &digest, TokenKind::Refresh).await?;
        let Some(known) = known.filter(|token| token.expires_at > now) else { return Err(refused()) };
        if !token::use_up(db, &digest).await? {
            token::revoke_family(db, &known.family).await?;
            return Ok(None);
        }
        Self::create(db, known.owner, Some(known.family), now).await.map(Some)
    }
}

pub(super) fn refused() -> ServiceError {
    ServiceError::new(Kind::Unauthorized, "Unauthorized")
}

//! Bearer and refresh tokens: random, kept as digests, known to no other system.

use jiff::Timestamp;

use crate::sql::{Db, sql};
use crate::{StoreError, UserId};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// It opens the API.
    Access,
    /// It is given back for a new pair, once.
    Refresh,
}

impl TokenKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Whom it stands for.
    pub owner: UserId,
    /// The login that it descends from.
    pub family: String,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Whether it was given back already.
    pub used: bool,
}

/// Keeps the digest of a new token.
pub async fn create(db: Db<'_>, sha256: &[u8], kind: TokenKind, token: &Token) -> Result<(), StoreError> {
    sql("INSERT INTO token (sha256, account_user, kind, family, expires_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(sha256.to_vec())
        .bind(token.owner.0)
        .bind(kind.name())
        .bind(token.family.as_str())
        .at(token.expires_at)
        .run(db)
        .await?;
    Ok(())
}

/// The token with this digest.
pub async fn find(db: Db<'_>, sha256: &[u8], kind: TokenKind) -> Result<Option<Token>, StoreError> {
    sql("SELECT account_user, family, expires_at, used FROM token WHERE sha256 = $1 AND kind = $2")
        .bind(sha256.to_vec())
        .bind(kind.name())
        .one(db, |row| {
            Ok(Token {
                owner: UserId(row.get("account_user")?),
                family: row.get("family")?,
                expires_at: row.at("expires_at")?,
                used: row.get("used")?,
            })
        })
        .await
}

/// Marks a refresh token as given back; false when somebody was faster.
pub async fn use_up(db: Db<'_>, sha256: &[u8]) -> Result<bool, StoreError> {
    Ok(sql("UPDATE token SET used = TRUE WHERE sha256 = $1 AND used = FALSE").bind(sha256.to_vec()).run(db).await? == 1)
}

/// Ends all tokens of a login.
pub async fn revoke_family(db: Db<'_>, family: &str) -> Result<(), StoreError> {
    sql("DELETE FROM token WHERE family = $1").bind(family).run(db).await?;
    Ok(())
}

/// Forgets tokens that have ended.
pub async fn sweep(db: Db<'_>, now: Timestamp) -> Result<u64, StoreError> {
    sql("DELETE FROM token WHERE expires_at < $1").at(now).run(db).await
}

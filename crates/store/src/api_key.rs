//! API keys: random secrets that act for their owner. Only their digests are kept.

use jiff::Timestamp;

use crate::sql::{Db, Row, sql};
use crate::{StoreError, UserId};

/// An API key without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The part of the key that may be shown.
    pub key_id: String,
    /// Whose it is.
    pub owner: UserId,
    /// Name, unique for its owner.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// SHA-256 of the secret part.
    pub sha256: Vec<u8>,
    /// Whether it was revoked.
    pub revoked: bool,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was used last, to the minute.
    pub used_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

const SELECT: &str = "SELECT key_id, account_user, name, description, sha256, state, expires_at, used_at, created_at, \
                      updated_at FROM api_key WHERE 1 = 1";

fn read(row: &Row) -> Result<ApiKey, StoreError> {
    Ok(ApiKey {
        key_id: row.get("key_id")?,
        owner: UserId(row.get("account_user")?),
        name: row.get("name")?,
        description: row.get("description")?,
        sha256: row.get("sha256")?,
        revoked: row.get::<String>("state")? == "revoked",
        expires_at: row.at("expires_at")?,
        used_at: row.maybe_at("used_at")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

/// Keeps a new key; `Duplicate` when its owner has one of that name.
pub async fn create(db: Db<'_>, key: &ApiKey) -> Result<(), StoreError> {
    sql("INSERT INTO api_key (key_id, account_user, name, description, sha256, state, expires_at, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)")
    .bind(key.key_id.as_str())
    .bind(key.owner.0)
    .bind(key.name.as_str())
    .bind(key.description.as_deref())
    .bind(key.sha256.clone())
    .bind(if key.revoked { "revoked" } else { "active" })
    .at(key.expires_at)
    .at(key.created_at)
    .at(key.updated_at)
    .run(db)
    .await?;
    Ok(())
}

/// The key with this id.
pub async fn find(db: Db<'_>, key_id: &str) -> Result<Option<ApiKey>, StoreError> {
    sql(SELECT).filter("key_id =", Some(key_id)).one(db, read).await
}

/// The keys of an owner, by name.
pub async fn list(db: Db<'_>, owner: UserId) -> Result<Vec<ApiKey>, StoreError> {
    sql(SELECT).filter("account_user =", Some(owner.0)).then(" ORDER BY name").all(db, read).await
}

/// The key of an owner with this name.
pub async fn named(db: Db<'_>, owner: UserId, name: &str) -> Result<Option<ApiKey>, StoreError> {
    sql(SELECT).filter("account_user =", Some(owner.0)).filter("name =", Some(name)).one(db, read).await
}

/// Renames, describes, revokes.
pub async fn update(db: Db<'_>, key: &ApiKey) -> Result<(), StoreError> {
    sql("UPDATE api_key SET name = $2, description = $3, state = $4, updated_at = $5 WHERE key_id = $1")
        .bind(key.key_id.as_str())
        .bind(key.name.as_str())
        .bind(key.description.as_deref())
        .bind(if key.revoked { "revoked" } else { "active" })
        .at(key.updated_at)
        .run(db)
        .await?;
    Ok(())
}

/// Deletes it.
pub async fn delete(db: Db<'_>, key_id: &str) -> Result<(), StoreError> {
    sql("DELETE FROM api_key WHERE key_id = $1").bind(key_id).run(db).await?;
    Ok(())
}

/// Marks that it was used.
pub async fn mark_used(db: Db<'_>, key_id: &str, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE api_key SET used_at = $2 WHERE key_id = $1").bind(key_id).at(now).run(db).await?;
    Ok(())
}

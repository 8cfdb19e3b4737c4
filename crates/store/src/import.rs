//! Import operations: parts of an analysis that somebody else made, before they become an image or a source.

use jiff::Timestamp;
use serde_json::Value;

use crate::sql::{Db, Row, sql};
use crate::{AccountId, StoreError};

/// An import operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its key.
    pub id: i64,
    /// Its id in the API.
    pub uuid: String,
    /// `pending`, `queued`, `processing`, `complete`, `failed` or `expired`.
    pub state: String,
    /// Who sends the parts.
    pub requester: String,
    /// Which of its parts make what is imported, once that was said.
    pub submitted: Option<Value>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

const SELECT: &str = "SELECT id, uuid, state, requester, submitted, created_at, updated_at, expires_at FROM import_operation WHERE account = ";

fn read(row: &Row) -> Result<Operation, StoreError> {
    Ok(Operation {
        id: row.get("id")?,
        uuid: row.get("uuid")?,
        state: row.get("state")?,
        requester: row.get("requester")?,
        submitted: match row.get::<Option<String>>("submitted")? {
            Some(_) => Some(row.json("submitted")?),
            None => None,
        },
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
        expires_at: row.at("expires_at")?,
    })
}

/// Opens an operation for an `image` or a `source`.
pub async fn create(
    db: Db<'_>,
    account: AccountId,
    kind: &str,
    uuid: &str,
    requester: &str,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    sql("INSERT INTO import_operation (uuid, account, kind, state, requester, created_at, updated_at, expires_at) \
         VALUES ($1, $2, $3, 'pending', $4, $5, $5, $6)")
    .bind(uuid)
    .bind(account.0)
    .bind(kind)
    .bind(requester)
    .at(now)
    .at(expires_at)
    .run(db)
    .await?;
    Ok(())
}

/// The operation with this id.
pub async fn find(db: Db<'_>, account: AccountId, kind: &str, uuid: &str) -> Result<Option<Operation>, StoreError> {
    sql(SELECT).bind_next(account.0).filter("kind =", Some(kind)).filter("uuid =", Some(uuid)).one(db, read).await
}

/// The operation with this key.
pub async fn get(db: Db<'_>, account: AccountId, id: i64) -> Result<Option<Operation>, StoreError> {
    sql(SELECT).bind_next(account.0).filter("id =", Some(id)).one(db, read).await
}

/// Operations that are not over, the oldest first.
pub async fn list(db: Db<'_>, account: AccountId, kind: &str) -> Result<Vec<Operation>, StoreError> {
    sql(SELECT)
        .bind_next(account.0)
        .filter("kind =", Some(kind))
        .then(" AND state IN ('pending', 'queued', 'processing') ORDER BY id")
        .all(db, read)
        .await
}

/// Moves an operation to another state.
pub async fn set_state(db: Db<'_>, id: i64, state: &str, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE import_operation SET state = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(state)
        .at(now)
        .run(db)
        .await?;
    Ok(())
}

/// Moves an operation that still takes parts to another state, with what it is to make of them; `false` when it takes
/// none any more, so that of two who submit it only one does.
pub async fn submit(db: Db<'_>, id: i64, state: &str, submitted: &Value, now: Timestamp) -> Result<bool, StoreError> {
    let moved = sql("UPDATE import_operation SET state = $2, submitted = $3, updated_at = $4 \
                     WHERE id = $1 AND state = 'pending'")
    .bind(id)
    .bind(state)
    .bind(submitted.to_string())
    .at(now)
    .run(db)
    .await?;
    Ok(moved > 0)
}

/// Forgets an operation with the list of its parts.
pub async fn delete(db: Db<'_>, id: i64) -> Result<(), StoreError> {
    for text in ["DELETE FROM import_part WHERE operation = $1", "DELETE FROM import_operation WHERE id = $1"] {
        sql(text).bind(id).run(db).await?;
    }
    Ok(())
}

/// Keeps that a part was sent.
pub async fn add_part(
    db: Db<'_>,
    operation: i64,
    kind: &str,
    digest: &str,
    media_type: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO import_part (operation, kind, digest, media_type, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (operation, kind, digest) DO NOTHING")
    .bind(operation)
    .bind(kind)
    .bind(digest)
    .bind(media_type)
    .at(now)
    .run(db)
    .await?;
    Ok(())
}

/// Digests of the parts of a kind, with the media types that they were sent as.
pub async fn parts(db: Db<'_>, operation: i64, kind: &str) -> Result<Vec<(String, String, Timestamp)>, StoreError> {
    sql("SELECT digest, media_type, created_at FROM import_part WHERE operation = $1 AND kind = $2 \
         ORDER BY created_at, digest")
    .bind(operation)
    .bind(kind)
    .all(db, |row| Ok((row.get("digest")?, row.get("media_type")?, row.at("created_at")?)))
    .await
}

/// Ends operations whose time has passed.
pub async fn expire(db: Db<'_>, now: Timestamp) -> Result<u64, StoreError> {
    sql("UPDATE import_operation SET state = 'expired', updated_at = $1 WHERE state = 'pending' AND expires_at < $1")
        .at(now)
        .run(db)
        .await
}

//! Small documents of an account that need no table of their own: each has a kind, and what it is about.

use jiff::Timestamp;
use serde_json::Value;

use crate::sql::{Db, Row, Sql, sql};
use crate::{AccountId, StoreError};

/// A document.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentRow {
    /// Its id in the API.
    pub uuid: String,
    /// What it is about; empty where that says nothing.
    pub item: String,
    /// The document.
    pub body: Value,
    /// Digest of a file that belongs to it.
    pub blob: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

const SELECT: &str = "SELECT uuid, item, body, blob, created_at, updated_at FROM document WHERE account = ";

fn read(row: &Row) -> Result<DocumentRow, StoreError> {
    Ok(DocumentRow {
        uuid: row.get("uuid")?,
        item: row.get("item")?,
        body: row.json("body")?,
        blob: row.get("blob")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

fn select(account: AccountId, kind: &str) -> Sql {
    sql(SELECT).bind_next(account.0).filter("kind =", Some(kind))
}

/// Documents of a kind, about one item or about any, the oldest first.
pub async fn list(
    db: Db<'_>,
    account: AccountId,
    kind: &str,
    item: Option<&str>,
) -> Result<Vec<DocumentRow>, StoreError> {
    select(account, kind).filter("item =", item).then(" ORDER BY id").all(db, read).await
}

/// The document with this id.
pub async fn find(db: Db<'_>, account: AccountId, kind: &str, uuid: &str) -> Result<Option<DocumentRow>, StoreError> {
    select(account, kind).filter("uuid =", Some(uuid)).one(db, read).await
}

/// Keeps a document, in place of the one with the same id.
pub async fn put(db: Db<'_>, account: AccountId, kind: &str, new: &DocumentRow) -> Result<(), StoreError> {
    sql("INSERT INTO document (uuid, account, kind, item, body, blob, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (uuid) DO UPDATE SET body = excluded.body, \
         blob = excluded.blob, updated_at = excluded.updated_at \
         WHERE document.account = excluded.account AND document.kind = excluded.kind")
    .bind(new.uuid.as_str())
    .bind(account.0)
    .bind(kind)
    .bind(new.item.as_str())
    .bind(new.body.to_string())
    .bind(new.blob.as_deref())
    .at(new.created_at)
    .at(new.updated_at)
    .run(db)
    .await?;
    Ok(())
}

/// Deletes a document; false when there is none.
pub async fn delete(db: Db<'_>, account: AccountId, kind: &str, uuid: &str) -> Result<bool, StoreError> {
    let n = sql("DELETE FROM document WHERE account = $1 AND kind = $2 AND uuid = $3")
        .bind(account.0)
        .bind(kind)
        .bind(uuid)
        .run(db)
        .await?;
    Ok(n > 0)
}

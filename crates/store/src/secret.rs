//! Secrets of others that are needed again: encrypted before they come here.

use crate::sql::{Db, sql};
use crate::{AccountId, StoreError};

/// Whose secret: the table, the item in it and its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretName {
    /// The account.
    pub account: AccountId,
    /// The table, for example `registry`.
    pub holder: String,
    /// The item in it.
    pub item: String,
    /// The field.
    pub field: String,
}

/// An encrypted secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// Which key it was encrypted with.
    pub key_id: String,
    /// The nonce.
    pub nonce: Vec<u8>,
    /// The ciphertext with its tag.
    pub ciphertext: Vec<u8>,
}

/// Keeps a secret in place of the one before.
pub async fn put(db: Db<'_>, name: &SecretName, sealed: &Sealed) -> Result<(), StoreError> {
    sql("INSERT INTO secret (account, holder, item, field, key_id, nonce, ciphertext) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, holder, item, field) \
         DO UPDATE SET key_id = excluded.key_id, nonce = excluded.nonce, ciphertext = excluded.ciphertext")
    .bind(name.account.0)
    .bind(name.holder.as_str())
    .bind(name.item.as_str())
    .bind(name.field.as_str())
    .bind(sealed.key_id.as_str())
    .bind(sealed.nonce.clone())
    .bind(sealed.ciphertext.clone())
    .run(db)
    .await?;
    Ok(())
}

/// Keeps a secret unless there is one.
pub async fn put_first(db: Db<'_>, name: &SecretName, sealed: &Sealed) -> Result<(), StoreError> {
    sql("INSERT INTO secret (account, holder, item, field, key_id, nonce, ciphertext) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account, holder, item, field) DO NOTHING")
    .bind(name.account.0)
    .bind(name.holder.as_str())
    .bind(name.item.as_str())
    .bind(name.field.as_str())
    .bind(sealed.key_id.as_str())
    .bind(sealed.nonce.clone())
    .bind(sealed.ciphertext.clone())
    .run(db)
    .await?;
    Ok(())
}

/// A secret.
pub async fn find(db: Db<'_>, name: &SecretName) -> Result<Option<Sealed>, StoreError> {
    sql("SELECT key_id, nonce, ciphertext FROM secret WHERE account = $1 AND holder = $2 AND item = $3 AND field = $4")
        .bind(name.account.0)
        .bind(name.holder.as_str())
        .bind(name.item.as_str())
        .bind(name.field.as_str())
        .one(db, |row| {
            Ok(Sealed { key_id: row.get("key_id")?, nonce: row.get("nonce")?, ciphertext: row.get("ciphertext")? })
        })
        .await
}

/// Secrets that were encrypted with another key than this one.
pub async fn of_other_keys(db: Db<'_>, key_id: &str) -> Result<Vec<SecretName>, StoreError> {
    sql("SELECT account, holder, item, field FROM secret WHERE key_id <> $1")
        .bind(key_id)
        .all(db, |row| {
            Ok(SecretName {
                account: AccountId(row.get("account")?),
                holder: row.get("holder")?,
                item: row.get("item")?,
                field: row.get("field")?,
            })
        })
        .await
}

/// Deletes one secret of an item.
pub async fn delete_field(db: Db<'_>, name: &SecretName) -> Result<(), StoreError> {
    sql("DELETE FROM secret WHERE account = $1 AND holder = $2 AND item = $3 AND field = $4")
        .bind(name.account.0)
        .bind(name.holder.as_str())
        .bind(name.item.as_str())
        .bind(name.field.as_str())
        .run(db)
        .await?;
    Ok(())
}

/// Deletes all secrets of an item.
pub async fn delete(db: Db<'_>, account: AccountId, holder: &str, item: &str) -> Result<(), StoreError> {
    sql("DELETE FROM secret WHERE account = $1 AND holder = $2 AND item = $3")
        .bind(account.0)
        .bind(holder)
        .bind(item)
        .run(db)
        .await?;
    Ok(())
}

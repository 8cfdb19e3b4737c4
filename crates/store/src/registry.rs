//! Registries that an account may read, without their passwords.

use jiff::Timestamp;

use crate::sql::{Db, Row, sql};
use crate::{AccountId, StoreError};

/// A registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryRow {
    /// `host[:port][/path]`, a `*` at its end for any.
    pub pattern: String,
    /// Its name for people.
    pub name: String,
    /// `docker_v2` or `awsecr`.
    pub kind: String,
    /// Who logs in; nobody when it is empty.
    pub username: String,
    /// Whether its certificate is checked.
    pub verify: bool,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

fn read(row: &Row) -> Result<RegistryRow, StoreError> {
    Ok(RegistryRow {
        pattern: row.get("pattern")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        username: row.get("username")?,
        verify: row.get("verify")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

const SELECT: &str =
    "SELECT pattern, name, kind, username, verify, created_at, updated_at FROM registry WHERE account = ";

/// All registries of an account.
pub async fn list(db: Db<'_>, account: AccountId) -> Result<Vec<RegistryRow>, StoreError> {
    sql(SELECT).bind_next(account.0).then(" ORDER BY pattern").all(db, read).await
}

/// The registry with this pattern.
pub async fn find(db: Db<'_>, account: AccountId, pattern: &str) -> Result<Option<RegistryRow>, StoreError> {
    sql(SELECT).bind_next(account.0).filter("pattern =", Some(pattern)).one(db, read).await
}

/// Adds one; `Duplicate` when there is one with its pattern.
pub async fn create(db: Db<'_>, account: AccountId, row: &RegistryRow) -> Result<(), StoreError> {
    sql("INSERT INTO registry (account, pattern, name, kind, username, verify, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(account.0)
    .bind(row.pattern.as_str())
    .bind(row.name.as_str())
    .bind(row.kind.as_str())
    .bind(row.username.as_str())
    .bind(row.verify)
    .at(row.created_at)
    .at(row.updated_at)
    .run(db)
    .await?;
    Ok(())
}

/// Changes one.
pub async fn update(db: Db<'_>, account: AccountId, row: &RegistryRow) -> Result<(), StoreError> {
    sql("UPDATE registry SET name = $3, kind = $4, username = $5, verify = $6, updated_at = $7 \
         WHERE account = $1 AND pattern = $2")
    .bind(account.0)
    .bind(row.pattern.as_str())
    .bind(row.name.as_str())
    .bind(row.kind.as_str())
    .bind(row.username.as_str())
    .bind(row.verify)
    .at(row.updated_at)
    .run(db)
    .await?;
    Ok(())
}

/// Deletes one; `false` when there was none.
pub async fn delete(db: Db<'_>, account: AccountId, pattern: &str) -> Result<bool, StoreError> {
    let n =
        sql("DELETE FROM registry WHERE account = $1 AND pattern = $2").bind(account.0).bind(pattern).run(db).await?;
    Ok(n > 0)
}

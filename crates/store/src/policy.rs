//! Policies of an account, their revisions, and which one is active.

use jiff::Timestamp;

use crate::sql::{Db, Row, Sql, sql};
use crate::{AccountId, StoreError};

/// A policy of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRow {
    /// Its key.
    pub id: i64,
    /// Whose it is.
    pub account: AccountId,
    /// Its own id.
    pub policy_id: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// `local`, or the pack that it is.
    pub source: String,
    /// Whether it decides when none is named.
    pub active: bool,
    /// Digest of its document with its side-car.
    pub revision: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// The documents of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Digest of both.
    pub digest: String,
    /// The policy as JSON.
    pub body: String,
    /// Its side-car as JSON.
    pub ext: Option<String>,
}

const SELECT: &str = "SELECT id, account, policy_id, name, description, source, active, revision, created_at, updated_at \
                      FROM policy WHERE account = ";

fn read(row: &Row) -> Result<PolicyRow, StoreError> {
    Ok(PolicyRow {
        id: row.get("id")?,
        account: AccountId(row.get("account")?),
        policy_id: row.get("policy_id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        source: row.get("source")?,
        active: row.get("active")?,
        revision: row.get("revision")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

fn select(account: AccountId) -> Sql {
    sql(SELECT).bind_next(account.0)
}

/// All policies, the active one first.
pub async fn list(db: Db<'_>, account: AccountId) -> Result<Vec<PolicyRow>, StoreError> {
    select(account).then(" ORDER BY CASE WHEN active THEN 0 ELSE 1 END, name, id").all(db, read).await
}

/// The policy with this id of its own.
pub async fn find(db: Db<'_>, account: AccountId, policy_id: &str) -> Result<Option<PolicyRow>, StoreError> {
    select(account).filter("policy_id =", Some(policy_id)).one(db, read).await
}

/// The policy that decides when none is named.
pub async fn active(db: Db<'_>, account: AccountId) -> Result<Option<PolicyRow>, StoreError> {
    select(account).then(" AND active").one(db, read).await
}

/// The documents with this digest.
pub async fn revision(db: Db<'_>, digest: &str) -> Result<Option<Revision>, StoreError> {
    sql("SELECT digest, body, ext FROM policy_revision WHERE digest = $1")
        .bind(digest)
        .one(db, |row| Ok(Revision { digest: row.get("digest")?, body: row.get("body")?, ext: row.get("ext")? }))
        .await
}

/// What is written of a policy.
#[derive(Debug, Clone)]
pub struct NewPolicy<'a> {
    /// Its own id.
    pub policy_id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// `local`, or the pack that it is.
    pub source: &'a str,
    /// Its documents.
    pub revision: &'a Revision,
    /// Who writes it.
    pub author: &'a str,
}

async fn keep(db: Db<'_>, account: AccountId, new: &NewPolicy<'_>, now: Timestamp) -> Result<(), StoreError> {
    sql("INSERT INTO policy_revision (digest, body, ext, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (digest) DO NOTHING")
    .bind(new.revision.digest.as_str())
    .bind(new.revision.body.as_str())
    .bind(new.revision.ext.as_deref())
    .at(now)
    .run(db)
    .await?;
    sql("INSERT INTO policy_history (account, policy_id, revision, author, at) VALUES ($1, $2, $3, $4, $5)")
        .bind(account.0)
        .bind(new.policy_id)
        .bind(new.revision.digest.as_str())
        .bind(new.author)
        .at(now)
        .run(db)
        .await?;
    crate::account::touch(db, account).await
}

/// Adds a policy, not active; `Duplicate` when the account has one with its id.
pub async fn create(db: Db<'_>, account: AccountId, new: &NewPolicy<'_>, now: Timestamp) -> Result<(), StoreError> {
    keep(db, account, new, now).await?;
    sql(
        "INSERT INTO policy (account, policy_id, name, description, source, active, revision, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, FALSE, $6, $7, $7)",
    )
    .bind(account.0)
    .bind(new.policy_id)
    .bind(new.name)
    .bind(new.description)
    .bind(new.source)
    .bind(new.revision.digest.as_str())
    .at(now)
    .run(db)
    .await?;
    Ok(())
}

/// Replaces the documents of a policy.
pub async fn update(db: Db<'_>, account: AccountId, new: &NewPolicy<'_>, now: Timestamp) -> Result<(), StoreError> {
    keep(db, account, new, now).await?;
    sql("UPDATE policy SET name = $3, description = $4, source = $5, revision = $6, updated_at = $7 \
         WHERE account = $1 AND policy_id = $2")
    .bind(account.0)
    .bind(new.policy_id)
    .bind(new.name)
    .bind(new.description)
    .bind(new.source)
    .bind(new.revision.digest.as_str())
    .at(now)
    .run(db)
    .await?;
    Ok(())
}

/// Lets a policy decide from now on, in place of the one before.
pub async fn activate(db: Db<'_>, account: AccountId, policy_id: &str, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE policy SET active = FALSE WHERE account = $1 AND active").bind(account.0).run(db).await?;
    sql("UPDATE policy SET active = TRUE, updated_at = $3 WHERE account = $1 AND policy_id = $2")
        .bind(account.0)
        .bind(policy_id)
        .at(now)
        .run(db)
        .await?;
    crate::account::touch(db, account).await
}

/// Deletes a policy; its revisions stay, since verdicts name them.
pub async fn delete(db: Db<'_>, account: AccountId, policy_id: &str) -> Result<(), StoreError> {
    sql("DELETE FROM policy WHERE account = $1 AND policy_id = $2").bind(account.0).bind(policy_id).run(db).await?;
    crate::account::touch(db, account).await
}

/// Who wrote which revision of a policy when, the newest first.
pub async fn history(
    db: Db<'_>,
    account: AccountId,
    policy_id: &str,
) -> Result<Vec<(String, String, Timestamp)>, StoreError> {
    sql("SELECT revision, author, at FROM policy_history WHERE account = $1 AND policy_id = $2 ORDER BY id DESC")
        .bind(account.0)
        .bind(policy_id)
        .all(db, |row| Ok((row.get("revision")?, row.get("author")?, row.at("at")?)))
        .await
}

//! Agents that made themselves known.

use jiff::Timestamp;
use serde_json::Value;

use crate::sql::{Db, Row, Sql, sql};
use crate::{AccountId, StoreError};

/// An agent.
#[derive(Debug, Clone, PartialEq)]
pub struct IntegrationRow {
    /// Its id in the API.
    pub uuid: String,
    /// What its installation calls itself.
    pub registration_id: String,
    /// What the running replica calls itself.
    pub instance_id: String,
    /// What it does.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub account: AccountId,
    /// What it told when it made itself known.
    pub body: Value,
    /// Its last health report.
    pub health: Option<Value>,
    /// When it was first known.
    pub created_at: Timestamp,
    /// When its registration was renewed.
    pub updated_at: Timestamp,
    /// When it was heard of last.
    pub seen_at: Option<Timestamp>,
}

const SELECT: &str = "SELECT uuid, registration_id, instance_id, kind, name, account, body, health, created_at, \
                      updated_at, seen_at FROM integration WHERE 1 = 1";

fn read(row: &Row) -> Result<IntegrationRow, StoreError> {
    let health: Option<String> = row.get("health")?;
    let health = health.map(|text| serde_json::from_str(&text)).transpose();
    Ok(IntegrationRow {
        uuid: row.get("uuid")?,
        registration_id: row.get("registration_id")?,
        instance_id: row.get("instance_id")?,
        kind: row.get("kind")?,
        name: row.get("name")?,
        account: AccountId(row.get("account")?),
        body: row.json("body")?,
        health: health.map_err(|error| StoreError::Damaged(format!("health: {error}")))?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
        seen_at: row.maybe_at("seen_at")?,
    })
}

fn select(account: AccountId) -> Sql {
    sql(SELECT).filter("account =", Some(account.0))
}

/// Agents of an account, the oldest first.
pub async fn list(db: Db<'_>, account: AccountId) -> Result<Vec<IntegrationRow>, StoreError> {
    select(account).then(" ORDER BY id").all(db, read).await
}

/// The agent with this id.
pub async fn find(db: Db<'_>, account: AccountId, uuid: &str) -> Result<Option<IntegrationRow>, StoreError> {
    select(account).filter("uuid =", Some(uuid)).one(db, read).await
}

/// The agent that calls itself so, in whichever account: such a name is there once in an installation.
pub async fn registered(db: Db<'_>, registration_id: &str, kind: &str) -> Result<Option<IntegrationRow>, StoreError> {
    sql(SELECT).filter("registration_id =", Some(registration_id)).filter("kind =", Some(kind)).one(db, read).await
}

/// Adds an agent, or renews what is known of it.
pub async fn put(db: Db<'_>, new: &IntegrationRow) -> Result<(), StoreError> {
    sql("INSERT INTO integration (uuid, registration_id, instance_id, kind, name, account, body, created_at, updated_at, \
         seen_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (registration_id, kind) DO UPDATE SET \
         instance_id = excluded.instance_id, name = excluded.name, body = excluded.body, \
         updated_at = excluded.updated_at, seen_at = excluded.seen_at")
    .bind(new.uuid.as_str())
    .bind(new.registration_id.as_str())
    .bind(new.instance_id.as_str())
    .bind(new.kind.as_str())
    .bind(new.name.as_str())
    .bind(new.account.0)
    .bind(new.body.to_string())
    .at(new.created_at)
    .at(new.updated_at)
    .maybe_at(new.seen_at)
    .run(db)
    .await?;
    Ok(())
}

/// Keeps a health report; false when there is no such agent.
pub async fn set_health(
    db: Db<'_>,
    account: AccountId,
    uuid: &str,
    health: &Value,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let n = sql("UPDATE integration SET health = $3, seen_at = $4 WHERE account = $1 AND uuid = $2")
        .bind(account.0)
        .bind(uuid)
        .bind(health.to_string())
        .at(now)
        .run(db)
        .await?;
    Ok(n > 0)
}

/// Forgets an agent.
pub async fn delete(db: Db<'_>, account: AccountId, uuid: &str) -> Result<bool, StoreError> {
    let n = sql("DELETE FROM integration WHERE account = $1 AND uuid = $2").bind(account.0).bind(uuid).run(db).await?;
    Ok(n > 0)
}

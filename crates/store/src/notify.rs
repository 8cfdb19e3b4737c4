//! Where events are sent: endpoints, which events they hear, and what was sent to each.

use jiff::Timestamp;
use serde_json::Value;

use crate::event::{self, Event};
use crate::sql::{Db, Row, sql};
use crate::{AccountId, StoreError, time};

/// Somewhere to send events to, without its secrets.
#[derive(Debug, Clone, PartialEq)]
pub struct Endpoint {
    /// Its key.
    pub id: i64,
    /// Its id in the API.
    pub uuid: String,
    /// Whose it is.
    pub account: AccountId,
    /// `webhook`, `slack`, `teams` ...
    pub kind: String,
    /// What its kind needs to know, secrets aside.
    pub body: Value,
    /// When something arrived last.
    pub delivered_at: Option<Timestamp>,
    /// When something failed last.
    pub failed_at: Option<Timestamp>,
    /// Why.
    pub failure: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

const ENDPOINTS: &str = "SELECT e.id, e.uuid, e.account, e.kind, e.body, e.delivered_at, e.failed_at, e.failure, \
                         e.created_at, e.updated_at FROM notify_endpoint e WHERE 1 = 1";

fn read_endpoint(row: &Row) -> Result<Endpoint, StoreError> {
    Ok(Endpoint {
        id: row.get("id")?,
        uuid: row.get("uuid")?,
        account: AccountId(row.get("account")?),
        kind: row.get("kind")?,
        body: row.json("body")?,
        delivered_at: row.maybe_at("delivered_at")?,
        failed_at: row.maybe_at("failed_at")?,
        failure: row.get("failure")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

/// Endpoints of an account and a kind.
pub async fn endpoints(db: Db<'_>, account: AccountId, kind: &str) -> Result<Vec<Endpoint>, StoreError> {
    sql(ENDPOINTS)
        .filter("e.account =", Some(account.0))
        .filter("e.kind =", Some(kind))
        .then(" ORDER BY e.id")
        .all(db, read_endpoint)
        .await
}

/// The endpoint with this id.
pub async fn endpoint(db: Db<'_>, account: AccountId, kind: &str, uuid: &str) -> Result<Option<Endpoint>, StoreError> {
    sql(ENDPOINTS)
        .filter("e.account =", Some(account.0))
        .filter("e.kind =", Some(kind))
        .filter("e.uuid =", Some(uuid))
        .one(db, read_endpoint)
        .await
}

/// The endpoint with this key.
pub async fn endpoint_of(db: Db<'_>, account: AccountId, id: i64) -> Result<Option<Endpoint>, StoreError> {
    sql(ENDPOINTS).filter("e.account =", Some(account.0)).filter("e.id =", Some(id)).one(db, read_endpoint).await
}

/// Adds an endpoint.
pub async fn create_endpoint(
    db: Db<'_>,
    account: AccountId,
    kind: &str,
    uuid: &str,
    body: &Value,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO notify_endpoint (uuid, account, kind, body, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)")
        .bind(uuid)
        .bind(account.0)
        .bind(kind)
        .bind(body.to_string())
        .at(now)
        .run(db)
        .await?;
    Ok(())
}

/// Changes one. How deliveries went is forgotten: they went elsewhere.
pub async fn update_endpoint(db: Db<'_>, id: i64, body: &Value, now: Timestamp) -> Result<(), StoreError> {
    sql(
        "UPDATE notify_endpoint SET body = $2, updated_at = $3, delivered_at = NULL, failed_at = NULL, failure = NULL \
         WHERE id = $1",
    )
    .bind(id)
    .bind(body.to_string())
    .at(now)
    .run(db)
    .await?;
    Ok(())
}

/// Deletes one, with what it hears and what was sent to it.
pub async fn delete_endpoint(db: Db<'_>, id: i64) -> Result<(), StoreError> {
    sql("DELETE FROM delivery WHERE endpoint = $1").bind(id).run(db).await?;
    sql("DELETE FROM notify_selector WHERE endpoint = $1").bind(id).run(db).await?;
    sql("DELETE FROM notify_endpoint WHERE id = $1").bind(id).run(db).await?;
    Ok(())
}

/// Writes down how a delivery went.
pub async fn went(db: Db<'_>, endpoint: i64, failure: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
    let text = match failure {
        None => "UPDATE notify_endpoint SET delivered_at = $2, failure = $3 WHERE id = $1",
        Some(_) => "UPDATE notify_endpoint SET failed_at = $2, failure = $3 WHERE id = $1",
    };
    sql(text).bind(endpoint).at(now).bind(failure).run(db).await?;
    Ok(())
}

/// Which events an endpoint hears.
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    /// Its id in the API.
    pub uuid: String,
    /// Key of its endpoint.
    pub endpoint: i64,
    /// Id of its endpoint in the API.
    pub endpoint_uuid: String,
    /// Whether it hears all accounts.
    pub global: bool,
    /// `info`, `error` or `*`.
    pub level: String,
    /// What events are about, or `*`.
    pub resource_type: String,
    /// Their type; `*` stands for any part.
    pub kind: String,
}

const SELECTORS: &str = "SELECT s.uuid, s.endpoint, e.uuid AS endpoint_uuid, s.global, s.level, s.resource_type, \
                         s.event_type, e.account, e.kind FROM notify_selector s \
                         JOIN notify_endpoint e ON e.id = s.endpoint JOIN account a ON a.id = e.account WHERE 1 = 1";

fn read_selector(row: &Row) -> Result<Selector, StoreError> {
    Ok(Selector {
        uuid: row.get("uuid")?,
        endpoint: row.get("endpoint")?,
        endpoint_uuid: row.get("endpoint_uuid")?,
        global: row.get("global")?,
        level: row.get("level")?,
        resource_type: row.get("resource_type")?,
        kind: row.get("event_type")?,
    })
}

/// Selectors of an account; of one endpoint, when it is given.
pub async fn selectors(db: Db<'_>, account: AccountId, endpoint: Option<i64>) -> Result<Vec<Selector>, StoreError> {
    sql(SELECTORS)
        .filter("e.account =", Some(account.0))
        .filter("s.endpoint =", endpoint)
        .then(" ORDER BY s.id")
        .all(db, read_selector)
        .await
}

/// Selectors of all accounts that may be used, with the account and the kind of their endpoints.
pub async fn listening(db: Db<'_>) -> Result<Vec<(AccountId, String, Selector)>, StoreError> {
    sql(SELECTORS)
        .filter("a.state =", Some("enabled"))
        .then(" ORDER BY s.id")
        .all(db, |row| Ok((AccountId(row.get("account")?), row.get("kind")?, read_selector(row)?)))
        .await
}

/// Adds a selector, or changes the one of its endpoint that has its id.
pub async fn put_selector(db: Db<'_>, selector: &Selector, now: Timestamp) -> Result<(), StoreError> {
    sql("INSERT INTO notify_selector (uuid, endpoint, global, level, resource_type, event_type, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT (uuid) DO UPDATE SET global = excluded.global, \
         level = excluded.level, resource_type = excluded.resource_type, event_type = excluded.event_type, \
         updated_at = excluded.updated_at WHERE notify_selector.endpoint = excluded.endpoint")
    .bind(selector.uuid.as_str())
    .bind(selector.endpoint)
    .bind(selector.global)
    .bind(selector.level.as_str())
    .bind(selector.resource_type.as_str())
    .bind(selector.kind.as_str())
    .at(now)
    .run(db)
    .await?;
    Ok(())
}

/// Deletes a selector of an endpoint; `false` when there was none.
pub async fn delete_selector(db: Db<'_>, endpoint: i64, uuid: &str) -> Result<bool, StoreError> {
    let n = sql("DELETE FROM notify_selector WHERE endpoint = $1 AND uuid = $2").bind(endpoint).bind(uuid).run(db);
    Ok(n.await? > 0)
}

/// Writes down that an event is to be sent to an endpoint; `false` when that was written down before.
pub async fn plan(db: Db<'_>, outbox: i64, endpoint: i64) -> Result<bool, StoreError> {
    let now = db.now().await?;
    let n = sql("INSERT INTO delivery (outbox, endpoint, state, attempts, at) VALUES ($1, $2, 'waiting', 0, $3) \
                 ON CONFLICT (outbox, endpoint) DO NOTHING")
    .bind(outbox)
    .bind(endpoint)
    .bind(now)
    .run(db)
    .await?;
    Ok(n > 0)
}

/// Writes down how far sending an event is: `waiting`, `delivered` or `failed`, after so many tries.
pub async fn sent(
    db: Db<'_>,
    (outbox, endpoint): (i64, i64),
    state: &'static str,
    attempts: i64,
    failure: Option<&str>,
) -> Result<(), StoreError> {
    let now = db.now().await?;
    sql("UPDATE delivery SET state = $3, attempts = $4, failure = $5, at = $6 WHERE outbox = $1 AND endpoint = $2")
        .bind(outbox)
        .bind(endpoint)
        .bind(state)
        .bind(attempts)
        .bind(failure)
        .bind(now)
        .run(db)
        .await?;
    Ok(())
}

/// The event with this key that is to be sent to an endpoint still.
pub async fn waiting(db: Db<'_>, outbox: i64, endpoint: i64) -> Result<Option<Event>, StoreError> {
    let planned = sql("SELECT outbox FROM delivery WHERE state = 'waiting'")
        .filter("outbox =", Some(outbox))
        .filter("endpoint =", Some(endpoint))
        .one(db, |row| row.get::<i64>("outbox"))
        .await?;
    match planned {
        Some(key) => event::get(db, key).await,
        None => Ok(None),
    }
}

/// Forgets what was sent before this time, and events of before the other, with what was sent of them.
pub async fn sweep(db: Db<'_>, sent_before: Timestamp, events_before: Timestamp) -> Result<(), StoreError> {
    sql("DELETE FROM delivery WHERE state <> 'waiting' AND at < $1").at(sent_before).run(db).await?;
    let old = time::micros(events_before);
    sql("DELETE FROM delivery WHERE outbox IN (SELECT id FROM outbox WHERE at < $1)").bind(old).run(db).await?;
    sql("DELETE FROM outbox WHERE at < $1 AND seq IS NOT NULL").bind(old).run(db).await?;
    Ok(())
}

//! Events: what happened, written in the transaction in which it happened. Notifications are made from them.

use jiff::Timestamp;
use serde_json::Value;

use crate::sql::{Db, Row, sql};
use crate::{AccountId, StoreError};

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id.
    pub uuid: String,
    /// The account that it belongs to.
    pub account: AccountId,
    /// Name of that account.
    pub account_name: String,
    /// Dotted type, for example `user.image.analysis.completed`.
    pub kind: String,
    /// `info` or `error`.
    pub level: String,
    /// `user` or `system`.
    pub category: String,
    /// What it is about: `image_digest`, `image_tag`, `policy_bundle` ...
    pub resource_type: String,
    /// Which one.
    pub resource_id: String,
    /// One sentence.
    pub message: String,
    /// What a program may want to know.
    pub details: Value,
    /// The request that caused it, or nothing.
    pub request_id: String,
    /// The process that wrote it.
    pub host: String,
    /// When.
    pub at: Timestamp,
}

/// Which events to show.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Start of the dotted type.
    pub kind: Option<String>,
    /// `info` or `error`.
    pub level: Option<String>,
    /// What it is about.
    pub resource_type: Option<String>,
    /// Which one.
    pub resource_id: Option<String>,
    /// The process that wrote it.
    pub host: Option<String>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub before: Option<Timestamp>,
}

const COLUMNS: &str = "SELECT id, uuid, account, account_name, kind, level, category, resource_type, resource_id, message, details, \
                       request_id, host, at, seq FROM outbox WHERE 1 = 1";

fn read(row: &Row) -> Result<Event, StoreError> {
    Ok(Event {
        uuid: row.get("uuid")?,
        account: AccountId(row.get("account")?),
        account_name: row.get("account_name")?,
        kind: row.get("kind")?,
        level: row.get("level")?,
        category: row.get("category")?,
        resource_type: row.get("resource_type")?,
        resource_id: row.get("resource_id")?,
        message: row.get("message")?,
        details: row.json("details")?,
        request_id: row.get("request_id")?,
        host: row.get("host")?,
        at: row.at("at")?,
    })
}

/// Writes an event.
pub async fn write(db: Db<'_>, event: &Event) -> Result<(), StoreError> {
    sql(
        "INSERT INTO outbox (uuid, account, account_name, kind, level, category, resource_type, resource_id, message, \
         details, request_id, host, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind(event.uuid.as_str())
    .bind(event.account.0)
    .bind(event.account_name.as_str())
    .bind(event.kind.as_str())
    .bind(event.level.as_str())
    .bind(event.category.as_str())
    .bind(event.resource_type.as_str())
    .bind(event.resource_id.as_str())
    .bind(event.message.as_str())
    .bind(event.details.to_string())
    .bind(event.request_id.as_str())
    .bind(event.host.as_str())
    .at(event.at)
    .run(db)
    .await?;
    Ok(())
}

fn filtered(mut statement: crate::sql::Sql, account: AccountId, filter: &EventFilter) -> crate::sql::Sql {
    // A prefix is compared as a range, which needs no escaping.
    let prefix = filter.kind.as_deref().map(|kind| kind.trim_end_matches('*'));
    statement = statement
        .filter("account =", Some(account.0))
        .filter("kind >=", prefix)
        .filter("kind <", prefix.map(|prefix| format!("{prefix}\u{10ffff}")))
        .filter("level =", filter.level.as_deref())
        .filter("resource_type =", filter.resource_type.as_deref())
        .filter("resource_id =", filter.resource_id.as_deref())
        .filter("host =", filter.host.as_deref())
        .filter("at >=", filter.since.map(crate::time::micros));
    statement.filter("at <", filter.before.map(crate::time::micros))
}

/// Events of an account, the newest first.
pub async fn list(
    db: Db<'_>,
    account: AccountId,
    filter: &EventFilter,
    limit: u64,
    offset: u64,
) -> Result<Vec<Event>, StoreError> {
    filtered(sql(COLUMNS), account, filter).then(" ORDER BY at DESC, id DESC").page(limit, offset).all(db, read).await
}

/// One event of an account.
pub async fn find(db: Db<'_>, account: AccountId, uuid: &str) -> Result<Option<Event>, StoreError> {
    sql(COLUMNS).filter("account =", Some(account.0)).filter("uuid =", Some(uuid)).one(db, read).await
}

/// The event with this key.
pub async fn get(db: Db<'_>, id: i64) -> Result<Option<Event>, StoreError> {
    sql(COLUMNS).filter("id =", Some(id)).one(db, read).await
}

/// Whether there are events without a number.
pub async fn unnumbered(db: Db<'_>) -> Result<bool, StoreError> {
    let found = sql("SELECT id FROM outbox WHERE seq IS NULL LIMIT 1").one(db, |_| Ok(())).await?;
    Ok(found.is_some())
}

/// Deletes events of an account that notifications are no longer made from; their ids.
pub async fn delete(
    db: Db<'_>,
    account: AccountId,
    filter: &EventFilter,
    uuid: Option<&str>,
) -> Result<Vec<String>, StoreError> {
    let chosen = filtered(sql("SELECT uuid FROM outbox WHERE seq IS NOT NULL"), account, filter);
    let ids: Vec<String> = chosen.filter("uuid =", uuid).all(db, |row| row.get("uuid")).await?;
    for chunk in ids.chunks(500) {
        sql("DELETE FROM delivery WHERE outbox IN (SELECT id FROM outbox WHERE uuid IN")
            .list(chunk.iter().map(String::as_str))
            .then(")")
            .run(db)
            .await?;
        sql("DELETE FROM outbox WHERE uuid IN").list(chunk.iter().map(String::as_str)).run(db).await?;
    }
    Ok(ids)
}

/// Numbers the events that were committed since the last time, in the order of their ids; how many there were. Readers
/// follow the numbers, since ids are handed out before the commit.
pub async fn number(db: Db<'_>) -> Result<u64, StoreError> {
    let highest: i64 = sql("SELECT COALESCE(MAX(seq), 0) AS seq FROM outbox").row(db, |row| row.get("seq")).await?;
    sql("UPDATE outbox SET seq = $1 + new.n FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) AS n FROM outbox \
         WHERE seq IS NULL) new WHERE new.id = outbox.id")
    .bind(highest)
    .run(db)
    .await
}

/// Events with a higher number, with their keys and numbers, the lowest first.
pub async fn after(db: Db<'_>, seq: i64, limit: u64) -> Result<Vec<(i64, i64, Event)>, StoreError> {
    sql(COLUMNS)
        .filter("seq >", Some(seq))
        .then(" ORDER BY seq")
        .page(limit, 0)
        .all(db, |row| Ok((row.get("id")?, row.get("seq")?, read(row)?)))
        .await
}

/// The highest number.
pub async fn highest(db: Db<'_>) -> Result<i64, StoreError> {
    sql("SELECT COALESCE(MAX(seq), 0) AS seq FROM outbox").row(db, |row| row.get("seq")).await
}

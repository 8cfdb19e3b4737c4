//! Subscriptions: what of a tag, a repository or a cluster an account wants watched and told.

use jiff::Timestamp;

use crate::sql::{Db, Row, sql};
use crate::{AccountId, StoreError};

/// A subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id in the API.
    pub subscription_id: String,
    /// Whose it is.
    pub account: AccountId,
    /// A tag, a repository, a cluster.
    pub topic: String,
    /// `tag_update`, `policy_eval`, `vuln_update`, `analysis_update`, `repo_update`, `runtime_inventory`, `alerts`.
    pub kind: String,
    /// What its kind needs beside it.
    pub value: Option<String>,
    /// Whether it counts.
    pub active: bool,
    /// When it was looked at last.
    pub checked_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

const SELECT: &str = "SELECT subscription_id, account, topic, kind, value, active, checked_at, created_at, updated_at \
                      FROM subscription WHERE 1 = 1";

fn read(row: &Row) -> Result<Subscription, StoreError> {
    Ok(Subscription {
        subscription_id: row.get("subscription_id")?,
        account: AccountId(row.get("account")?),
        topic: row.get("topic")?,
        kind: row.get("kind")?,
        value: row.get("value")?,
        active: row.get("active")?,
        checked_at: row.maybe_at("checked_at")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

/// Subscriptions of an account; each filter is left out when it is `None`.
pub async fn list(
    db: Db<'_>,
    account: AccountId,
    topic: Option<&str>,
    kind: Option<&str>,
) -> Result<Vec<Subscription>, StoreError> {
    sql(SELECT)
        .filter("account =", Some(account.0))
        .filter("topic =", topic)
        .filter("kind =", kind)
        .then(" ORDER BY topic, kind")
        .all(db, read)
        .await
}

/// The subscription with this id.
pub async fn find(db: Db<'_>, account: AccountId, id: &str) -> Result<Option<Subscription>, StoreError> {
    sql(SELECT).filter("account =", Some(account.0)).filter("subscription_id =", Some(id)).one(db, read).await
}

/// Adds one, unless the account has it.
pub async fn create(db: Db<'_>, new: &Subscription) -> Result<bool, StoreError> {
    let n =
        sql("INSERT INTO subscription (subscription_id, account, topic, kind, value, active, created_at, updated_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (account, topic, kind) DO NOTHING")
        .bind(new.subscription_id.as_str())
        .bind(new.account.0)
        .bind(new.topic.as_str())
        .bind(new.kind.as_str())
        .bind(new.value.as_deref())
        .bind(new.active)
        .at(new.created_at)
        .at(new.updated_at)
        .run(db)
        .await?;
    Ok(n > 0)
}

/// Changes its value, and whether it counts.
pub async fn update(
    db: Db<'_>,
    account: AccountId,
    id: &str,
    value: Option<&str>,
    active: bool,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE subscription SET value = $3, active = $4, updated_at = $5 WHERE account = $1 AND subscription_id = $2")
        .bind(account.0)
        .bind(id)
        .bind(value)
        .bind(active)
        .at(now)
        .run(db)
        .await?;
    Ok(())
}

/// Deletes one.
pub async fn delete(db: Db<'_>, account: AccountId, id: &str) -> Result<bool, StoreError> {
    let n = sql("DELETE FROM subscription WHERE account = $1 AND subscription_id = $2")
        .bind(account.0)
        .bind(id)
        .run(db)
        .await?;
    Ok(n > 0)
}

/// Active subscriptions of a kind that nobody has looked at since this time.
pub async fn due(db: Db<'_>, kind: &str, before: Timestamp, limit: u64) -> Result<Vec<Subscription>, StoreError> {
    sql(SELECT)
        .filter("kind =", Some(kind))
        .then(" AND active AND (checked_at IS NULL OR checked_at < ")
        .bind_next(crate::time::micros(before))
        .then(") ORDER BY checked_at, id")
        .page(limit, 0)
        .all(db, read)
        .await
}

/// Changes what is known of what one watches, as long as somebody watches it.
pub async fn remember(db: Db<'_>, id: &str, value: &str) -> Result<(), StoreError> {
    sql("UPDATE subscription SET value = $2 WHERE subscription_id = $1").bind(id).bind(value).run(db).await?;
    Ok(())
}

/// Marks that one was looked at.
pub async fn checked(db: Db<'_>, id: &str, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE subscription SET checked_at = $2 WHERE subscription_id = $1").bind(id).at(now).run(db).await?;
    Ok(())
}

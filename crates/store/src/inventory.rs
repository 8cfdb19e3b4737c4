//! What agents saw running: clusters with what is in them.

use jiff::Timestamp;
use sea_orm::Value as Bound;
use serde_json::Value;

use crate::sql::{Db, Row, Sql, insert_many, sql};
use crate::time::micros;
use crate::{AccountId, StoreError};

/// Something that an agent saw.
#[derive(Debug, Clone, PartialEq)]
pub struct InventoryRow {
    /// `kubernetes` or `ecs`.
    pub kind: String,
    /// The cluster.
    pub cluster: String,
    /// `cluster/namespace`, or the cluster where there is no namespace.
    pub context: String,
    /// `container`, `namespace`, `node`, `pod`, `service` or `task`.
    pub resource: String,
    /// Its id in the cluster.
    pub resource_id: String,
    /// Its name in the cluster.
    pub name: String,
    /// The image that it runs, as the cluster names it.
    pub image_tag: Option<String>,
    /// The digest that the runtime tells for it.
    pub image_digest: Option<String>,
    /// What the agent told of it.
    pub body: Value,
    /// When it was reported last.
    pub seen_at: Timestamp,
}

const SELECT: &str = "SELECT kind, cluster, context, resource, resource_id, name, image_tag, image_digest, body, seen_at \
                      FROM inventory WHERE account = ";

fn read(row: &Row) -> Result<InventoryRow, StoreError> {
    Ok(InventoryRow {
        kind: row.get("kind")?,
        cluster: row.get("cluster")?,
        context: row.get("context")?,
        resource: row.get("resource")?,
        resource_id: row.get("resource_id")?,
        name: row.get("name")?,
        image_tag: row.get("image_tag")?,
        image_digest: row.get("image_digest")?,
        body: row.json("body")?,
        seen_at: row.at("seen_at")?,
    })
}

fn select(account: AccountId, kind: &str, resource: &str) -> Sql {
    sql(SELECT).bind_next(account.0).filter("kind =", Some(kind)).filter("resource =", Some(resource))
}

/// Writes down what a report holds; no two rows may be about the same thing.
pub async fn put(db: Db<'_>, account: AccountId, rows: &[InventoryRow]) -> Result<(), StoreError> {
    let rows: Vec<Vec<Bound>> = rows
        .iter()
        .map(|row| {
            vec![
                account.0.into(),
                row.kind.as_str().into(),
                row.cluster.as_str().into(),
                row.context.as_str().into(),
                row.resource.as_str().into(),
                row.resource_id.as_str().into(),
                row.name.as_str().into(),
                row.image_tag.as_deref().into(),
                row.image_digest.as_deref().into(),
                true.into(),
                row.body.to_string().into(),
                micros(row.seen_at).into(),
                micros(row.seen_at).into(),
            ]
        })
        .collect();
    insert_many(
        db,
        "INSERT INTO inventory (account, kind, cluster, context, resource, resource_id, name, image_tag, image_digest, \
         current, body, seen_at, created_at) VALUES ",
        13,
        &rows,
        " ON CONFLICT (account, kind, cluster, resource, resource_id) DO UPDATE SET context = excluded.context, \
         name = excluded.name, image_tag = excluded.image_tag, image_digest = excluded.image_digest, current = TRUE, \
         body = excluded.body, seen_at = excluded.seen_at",
    )
    .await?;
    Ok(())
}

/// What a cluster's reports have not named since a time counts as running no longer.
pub async fn retire(
    db: Db<'_>,
    account: AccountId,
    kind: &str,
    cluster: &str,
    before: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE inventory SET current = FALSE WHERE account = $1 AND kind = $2 AND cluster = $3 AND current AND seen_at < $4")
        .bind(account.0)
        .bind(kind)
        .bind(cluster)
        .at(before)
        .run(db)
        .await?;
    Ok(())
}

/// Writes to the tags of an account how many containers run their images: by the digest of the image or of its index.
pub async fn recount(db: Db<'_>, account: AccountId) -> Result<(), StoreError> {
    sql("UPDATE image_tag SET running = (SELECT COUNT(*) FROM inventory v JOIN image i \
           ON v.account = i.account AND v.image_digest IN (i.digest, i.parent_digest) \
           WHERE i.id = image_tag.image AND v.resource = 'container' AND v.current) \
         WHERE account = $1 AND (running > 0 OR image IN (SELECT i.id FROM inventory v JOIN image i \
           ON i.account = v.account AND (i.digest = v.image_digest OR i.parent_digest = v.image_digest) \
           WHERE v.account = $1 AND v.resource = 'container' AND v.current))")
    .bind(account.0)
    .run(db)
    .await?;
    Ok(())
}

/// The same for the tags of one image that was just named.
pub(crate) async fn recount_image(db: Db<'_>, image: i64) -> Result<(), StoreError> {
    sql("UPDATE image_tag SET running = (SELECT COUNT(*) FROM inventory v JOIN image i \
           ON v.account = i.account AND v.image_digest IN (i.digest, i.parent_digest) \
           WHERE i.id = image_tag.image AND v.resource = 'container' AND v.current) WHERE image = $1")
    .bind(image)
    .run(db)
    .await?;
    Ok(())
}

/// Contexts of things with these ids.
pub async fn contexts(
    db: Db<'_>,
    account: AccountId,
    (kind, cluster, resource): (&str, &str, &str),
    ids: &[&str],
) -> Result<Vec<(String, String)>, StoreError> {
    let mut all = Vec::new();
    for chunk in ids.chunks(5_000) {
        let found = sql("SELECT resource_id, context FROM inventory WHERE account = ")
            .bind_next(account.0)
            .filter("kind =", Some(kind))
            .filter("cluster =", Some(cluster))
            .filter("resource =", Some(resource))
            .then(" AND resource_id IN")
            .list(chunk.iter().copied())
            .all(db, |row| Ok((row.get("resource_id")?, row.get("context")?)))
            .await?;
        all.extend(found);
    }
    Ok(all)
}

/// Things of one sort, in the order in which they were first seen.
pub async fn page(
    db: Db<'_>,
    account: AccountId,
    (kind, resource): (&str, &str),
    limit: u64,
    offset: u64,
) -> Result<Vec<InventoryRow>, StoreError> {
    select(account, kind, resource).then(" ORDER BY id").page(limit, offset).all(db, read).await
}

/// The thing with this id.
pub async fn find(
    db: Db<'_>,
    account: AccountId,
    (kind, resource): (&str, &str),
    id: &str,
) -> Result<Option<InventoryRow>, StoreError> {
    select(account, kind, resource).filter("resource_id =", Some(id)).then(" ORDER BY id").one(db, read).await
}

/// An image that runs in a context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningImage {
    /// `kubernetes` or `ecs`.
    pub kind: String,
    /// `cluster/namespace`, or the cluster.
    pub context: String,
    /// The image, as the cluster names it.
    pub image_tag: Option<String>,
    /// The digest that the runtime tells for it.
    pub image_digest: Option<String>,
    /// When it was reported first.
    pub created_at: Timestamp,
    /// When it was reported last.
    pub seen_at: Timestamp,
}

/// Images with the contexts that they run in; each filter is left out when it is `None`.
pub async fn images(
    db: Db<'_>,
    account: AccountId,
    kind: Option<&str>,
    digest: Option<&str>,
    context: Option<&str>,
) -> Result<Vec<RunningImage>, StoreError> {
    sql("SELECT kind, context, image_tag, image_digest, MIN(created_at) AS created_at, MAX(seen_at) AS seen_at \
         FROM inventory WHERE resource = 'container' AND account = ")
    .bind_next(account.0)
    .filter("kind =", kind)
    .filter("image_digest =", digest)
    .filter("context =", context)
    .then(" GROUP BY kind, context, image_tag, image_digest ORDER BY kind, context, image_tag, image_digest")
    .all(db, |row| {
        Ok(RunningImage {
            kind: row.get("kind")?,
            context: row.get("context")?,
            image_tag: row.get("image_tag")?,
            image_digest: row.get("image_digest")?,
            created_at: row.at("created_at")?,
            seen_at: row.at("seen_at")?,
        })
    })
    .await
}

/// Forgets what runs in a context, or in all contexts of a cluster, or one image there; how much that was.
pub async fn delete(
    db: Db<'_>,
    account: AccountId,
    kind: &str,
    context: &str,
    digest: Option<&str>,
) -> Result<u64, StoreError> {
    sql("DELETE FROM inventory WHERE account = $1 AND kind = $2 AND (context = $3 OR cluster = $3)")
        .bind(account.0)
        .bind(kind)
        .bind(context)
        .filter("image_digest =", digest)
        .run(db)
        .await
}

/// Forgets the namespaces of a cluster with what is in them.
pub async fn delete_namespaces(db: Db<'_>, account: AccountId, cluster: &str) -> Result<u64, StoreError> {
    sql("DELETE FROM inventory WHERE account = $1 AND kind = 'kubernetes' AND cluster = $2 AND resource <> 'node'")
        .bind(account.0)
        .bind(cluster)
        .run(db)
        .await
}

/// Forgets what nobody has reported since a time; the accounts whose counts change with it.
pub async fn expire(db: Db<'_>, before: Timestamp) -> Result<Vec<AccountId>, StoreError> {
    let accounts = sql("SELECT DISTINCT account FROM inventory WHERE seen_at < $1")
        .at(before)
        .all(db, |row| Ok(AccountId(row.get("account")?)))
        .await?;
    sql("DELETE FROM inventory WHERE seen_at < $1").at(before).run(db).await?;
    Ok(accounts)
}

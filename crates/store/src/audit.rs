//! The audit log: who changed what, each entry chained to the one before, so that none can be taken out or altered
//! without a trace.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::sql::{Db, Dialect, sql};
use crate::{StoreError, time};

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The account that was acted in.
    pub account: String,
    /// Who acted.
    pub actor: String,
    /// The method of the request.
    pub method: String,
    /// Its path.
    pub target: String,
    /// What was answered.
    pub status: i64,
    /// When.
    pub at: Timestamp,
}

impl Entry {
    fn hash(&self, previous: &[u8]) -> Vec<u8> {
        let mut hasher = Sha256::new();
        hasher.update(previous);
        let (status, at) = (self.status.to_string(), time::micros(self.at).to_string());
        for part in [&self.account, &self.actor, &self.method, &self.target, &status, &at] {
            // With its length before each part, no two entries give the same bytes.
            hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            hasher.update(part.as_bytes());
        }
        hasher.finalize().to_vec()
    }
}

/// Adds an entry, in a transaction.
pub async fn add(db: Db<'_>, entry: &Entry) -> Result<(), StoreError> {
    if db.dialect() == Dialect::Postgres {
        db.script("SELECT pg_advisory_xact_lock(7018232)").await?;
    }
    let previous = sql("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1").one(db, |row| row.get("hash")).await?;
    let previous: Vec<u8> = previous.unwrap_or_default();
    let hash = entry.hash(&previous);
    sql("INSERT INTO audit (account, actor, method, target, status, at, previous, hash) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
    .bind(entry.account.as_str())
    .bind(entry.actor.as_str())
    .bind(entry.method.as_str())
    .bind(entry.target.as_str())
    .bind(entry.status)
    .at(entry.at)
    .bind(previous)
    .bind(hash)
    .run(db)
    .await?;
    Ok(())
}

/// Entries, the newest first.
pub async fn list(db: Db<'_>, limit: u64, offset: u64) -> Result<Vec<Entry>, StoreError> {
    let rows = entries("SELECT * FROM audit ORDER BY seq DESC", limit, offset, db).await?;
    Ok(rows.into_iter().map(|(_, entry, ..)| entry).collect())
}

/// A row: number, entry, hash before it, own hash.
type Chained = (i64, Entry, Vec<u8>, Vec<u8>);

async fn entries(text: &'static str, limit: u64, offset: u64, db: Db<'_>) -> Result<Vec<Chained>, StoreError> {
    sql(text)
        .page(limit, offset)
        .all(db, |row| {
            let entry = Entry {
                account: row.get("account")?,
                actor: row.get("actor")?,
                method: row.get("method")?,
                target: row.get("target")?,
                status: row.get("status")?,
                at: row.at("at")?,
            };
            Ok((row.get("seq")?, entry, row.get("previous")?, row.get("hash")?))
        })
        .await
}

/// Follows the chain from its start; the number of the first entry that does not fit.
pub async fn verify(db: Db<'_>) -> Result<Option<i64>, StoreError> {
    const PAGE: u64 = 1_000;
    let (mut previous, mut offset) = (Vec::new(), 0);
    loop {
        let rows = entries("SELECT * FROM audit ORDER BY seq", PAGE, offset, db).await?;
        let last = rows.len() < usize::try_from(PAGE).unwrap_or(usize::MAX);
        for (seq, entry, before, hash) in rows {
            if before != previous || entry.hash(&before) != hash {
                return Ok(Some(seq));
            }
            previous = hash;
        }
        if last {
            return Ok(None);
        }
        offset += PAGE;
    }
}

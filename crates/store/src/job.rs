//! Jobs: work that outlives a request and a process.
//!
//! A job is leased for a short time and renewed while it runs. Each lease has a number; a result counts only in a
//! transaction that still sees that number, so a job may run twice but counts once. Times are the database's.

use std::time::Duration;

use serde_json::Value;

use crate::connect::Tx;
use crate::sql::{Db, Dialect, Row, sql};
use crate::{AccountId, Store, StoreError};

/// Where a job waits, so that one kind of work does not stand in the way of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Analyses.
    Analyze,
    /// Evaluations and matches.
    Evaluate,
    /// Notifications.
    Notify,
    /// Vulnerability data, and everything that a clock starts.
    Feeds,
}

impl Lane {
    /// All lanes.
    pub const ALL: [Self; 4] = [Self::Analyze, Self::Evaluate, Self::Notify, Self::Feeds];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Analyze => "analyze",
            Self::Evaluate => "evaluate",
            Self::Notify => "notify",
            Self::Feeds => "feeds",
        }
    }

    /// The lane of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.name() == name)
    }
}

/// How urgent a job is; lower goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Somebody waits for it.
    Interactive = 0,
    /// Something new arrived.
    New = 1,
    /// Something that is known has changed.
    Changed = 2,
    /// It is time.
    Scheduled = 3,
}

/// A job that is to be done.
#[derive(Debug, Clone, PartialEq)]
pub struct NewJob {
    /// What is to be done: `analyze`, `evaluate` ...
    pub kind: &'static str,
    /// For whom.
    pub account: AccountId,
    /// Of unfinished jobs of a kind there is at most one with this key.
    pub dedupe_key: String,
    /// Where it waits.
    pub lane: Lane,
    /// How urgent it is.
    pub priority: Priority,
    /// How often it is tried.
    pub max_attempts: i64,
    /// Ids of what it is about; never content.
    pub body: Value,
    /// How long it waits at least.
    pub delay: Duration,
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its key.
    pub id: i64,
    /// What is to be done.
    pub kind: String,
    /// For whom.
    pub account: AccountId,
    /// `ready`, `leased`, `done`, `dead` or `cancelled`.
    pub state: String,
    /// Number of the lease.
    pub lease_no: i64,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// How often it is tried.
    pub max_attempts: i64,
    /// Ids of what it is about.
    pub body: Value,
    /// Why the last try failed.
    pub error: Option<String>,
    /// Whether it is to stop.
    pub cancel: bool,
    /// How far it is.
    pub progress: Option<String>,
    /// When it was asked for, in microseconds since 1970.
    pub created_at: i64,
}

const SELECT: &str = "SELECT id, kind, account, state, lease_no, attempts, max_attempts, body, error, cancel, progress, created_at \
                      FROM job WHERE 1 = 1";

fn read(row: &Row) -> Result<Job, StoreError> {
    Ok(Job {
        id: row.get("id")?,
        kind: row.get("kind")?,
        account: AccountId(row.get("account")?),
        state: row.get("state")?,
        lease_no: row.get("lease_no")?,
        attempts: row.get("attempts")?,
        max_attempts: row.get("max_attempts")?,
        body: row.json("body")?,
        error: row.get("error")?,
        cancel: row.get("cancel")?,
        progress: row.get("progress")?,
        created_at: row.get("created_at")?,
    })
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Asks for a job in the caller's transaction. A job with its key that nobody has finished stands for it; what is more
/// urgent now is more urgent from now on.
pub async fn enqueue(db: Db<'_>, job: &NewJob) -> Result<(), StoreError> {
    let now = db.now().await?;
    sql("INSERT INTO job (kind, account, dedupe_key, lane, priority, run_at, state, max_attempts, body, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, 'ready', $7, $8, $9) \
         ON CONFLICT (kind, dedupe_key) WHERE state IN ('ready', 'leased') \
         DO UPDATE SET priority = CASE WHEN excluded.priority < job.priority THEN excluded.priority ELSE job.priority END")
    .bind(job.kind)
    .bind(job.account.0)
    .bind(job.dedupe_key.as_str())
    .bind(job.lane.name())
    .bind(job.priority as i64)
    .bind(now + micros(job.delay))
    .bind(job.max_attempts)
    .bind(job.body.to_string())
    .bind(now)
    .run(db)
    .await?;
    Ok(())
}

/// How long a lease holds without being renewed.
pub const LEASE: Duration = Duration::from_secs(30);

impl Store {
    /// Takes the next job of one of these lanes. Between jobs of one urgency, the account that has the fewest running
    /// goes first.
    pub async fn lease(&self, holder: &str, lanes: &[Lane]) -> Result<Option<Job>, StoreError> {
        let waits =
            sql("SELECT 1 AS one FROM job WHERE state = 'ready' AND lane IN").list(lanes.iter().map(|l| l.name()));
        let waits = waits.then(" AND run_at <= ").bind_next(self.read().now().await?).then(" LIMIT 1");
        // A look that takes no lock: idle workers do not disturb who writes.
        if waits.one(self.read(), |_| Ok(())).await?.is_none() {
            return Ok(None);
        }
        let tx = self.begin().await?;
        let db = tx.db();
        let now = db.now().await?;
        let skip = if db.dialect() == Dialect::Postgres { " FOR UPDATE OF j SKIP LOCKED" } else { "" };
        let chosen = sql("SELECT j.id FROM job j LEFT JOIN (SELECT account, COUNT(*) AS n FROM job \
                          WHERE state = 'leased' GROUP BY account) r ON r.account = j.account \
                          WHERE j.state = 'ready' AND j.lane IN")
        .list(lanes.iter().map(|lane| lane.name()))
        .then(" AND j.run_at <= ")
        .bind_next(now)
        .then(" ORDER BY j.priority, COALESCE(r.n, 0), j.run_at, j.id LIMIT 1")
        .then(skip)
        .one(db, |row| row.get::<i64>("id"))
        .await?;
        let Some(id) = chosen else { return Ok(None) };
        let job = sql("UPDATE job SET state = 'leased', holder = $2, lease_until = $3, lease_no = lease_no + 1, \
                       attempts = attempts + 1 WHERE id = $1 \
                       RETURNING id, kind, account, state, lease_no, attempts, max_attempts, body, error, cancel, \
                       progress, created_at")
        .bind(id)
        .bind(holder)
        .bind(now + micros(LEASE))
        .row(db, read)
        .await?;
        tx.commit().await?;
        Ok(Some(job))
    }

    /// Holds a lease for longer, and tells how far the job is; `false` when it is to stop.
    pub async fn renew(&self, job: &Job, progress: Option<&str>) -> Result<bool, StoreError> {
        let tx = self.begin().await?;
        let until = tx.db().now().await? + micros(LEASE);
        let cancel = sql("UPDATE job SET lease_until = $3, progress = COALESCE($4, progress) \
                          WHERE id = $1 AND lease_no = $2 AND state = 'leased' RETURNING cancel")
        .bind(job.id)
        .bind(job.lease_no)
        .bind(until)
        .bind(progress)
        .one(tx.db(), |row| row.get::<bool>("cancel"))
        .await?;
        tx.commit().await?;
        cancel.map(|cancel| !cancel).ok_or(StoreError::LeaseLost)
    }

    /// Gives back the leases that have run out: their jobs are tried again, or end as lost when they were tried often
    /// enough. What ended is returned.
    pub async fn expire_leases(&self) -> Result<Vec<Job>, StoreError> {
        self.release("lease_until <", None).await
    }

    /// Gives back all leases of a holder that is known to be gone: this process before it was restarted.
    pub async fn release_holder(&self, holder: &str) -> Result<Vec<Job>, StoreError> {
        self.release("holder =", Some(holder)).await
    }

    async fn release(&self, test: &'static str, holder: Option<&str>) -> Result<Vec<Job>, StoreError> {
        let tx = self.begin().await?;
        let db = tx.db();
        let now = db.now().await?;
        let value: sea_orm::Value = holder.map_or_else(|| now.into(), Into::into);
        let lost = sql(SELECT).filter("state =", Some("leased")).filter(test, Some(value)).all(db, read).await?;
        let mut dead = Vec::new();
        for job in lost {
            if job.attempts >= job.max_attempts {
                finish(db, &job, "dead", Some(WORKER_LOST)).await?;
                dead.push(job);
            } else {
                sql("UPDATE job SET state = 'ready', holder = NULL, lease_until = NULL, run_at = $2 WHERE id = $1")
                    .bind(job.id)
                    .bind(now)
                    .run(db)
                    .await?;
            }
        }
        tx.commit().await?;
        Ok(dead)
    }

    /// Gives a job back that its worker has no time for: it waits as if it had not been taken, and no try is counted.
    pub async fn give_back(&self, job: &Job) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        let held = sql("UPDATE job SET state = 'ready', holder = NULL, lease_until = NULL, attempts = attempts - 1 \
                        WHERE id = $1 AND lease_no = $2 AND state = 'leased'")
        .bind(job.id)
        .bind(job.lease_no)
        .run(tx.db())
        .await?;
        if held == 0 {
            return Err(StoreError::LeaseLost);
        }
        tx.commit().await
    }

    /// Ends a job that its worker was asked to stop.
    pub async fn cancel_leased(&self, job: &Job) -> Result<(), StoreError> {
        let tx = self.begin().await?;
        complete_as(tx.db(), job, "cancelled", None).await?;
        tx.commit().await
    }

    /// A job that was tried and failed: once more later, or never again. `true` when it is over.
    pub async fn fail(&self, tx: Tx, job: &Job, error: &str, again: Option<Duration>) -> Result<bool, StoreError> {
        let over = again.is_none() || job.attempts >= job.max_attempts;
        if over {
            complete_as(tx.db(), job, "dead", Some(error)).await?;
        } else {
            let now = tx.db().now().await?;
            let held =
                sql("UPDATE job SET state = 'ready', holder = NULL, lease_until = NULL, error = $3, run_at = $4 \
                            WHERE id = $1 AND lease_no = $2 AND state = 'leased'")
                .bind(job.id)
                .bind(job.lease_no)
                .bind(error)
                .bind(now + micros(again.unwrap_or_default()))
                .run(tx.db())
                .await?;
            if held == 0 {
                return Err(StoreError::LeaseLost);
            }
        }
        tx.commit().await?;
        Ok(over)
    }
}

/// What is told of a job whose worker vanished.
pub const WORKER_LOST: &str = "worker_lost: the process that worked on it ended without a word";

async fn finish(db: Db<'_>, job: &Job, state: &'static str, error: Option<&str>) -> Result<u64, StoreError> {
    sql("UPDATE job SET state = $3, error = $4, finished_at = $5, holder = NULL, lease_until = NULL \
         WHERE id = $1 AND lease_no = $2 AND state = 'leased'")
    .bind(job.id)
    .bind(job.lease_no)
    .bind(state)
    .bind(error)
    .bind(db.now().await?)
    .run(db)
    .await
}

async fn complete_as(db: Db<'_>, job: &Job, state: &'static str, error: Option<&str>) -> Result<(), StoreError> {
    if finish(db, job, state, error).await? == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
}

/// Marks a job as done, in the transaction that writes its result: both count or neither does.
pub async fn complete(db: Db<'_>, job: &Job) -> Result<(), StoreError> {
    complete_as(db, job, "done", None).await
}

/// Asks unfinished jobs with this key to stop; one that nobody works on stops at once.
pub async fn cancel(db: Db<'_>, account: AccountId, kind: &str, dedupe_key: &str) -> Result<(), StoreError> {
    let now = db.now().await?;
    sql("UPDATE job SET state = 'cancelled', finished_at = $4 \
         WHERE account = $1 AND kind = $2 AND dedupe_key = $3 AND state = 'ready'")
    .bind(account.0)
    .bind(kind)
    .bind(dedupe_key)
    .bind(now)
    .run(db)
    .await?;
    sql("UPDATE job SET cancel = TRUE WHERE account = $1 AND kind = $2 AND dedupe_key = $3 AND state = 'leased'")
        .bind(account.0)
        .bind(kind)
        .bind(dedupe_key)
        .run(db)
        .await?;
    Ok(())
}

/// The newest job of this kind and key.
pub async fn latest(db: Db<'_>, kind: &str, dedupe_key: &str) -> Result<Option<Job>, StoreError> {
    sql(SELECT)
        .filter("kind =", Some(kind))
        .filter("dedupe_key =", Some(dedupe_key))
        .then(" ORDER BY id DESC LIMIT 1")
        .one(db, read)
        .await
}

/// How many jobs wait and run, by lane.
pub async fn depth(db: Db<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    sql("SELECT lane, COUNT(*) AS n FROM job WHERE state IN ('ready', 'leased') GROUP BY lane ORDER BY lane")
        .all(db, |row| Ok((row.get("lane")?, row.get("n")?)))
        .await
}

/// Forgets jobs that were over before this time, in microseconds since 1970.
pub async fn sweep(db: Db<'_>, before: i64) -> Result<u64, StoreError> {
    sql("DELETE FROM job WHERE finished_at < $1").bind(before).run(db).await
}

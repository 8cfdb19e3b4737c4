//! Settings of the installation, workers that are alive, and what is to happen when.

use jiff::Timestamp;

use crate::sql::{Db, sql};
use crate::{StoreError, time};

/// The value of a setting.
pub async fn get(db: Db<'_>, name: &str) -> Result<Option<String>, StoreError> {
    sql("SELECT value FROM setting WHERE name = $1").bind(name).one(db, |row| row.get("value")).await
}

/// The value of a setting, and when it was set.
pub async fn changed(db: Db<'_>, name: &str) -> Result<Option<(String, Timestamp)>, StoreError> {
    sql("SELECT value, updated_at FROM setting WHERE name = $1")
        .bind(name)
        .one(db, |row| Ok((row.get("value")?, row.at("updated_at")?)))
        .await
}

/// Sets it.
pub async fn set(db: Db<'_>, name: &str, value: &str, now: Timestamp) -> Result<(), StoreError> {
    sql("INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at")
    .bind(name)
    .bind(value)
    .at(now)
    .run(db)
    .await?;
    Ok(())
}

/// Sets it unless it has a value; the value that it has then.
pub async fn set_first(db: Db<'_>, name: &str, value: &str, now: Timestamp) -> Result<String, StoreError> {
    sql("INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING")
        .bind(name)
        .bind(value)
        .at(now)
        .run(db)
        .await?;
    get(db, name).await?.ok_or_else(|| StoreError::Damaged(format!("the setting {name} is gone")))
}

/// Drops it.
pub async fn unset(db: Db<'_>, name: &str) -> Result<(), StoreError> {
    sql("DELETE FROM setting WHERE name = $1").bind(name).run(db).await?;
    Ok(())
}

/// A process of the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Its id.
    pub id: String,
    /// Its host.
    pub host: String,
    /// What it does.
    pub roles: String,
    /// Its version.
    pub version: String,
    /// When it was heard of last.
    pub seen_at: Timestamp,
}

/// Tells that a process is alive.
pub async fn alive(db: Db<'_>, worker: &Worker) -> Result<(), StoreError> {
    sql("INSERT INTO worker (id, host, roles, version, started_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5) \
         ON CONFLICT (id) DO UPDATE SET roles = excluded.roles, version = excluded.version, seen_at = excluded.seen_at")
    .bind(worker.id.as_str())
    .bind(worker.host.as_str())
    .bind(worker.roles.as_str())
    .bind(worker.version.as_str())
    .at(worker.seen_at)
    .run(db)
    .await?;
    Ok(())
}

/// Forgets a process.
pub async fn forget_worker(db: Db<'_>, id: &str) -> Result<bool, StoreError> {
    Ok(sql("DELETE FROM worker WHERE id = $1").bind(id).run(db).await? > 0)
}

/// All processes.
pub async fn workers(db: Db<'_>) -> Result<Vec<Worker>, StoreError> {
    sql("SELECT id, host, roles, version, seen_at FROM worker ORDER BY host, id")
        .all(db, |row| {
            Ok(Worker {
                id: row.get("id")?,
                host: row.get("host")?,
                roles: row.get("roles")?,
                version: row.get("version")?,
                seen_at: row.at("seen_at")?,
            })
        })
        .await
}

/// Takes a turn that comes round every so often; `true` for the one process that has it this time.
pub async fn take_turn(db: Db<'_>, name: &str, every: std::time::Duration) -> Result<bool, StoreError> {
    let now = db.now().await?;
    let every = i64::try_from(every.as_micros()).unwrap_or(i64::MAX);
    let n = sql("INSERT INTO schedule (name, kind, body, every, next_at) VALUES ($1, 'turn', '{}', $2, $3) \
                 ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at, every = excluded.every \
                 WHERE schedule.next_at <= $4")
    .bind(name)
    .bind(every)
    .bind(now.saturating_add(every))
    .bind(now)
    .run(db)
    .await?;
    Ok(n > 0)
}

/// A build of vulnerability data that the installation knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataBuild {
    /// Digest of the build.
    pub digest: String,
    /// When it was made, as it says itself.
    pub built_at: String,
    /// Rows by provider, as JSON.
    pub provider_rows: String,
    /// Digest of the blob that it can be made from, when it came as an archive.
    pub archive: Option<String>,
    /// When it began to decide.
    pub activated_at: Option<Timestamp>,
}

/// The build that decides.
pub async fn current_build(db: Db<'_>) -> Result<Option<DataBuild>, StoreError> {
    sql("SELECT digest, built_at, provider_rows, archive, activated_at FROM data_build WHERE state = 'current'")
        .one(db, |row| {
            Ok(DataBuild {
                digest: row.get("digest")?,
                built_at: row.get("built_at")?,
                provider_rows: row.get("provider_rows")?,
                archive: row.get("archive")?,
                activated_at: row.maybe_at("activated_at")?,
            })
        })
        .await
}

/// Lets a build decide from now on.
pub async fn activate_build(db: Db<'_>, build: &DataBuild, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE data_build SET state = 'old' WHERE state = 'current'").run(db).await?;
    sql("INSERT INTO data_build (digest, state, built_at, provider_rows, archive, activated_at) \
         VALUES ($1, 'current', $2, $3, $4, $5) ON CONFLICT (digest) DO UPDATE SET state = 'current', \
         activated_at = excluded.activated_at, archive = COALESCE(excluded.archive, data_build.archive)")
    .bind(build.digest.as_str())
    .bind(build.built_at.as_str())
    .bind(build.provider_rows.as_str())
    .bind(build.archive.as_deref())
    .bind(time::micros(now))
    .run(db)
    .await?;
    Ok(())
}

//! Tables, brought forward to what this version knows. There is no way back.

use crate::connect::Store;
use crate::error::StoreError;
use crate::sql::{Dialect, sql};

/// The steps, in order. A released one never changes.
const STEPS: &[&str] = &[include_str!("0001_tables.sql")];

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Takes the steps that are missing, each in one transaction. Of several processes that start at once, one does it.
pub(crate) async fn migrate(store: &Store) -> Result<(), StoreError> {
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let tx = store.begin().await?;
    let db = tx.db();
    if db.dialect() == Dialect::Postgres {
        // Held until the transaction ends; the number is ours alone in the database.
        db.script("SELECT pg_advisory_xact_lock(7018231)").await?;
    }
    db.script(
        "CREATE TABLE IF NOT EXISTS schema_step (step BIGINT PRIMARY KEY, program TEXT NOT NULL, at BIGINT NOT NULL)",
    )
    .await?;
    let done = sql("SELECT step, program FROM schema_step ORDER BY step DESC LIMIT 1")
        .one(db, |row| Ok((row.get::<i64>("step")?, row.get::<String>("program")?)))
        .await?;
    let found = match done {
        Some((found, needed)) if found > known => return Err(StoreError::Newer { found, known, needed }),
        Some((found, _)) => found,
        None => 0,
    };
    for (step, text) in (1..).zip(STEPS).skip(usize::try_from(found).unwrap_or(0)) {
        db.script(&spelled(text, db.dialect())).await?;
        sql("INSERT INTO schema_step (step, program, at) VALUES ($1, $2, 0)").bind(step).bind(VERSION).run(db).await?;
    }
    tx.commit().await
}

/// The text of a step as this database spells it.
fn spelled(text: &str, dialect: Dialect) -> String {
    let words = match dialect {
        Dialect::Sqlite => [("{pk}", "INTEGER PRIMARY KEY AUTOINCREMENT"), ("{bytes}", "BLOB"), ("{bool}", "BOOLEAN")],
        Dialect::Postgres => {
            [("{pk}", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"), ("{bytes}", "BYTEA"), ("{bool}", "BOOLEAN")]
        }
    };
    words.into_iter().fold(text.to_owned(), |text, (word, spelled)| text.replace(word, spelled))
}

//! Statements with their values, on either database and inside or outside a transaction.
//!
//! The text of a statement is written for both databases: placeholders are `$1`, `$2` ..., and what the two spell
//! apart stands in [`Dialect`]. User text is bound, never put into the text.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::Timestamp;
use sea_orm::{
    ConnectionTrait as _, DatabaseConnection, DatabaseTransaction, DbBackend, QueryResult, Statement, TryGetable, Value,
};

use crate::StoreError;
use crate::time;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    const fn backend(self) -> DbBackend {
        match self {
            Self::Sqlite => DbBackend::Sqlite,
            Self::Postgres => DbBackend::Postgres,
        }
    }
}

/// Where statements run: outside or inside a transaction.
#[derive(Clone, Copy)]
pub struct Db<'a>(pub(crate) Place<'a>, pub(crate) Dialect);

#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    Pool(&'a DatabaseConnection),
    Transaction(&'a DatabaseTransaction),
}

impl Db<'_> {
    pub(crate) const fn dialect(&self) -> Dialect {
        self.1
    }

    /// The time of the database: what leases and expiries of several processes are measured by.
    pub(crate) async fn now(&self) -> Result<i64, StoreError> {
        let text = match self.1 {
            Dialect::Sqlite => "SELECT CAST(unixepoch('subsec') * 1000000 AS BIGINT) AS now",
            Dialect::Postgres => "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) AS now",
        };
        sql(text).row(*self, |row| row.get("now")).await
    }

    /// Runs statements that take no values.
    pub(crate) async fn script(&self, text: &str) -> Result<(), StoreError> {
        match self.0 {
            Place::Pool(pool) => pool.execute_unprepared(text).await?,
            Place::Transaction(transaction) => transaction.execute_unprepared(text).await?,
        };
        Ok(())
    }
}

/// A statement with its values.
pub(crate) struct Sql {
    text: Cow<'static, str>,
    values: Vec<Value>,
}

/// A statement.
pub(crate) fn sql(text: &'static str) -> Sql {
    Sql { text: Cow::Borrowed(text), values: Vec::new() }
}

impl Sql {
    /// Binds the next placeholder.
    pub(crate) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Binds the next placeholder to a time.
    pub(crate) fn at(self, time: Timestamp) -> Self {
        self.bind(time::micros(time))
    }

    /// Binds the next placeholder to a time that may be missing.
    pub(crate) fn maybe_at(self, time: Option<Timestamp>) -> Self {
        self.bind(time.map(time::micros))
    }

    /// Adds text.
    pub(crate) fn then(mut self, text: &'static str) -> Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Adds ` AND column operator $n` with its value, when there is one.
    pub(crate) fn filter(mut self, test: &'static str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.values.push(value.into());
            let _ = write!(self.text.to_mut(), " AND {test} ${}", self.values.len());
        }
        self
    }

    /// Adds `($n, $n+1 ...)` with these values, or `(NULL)` for none: what `IN` takes.
    pub(crate) fn list<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        let first = self.values.len() + 1;
        self.values.extend(values.into_iter().map(Into::into));
        let places: Vec<String> = (first..=self.values.len()).map(|n| format!("${n}")).collect();
        let _ =
            write!(self.text.to_mut(), " ({})", if places.is_empty() { "NULL".to_owned() } else { places.join(", ") });
        self
    }

    /// Adds `$n` with its value.
    pub(crate) fn bind_next(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        let _ = write!(self.text.to_mut(), "${}", self.values.len());
        self
    }

    /// Adds `CAST($n AS BIGINT)` with its value, where nothing else tells PostgreSQL its type.
    pub(crate) fn bind_cast(self, value: i64) -> Self {
        self.then("CAST(").bind_next(value).then(" AS BIGINT)")
    }

    /// Adds ` LIMIT $n OFFSET $m`.
    pub(crate) fn page(mut self, limit: u64, offset: u64) -> Self {
        let bound = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        self.values.extend([bound(limit).into(), bound(offset).into()]);
        let n = self.values.len();
        let _ = write!(self.text.to_mut(), " LIMIT ${} OFFSET ${n}", n - 1);
        self
    }

    fn statement(self, dialect: Dialect) -> Statement {
        Statement::from_sql_and_values(dialect.backend(), self.text, self.values)
    }

    /// Runs it; the number of rows that changed.
    pub(crate) async fn run(self, db: Db<'_>) -> Result<u64, StoreError> {
        let statement = self.statement(db.1);
        let done = match db.0 {
            Place::Pool(pool) => pool.execute_raw(statement).await?,
            Place::Transaction(transaction) => transaction.execute_raw(statement).await?,
        };
        Ok(done.rows_affected())
    }

    /// All rows.
    pub(crate) async fn all<T>(
        self,
        db: Db<'_>,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let statement = self.statement(db.1);
        let rows = match db.0 {
            Place::Pool(pool) => pool.query_all_raw(statement).await?,
            Place::Transaction(transaction) => transaction.query_all_raw(statement).await?,
        };
        rows.into_iter().map(|row| read(&Row(row))).collect()
    }

    /// The first row.
    pub(crate) async fn one<T>(
        self,
        db: Db<'_>,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let statement = self.statement(db.1);
        let row = match db.0 {
            Place::Pool(pool) => pool.query_one_raw(statement).await?,
            Place::Transaction(transaction) => transaction.query_one_raw(statement).await?,
        };
        row.map(|row| read(&Row(row))).transpose()
    }

    /// The one row of a statement that always gives one.
    pub(crate) async fn row<T>(
        self,
        db: Db<'_>,
        read: impl Fn(&Row) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let text = self.text.clone();
        self.one(db, read).await?.ok_or_else(|| StoreError::Database(format!("no row from `{text}`")))
    }
}

/// A row of an answer, read by the names of its columns.
pub(crate) struct Row(QueryResult);

impl Row {
    /// The value of a column.
    pub(crate) fn get<T: TryGetable>(&self, column: &str) -> Result<T, StoreError> {
        self.0.try_get("", column).map_err(|error| StoreError::Damaged(error.to_string()))
    }

    /// The time in a column.
    pub(crate) fn at(&self, column: &str) -> Result<Timestamp, StoreError> {
        time::timestamp(self.get(column)?)
    }

    /// The time in a column that may be empty.
    pub(crate) fn maybe_at(&self, column: &str) -> Result<Option<Timestamp>, StoreError> {
        self.get::<Option<i64>>(column)?.map(time::timestamp).transpose()
    }

    /// The JSON in a column.
    pub(crate) fn json<T: serde::de::DeserializeOwned>(&self, column: &str) -> Result<T, StoreError> {
        let text: String = self.get(column)?;
        serde_json::from_str(&text).map_err(|error| StoreError::Damaged(format!("{column}: {error}")))
    }

    /// The word in a column, as one of an enumeration.
    pub(crate) fn word<T>(&self, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let text: String = self.get(column)?;
        read(&text).ok_or_else(|| StoreError::Damaged(format!("{column} is `{text}`")))
    }
}

/// Values of one statement stay below what SQLite takes (32,766).
const VALUES: usize = 30_000;

/// Inserts many rows, in as few statements as the databases take.
pub(crate) async fn insert_many(
    db: Db<'_>,
    head: &'static str,
    columns: usize,
    rows: &[Vec<Value>],
    tail: &'static str,
) -> Result<u64, StoreError> {
    let mut changed = 0;
    for chunk in rows.chunks((VALUES / columns.max(1)).max(1)) {
        let mut statement = sql(head);
        for (at, row) in chunk.iter().enumerate() {
            let first = at * columns;
            let places: Vec<String> = (1..=columns).map(|n| format!("${}", first + n)).collect();
            let comma = if at == 0 { "" } else { ", " };
            let _ = write!(statement.text.to_mut(), "{comma}({})", places.join(", "));
            statement.values.extend(row.iter().cloned());
        }
        changed += statement.then(tail).run(db).await?;
    }
    Ok(changed)
}

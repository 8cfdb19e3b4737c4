//! Opening a database and the place for blobs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, DatabaseTransaction, SqliteTransactionMode, SqlxSqliteConnector,
    TransactionOptions, TransactionTrait as _,
};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::blobs::{BlobPlace, Blobs};
use crate::error::StoreError;
use crate::schema;
use crate::sql::{Db, Dialect, Place};

/// Where a server keeps what it knows.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// `sqlite:FILE` or `postgres://...`.
    pub database: String,
    /// Where blobs lie.
    pub blobs: BlobPlace,
    /// Connections at most, PostgreSQL only.
    pub connections: u32,
}

impl StoreOptions {
    /// A folder with everything in it.
    pub fn folder(data: &Path) -> Self {
        Self {
            database: format!("sqlite:{}", data.join("stopgate.db").display()),
            blobs: BlobPlace::Folder(data.to_owned()),
            connections: CONNECTIONS,
        }
    }
}

/// Connections of a process, unless it is told otherwise.
const CONNECTIONS: u32 = 16;
/// How long a statement waits for a connection or for the writer before it.
const WAIT: Duration = Duration::from_secs(5);

/// An open database with its blobs. Clones share both.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    dialect: Dialect,
    reader: DatabaseConnection,
    /// SQLite has one writer; there, this is a pool of one connection.
    writer: DatabaseConnection,
    blobs: Blobs,
}

impl Store {
    /// Opens the database, and brings its tables to the shape that this version knows.
    pub async fn open(options: &StoreOptions) -> Result<Self, StoreError> {
        let (dialect, reader, writer) = connect(options).await?;
        let blobs = Blobs::open(&options.blobs)?;
        let store = Self(Arc::new(Inner { dialect, reader, writer, blobs }));
        schema::migrate(&store).await?;
        Ok(store)
    }

    /// Reads outside a transaction.
    pub fn read(&self) -> Db<'_> {
        Db(Place::Pool(&self.0.reader), self.0.dialect)
    }

    /// Starts a transaction that may write. On SQLite it waits for the one before it.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(Tx { transaction: self.0.writer.begin_with_options(options).await?, dialect: self.0.dialect })
    }

    /// The blobs.
    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        Ok(self.0.reader.ping().await?)
    }

    /// Whether several processes may share the database.
    pub fn shared(&self) -> bool {
        self.0.dialect == Dialect::Postgres
    }

    /// Closes all connections; what is still running ends first.
    pub async fn close(&self) {
        let _ = self.0.writer.close_by_ref().await;
        let _ = self.0.reader.close_by_ref().await;
    }
}

/// A transaction. Dropped without a commit, nothing of it was done.
pub struct Tx {
    transaction: DatabaseTransaction,
    dialect: Dialect,
}

impl Tx {
    /// Reads and writes inside it.
    pub const fn db(&self) -> Db<'_> {
        Db(Place::Transaction(&self.transaction), self.dialect)
    }

    /// Makes it count.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(self.transaction.commit().await?)
    }
}

async fn connect(options: &StoreOptions) -> Result<(Dialect, DatabaseConnection, DatabaseConnection), StoreError> {
    if let Some(path) = options.database.strip_prefix("sqlite:") {
        let path = PathBuf::from(path.trim_start_matches("//"));
        let writer = sqlite(&path, 1).await?;
        let reader = sqlite(&path, READERS).await?;
        return Ok((Dialect::Sqlite, reader, writer));
    }
    if options.database.starts_with("postgres://") || options.database.starts_with("postgresql://") {
        let mut connect = ConnectOptions::new(options.database.clone());
        connect
            .max_connections(options.connections)
            .acquire_timeout(WAIT)
            .connect_timeout(WAIT)
            .sqlx_logging(false)
            .test_before_acquire(true);
        let pool = Database::connect(connect).await.map_err(|error| StoreError::Unreachable(error.to_string()))?;
        return Ok((Dialect::Postgres, pool.clone(), pool));
    }
    Err(StoreError::Address {
        address: without_credentials(&options.database),
        what: "a database",
        expected: "`sqlite:FILE` or `postgres://USER@HOST/NAME`",
    })
}

/// Readers of SQLite at a time.
const READERS: u32 = 4;

async fn sqlite(path: &Path, connections: u32) -> Result<DatabaseConnection, StoreError> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A verdict that was told is never lost with the power.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(WAIT)
        .foreign_keys(true);
    let pool = SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(WAIT * 6)
        .connect_with(options)
        .await
        .map_err(|error| StoreError::Unreachable(format!("`{}`: {error}", path.display())))?;
    Ok(SqlxSqliteConnector::from_sqlx_sqlite_pool(pool))
}

/// An address as it may be shown: what stands between the scheme and the host may be a password.
fn without_credentials(address: &str) -> String {
    match (address.split_once("://"), address.rfind('@')) {
        (Some((scheme, _)), Some(at)) => format!("{scheme}://***{}", address.get(at..).unwrap_or_default()),
        _ => address.to_owned(),
    }
}

//! What can go wrong in a store.

use sea_orm::{DbErr, SqlErr};

/// Why the store gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address of a database or of a place for blobs is none that we know.
    #[error("`{address}` is no place for {what}: expected {expected}")]
    Address {
        /// As it was given, without credentials.
        address: String,
        /// What was to be kept there.
        what: &'static str,
        /// What it may be.
        expected: &'static str,
    },
    /// The database cannot be reached, or lost the connection.
    #[error("the database does not answer: {0}")]
    Unreachable(String),
    /// The database was made by a newer version of the program.
    #[error(
        "the database has the schema {found} of a newer stopgate (at least {needed}), this one knows up to {known}: \
         start that version, or restore a backup from before it"
    )]
    Newer {
        /// The schema of the database.
        found: i64,
        /// The newest schema that the program knows.
        known: i64,
        /// The version of the program that wrote it.
        needed: String,
    },
    /// Something of this name is there already.
    #[error("there is already one of this name")]
    Duplicate,
    /// A row holds what no version of the program writes.
    #[error("the database holds a damaged row: {0}")]
    Damaged(String),
    /// A statement failed.
    #[error("the database refused a statement: {0}")]
    Database(String),
    /// A blob is not there.
    #[error("the blob {0} is missing")]
    BlobMissing(String),
    /// A blob is not what its digest says.
    #[error("the blob {0} is damaged: its content has another digest")]
    BlobDamaged(String),
    /// The place for blobs failed.
    #[error("the place for blobs failed: {0}")]
    Blob(String),
    /// There is no room left.
    #[error("there is no room left on the disk: {0}")]
    Full(String),
    /// A job is held by somebody else now: what was done for it does not count.
    #[error("the lease of the job has passed to another worker")]
    LeaseLost,
}

impl StoreError {
    /// Whether asking again later may help.
    pub const fn passes(&self) -> bool {
        matches!(self, Self::Unreachable(_) | Self::Full(_))
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        let text = error.to_string();
        match (&error, error.sql_err()) {
            (_, Some(SqlErr::UniqueConstraintViolation(_))) => Self::Duplicate,
            (DbErr::Conn(_) | DbErr::ConnectionAcquire(_), _) => Self::Unreachable(text),
            _ if text.contains("database or disk is full") || text.contains("No space left") => Self::Full(text),
            _ if text.contains("error communicating with database")
                || text.contains("the database system is")
                || text.contains("terminating connection") =>
            {
                Self::Unreachable(text)
            }
            _ => Self::Database(text),
        }
    }
}

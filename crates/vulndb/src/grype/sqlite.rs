//! Opening the SQLite file read-only and with suspicion, and the errors of reading it.

use std::fmt::Write as _;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Most rows of one table; the largest of the public database has about three million.
const ROWS: u64 = 50_000_000;
/// Longest text of one value.
const VALUE_BYTES: i32 = 64 << 20;

/// Why a database cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GrypeError {
    /// SQLite says no.
    #[error("cannot read the vulnerability database: {what}")]
    Sqlite {
        /// What was being read.
        what: String,
        /// Cause.
        #[source]
        source: rusqlite::Error,
    },
    /// A table or column is missing.
    #[error("the vulnerability database has no {0}")]
    Missing(String),
    /// Another schema.
    #[error("the vulnerability database has schema `{0}`, expected `v6`")]
    Schema(String),
    /// More than the index can hold.
    #[error("the vulnerability database is larger than the index can hold")]
    TooLarge,
}

impl GrypeError {
    pub(super) fn reading(what: &str) -> impl FnOnce(rusqlite::Error) -> Self + use<> {
        let what = what.to_owned();
        move |source| Self::Sqlite { what, source }
    }
}

/// An open database. The file must not change while it is open.
pub(super) fn open(path: &Path) -> Result<Connection, GrypeError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let failed = |source| GrypeError::Sqlite { what: "it cannot be opened".into(), source };
    let connection = Connection::open_with_flags(uri(path), flags).map_err(failed)?;
    let prepare = |connection: &Connection| -> rusqlite::Result<()> {
        // The file may come from anywhere: nothing in its schema may run code.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
        connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, VALUE_BYTES)?;
        connection.pragma_update(None, "cell_size_check", true)?;
        connection.pragma_update(None, "mmap_size", 0)
    };
    prepare(&connection).map_err(failed)?;
    Ok(connection)
}

/// An `immutable` URI: without locks and without looking for a journal.
fn uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(char::from(*byte)),
            _ => {
                // Writing to a text does not fail.
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri.push_str("?immutable=1&mode=ro");
    uri
}

/// Names of a table's columns; empty when there is no such table.
pub(super) fn columns(connection: &Connection, table: &str) -> Result<Vec<String>, GrypeError> {
    let read = || -> rusqlite::Result<Vec<String>> {
        let mut kinds = connection.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1")?;
        if !kinds.exists([table])? {
            return Ok(Vec::new());
        }
        let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let names = statement.query_map([table], |row| row.get(0))?;
        names.collect()
    };
    read().map_err(GrypeError::reading(table))
}

/// Calls `each` with every row of a table. A wanted column that the table does not have reads as null when
/// `optional`, else it is an error. `false` when there is no such table.
pub(super) fn scan(
    connection: &Connection,
    table: &str,
    required: &[&str],
    optional: &[&str],
    mut each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<()>,
) -> Result<bool, GrypeError> {
    let present = columns(connection, table)?;
    if present.is_empty() {
        return Ok(false);
    }
    let has = |column: &str| present.iter().any(|present| present == column);
    if let Some(missing) = required.iter().find(|column| !has(column)) {
        return Err(GrypeError::Missing(format!("column `{missing}` in table `{table}`")));
    }
    let wanted = required.iter().chain(optional);
    let list: Vec<String> =
        wanted.map(|column| if has(column) { format!("\"{column}\"") } else { "NULL".to_owned() }).collect();
    let sql = format!("SELECT {} FROM \"{table}\" ORDER BY rowid", list.join(", "));
    let mut count = 0;
    let mut run = || -> rusqlite::Result<()> {
        let mut statement = match connection.prepare(&sql) {
            // A table without row numbers is read as it comes.
            Err(_) => connection.prepare(sql.trim_end_matches(" ORDER BY rowid"))?,
            statement => statement?,
        };
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            count += 1;
            if count > ROWS {
                break;
            }
            each(row)?;
        }
        Ok(())
    };
    run().map_err(GrypeError::reading(table))?;
    if count > ROWS { Err(GrypeError::TooLarge) } else { Ok(true) }
}

/// Text of a column; null and other types are empty.
pub(super) fn text<'r>(row: &'r rusqlite::Row<'_>, column: usize) -> &'r str {
    row.get_ref(column).ok().and_then(|value| value.as_str().ok()).unwrap_or_default()
}

/// Text of a column that tells null from empty.
pub(super) fn maybe_text(row: &rusqlite::Row<'_>, column: usize) -> Option<String> {
    row.get_ref(column).ok()?.as_str().ok().map(str::to_owned)
}

/// Number of a column; null and other types are `None`.
pub(super) fn number(row: &rusqlite::Row<'_>, column: usize) -> Option<i64> {
    match row.get_ref(column) {
        Ok(ValueRef::Integer(value)) => Some(value),
        _ => None,
    }
}

/// `2026-11-22 23:37:15+00:00` or RFC 3339 as a time.
pub(super) fn time(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{time, uri};
    use std::path::Path;

    #[test]
    fn times_of_both_spellings() {
        for text in ["2026-11-22 23:37:15+00:00", "2026-11-22T23:37:15Z", "2026-11-22 23:37:15.000+00:00"] {
            assert_eq!(time(text).unwrap().to_string(), "2026-11-22T23:37:15Z");
        }
        assert_eq!(time(""), None);
    }

    #[test]
    fn uris_hide_nothing_in_paths() {
        assert_eq!(uri(Path::new("/a b/c?d#e%")), "file:/a%20b/c%3Fd%23e%25?immutable=1&mode=ro");
    }
}

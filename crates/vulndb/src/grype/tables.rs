//! The relational tables, row by row.

use std::collections::HashMap;

use rusqlite::Connection;

use super::sqlite::{GrypeError, maybe_text, number, scan, text, time};
use crate::meta::{Aliases, OsOverride};
use crate::scope::OsRelease;

/// The single row of `db_metadata`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Metadata {
    pub(super) built: jiff::Timestamp,
    pub(super) version: [i64; 3],
}

impl Metadata {
    pub(super) fn schema(&self) -> String {
        let [model, revision, addition] = self.version;
        format!("v{model}.{revision}.{addition}")
    }
}

pub(super) fn metadata(connection: &Connection) -> Result<Metadata, GrypeError> {
    let mut found = None;
    let wanted = ["build_timestamp", "model", "revision", "addition"];
    let there = scan(connection, "db_metadata", &wanted, &[], |row| {
        let version = [1, 2, 3].map(|column| number(row, column).unwrap_or(0));
        found = time(text(row, 0)).map(|built| Metadata { built, version });
        Ok(())
    })?;
    if !there {
        return Err(GrypeError::Missing("table `db_metadata`".into()));
    }
    let metadata = found.ok_or_else(|| GrypeError::Missing("build time in table `db_metadata`".into()))?;
    if metadata.version.first() == Some(&6) { Ok(metadata) } else { Err(GrypeError::Schema(metadata.schema())) }
}

/// A row of `vulnerability_handles`.
#[derive(Debug, Clone)]
pub(super) struct VulnerabilityHandle {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) status: String,
    pub(super) withdrawn: bool,
    pub(super) published: u32,
    pub(super) modified: u32,
    pub(super) provider: u16,
    pub(super) blob: Option<i64>,
}

/// Id and capture time of each provider.
pub(super) fn providers(connection: &Connection) -> Result<Vec<(String, String)>, GrypeError> {
    let mut providers = Vec::new();
    let there = scan(connection, "providers", &["id"], &["date_captured"], |row| {
        let captured = time(text(row, 1)).map(|time| time.to_string()).unwrap_or_default();
        providers.push((text(row, 0).to_owned(), captured));
        Ok(())
    })?;
    if there { Ok(providers) } else { Err(GrypeError::Missing("table `providers`".into())) }
}

/// Every handle, and provider names by number; a provider that `providers` does not have is added.
pub(super) fn vulnerability_handles(
    connection: &Connection,
    providers: &mut Vec<String>,
) -> Result<Vec<VulnerabilityHandle>, GrypeError> {
    let mut handles = Vec::new();
    let mut numbers: HashMap<String, u16> =
        providers.iter().enumerate().map(|(number, name)| (name.clone(), number as u16)).collect();
    let required = ["id", "name", "provider_id", "blob_id"];
    let optional = ["status", "published_date", "modified_date", "withdrawn_date"];
    let there = scan(connection, "vulnerability_handles", &required, &optional, |row| {
        let provider = text(row, 2);
        let provider = if let Some(&number) = numbers.get(provider) {
            number
        } else {
            let number = u16::try_from(providers.len()).unwrap_or(u16::MAX);
            providers.push(provider.to_owned());
            numbers.insert(provider.to_owned(), number);
            number
        };
        let seconds = |column| time(text(row, column)).map_or(0, |time| u32::try_from(time.as_second()).unwrap_or(0));
        handles.push(VulnerabilityHandle {
            id: number(row, 0).unwrap_or(0),
            name: text(row, 1).to_owned(),
            status: text(row, 4).to_owned(),
            withdrawn: !text(row, 7).is_empty(),
            published: seconds(5),
            modified: seconds(6),
            provider,
            blob: number(row, 3),
        });
        Ok(())
    })?;
    if there { Ok(handles) } else { Err(GrypeError::Missing("table `vulnerability_handles`".into())) }
}

/// Releases by id.
pub(super) fn operating_systems(connection: &Connection) -> Result<Vec<(i64, OsRelease)>, GrypeError> {
    let mut releases = Vec::new();
    let required = ["id", "name", "major_version", "minor_version", "label_version"];
    let optional = ["release_id", "codename", "channel", "eol_date", "eoas_date"];
    let there = scan(connection, "operating_systems", &required, &optional, |row| {
        let own = |column| text(row, column).to_owned();
        let day = |column| text(row, column).chars().take(10).collect();
        let release = OsRelease {
            name: own(1),
            release_id: own(5),
            major: own(2),
            minor: own(3),
            label: own(4),
            codename: own(6),
            channel: own(7),
            end_of_life: day(8),
            end_of_active_support: day(9),
        };
        releases.push((number(row, 0).unwrap_or(0), release));
        Ok(())
    })?;
    if there { Ok(releases) } else { Err(GrypeError::Missing("table `operating_systems`".into())) }
}

/// Alias tables; `None` for one that is not there.
pub(super) fn aliases(connection: &Connection) -> Result<(Aliases, Vec<&'static str>), GrypeError> {
    let mut aliases = Aliases::default();
    let mut missing = Vec::new();
    let optional = [
        "version",
        "version_pattern",
        "codename",
        "replacement",
        "replacement_major_version",
        "replacement_minor_version",
        "replacement_label_version",
        "replacement_channel",
        "rolling",
        "applicable_client_db_schemas",
    ];
    let there = scan(connection, "operating_system_specifier_overrides", &["alias"], &optional, |row| {
        let own = |column| text(row, column).to_owned();
        aliases.os.push(OsOverride {
            alias: own(0),
            version: own(1),
            version_pattern: own(2),
            codename: own(3),
            replacement: maybe_text(row, 4),
            major: maybe_text(row, 5),
            minor: maybe_text(row, 6),
            label: maybe_text(row, 7),
            channel: maybe_text(row, 8),
            rolling: number(row, 9).unwrap_or(0) != 0,
            readers: own(10),
        });
        Ok(())
    })?;
    missing.extend((!there).then_some("operating_system_specifier_overrides"));
    let pairs = [
        ("package_specifier_overrides", "ecosystem", "replacement_ecosystem", &mut aliases.ecosystems),
        ("architecture_aliases", "alias", "canonical", &mut aliases.architectures),
    ];
    for (table, from, to, into) in pairs {
        let there = scan(connection, table, &[from, to], &[], |row| {
            into.push((text(row, 0).to_owned(), text(row, 1).to_owned()));
            Ok(())
        })?;
        missing.extend((!there).then_some(table));
    }
    Ok((aliases, missing))
}

/// A row of one of the four handle tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Handle {
    pub(super) vulnerability: i64,
    pub(super) os: Option<i64>,
    /// Package or CPE.
    pub(super) subject: Option<i64>,
    pub(super) blob: Option<i64>,
}

/// Every row of a handle table; `None` when there is no such table.
pub(super) fn handles(connection: &Connection, table: &str, subject: &str) -> Result<Option<Vec<Handle>>, GrypeError> {
    let mut rows = Vec::new();
    let there = scan(connection, table, &["vulnerability_id", subject, "blob_id"], &["operating_system_id"], |row| {
        rows.push(Handle {
            vulnerability: number(row, 0).unwrap_or(0),
            subject: number(row, 1),
            blob: number(row, 2),
            os: number(row, 3),
        });
        Ok(())
    })?;
    Ok(there.then_some(rows))
}

//! Packages installed by pacman (Arch Linux): a folder per package with `desc` (fields), `files` (with the
//! configuration files) and `mtree` (every file with size and digests, gzip). Format: alpm-db(7), mtree(5).

mod mtree;
mod package;

use serde::{Deserialize, Serialize};
use stopgate_model::{GapCode, PackageType, limits};

use crate::{Assemble, Cataloger, Claim, Claimed, Facts, ReadError, Sources, claims};

/// `alpm-db-cataloger`.
pub(crate) static ALPM_DB: Cataloger = Cataloger {
    name: NAME,
    finds: &[PackageType::ALPM],
    sources: Sources::All,
    claims: &[
        Claim::Glob("**/var/lib/pacman/local/**/desc"),
        Claim::Glob("**/var/lib/pacman/local/**/files"),
        Claim::Glob("**/var/lib/pacman/local/**/mtree"),
    ],
    unreadable: GapCode::DatabaseUnreadable,
    extract: read,
    assemble: Assemble::Joined(package::join),
};

const NAME: &str = "alpm-db-cataloger";
const DESC: &str = "desc";
const FILES: &str = "files";
const MTREE: &str = "mtree";

/// Fields of `desc`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Desc {
    name: String,
    version: String,
    base: String,
    description: String,
    arch: String,
    url: String,
    packager: String,
    validation: String,
    size: i64,
    reason: i64,
    licenses: Vec<String>,
    provides: Vec<String>,
    depends: Vec<String>,
}

/// Lists of `files`.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Lists {
    /// Paths; folders end with a slash.
    files: Vec<String>,
    /// Path and MD5 of configuration files.
    backup: Vec<(String, String)>,
}

fn read(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    match file.name() {
        "desc" => {
            let desc = desc(&file.text(limits::METADATA_BYTES)?);
            if desc.name.is_empty() {
                return Err(ReadError::Malformed("has no field `%NAME%`".to_owned()));
            }
            facts.record(DESC, &desc);
        }
        "files" => facts.record(FILES, &lists(&file.text(limits::METADATA_BYTES)?)),
        // Without it the package is still known, and its files by name.
        _ => match mtree::read(file) {
            Ok(rows) => facts.record(MTREE, &rows),
            Err(error) => facts.gaps.push(claims::gap_of(GapCode::MetadataUnreadable, file, &error)),
        },
    }
    Ok(())
}

/// `%KEY%`, its lines, and an empty line behind them.
fn sections(text: &str) -> impl Iterator<Item = (&str, Vec<&str>)> {
    let mut lines = text.lines();
    std::iter::from_fn(move || {
        let key = lines.by_ref().find(|line| !line.is_empty())?;
        let values = lines.by_ref().take_while(|line| !line.is_empty()).collect();
        Some((key.trim_matches('%'), values))
    })
}

fn desc(text: &str) -> Desc {
    let mut desc = Desc::default();
    for (key, lines) in sections(text) {
        let list = || lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
        let text = || lines.join("\n").trim().to_owned();
        match key {
            "NAME" => desc.name = text(),
            "VERSION" => desc.version = text(),
            "BASE" => desc.base = text(),
            "DESC" => desc.description = text(),
            "ARCH" => desc.arch = text(),
            "URL" => desc.url = text(),
            "PACKAGER" => desc.packager = text(),
            "VALIDATION" => desc.validation = text(),
            "SIZE" => desc.size = text().parse().unwrap_or(0),
            "REASON" => desc.reason = text().parse().unwrap_or(0),
            "LICENSE" => desc.licenses = list(),
            "PROVIDES" => desc.provides = list(),
            "DEPENDS" => desc.depends = list(),
            _ => {} // Fields that say nothing of what is installed.
        }
    }
    desc
}

fn lists(text: &str) -> Lists {
    let mut lists = Lists::default();
    for (key, lines) in sections(text) {
        match key {
            "FILES" => lists.files = lines.iter().map(|line| format!("/{line}")).collect(),
            "BACKUP" => {
                let rows = lines.iter().filter_map(|line| line.split_once('\t'));
                lists.backup = rows.map(|(path, digest)| (format!("/{path}"), digest.to_owned())).collect();
            }
            _ => {}
        }
    }
    lists
}

#[cfg(test)]
mod tests {
    crate::golden::golden!(image "alpm": typical, empty, corrupt, without_mtree);
}

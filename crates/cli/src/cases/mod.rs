//! Test cases of policies: a folder with `case.yaml`, an analysis document and own advisories. The same folder is
//! what `policy diff` writes to show a difference.
//!
//! ```text
//! case.yaml             policy, params, tag, as_of, base, baseline, expect
//! analysis.json[.zst]   what was analysed
//! osv/*.json            the only advisories that count; none means that nothing is known to be vulnerable
//! ```

mod compare;
mod document;
mod run;
mod write;

pub(crate) use run::{Outcome, run};
pub(crate) use write::{Subject, write};

use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// Name of the file that makes a folder a case.
pub(crate) const CASE_FILE: &str = "case.yaml";

/// Folders below this one that are looked at.
const MOST_FOLDERS: usize = 100_000;

/// The case folders at and below the given ones, sorted.
pub(crate) fn find(roots: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let mut found = Vec::new();
    for root in roots {
        if !root.is_dir() {
            return Err(Failure::new(format!("there is no folder `{}`", root.display())));
        }
        let before = found.len();
        collect(root, &mut found)?;
        if found.len() == before {
            return Err(Failure::new(format!("the folder `{}` has no case: expected a `{CASE_FILE}`", root.display())));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Walks without following links, so that a link cannot lead in circles.
fn collect(root: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let mut open = vec![root.to_owned()];
    let mut seen = 0;
    while let Some(folder) = open.pop() {
        seen += 1;
        if seen > MOST_FOLDERS {
            return Err(Failure::new(format!("`{}` has more than {MOST_FOLDERS} folders", root.display())));
        }
        if folder.join(CASE_FILE).is_file() {
            found.push(folder);
            continue;
        }
        let unreadable =
            |error: &std::io::Error| Failure::new(format!("cannot read the folder `{}`: {error}", folder.display()));
        for entry in std::fs::read_dir(&folder).map_err(|error| unreadable(&error))? {
            let entry = entry.map_err(|error| unreadable(&error))?;
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                open.push(entry.path());
            }
        }
    }
    Ok(())
}

//! What a verification leaves out, and what it could not see.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;
use stopgate_model::{OwnedFile, Package};

use super::Status;
use super::compare::Seen;
use crate::trigger::Hits;

/// What could not be compared, counted.
#[derive(Default)]
pub(super) struct Unseen {
    /// Names of packages that record no file.
    packages: BTreeSet<String>,
    /// Files whose content was not compared.
    contents: u64,
    /// Those of them that were only looked for.
    anything: u64,
    /// What is recorded of them.
    recorded: BTreeSet<&'static str>,
}

impl Unseen {
    pub(super) fn package(&mut self, package: &Package) {
        if package.files.is_empty() {
            self.packages.insert(package.name.clone());
        }
    }

    pub(super) fn file(&mut self, owned: &OwnedFile, seen: &Seen) {
        let Seen::Same { content: false, anything } = seen else { return };
        self.contents += 1;
        self.anything += u64::from(!anything);
        self.recorded.insert(owned.digest.as_ref().map_or("no digest", |digest| digest.algorithm().name()));
    }

    pub(super) fn tell_contents(&self, hits: &mut Hits) {
        if self.contents == 0 {
            return;
        }
        let recorded = self.recorded.iter().copied().collect::<Vec<_>>().join(", ");
        hits.note(format!(
            "the contents of {} files could not be compared (recorded: {recorded}), {} of them were only looked for",
            self.contents, self.anything
        ));
    }

    pub(super) fn tell_packages(&self, hits: &mut Hits) {
        const SHOWN: usize = 5;
        if self.packages.is_empty() {
            return;
        }
        let names = self.packages.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let more = if self.packages.len() > SHOWN { " and others" } else { "" };
        hits.note(format!("no files are recorded of {} packages: {names}{more}", self.packages.len()));
    }
}

/// Files of which rpm says that they need not be there (`%ghost`, `%missingok`) or as installed (`%ghost`).
pub(super) struct Exempt<'a> {
    package: &'a Package,
    flags: OnceCell<HashMap<String, String>>,
}

impl<'a> Exempt<'a> {
    pub(super) const fn of(package: &'a Package) -> Self {
        Self { package, flags: OnceCell::new() }
    }

    pub(super) fn from(&self, status: Status, path: &str) -> bool {
        // The record is large and only asked for what differs.
        let flags = self.flags.get_or_init(|| flags(self.package).unwrap_or_default());
        flags
            .get(path)
            .is_some_and(|letters| letters.contains('g') || (status == Status::Missing && letters.contains('m')))
    }
}

/// Paths with the letters of their flags, as `rpm --verify` prints them.
fn flags(package: &Package) -> Option<HashMap<String, String>> {
    #[derive(Deserialize)]
    struct Entry {
        #[serde(default)]
        files: Vec<File>,
    }
    #[derive(Deserialize)]
    struct File {
        path: String,
        flags: Option<String>,
    }
    let details = package.details.as_ref().filter(|details| details.type_name.starts_with("rpm-"))?;
    let entry: Entry = serde_json::from_str(&details.json).ok()?;
    Some(entry.files.into_iter().filter_map(|file| Some((file.path, file.flags?))).collect())
}

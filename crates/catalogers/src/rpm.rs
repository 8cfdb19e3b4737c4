//! Packages installed by rpm (Red Hat and its kin, SUSE, Amazon, Azure Linux), from its database in any of
//! three forms (Berkeley DB, ndb, SQLite) or from the manifest of images without one.
//!
//! What the headers list as files is kept with the layer; which of them exist is known once the tree is
//! merged.

mod bdb;
mod header;
mod installed;
mod ndb;
mod package;
mod signature;

use stopgate_model::{Gap, GapCode, PackageType, limits};

use self::installed::Installed;
use crate::sqlite::{self, Value};
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, ReadError, Sources};

/// `rpm-db-cataloger`.
pub(crate) static RPM_DB: Cataloger = Cataloger {
    name: NAME,
    finds: &[PackageType::RPM],
    sources: Sources::All,
    claims: &[
        Claim::Glob("**/var/lib/rpm/Packages"),
        Claim::Glob("**/var/lib/rpm/Packages.db"),
        Claim::Glob("**/var/lib/rpm/rpmdb.sqlite"),
        Claim::Glob("**/var/lib/rpm/rpmdb.sqlite-wal"),
        Claim::Glob("**/usr/share/rpm/Packages"),
        Claim::Glob("**/usr/share/rpm/Packages.db"),
        Claim::Glob("**/usr/share/rpm/rpmdb.sqlite"),
        Claim::Glob("**/usr/share/rpm/rpmdb.sqlite-wal"),
        Claim::Glob("**/usr/lib/sysimage/rpm/Packages"),
        Claim::Glob("**/usr/lib/sysimage/rpm/Packages.db"),
        Claim::Glob("**/usr/lib/sysimage/rpm/rpmdb.sqlite"),
        Claim::Glob("**/usr/lib/sysimage/rpm/rpmdb.sqlite-wal"),
        Claim::Glob("**/var/lib/rpmmanifest/container-manifest-2"),
    ],
    unreadable: GapCode::DatabaseUnreadable,
    extract: read,
    assemble: Assemble::Joined(package::join),
};

const NAME: &str = "rpm-db-cataloger";
const INSTALLED: &str = "installed";
/// A write-ahead log of SQLite has a header of this length, then the changes.
const WAL_HEADER: u64 = 32;

fn read(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    if file.name() == "container-manifest-2" {
        return read_manifest(file, facts);
    }
    if file.name().ends_with("-wal") {
        if file.size() > WAL_HEADER {
            return Err(ReadError::Malformed("holds changes that are not yet in its database".to_owned()));
        }
        return Ok(());
    }
    if file.size() == 0 {
        // rpm makes the file before it makes the database.
        return Ok(());
    }
    let mut installed = Vec::new();
    let mut bad = 0_u64;
    let outcome = headers(file, &mut |blob| match Installed::read(blob) {
        Some(package) => installed.push(package),
        // A Berkeley DB database also holds the number of its last package.
        None if blob.len() <= 4 => {}
        None => bad += 1,
    });
    if bad > 0 {
        let message = format!("{bad} headers of `{}` could not be read", file.path());
        let mut gap = Gap::new(GapCode::RecordUnreadable, message);
        gap.seen = Some(bad);
        facts.gaps.push(gap);
    }
    // What was read before the database broke is kept beside the gap.
    if !installed.is_empty() {
        facts.record(INSTALLED, &installed);
    } else if bad > 0 {
        outcome?;
        return Err(ReadError::Malformed("has no header that can be read".to_owned()));
    }
    outcome
}

fn headers(file: &Claimed<'_>, header: &mut dyn FnMut(&[u8])) -> Result<(), ReadError> {
    let mut first = [0; 16];
    file.content().read_exact_at(0, &mut first)?;
    if first.starts_with(sqlite::MAGIC) {
        let found = sqlite::Database::open(file.content())?.rows("Packages", &mut |_, columns| {
            if let Some(Value::Blob(blob)) = columns.get(1) {
                header(blob);
            }
        })?;
        return if found { Ok(()) } else { Err(ReadError::Malformed("has no table `Packages`".to_owned())) };
    }
    if ndb::is(&first) {
        ndb::values(file.content(), header)
    } else if bdb::is(&first) {
        bdb::values(file.content(), header)
    } else {
        Err(ReadError::Malformed("is no rpm database: expected Berkeley DB, ndb or SQLite".to_owned()))
    }
}

fn read_manifest(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let text = file.text(limits::METADATA_BYTES)?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let (packages, bad): (Vec<_>, Vec<_>) = lines.map(installed::manifest_line).partition(Option::is_some);
    if !bad.is_empty() {
        let message = format!("{} lines of `{}` are no packages: expected ten fields", bad.len(), file.path());
        facts.gaps.push(Gap::new(GapCode::RecordUnreadable, message));
    }
    let packages: Vec<Installed> = packages.into_iter().flatten().collect();
    if !packages.is_empty() {
        facts.record(INSTALLED, &packages);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::RPM_DB;
    use crate::{Claimed, SourceClass, extract_file, golden};

    golden::golden!(image "rpm": sqlite, bdb, ndb, empty, corrupt, manifest, states);

    /// `rpm -qa` lists these of the Berkeley DB database, and listed them of the SQLite database from whose
    /// headers all three were made.
    const INSTALLED: [&str; 4] = [
        "empty-package 2:1.2-3.el9",
        "fixture-libs 2:1.2-3.el9",
        "fixture-tool 2:1.2-3.el9",
        "gpg-pubkey a4a5e174-6b066e08",
    ];

    #[test]
    fn the_three_forms_hold_the_same_packages() {
        let all = ["sqlite", "bdb", "ndb"].map(|form| {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/testdata/rpm").join(form);
            let mut packages = golden::analyse(&root, SourceClass::Image).packages;
            for package in &mut packages {
                package.locations.clear();
                package.id = stopgate_model::PackageId::default();
                for license in &mut package.licenses {
                    license.locations.clear();
                }
            }
            packages
        });
        assert_eq!(all[0], all[1]);
        assert_eq!(all[0], all[2]);
        let names: Vec<_> = all[0].iter().map(|package| format!("{} {}", package.name, package.version)).collect();
        assert_eq!(names, INSTALLED);
    }

    #[test]
    fn any_bytes_end_in_packages_or_a_gap() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/testdata/rpm");
        for path in
            ["bdb/var/lib/rpm/Packages", "ndb/var/lib/rpm/Packages.db", "sqlite/usr/lib/sysimage/rpm/rpmdb.sqlite"]
        {
            let good = std::fs::read(folder.join(path)).unwrap();
            arbtest::arbtest(|u| {
                let mut bytes = good.clone();
                for _ in 0..u.int_in_range(1..=60)? {
                    let at = u.choose_index(bytes.len())?;
                    bytes[at] = u.arbitrary()?;
                }
                bytes.truncate(u.int_in_range(1..=bytes.len())?);
                let facts = extract_file(&RPM_DB, &Claimed::new(path, 0o644, &bytes));
                assert!(!facts.is_empty(), "nothing found and nothing said");
                Ok(())
            })
            .budget_ms(300);
        }
    }
}

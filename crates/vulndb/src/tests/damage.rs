//! Files of a build with any bytes: an error or sane answers, never a panic.

use std::path::{Path, PathBuf};

use stopgate_model::Distro;

use super::tiny::{full, import_file};
use crate::{Database, ScopeId, VulnerabilityNumber};

fn files(folder: &Path) -> (Vec<u8>, Vec<u8>) {
    let store = folder.join("store");
    import_file(&full(folder, "2026-01-02").finish(), &store).unwrap();
    let with = |extension: &str| {
        let paths: Vec<PathBuf> = std::fs::read_dir(&store).unwrap().map(|entry| entry.unwrap().path()).collect();
        let path = paths.into_iter().find(|path| path.extension().is_some_and(|found| found == extension));
        std::fs::read(path.unwrap()).unwrap()
    };
    (with("idx"), with("details"))
}

/// Asks for everything that there is.
fn exercise(database: &Database) {
    for id in ["rhel", "debian", "alpine", "wolfi"] {
        let _ = database.resolve(&Distro { id: id.into(), version_id: "9.4".into(), ..Distro::default() });
    }
    let names = ["acme", "acme-parser", "example.com/acme", "parser"];
    let scopes: Vec<ScopeId> = database.scopes().map(|(scope, ..)| scope).take(50).collect();
    for name in names {
        let rows = scopes.iter().flat_map(|scope| database.lookup(*scope, name)).chain(database.lookup_cpe(name));
        for row in rows.take(50) {
            let _ = (format!("{row:?}"), row.fix(), row.advisories(), row.qualifiers(), row.cpe());
            let _ = (row.ranges().count(), row.cves().count(), row.namespace());
            let _ = database.vulnerability_of(&row);
        }
    }
    for number in (0..database.len().min(20)).chain([u32::MAX]) {
        let number = VulnerabilityNumber(number);
        let _ = (database.vulnerability(number), database.identities(number).count(), database.status(number));
        let _ = (database.same_weakness(number, VulnerabilityNumber(0)), database.is_known_exploited(number));
    }
    let _ = (database.find("CVE-2025-0001"), database.changes_since(database), database.gaps());
}

#[test]
fn the_whole_files_have_no_faults() {
    let folder = tempfile::tempdir().unwrap();
    let (index, details) = files(folder.path());
    let database = Database::from_bytes(index, details).unwrap();
    exercise(&database);
    assert!(database.gaps().is_empty(), "{:?}", database.gaps());
    assert!(database.changes_since(&database).is_empty());
}

#[test]
fn truncated_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let (index, details) = files(folder.path());
    for length in (0..index.len()).step_by(97) {
        assert!(Database::from_bytes(index[..length].to_vec(), details.clone()).is_err());
    }
    for length in (0..details.len()).step_by(97) {
        assert!(Database::from_bytes(index.clone(), details[..length].to_vec()).is_err());
    }
    assert!(Database::from_bytes(details.clone(), index.clone()).is_err());
}

#[test]
fn files_of_two_builds_do_not_go_together() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (index, _) = files(folder.path());
    let store = other.path().join("store");
    crate::build(std::iter::empty(), &store, "2026-01-01T00:00:00Z", "none").unwrap();
    let entries = std::fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path());
    let details = entries.into_iter().find(|path| path.extension().is_some_and(|found| found == "details")).unwrap();
    let error = Database::from_bytes(index, std::fs::read(details).unwrap()).unwrap_err();
    assert!(error.to_string().contains("another build"));
}

#[test]
fn flipped_bits_never_panic() {
    let folder = tempfile::tempdir().unwrap();
    let (index, details) = files(folder.path());
    arbtest::arbtest(|u| {
        let (mut index, mut details) = (index.clone(), details.clone());
        for _ in 0..u.int_in_range(1..=12)? {
            let file = if u.ratio(3, 4)? { &mut index } else { &mut details };
            let at = u.choose_index(file.len())?;
            file[at] = u.arbitrary()?;
        }
        if let Ok(database) = Database::from_bytes(index, details) {
            exercise(&database);
        }
        Ok(())
    });
}

#[test]
fn damage_behind_the_header_shows_as_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let (mut index, details) = files(folder.path());
    // Everything but header, table and description: rows now point anywhere.
    let start = index.len() / 4;
    for byte in index.iter_mut().skip(start) {
        *byte = 0xff;
    }
    match Database::from_bytes(index, details) {
        Err(_) => {}
        Ok(database) => {
            exercise(&database);
            assert!(!database.gaps().is_empty());
        }
    }
}

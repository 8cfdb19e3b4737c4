//! The store while imports are interrupted, repeated and concurrent.

use std::path::Path;

use super::tiny::{full, import_file, range};
use crate::{Change, Database, build};

fn names(store: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        std::fs::read_dir(store).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_store_that_is_not_there_has_no_data() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Database::open(folder.path()).unwrap().is_none());
    assert!(Database::open(&folder.path().join("nowhere")).unwrap().is_none());
    assert!(Database::open_previous(folder.path()).unwrap().is_none());
}

#[test]
fn the_newest_two_builds_stay_and_can_be_compared() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    for built in ["2026-01-01", "2026-01-02"] {
        import_file(&full(folder.path(), built).finish(), &store).unwrap();
    }
    let held_open = Database::open(&store).unwrap().unwrap();
    let newest = full(folder.path(), "2026-01-03");
    let id = newest.vulnerability("nvd", "CVE-2026-5", "{}");
    newest.affected(id, "", ("npm", "New"), &range("npm", "< 1", "1"));
    newest.affected(id, "", ("python", "acme-parser"), &range("python", "< 1", "1"));
    newest.run("DELETE FROM affected_cpe_handles");
    import_file(&newest.finish(), &store).unwrap();
    let builds = names(&store)
        .into_iter()
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "idx"))
        .count();
    assert_eq!(builds, 2);
    let (current, previous) =
        (Database::open(&store).unwrap().unwrap(), Database::open_previous(&store).unwrap().unwrap());
    assert_eq!(previous.identity(), held_open.identity());
    let changes: Vec<_> = current
        .changes_since(&previous)
        .into_iter()
        .map(|changed| (changed.scope, changed.name, changed.change))
        .collect();
    let expected =
        [("cpe", "parser", Change::Removed), ("npm", "new", Change::Added), ("python", "acme-parser", Change::Changed)];
    assert_eq!(changes, expected.map(|(scope, name, change)| (scope.to_owned(), name.to_owned(), change)));
}

#[test]
fn what_an_interrupted_import_left_is_removed_by_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let file = full(folder.path(), "2026-01-01").finish();
    import_file(&file, &store).unwrap();
    let before = names(&store);
    // At each step at which a process can be killed: database unpacked, files half written, files finished.
    for name in ["vulnerability.db.partial", "b-1.idx.partial", "b-1.details", "b-1.idx", "current.partial"] {
        std::fs::write(store.join(name), b"half").unwrap();
        assert_eq!(Database::open(&store).unwrap().unwrap().identity().built, "2026-01-01T00:00:00Z");
    }
    std::fs::write(store.join("notes.txt"), b"not ours").unwrap();
    import_file(&file, &store).unwrap();
    let mut expected = before;
    expected.push("notes.txt".into());
    expected.sort();
    assert_eq!(names(&store), expected);
}

#[test]
fn a_pointer_to_nothing_is_an_error_and_not_no_data() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path();
    for text in ["gone\n", "", "../../etc/passwd\n"] {
        std::fs::write(store.join("current"), text).unwrap();
        assert!(Database::open(store).is_err(), "{text}");
    }
    build(std::iter::empty(), store, "2026-01-01T00:00:00Z", "own").unwrap();
    assert!(Database::open(store).unwrap().unwrap().is_empty());
}

#[test]
fn imports_at_the_same_time_wait_for_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let files: Vec<_> = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"]
        .map(|built| full(folder.path(), built).finish())
        .into_iter()
        .collect();
    std::thread::scope(|scope| {
        for file in &files {
            let store = &store;
            scope.spawn(move || {
                for _ in 0..3 {
                    // Older ones are refused once a newer one is there.
                    let _ = import_file(file, store);
                    assert_eq!(Database::open(store).unwrap().unwrap().len(), 6);
                }
            });
        }
    });
    assert_eq!(Database::open(&store).unwrap().unwrap().identity().built, "2026-01-04T00:00:00Z");
    assert!(names(&store).iter().all(|name| !name.ends_with(".partial")));
}

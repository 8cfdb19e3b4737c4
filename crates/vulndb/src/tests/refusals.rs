//! What is refused, in one sentence, with the old data in place.

use std::path::Path;

use super::tiny::{Tiny, full, import_file, range, tar, zstd};
use crate::{Database, GrypeError, ImportError, ImportOptions, ImportSource, ListingError, import, import_listed};

struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    /// A store that holds the build of 2026-01-02.
    fn new() -> Self {
        let stage = Self { folder: tempfile::tempdir().unwrap() };
        let path = full(stage.path(), "2026-01-02").finish();
        import_file(&path, &stage.store()).unwrap();
        stage
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn store(&self) -> std::path::PathBuf {
        self.path().join("store")
    }

    fn write(&self, name: &str, bytes: &[u8]) -> std::path::PathBuf {
        let path = self.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// The error of an import, after a look that nothing changed.
    fn refused(&self, result: Result<stopgate_model::DataIdentity, ImportError>) -> ImportError {
        let error = result.unwrap_err();
        let message = error.to_string();
        assert!(!message.ends_with('.') && !message.contains('\n'), "{message}");
        let database = Database::open(&self.store()).unwrap().unwrap();
        assert_eq!((database.identity().built.as_str(), database.len()), ("2026-01-02T00:00:00Z", 6));
        let partial = std::fs::read_dir(self.store())
            .unwrap()
            .any(|entry| entry.unwrap().path().extension().is_some_and(|extension| extension == "partial"));
        assert!(!partial);
        error
    }

    fn refused_file(&self, path: &Path) -> ImportError {
        self.refused(import_file(path, &self.store()))
    }
}

#[test]
fn damaged_archives() {
    let stage = Stage::new();
    let database = std::fs::read(full(stage.path(), "2026-02-02").finish()).unwrap();
    let archive = zstd(&tar(&[("vulnerability.db", &database)]));
    for cut in [0, 3, 10, archive.len() / 2, archive.len() - 1] {
        let path = stage.write("cut.tar.zst", &archive[..cut]);
        assert!(matches!(stage.refused_file(&path), ImportError::Archive { .. }), "{cut}");
    }
    let mut flipped = archive;
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x10;
    let path = stage.write("flipped.tar.zst", &flipped);
    assert!(matches!(stage.refused_file(&path), ImportError::Archive { .. }));
    let path = stage.write("text.tar.zst", b"this is no archive at all");
    assert!(matches!(stage.refused_file(&path), ImportError::Archive { .. }));
    let path = stage.write("empty.tar.zst", &zstd(&tar(&[("other.db", b"x")])));
    assert!(matches!(stage.refused_file(&path), ImportError::NoDatabase(_)));
    assert!(matches!(stage.refused_file(&stage.path().join("nowhere")), ImportError::Io { .. }));
    // What may never end is not read.
    assert!(matches!(stage.refused_file(Path::new("/dev/zero")), ImportError::Io { .. }));
    // A name of 64 MiB in front of the database is no reason to hold it.
    let mut long = tar(&[("long", &vec![b'x'; 64 << 20])]);
    long[156] = b'L';
    let sum: u32 = (0..512).map(|at| if (148..156).contains(&at) { 32 } else { u32::from(long[at]) }).sum();
    long[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let path = stage.write("long.tar.zst", &zstd(&long));
    assert!(matches!(stage.refused_file(&path), ImportError::NoDatabase(_)));
}

#[test]
fn databases_of_another_kind() {
    let stage = Stage::new();
    let other = full(stage.path(), "2026-02-02");
    other.run("UPDATE db_metadata SET model = 7");
    let error = stage.refused_file(&other.finish());
    assert!(matches!(error, ImportError::Database(GrypeError::Schema(schema)) if schema == "v7.1.9"));
    let without = full(stage.path(), "2026-02-03");
    without.run("DROP TABLE blobs; CREATE VIEW blobs AS SELECT 1 AS id, 'x' AS value;");
    assert!(matches!(stage.refused_file(&without.finish()), ImportError::Database(_)));
    let without = full(stage.path(), "2026-02-04");
    without.run("ALTER TABLE packages DROP COLUMN name");
    let error = stage.refused_file(&without.finish());
    assert_eq!(error.to_string(), "the vulnerability database has no column `name` in table `packages`");
    let mut bytes = std::fs::read(full(stage.path(), "2026-02-05").finish()).unwrap();
    bytes.truncate(bytes.len() / 2);
    let path = stage.write("half.db", &bytes);
    assert!(matches!(stage.refused_file(&path), ImportError::Database(_)));
    let path = stage.write("head.db", b"SQLite format 3\0 and nothing more");
    assert!(matches!(stage.refused_file(&path), ImportError::Database(_)));
}

#[test]
fn an_older_build_and_one_that_lost_a_provider_need_force() {
    let stage = Stage::new();
    let older = full(stage.path(), "2025-12-31").finish();
    let error = stage.refused_file(&older);
    assert!(matches!(&error, ImportError::Older { offered, .. } if offered == "2025-12-31T00:00:00Z"), "{error}");
    let lossy = Tiny::new(stage.path(), "2026-02-01");
    for provider in ["nvd", "github", "debian", "alma"] {
        lossy.vulnerability(provider, "CVE-1", "{}");
    }
    let lossy = lossy.finish();
    // Of some there are records, but none says whom it affects.
    let lost = ["debian", "github", "govulndb", "nvd", "rhel", "kev", "epss", "cwe"];
    let error = stage.refused_file(&lossy);
    assert!(matches!(&error, ImportError::LostProviders { providers } if providers == &lost), "{error}");
    let without = full(stage.path(), "2026-02-02");
    without.run("DELETE FROM known_exploited_vulnerability_handles; DELETE FROM cwe_handles;");
    let error = stage.refused_file(&without.finish());
    assert!(matches!(&error, ImportError::LostProviders { providers } if providers == &["kev", "cwe"]), "{error}");
    let harmless = full(stage.path(), "2026-02-03");
    harmless.run("DELETE FROM affected_package_handles");
    let error = stage.refused_file(&harmless.finish());
    assert!(matches!(&error, ImportError::LostProviders { .. }), "{error}");
    for path in [lossy, older] {
        let options = ImportOptions { force: true, ..ImportOptions::default() };
        let identity = import(&ImportSource::File(path), &stage.store(), &options).unwrap();
        assert_eq!(Database::open(&stage.store()).unwrap().unwrap().identity(), &identity);
    }
}

fn listing(built: &str, path: &str, checksum: &str) -> String {
    format!(
        r#"{{"status":"active","schemaVersion":"v6.1.9","built":"{built}","path":"{path}","checksum":"{checksum}"}}"#
    )
}

#[test]
fn listings_must_fit_their_archive() {
    let stage = Stage::new();
    let database = std::fs::read(full(stage.path(), "2026-02-02").finish()).unwrap();
    let archive = zstd(&tar(&[("vulnerability.db", &database)]));
    std::fs::create_dir(stage.path().join("feed")).unwrap();
    stage.write("feed/a.tar.zst", &archive);
    let feed = ImportSource::of_path(&stage.path().join("feed"));
    let run = || import(&feed, &stage.store(), &ImportOptions::default());
    let time = "2026-02-02T00:00:00Z";
    stage.write("feed/latest.json", listing(time, "a.tar.zst", &format!("sha256:{}", "0".repeat(64))).as_bytes());
    assert!(matches!(stage.refused(run()), ImportError::Checksum { .. }));
    let checksum = {
        use sha2::Digest as _;
        format!("sha256:{}", hex::encode(sha2::Sha256::digest(&archive)))
    };
    for path in ["../a.tar.zst", "/etc/passwd", "..", "http://elsewhere/a.tar.zst"] {
        stage.write("feed/latest.json", listing(time, path, &checksum).as_bytes());
        assert!(matches!(stage.refused(run()), ImportError::Listing(ListingError::Malformed(_))), "{path}");
    }
    stage.write("feed/latest.json", listing(time, "b.tar.zst", &checksum).as_bytes());
    assert!(matches!(stage.refused(run()), ImportError::Io { .. }));
    stage.write("feed/latest.json", b"{}");
    assert!(matches!(stage.refused(run()), ImportError::Listing(_)));
    let good = listing(time, "a.tar.zst", &checksum);
    let short = import_listed(good.as_bytes(), &archive[..100], &stage.store(), &ImportOptions::default());
    assert!(matches!(stage.refused(short), ImportError::Archive { .. }));
    stage.write("feed/latest.json", good.as_bytes());
    assert_eq!(run().unwrap().origin, "a.tar.zst");
    std::fs::remove_file(stage.path().join("feed/latest.json")).unwrap();
    assert_eq!(run().unwrap().built, time);
}

#[test]
fn a_schema_that_would_run_code_does_not() {
    let stage = Stage::new();
    let tiny = full(stage.path(), "2026-02-02");
    let id = tiny.vulnerability("nvd", "CVE-3", "{}");
    tiny.affected(id, "", ("npm", "a"), &range("npm", "< 1", "1"));
    tiny.run(
        "DROP TABLE cwe_handles;
         CREATE VIEW cwe_handles AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x AS cve, x AS cwe FROM n;",
    );
    // The view is not read at all: as far as the import is concerned the table is missing.
    let options = ImportOptions { force: true, ..ImportOptions::default() };
    import(&ImportSource::File(tiny.finish()), &stage.store(), &options).unwrap();
    let gaps = Database::open(&stage.store()).unwrap().unwrap().gaps();
    assert!(gaps.iter().any(|gap| gap.message.contains("cwe_handles")), "{gaps:?}");
}

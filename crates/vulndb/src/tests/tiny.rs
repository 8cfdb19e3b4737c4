//! A small Grype database of our own, with one row of each kind.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rusqlite::{Connection, params};

use crate::{Database, ImportOptions, ImportSource, import};

/// The tables, without the indexes that the distributed file does not have either.
const TABLES: &str = "
CREATE TABLE db_metadata (build_timestamp datetime, model integer, revision integer, addition integer);
CREATE TABLE providers (id text PRIMARY KEY, version text, processor text, date_captured datetime, input_digest text);
CREATE TABLE blobs (id integer PRIMARY KEY AUTOINCREMENT, value text);
CREATE TABLE vulnerability_handles (id integer PRIMARY KEY AUTOINCREMENT, name text, status text,
  published_date datetime, modified_date datetime, withdrawn_date datetime, provider_id text, blob_id integer);
CREATE TABLE vulnerability_aliases (name text, alias text, PRIMARY KEY (name, alias));
CREATE TABLE operating_systems (id integer PRIMARY KEY AUTOINCREMENT, name text, release_id text, major_version text,
  minor_version text, label_version text, codename text, channel text, eol_date datetime, eoas_date datetime);
CREATE TABLE operating_system_specifier_overrides (alias text, version text, version_pattern text, codename text,
  channel text, replacement text, replacement_major_version text, replacement_minor_version text,
  replacement_label_version text, replacement_channel text, rolling numeric, applicable_client_db_schemas text);
CREATE TABLE packages (id integer PRIMARY KEY AUTOINCREMENT, ecosystem text, name text);
CREATE TABLE package_specifier_overrides (ecosystem text, replacement_ecosystem text);
CREATE TABLE architecture_aliases (alias text PRIMARY KEY, canonical text);
CREATE TABLE cpes (id integer PRIMARY KEY AUTOINCREMENT, part text, vendor text, product text, edition text,
  language text, software_edition text, target_hardware text, target_software text, other text);
CREATE TABLE package_cpes (cpe_id integer, package_id integer);
CREATE TABLE affected_package_handles (id integer PRIMARY KEY AUTOINCREMENT, vulnerability_id integer,
  operating_system_id integer, package_id integer, blob_id integer);
CREATE TABLE unaffected_package_handles (id integer PRIMARY KEY AUTOINCREMENT, vulnerability_id integer,
  operating_system_id integer, package_id integer, blob_id integer);
CREATE TABLE affected_cpe_handles (id integer PRIMARY KEY AUTOINCREMENT, vulnerability_id integer, cpe_id integer,
  blob_id integer);
CREATE TABLE unaffected_cpe_handles (id integer PRIMARY KEY AUTOINCREMENT, vulnerability_id integer, cpe_id integer,
  blob_id integer);
CREATE TABLE known_exploited_vulnerability_handles (id integer PRIMARY KEY AUTOINCREMENT, cve text, blob_id integer);
CREATE TABLE epss_handles (id integer PRIMARY KEY AUTOINCREMENT, cve text, epss real, percentile real);
CREATE TABLE epss_metadata (date datetime);
CREATE TABLE cwe_handles (id integer PRIMARY KEY AUTOINCREMENT, cve text, cwe text, source text, type text);
";

/// Releases: name, id, major, minor, label, codename, channel, end of life.
const RELEASES: &[[&str; 8]] = &[
    ["redhat", "rhel", "9", "", "", "", "", "2032-05-31 00:00:00+00:00"],
    ["redhat", "rhel", "9", "4", "", "", "eus", "2032-05-31 00:00:00+00:00"],
    ["almalinux", "", "9", "", "", "", "", "2032-05-31 00:00:00+00:00"],
    ["debian", "debian", "12", "", "", "bookworm", "", "2026-06-10 00:00:00+00:00"],
    ["debian", "debian", "", "", "unstable", "", "", ""],
    ["ubuntu", "ubuntu", "20", "4", "", "focal", "", ""],
    ["ubuntu", "ubuntu", "20", "4", "", "focal", "esm", ""],
    ["alpine", "alpine", "3", "18", "", "", "", "2025-05-09 00:00:00+00:00"],
    ["alpine", "alpine", "3", "19", "", "", "", ""],
    ["alpine", "alpine", "", "", "edge", "", "", ""],
    ["wolfi", "wolfi", "", "", "rolling", "", "", ""],
];

const OVERRIDES: &str = "
INSERT INTO operating_system_specifier_overrides VALUES
 ('rhel','','^\\d+\\.\\d+','','',NULL,NULL,'',NULL,NULL,0,'< 6.0.3'),
 ('rockylinux','','','','','rhel',NULL,NULL,NULL,NULL,0,''),
 ('almalinux','','','','','rhel',NULL,NULL,NULL,NULL,0,''),
 ('wolfi','','','','',NULL,NULL,NULL,NULL,NULL,1,''),
 ('alpine','','.*_alpha.*','','',NULL,NULL,NULL,'edge',NULL,1,''),
 ('debian','','','forky','',NULL,NULL,NULL,'unstable',NULL,1,''),
 ('postmarketos','24.06','','','','alpine','3','19',NULL,NULL,0,''),
 ('postmarketos','','^$','','','alpine',NULL,NULL,NULL,NULL,0,'');
INSERT INTO package_specifier_overrides VALUES ('java','java-archive'), ('jenkins-plugin','java-archive'), ('pypi','python');
INSERT INTO architecture_aliases VALUES ('x86_64','amd64');
";

/// A database in the making.
pub(super) struct Tiny {
    connection: Connection,
    path: PathBuf,
}

impl Tiny {
    /// Tables, alias rows and releases; no vulnerabilities yet.
    pub(super) fn new(folder: &Path, built: &str) -> Self {
        let path = folder.join(format!("{}.db", built.replace(':', "")));
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;").unwrap();
        connection.execute_batch(TABLES).unwrap();
        connection.execute_batch(OVERRIDES).unwrap();
        connection
            .execute("INSERT INTO db_metadata VALUES (?1, 6, 1, 9)", [format!("{built} 00:00:00+00:00")])
            .unwrap();
        for release in RELEASES {
            let [name, id, major, minor, label, codename, channel, end] = release;
            let end = (!end.is_empty()).then_some(end);
            let values = params![name, id, major, minor, label, codename, channel, end];
            let sql = "INSERT INTO operating_systems (name, release_id, major_version, minor_version, label_version,
              codename, channel, eol_date) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)";
            connection.execute(sql, values).unwrap();
        }
        Self { connection, path }
    }

    pub(super) fn run(&self, sql: &str) -> &Self {
        self.connection.execute_batch(sql).unwrap();
        self
    }

    pub(super) fn blob(&self, json: &str) -> i64 {
        self.connection.execute("INSERT INTO blobs (value) VALUES (?1)", [json]).unwrap();
        self.connection.last_insert_rowid()
    }

    pub(super) fn vulnerability(&self, provider: &str, name: &str, blob: &str) -> i64 {
        let captured = "2026-01-01 00:00:00+00:00";
        self.connection
            .execute("INSERT OR IGNORE INTO providers VALUES (?1, '1', 'test', ?2, '')", [provider, captured])
            .unwrap();
        let blob = self.blob(blob);
        let sql = "INSERT INTO vulnerability_handles (name, status, published_date, provider_id, blob_id)
          VALUES (?1, 'active', '2025-02-03 04:05:06+00:00', ?2, ?3)";
        self.connection.execute(sql, params![name, provider, blob]).unwrap();
        self.connection.last_insert_rowid()
    }

    /// A row about a package; `os` is `name major.minor+channel` as in [`RELEASES`], or empty.
    pub(super) fn package_row(&self, table: &str, vulnerability: i64, os: &str, package: (&str, &str), blob: &str) {
        let (ecosystem, name) = package;
        let known = self.connection.query_row(
            "SELECT id FROM packages WHERE ecosystem = ?1 AND name = ?2",
            [ecosystem, name],
            |row| row.get::<_, i64>(0),
        );
        let package = known.unwrap_or_else(|_| {
            self.connection
                .execute("INSERT INTO packages (ecosystem, name) VALUES (?1, ?2)", [ecosystem, name])
                .unwrap();
            self.connection.last_insert_rowid()
        });
        let os: Option<i64> = (!os.is_empty()).then(|| {
            let place = RELEASES.iter().position(|[name, _, major, minor, label, _, channel, _]| {
                format!("{name} {major}.{minor}{label}+{channel}") == os
            });
            i64::try_from(place.unwrap()).unwrap() + 1
        });
        let blob = self.blob(blob);
        let sql = format!(
            "INSERT INTO {table} (vulnerability_id, operating_system_id, package_id, blob_id) VALUES (?1, ?2, ?3, ?4)"
        );
        self.connection.execute(&sql, params![vulnerability, os, package, blob]).unwrap();
    }

    pub(super) fn affected(&self, vulnerability: i64, os: &str, package: (&str, &str), blob: &str) {
        self.package_row("affected_package_handles", vulnerability, os, package, blob);
    }

    pub(super) fn cpe_row(&self, vulnerability: i64, vendor: &str, product: &str, blob: &str) {
        let sql = "INSERT INTO cpes (part, vendor, product, edition, language, software_edition, target_hardware,
          target_software, other) VALUES ('a', ?1, ?2, '', '', '', '', 'node.js', '')";
        self.connection.execute(sql, [vendor, product]).unwrap();
        let cpe = self.connection.last_insert_rowid();
        let blob = self.blob(blob);
        let sql = "INSERT INTO affected_cpe_handles (vulnerability_id, cpe_id, blob_id) VALUES (?1, ?2, ?3)";
        self.connection.execute(sql, [vulnerability, cpe, blob]).unwrap();
    }

    /// The finished file.
    pub(super) fn finish(self) -> PathBuf {
        self.connection.close().unwrap();
        self.path
    }
}

pub(super) fn range(format: &str, constraint: &str, fix: &str) -> String {
    let fix = if fix.is_empty() { String::new() } else { format!(r#","fix":{{"version":"{fix}","state":"fixed"}}"#) };
    format!(r#"{{"ranges":[{{"version":{{"type":"{format}","constraint":"{constraint}"}}{fix}}}]}}"#)
}

/// A database with a row of each kind.
pub(super) fn full(folder: &Path, built: &str) -> Tiny {
    let tiny = Tiny::new(folder, built);
    let nvd = tiny.vulnerability(
        "nvd",
        "CVE-2025-0001",
        r#"{"id":"CVE-2025-0001","description":"Reads past the end.","refs":[{"url":"https://nvd.example/1"},
          {"url":"https://more.example"}],"severities":[{"scheme":"CVSS","rank":1,"source":"nvd@nist.gov",
          "value":{"vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","version":"3.1"}}]}"#,
    );
    tiny.cpe_row(
        nvd,
        "acme",
        "Parser",
        r#"{"cves":["CVE-2025-0001"],"ranges":[{"version":{"constraint":"< 2.0"}},
      {"version":{"type":"semver","constraint":">= 3.0,,< 3.1"},"fix":{"version":"3.1","state":"fixed"}}]}"#,
    );
    let ghsa = tiny.vulnerability(
        "github",
        "GHSA-1111-2222-3333",
        r#"{"id":"ghsa-1111-2222-3333","description":"Reads past the end, says GitHub.","aliases":["CVE-2025-0001"],
          "severities":[{"scheme":"CHML","value":"high","rank":1}]}"#,
    );
    tiny.affected(ghsa, "", ("python", "acme-parser"), &range("python", "<2.0", "2.0"));
    let debian = tiny.vulnerability("debian", "CVE-2025-0001", r#"{"id":"CVE-2025-0001","severities":[]}"#);
    tiny.affected(
        debian,
        "debian 12.+",
        ("deb", "acme"),
        r#"{"ranges":[{"version":{"type":"dpkg","constraint":"< 2.0-1"},"fix":{"version":"2.0-1","state":"fixed",
          "detail":{"available":{"date":"2025-03-04","kind":"advisory"},
          "references":[{"url":"https://dsa.example/1","id":"DSA-1","tags":["advisory"]}]}}}]}"#,
    );
    tiny.affected(
        debian,
        "debian .unstable+",
        ("deb", "acme"),
        r#"{"ranges":[{"version":{"type":"dpkg"},"fix":{"state":"wont-fix"}}]}"#,
    );
    let rhel = tiny.vulnerability(
        "rhel",
        "CVE-2025-0001",
        r#"{"id":"CVE-2025-0001","severities":[{"scheme":"CHMLN","value":"medium","rank":1}]}"#,
    );
    tiny.affected(
        rhel,
        "redhat 9.+",
        ("rpm", "acme"),
        r#"{"qualifiers":{"rpm_modularity":""},"ranges":[{"version":{"type":"rpm","constraint":"< 0:2.0-1.el9"},
          "fix":{"version":"0:2.0-1.el9","state":"fixed"}}]}"#,
    );
    tiny.affected(rhel, "redhat 9.4+eus", ("rpm", "acme"), &range("rpm", "< 0:1.9-5.el9_4", "0:1.9-5.el9_4"));
    let alma = tiny.vulnerability(
        "alma",
        "ALSA-2025:1",
        r#"{"id":"ALSA-2025:1","aliases":["CVE-2025-0001","CVE-2025-0002"]}"#,
    );
    tiny.package_row(
        "unaffected_package_handles",
        alma,
        "almalinux 9.+",
        ("rpm", "acme"),
        &range("rpm", ">= 0:2.0-1.el9.alma", ""),
    );
    let go = tiny.vulnerability("govulndb", "GO-2025-1", r#"{"id":"GO-2025-1"}"#);
    tiny.affected(
        go,
        "",
        ("go-module", "example.com/Acme"),
        r#"{"qualifiers":{"go_imports":[{"path":"example.com/acme/a","symbols":["Parse","T.Run"]},{"path":"example.com/acme/b"}],
          "platform_cpes":["cpe:2.3:o:microsoft:windows:-:*:*:*:*:*:*:*"],"architecture":"x86_64","rootio":true}}"#,
    );
    let kev = tiny
        .blob(r#"{"cve":"CVE-2025-0001","date_added":"2025-05-06T00:00:00Z","known_ransomware_campaign_use":"known"}"#);
    tiny.run(&format!(
        "INSERT INTO known_exploited_vulnerability_handles (cve, blob_id) VALUES ('CVE-2025-0001', {kev});
         INSERT INTO epss_handles (cve, epss, percentile) VALUES ('CVE-2025-0001', 0.43003, 0.99774), ('CVE-1999-9999', 1, 1);
         INSERT INTO epss_metadata VALUES ('2025-07-08 00:00:00+00:00');
         INSERT INTO cwe_handles (cve, cwe) VALUES ('CVE-2025-0001', 'CWE-125'), ('CVE-2025-0001', 'NVD-CWE-Other');
         INSERT INTO vulnerability_aliases VALUES ('GO-2025-1', 'CVE-2025-0009');"
    ));
    tiny
}

pub(super) fn import_file(path: &Path, store: &Path) -> Result<stopgate_model::DataIdentity, crate::ImportError> {
    import(&ImportSource::of_path(path), store, &ImportOptions::default())
}

/// The full database, imported once and open.
pub(super) fn open_full() -> &'static Database {
    static FULL: OnceLock<Database> = OnceLock::new();
    FULL.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = full(folder.path(), "2026-01-02").finish();
        let store = folder.path().join("store");
        import_file(&path, &store).unwrap();
        Database::open(&store).unwrap().unwrap()
    })
}

/// A tar archive with these files.
pub(super) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append_data(&mut header, name, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

pub(super) fn zstd(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(super) fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

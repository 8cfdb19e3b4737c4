//! What an imported Grype database answers.

use stopgate_model::{Advisory, AvailableFix, FixState, Severity};

use super::tiny::{Tiny, full, gzip, import_file, open_full, range, tar, xz, zstd};
use crate::{CpeAttributes, Database, GoImport, RecordStatus, Row};

fn only<'d>(mut rows: impl Iterator<Item = Row<'d>>) -> Row<'d> {
    let row = rows.next().unwrap();
    assert!(rows.next().is_none());
    row
}

#[test]
fn identity_counts_rows_per_provider() {
    let database = open_full();
    let identity = database.identity();
    assert_eq!((identity.built.as_str(), identity.schema.as_str()), ("2026-01-02T00:00:00Z", "v6.1.9"));
    let counts: Vec<String> = identity
        .providers
        .iter()
        .map(|rows| format!("{} {} {} {}", rows.provider, rows.vulnerabilities, rows.affected, rows.unaffected))
        .collect();
    let expected = ["alma 1 0 1", "debian 1 2 0", "github 1 1 0", "govulndb 1 1 0", "nvd 1 1 0", "rhel 1 2 0"];
    assert_eq!(counts, expected);
    assert!(identity.providers.iter().all(|rows| rows.captured == "2026-01-01T00:00:00Z"));
    assert!(database.gaps().is_empty(), "{:?}", database.gaps());
}

#[test]
fn a_language_row_knows_its_record_and_the_cves() {
    let database = open_full();
    let scope = database.ecosystem_scope("pypi").unwrap();
    let row = only(database.lookup(scope, "Acme_.Parser"));
    assert_eq!((row.package(), row.namespace().as_str()), ("acme-parser", "github:language:python"));
    assert_eq!((row.constraint_text().as_ref(), row.constraint_format()), ("<2.0", "python"));
    assert_eq!((row.fix().state, row.fix().versions), (FixState::Fixed, vec!["2.0".to_owned()]));
    let record = database.vulnerability_of(&row);
    assert_eq!((record.id.as_str(), record.severity), ("GHSA-1111-2222-3333", Severity::High));
    assert_eq!(record.aliases, ["CVE-2025-0001"]);
    let [related] = record.related.as_slice() else { panic!("{:?}", record.related) };
    assert_eq!((related.id.as_str(), related.namespace.as_str()), ("CVE-2025-0001", "nvd:cpe"));
    assert_eq!((related.severity, related.data_source.as_str()), (Severity::Critical, "https://nvd.example/1"));
    assert_eq!(related.urls, ["https://more.example"]);
    let [cvss] = related.cvss.as_slice() else { panic!("{:?}", related.cvss) };
    assert_eq!((cvss.base, cvss.exploitability, cvss.impact), (9.8, Some(3.9), Some(5.9)));
    assert_eq!((cvss.kind.as_str(), cvss.source.as_str()), ("Primary", "nvd@nist.gov"));
    assert_eq!(record.kev.iter().map(|kev| kev.date_added.as_str()).collect::<Vec<_>>(), ["2025-05-06"]);
    let epss: Vec<_> = record.epss.iter().map(|epss| (epss.score, epss.percentile, epss.date.as_str())).collect();
    assert_eq!(epss, [(0.43003, 0.99774, "2025-07-08")]);
    assert_eq!(record.cwes, ["CWE-125", "NVD-CWE-Other"]);
    assert_eq!(record.published, "2025-02-03T04:05:06Z");
    assert!(database.is_known_exploited(row.vulnerability()));
}

#[test]
fn a_distribution_row_has_its_fix_with_date_and_advisory() {
    let database = open_full();
    let distro = stopgate_model::Distro { id: "debian".into(), version_id: "12".into(), ..Default::default() };
    let resolution = database.resolve(&distro);
    let row = only(database.lookup(resolution.scopes[0], "ACME"));
    assert_eq!(row.namespace(), "debian:distro:debian:12");
    let available = AvailableFix { version: "2.0-1".into(), date: "2025-03-04".into(), kind: "advisory".into() };
    assert_eq!(row.fix().available, [available]);
    assert_eq!(row.advisories(), [Advisory { id: "DSA-1".into(), link: "https://dsa.example/1".into() }]);
    assert_eq!(database.vulnerability_of(&row).advisories, row.advisories());
    assert_eq!(database.severity(row.vulnerability()), Severity::Unknown);
    assert_eq!(resolution.namespaces, ["debian:distro:debian:12"]);
}

#[test]
fn cpe_rows_have_their_attributes_and_all_ranges() {
    let database = open_full();
    let row = only(database.lookup_cpe("parser"));
    let expected = CpeAttributes {
        part: "a",
        vendor: "acme",
        product: "Parser",
        target_software: "node.js",
        ..Default::default()
    };
    assert_eq!((row.cpe(), row.scope(), row.namespace().as_str()), (Some(expected), None, "nvd:cpe"));
    assert_eq!((row.constraint_text().as_ref(), row.constraint_format()), ("< 2.0||>= 3.0,,< 3.1", "semver"));
    let formats: Vec<_> = row.constraints().map(|constraint| constraint.format).collect();
    assert_eq!(formats, ["", "semver"]);
    assert_eq!(row.fix().versions, ["3.1"]);
    assert_eq!(row.cves().collect::<Vec<_>>(), ["CVE-2025-0001"]);
    assert!(database.vulnerability_of(&row).related.is_empty());
}

#[test]
fn qualifiers_survive() {
    let database = open_full();
    let row = only(database.lookup(database.ecosystem_scope("go-module").unwrap(), "example.com/acme"));
    assert!(row.is_qualified() && row.all_versions());
    let qualifiers = row.qualifiers();
    let imports = [
        GoImport { path: "example.com/acme/a", symbols: vec!["Parse", "T.Run"] },
        GoImport { path: "example.com/acme/b", symbols: vec![] },
    ];
    assert_eq!(qualifiers.go_imports, imports);
    assert_eq!(qualifiers.platform_cpes, ["cpe:2.3:o:microsoft:windows:-:*:*:*:*:*:*:*"]);
    assert_eq!((qualifiers.architecture, qualifiers.rootio, qualifiers.rpm_modularity), (Some("x86_64"), true, None));
    assert_eq!((database.architecture("x86_64"), database.architecture("riscv64")), ("amd64", "riscv64"));
    let rhel = stopgate_model::Distro { id: "rhel".into(), version_id: "9".into(), ..Default::default() };
    let row = only(database.lookup(database.resolve(&rhel).scopes[0], "acme"));
    assert_eq!(row.qualifiers().rpm_modularity, Some(""));
}

#[test]
fn records_are_found_by_every_id() {
    let database = open_full();
    let names = |id: &str| {
        let mut names: Vec<_> = database
            .find(id)
            .into_iter()
            .map(|number| format!("{}/{}", database.provider(number), database.id(number)))
            .collect();
        names.sort();
        names
    };
    let all = [
        "alma/ALSA-2025:1",
        "debian/CVE-2025-0001",
        "github/GHSA-1111-2222-3333",
        "nvd/CVE-2025-0001",
        "rhel/CVE-2025-0001",
    ];
    assert_eq!(names("cve-2025-0001"), all);
    assert_eq!(names("CVE-2025-0009"), ["govulndb/GO-2025-1"]);
    assert!(names("CVE-2025-9999").is_empty());
    let of = |id| database.find(id)[0];
    assert!(database.same_weakness(of("ALSA-2025:1"), of("GHSA-1111-2222-3333")));
    assert!(!database.same_weakness(of("GO-2025-1"), of("GHSA-1111-2222-3333")));
    let texts: Vec<_> = database.identities(of("ALSA-2025:1")).map(|id| database.id_text(id)).collect();
    assert_eq!(texts, ["ALSA-2025:1", "CVE-2025-0001", "CVE-2025-0002"]);
}

#[test]
fn archives_of_every_kind_give_the_same_build() {
    let folder = tempfile::tempdir().unwrap();
    let database = std::fs::read(full(folder.path(), "2026-01-02").finish()).unwrap();
    let archive = tar(&[("./readme", b"hi"), ("./vulnerability.db", &database)]);
    for (ending, bytes) in [("zst", zstd(&archive)), ("gz", gzip(&archive)), ("xz", xz(&archive))] {
        let path = folder.path().join(format!("a.tar.{ending}"));
        std::fs::write(&path, bytes).unwrap();
        let store = folder.path().join(ending);
        let identity = import_file(&path, &store).unwrap();
        assert_eq!(identity.origin, format!("a.tar.{ending}"));
        assert_eq!(Database::open(&store).unwrap().unwrap().len(), 6);
        // The same again changes nothing.
        let before: Vec<_> = files(&store);
        assert_eq!(import_file(&path, &store).unwrap(), identity);
        assert_eq!(files(&store), before);
    }
}

fn files(store: &std::path::Path) -> Vec<std::ffi::OsString> {
    let mut names: Vec<_> = std::fs::read_dir(store).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

#[test]
fn what_cannot_be_read_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = Tiny::new(folder.path(), "2026-01-02");
    let bad = tiny.vulnerability("p", "CVE-1", "not json");
    tiny.affected(bad, "", ("npm", "a"), &range("npm", "< 1", "1"));
    tiny.affected(bad, "", ("npm", "b"), r#"{"ranges":"all"}"#);
    let odd = tiny.vulnerability(
        "p",
        "CVE-2",
        r#"{"id":"CVE-2","severities":[{"scheme":"SSVC","value":"act"},{"scheme":"CVSS","value":{"vector":"AV:?","version":"2.0"}}]}"#,
    );
    tiny.affected(
        odd,
        "",
        ("npm", "c"),
        r#"{"ranges":[{"version":{"type":"npm","constraint":"< 1"},"fix":{"state":"maybe"}}]}"#,
    );
    tiny.run(
        "INSERT INTO affected_package_handles (vulnerability_id, package_id, blob_id) VALUES (99, 1, 1), (1, 99, 2), (1, 1, 99);
         INSERT INTO known_exploited_vulnerability_handles (cve, blob_id) VALUES ('CVE-1', 99);
         DROP TABLE cwe_handles; DROP TABLE unaffected_cpe_handles;
         UPDATE vulnerability_handles SET status = 'pending' WHERE name = 'CVE-2';",
    );
    let store = folder.path().join("store");
    import_file(&tiny.finish(), &store).unwrap();
    let database = Database::open(&store).unwrap().unwrap();
    let mut gaps: Vec<_> = database.gaps().into_iter().map(|gap| gap.message).collect();
    gaps.sort();
    insta::assert_debug_snapshot!(gaps);
    let npm = database.ecosystem_scope("npm").unwrap();
    let record = database.vulnerability_of(&only(database.lookup(npm, "a")));
    assert_eq!((record.id.as_str(), record.severity, record.kev.len()), ("CVE-1", Severity::Unknown, 1));
    assert_eq!(database.lookup(npm, "b").count(), 0);
    assert_eq!(database.status(only(database.lookup(npm, "c")).vulnerability()), RecordStatus::Active);
}

#[test]
fn older_schemas_lack_tables_and_columns() {
    let folder = tempfile::tempdir().unwrap();
    let tiny = full(folder.path(), "2026-01-02");
    tiny.run(
        "UPDATE db_metadata SET revision = 0, addition = 0;
         DROP TABLE unaffected_package_handles; DROP TABLE unaffected_cpe_handles; DROP TABLE cwe_handles;
         DROP TABLE epss_handles; DROP TABLE epss_metadata; DROP TABLE known_exploited_vulnerability_handles;
         DROP TABLE vulnerability_aliases; DROP TABLE architecture_aliases;
         ALTER TABLE operating_systems DROP COLUMN channel; ALTER TABLE operating_systems DROP COLUMN eol_date;",
    );
    let store = folder.path().join("store");
    assert_eq!(import_file(&tiny.finish(), &store).unwrap().schema, "v6.0.0");
    let database = Database::open(&store).unwrap().unwrap();
    assert!(database.gaps().iter().all(|gap| gap.message.contains("architecture_aliases")), "{:?}", database.gaps());
    assert_eq!(database.len(), 6);
}

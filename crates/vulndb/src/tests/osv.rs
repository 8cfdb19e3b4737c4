//! Own advisories.

use stopgate_model::{Distro, FixState, Severity};

use crate::{Database, ImportError, RecordStatus, VulnerabilityNumber};

const BUILT: &str = "2026-01-01T00:00:00Z";

fn database(documents: &[&str]) -> Result<Database, ImportError> {
    let documents = documents.iter().enumerate().map(|(n, text)| (format!("{n}.json"), text.as_bytes().to_vec()));
    Database::from_osv(documents, BUILT, "own")
}

const LOG4J: &str = r#"{"id":"GHSA-jfh8-c2jp-5v3q","published":"2021-12-10T00:00:00Z","aliases":["CVE-2021-44228"],
 "summary":"Look-ups in logged text load code",
 "severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}],
 "affected":[{"package":{"ecosystem":"Maven","name":"org.apache.logging.log4j:log4j-core"},
  "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2.4"},{"fixed":"2.12.2"}]},
            {"type":"ECOSYSTEM","events":[{"introduced":"2.13.0"},{"fixed":"2.15.0"}]}],
  "versions":["2.4.1","2.13.0","2.0-beta9"]}],
 "references":[{"type":"WEB","url":"https://example.org/web"},{"type":"ADVISORY","url":"https://example.org/advisory"}],
 "database_specific":{"cwe_ids":["CWE-502"],"stopgate":{"fix_date":"2021-12-10","kev":{"date_added":"2021-12-10"},
  "epss":{"score":0.97,"percentile":0.999,"date":"2025-12-31"},
  "cvss":[{"source":"nvd@nist.gov","vector":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}]}}}"#;

#[test]
fn an_advisory_is_matched_and_shown_like_any_record() {
    let database = database(&[LOG4J]).unwrap();
    let identity = database.identity();
    assert_eq!((identity.schema.as_str(), identity.origin.as_str(), identity.built.as_str()), ("osv", "own", BUILT));
    let scope = database.ecosystem_scope("jenkins-plugin").unwrap();
    let row = database.lookup(scope, "org.apache.logging.log4j:log4j-core").next().unwrap();
    assert_eq!(row.constraint_text(), ">= 2.4, < 2.12.2||>= 2.13.0, < 2.15.0||= 2.0-beta9");
    assert_eq!(row.constraint_format(), "maven");
    let fix = row.fix();
    assert_eq!((fix.state, fix.versions.join(" ").as_str()), (FixState::Fixed, "2.12.2 2.15.0"));
    assert_eq!(fix.available[1].date, "2021-12-10");
    let record = database.vulnerability_of(&row);
    assert_eq!(record.namespace, "github:language:java");
    assert_eq!((record.severity, record.cvss[0].base), (Severity::Critical, 10.0));
    assert_eq!(record.data_source, "https://github.com/advisories/GHSA-jfh8-c2jp-5v3q");
    assert_eq!(record.urls, ["https://example.org/advisory", "https://example.org/web"]);
    assert_eq!(record.description, "Look-ups in logged text load code");
    assert_eq!((record.kev[0].cve.as_str(), record.kev[0].date_added.as_str()), ("CVE-2021-44228", "2021-12-10"));
    assert_eq!((record.epss[0].score, record.epss[0].date.as_str()), (0.97, "2025-12-31"));
    assert_eq!(record.cwes, ["CWE-502"]);
    assert_eq!((record.related[0].id.as_str(), record.related[0].cvss[0].base), ("CVE-2021-44228", 10.0));
}

#[test]
fn releases_of_distributions_are_resolved_without_codenames() {
    let text = r#"{"id":"DEBIAN-CVE-2026-1","upstream":["CVE-2026-1"],"affected":[
      {"package":{"ecosystem":"Debian:12","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.0.11-1"}]}]},
      {"package":{"ecosystem":"Debian:13","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}],
       "database_specific":{"stopgate":{"fix_state":"wont-fix"}}},
      {"package":{"ecosystem":"Rocky Linux:9","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"last_affected":"3.0.7"}]}]},
      {"package":{"ecosystem":"Wolfi","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.1.0-r0"}]}]},
      {"package":{"ecosystem":"Alpine:v3.19","name":"openssl"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"3.1.0-r0"}]}],
       "database_specific":{"stopgate":{"unaffected":true}}}]}"#;
    let database = database(&[text]).unwrap();
    let row = |id: &str, version: &str, codename: &str| {
        let distro = Distro {
            id: id.into(),
            version_id: version.into(),
            version_codename: codename.into(),
            ..Distro::default()
        };
        let resolution = database.resolve(&distro);
        let scope = *resolution.scopes.first()?;
        let row = database.lookup(scope, "openssl").next()?;
        Some(format!("{} {} {} {}", row.namespace(), row.constraint_text(), row.fix().state.name(), row.unaffected()))
    };
    assert_eq!(row("debian", "12", "bookworm").unwrap(), "debian:distro:debian:12 < 3.0.11-1 fixed false");
    assert_eq!(row("debian", "13", "").unwrap(), "debian:distro:debian:13  wont-fix false");
    assert_eq!(row("rocky", "9.3", "").unwrap(), "debian:distro:rockylinux:9 <= 3.0.7 not-fixed false");
    assert_eq!(row("wolfi", "20230201", "").unwrap(), "debian:distro:wolfi:rolling < 3.1.0-r0 fixed false");
    assert_eq!(row("alpine", "3.19.1", "").unwrap(), "debian:distro:alpine:3.19 < 3.1.0-r0 fixed true");
    assert_eq!(row("debian", "11", "bullseye"), None);
    assert_eq!(database.id(VulnerabilityNumber(0)), "CVE-2026-1");
    assert_eq!(database.find("CVE-2026-1").len(), 1);
}

#[test]
fn withdrawn_and_unreadable_parts_are_told() {
    let texts = [
        r#"{"id":"X-1","withdrawn":"2026-01-01T00:00:00Z","affected":[{"package":{"ecosystem":"npm","name":"a"},"versions":["1.0.0","1.0, 2"]}]}"#,
        r#"{"id":"X-2","affected":[{"package":{"ecosystem":"npm","name":"b"},"ranges":[{"type":"GIT","events":[{"introduced":"0"}]}]},
          {"package":{"ecosystem":"npm","name":"c"}},{},{"package":{"ecosystem":"Debian","name":"d"},"versions":["1"]}]}"#,
    ];
    let database = database(&texts).unwrap();
    let npm = database.ecosystem_scope("npm").unwrap();
    let row = database.lookup(npm, "A").next().unwrap();
    assert_eq!(row.constraint_text(), "= 1.0.0 || = \"1.0, 2\"");
    assert_eq!(database.status(row.vulnerability()), RecordStatus::Rejected);
    assert_eq!(row.namespace(), "advisories:language:javascript");
    assert_eq!(database.gaps().len(), 4, "{:?}", database.gaps());
}

#[test]
fn order_and_names_of_documents_do_not_count() {
    let other = r#"{"id":"X-1"}"#;
    let (a, b) = (database(&[LOG4J, other]).unwrap(), database(&[other, LOG4J, other]).unwrap());
    assert_eq!(a.identity(), b.identity());
    assert!(a.changes_since(&b).is_empty());
}

#[test]
fn wrong_advisories_are_refused_by_name() {
    let with = |own: &str| {
        format!(
            r#"{{"id":"X","affected":[{{"package":{{"ecosystem":"npm","name":"a"}},"versions":["1"]}}],"database_specific":{{"stopgate":{own}}}}}"#
        )
    };
    let cases = [
        (with(r#"{"fix_date":"soon"}"#), "`fix_date` is `soon`"),
        (with(r#"{"fix_state":"perhaps"}"#), "`fix_state` is `perhaps`"),
        (with(r#"{"kev":{"date_added":"1.1.2026"}}"#), "`kev.date_added`"),
        (with(r#"{"epss":{"score":7,"percentile":0}}"#), "outside 0 to 1"),
        (with(r#"{"epss":{"score":0.7}}"#), "cannot be read"),
        (with(r#"{"severity":"hgih"}"#), "`severity` is `hgih`"),
        (with(r#"{"cvss":[{"source":"nvd@nist.gov","vector":"9.8"}]}"#), "`cvss` has the vector `9.8`"),
        ("{".to_owned(), "advisory `0.json` cannot be read"),
    ];
    for (text, expected) in cases {
        let message = database(&[&text]).unwrap_err().to_string();
        assert!(message.contains(expected) && message.contains("`0.json`"), "{message}");
    }
    assert!(matches!(Database::from_osv(std::iter::empty(), "today", ""), Err(ImportError::Time(_))));
    assert!(database(&[]).unwrap().is_empty());
}

//! Matching with advisories of our own, one table of them for all tests.

use stopgate_model::{
    Analyzer, Artifact, Details, Distro, Documents, Element, FixState, GapCode, Location, MatchKind, MatchReport,
    Package, PackageId, PackageType, Relationship, RelationshipKind, RemovedReason, SourceDescription, SourceKind,
    Upstream,
};
use stopgate_model::{Confidence, EvidenceKind};
use stopgate_vulndb::Database;

use crate::{MatchOptions, find_matches};

/// Id, ecosystem, package, fixed version (empty: none), extra JSON of the entry, extra JSON of the document.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

const UNAFFECTED: &str = r#","database_specific":{"stopgate":{"unaffected":true}}"#;

const ADVISORIES: &[Row] = &[
    ("CVE-2024-1", "Debian:12", "openssl", "3.0.11-1", "", ""),
    ("CVE-2024-2", "Debian:12", "openssl", "", r#","database_specific":{"stopgate":{"fix_state":"wont-fix"}}"#, ""),
    ("CVE-2023-45853", "Debian:12", "zlib", "", "", ""),
    ("CVE-2024-3", "Debian:12", "linux", "6.1.100-1", "", ""),
    ("CVE-2024-4", "Debian:12", "python-jinja2", "3.1.2-1", "", ""),
    ("CVE-2024-10", "Red Hat:9", "openssl", "1:3.0.7-18.el9", "", ""),
    ("CVE-2024-11", "Red Hat:9", "perl", "4:5.32.1-481.el9", "", ""),
    (
        "CVE-2024-12",
        "Red Hat:9",
        "nodejs",
        "1:18.0-1",
        r#","database_specific":{"stopgate":{"rpm_modularity":"nodejs:18"}}"#,
        "",
    ),
    ("CVE-2024-13", "Red Hat:9", "bash", "5.1.8-9.el9", "", ""),
    ("CVE-2024-14", "Red Hat:9", "bash", "5.1.8-7.el9", "", ""),
    // Own advisories name no distribution whose data counts for another, so these stand for RHEL's.
    ("CVE-2024-13", "AlmaLinux:9", "bash", "5.1.8-9.el9", "", ""),
    ("CVE-2024-14", "AlmaLinux:9", "bash", "5.1.8-7.el9", "", ""),
    ("CVE-2024-20", "Wolfi", "openssl", "3.1.1-r0", "", ""),
    ("GHSA-aaaa-aaaa-aaaa", "npm", "lodash", "4.17.21", "", r#","aliases":["CVE-2021-23337"]"#),
    ("GHSA-bbbb-bbbb-bbbb", "PyPI", "jinja2", "3.1.3", "", r#","aliases":["CVE-2024-4"]"#),
    ("GHSA-cccc-cccc-cccc", "npm", "withdrawn", "9.9.9", "", r#","withdrawn":"2024-01-01T00:00:00Z""#),
    ("GHSA-dddd-dddd-dddd", "npm", "patched", "2.0.0", "", r#","aliases":["CVE-2024-30"]"#),
    ("CGA-1", "npm", "patched", "9.0.0", UNAFFECTED, r#","aliases":["CVE-2024-30"]"#),
    ("GHSA-eeee-eeee-eeee", "Maven", "org.example:core", "2.15.0", "", ""),
    (
        "GO-2024-1",
        "Go",
        "example.com/lib",
        "1.2.0",
        r#","ecosystem_specific":{"imports":[{"path":"example.com/lib/html","symbols":["Parse"]}]}"#,
        "",
    ),
];

pub(crate) fn database() -> Database {
    let mut documents: Vec<(String, String)> = Vec::new();
    for (id, ecosystem, name, fixed, entry, document) in ADVISORIES {
        let fixed = if fixed.is_empty() { String::new() } else { format!(r#",{{"fixed":"{fixed}"}}"#) };
        let range = format!(r#""ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}}{fixed}]}}]"#);
        let package = format!(r#""package":{{"ecosystem":"{ecosystem}","name":"{name}"}}"#);
        let text = format!(r#"{{"id":"{id}"{document},"affected":[{{{package},{range}{entry}}}]}}"#);
        documents.push((format!("{id}.json"), text));
    }
    // AlmaLinux says from which version on it is fixed there.
    documents.push((
        "alma".into(),
        r#"{"id":"ALSA-2024:1","aliases":["CVE-2024-13","CVE-2024-14"],"affected":[
        {"package":{"ecosystem":"AlmaLinux:9","name":"bash"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"5.1.8-8.el9.alma"}]}],
         "database_specific":{"stopgate":{"unaffected":true}}}]}"#
            .into(),
    ));
    let documents = documents.into_iter().map(|(name, text)| (name, text.into_bytes()));
    Database::from_osv(documents, "2026-01-01T00:00:00Z", "tests").unwrap()
}

pub(crate) fn artifact(distro: Option<(&str, &str)>, packages: Vec<Package>) -> Artifact {
    let mut packages = packages;
    for (number, package) in packages.iter_mut().enumerate() {
        package.id = PackageId(number as u64 + 1);
    }
    let distro = distro.map(|(id, version)| {
        let like = match id {
            "almalinux" => vec!["rhel".to_owned()],
            _ => Vec::new(),
        };
        Distro { id: id.into(), version_id: version.into(), id_like: like, ..Distro::default() }
    });
    Artifact {
        source: SourceDescription {
            id: String::new(),
            name: String::new(),
            version: String::new(),
            user_input: String::new(),
            kind: SourceKind::Directory { path: String::new() },
        },
        config: None,
        distro,
        packages,
        relationships: Vec::new(),
        files: None,
        dockerfile: None,
        secrets: None,
        hidden_secrets: None,
        config_secrets: None,
        content: None,
        retrieved: None,
        documents: Documents::default(),
        gaps: Vec::new(),
        analyzer: Analyzer { name: String::new(), version: String::new() },
        sbom: None,
    }
}

fn deb(name: &str, version: &str, source: &str) -> Package {
    let mut package = Package::new(PackageType::DEB, name, version);
    if !source.is_empty() {
        package.upstreams.push(Upstream { name: source.into(), version: None });
    }
    package
}

fn rpm(name: &str, version: &str) -> Package {
    Package::new(PackageType::RPM, name, version)
}

fn run(artifact: &Artifact) -> MatchReport {
    find_matches(artifact, &database(), &MatchOptions::default())
}

/// `id package state` of each match.
fn shown(artifact: &Artifact) -> Vec<String> {
    let report = run(artifact);
    let name = |id| artifact.packages.iter().find(|package| package.id == id).unwrap().name.clone();
    let line = |one: &stopgate_model::Match| {
        format!("{} {} {}", one.vulnerability.id, name(one.package), one.fix.state.name())
    };
    report.matches.iter().map(line).collect()
}

const DEBIAN: Option<(&str, &str)> = Some(("debian", "12"));
const RHEL: Option<(&str, &str)> = Some(("rhel", "9.4"));

#[test]
fn debian_packages_match_by_own_and_by_source_name() {
    let packages = vec![deb("libssl3", "3.0.10-1", "openssl"), deb("openssl", "3.0.11-1", "")];
    let artifact = artifact(DEBIAN, packages);
    assert_eq!(
        shown(&artifact),
        ["CVE-2024-1 libssl3 fixed", "CVE-2024-2 libssl3 wont-fix", "CVE-2024-2 openssl wont-fix"]
    );
    let report = run(&artifact);
    let first = &report.matches[0];
    assert_eq!(first.suggested_version.as_deref(), Some("3.0.11-1"));
    assert_eq!(first.vulnerability.namespace, "nvd:distro:debian:12");
    let detail = &first.details[0];
    assert_eq!((detail.kind, detail.matcher.as_str()), (MatchKind::ExactIndirect, "dpkg-matcher"));
    assert_eq!((detail.searched_name.as_str(), detail.searched_scope.as_str()), ("openssl", "debian:12"));
    assert_eq!(detail.found_constraint, "< 3.0.11-1 (deb)");
    assert_eq!((report.distro_has_data, report.gaps.len()), (Some(true), 0));
}

#[test]
fn known_mistakes_and_kernel_headers_do_not_count() {
    let packages = vec![deb("zlib1g", "1.2.13-1", "zlib"), deb("linux-libc-dev", "6.1.90-1", "linux")];
    let artifact = artifact(DEBIAN, packages);
    assert_eq!(shown(&artifact), [""; 0]);
    let report = run(&artifact);
    assert!(matches!(report.removed[0].reason, RemovedReason::Evidence(_)));
    assert!(matches!(report.removed[1].reason, RemovedReason::Rule(_)));
    let options = MatchOptions { kernel_headers: true, ..MatchOptions::default() };
    assert_eq!(find_matches(&artifact, &database(), &options).matches.len(), 1);
}

#[test]
fn rpm_epochs_are_zero_for_the_package_and_unknown_for_its_source() {
    let mut epoch = rpm("openssl", "3.0.7-17.el9");
    epoch.epoch = Some(1);
    let mut source = rpm("perl-Errno", "1.30-481.el9");
    source.upstreams.push(Upstream { name: "perl".into(), version: Some("5.32.1-481.el9".into()) });
    let artifact = artifact(RHEL, vec![epoch, rpm("openssl", "9.9-1"), source]);
    // Without an epoch 9.9 is below 1:3.0.7; the source rpm's missing epoch is the data's.
    assert_eq!(shown(&artifact), ["CVE-2024-10 openssl fixed", "CVE-2024-10 openssl fixed"]);
}

#[test]
fn rpm_modules_must_fit() {
    let with = |label: Option<&str>| {
        let mut package = rpm("nodejs", "1:16.0-1");
        package.modularity = label.map(str::to_owned);
        package
    };
    let labels = [None, Some(""), Some("nodejs:18:9020:abc"), Some("nodejs:16:9020:abc")];
    let artifact = artifact(RHEL, labels.into_iter().map(with).collect());
    let found: Vec<u64> = run(&artifact).matches.iter().map(|one| one.package.0).collect();
    assert_eq!(found, [1, 3]);
}

#[test]
fn almalinux_corrects_what_rhel_says() {
    let packages =
        vec![rpm("bash", "5.1.8-6.el9"), rpm("bash", "5.1.8-8.el9.alma"), rpm("bash-debuginfo", "5.1.8-6.el9")];
    let artifact = artifact(Some(("almalinux", "9.4")), packages);
    let report = run(&artifact);
    let fixes: Vec<_> = report.matches.iter().map(|one| (one.package.0, one.fix.versions.join(","))).collect();
    assert_eq!((report.distro_has_data, &report.gaps), (Some(true), &Vec::new()), "{:?}", report.removed);
    assert_eq!(fixes, [(1, "5.1.8-8.el9.alma".to_owned()), (1, "5.1.8-8.el9.alma".to_owned())]);
    assert_eq!(report.matches[0].vulnerability.advisories[0].id, "ALSA-2024:1");
    assert_eq!(report.matches[0].details[0].found_constraint, "< 5.1.8-8.el9.alma (rpm)");
}

#[test]
fn language_packages_match_by_name_unless_withdrawn_or_denied() {
    let packages = vec![
        Package::new(PackageType::NPM, "lodash", "4.17.20"),
        Package::new(PackageType::NPM, "withdrawn", "1.0.0"),
        Package::new(PackageType::NPM, "patched", "1.0.0"),
        Package::new(PackageType::PYTHON, "Jinja2", "3.1.2"),
        Package::new(PackageType::PYTHON, "jinja2", "3.1.3"),
    ];
    let artifact = artifact(None, packages);
    assert_eq!(shown(&artifact), ["GHSA-aaaa-aaaa-aaaa lodash fixed", "GHSA-bbbb-bbbb-bbbb Jinja2 fixed"]);
    let options = MatchOptions { by_cve: true, ..MatchOptions::default() };
    let report = find_matches(&artifact, &database(), &options);
    let first = &report.matches[0].vulnerability;
    assert_eq!((first.id.as_str(), first.namespace.as_str()), ("CVE-2021-23337", "nvd:cpe"));
    assert_eq!(first.related[0].id, "GHSA-aaaa-aaaa-aaaa");
    assert_eq!(report.distro_has_data, None);
}

#[test]
fn a_jar_is_known_by_its_coordinates() {
    let mut jar = Package::new(PackageType::JAVA_ARCHIVE, "core", "2.14.1");
    jar.purl = "pkg:maven/org.example/core@2.14.1".into();
    let other = Package::new(PackageType::JAVA_ARCHIVE, "core", "2.14.1");
    assert_eq!(shown(&artifact(None, vec![jar, other])), ["GHSA-eeee-eeee-eeee core fixed"]);
}

#[test]
fn go_binaries_are_asked_for_the_vulnerable_functions() {
    let with = |json: &str, name: &str, version: &str| {
        let mut package = Package::new(PackageType::GO_MODULE, name, version);
        package.details = Some(Details { type_name: "go-module-buildinfo-entry".into(), json: json.into() });
        package
    };
    let lib = |json: &str| with(json, "example.com/lib", "v1.1.0");
    let packages = vec![
        lib("{}"),
        lib(r#"{"symbols":{"example.com/lib/html":["(*T).Other"]}}"#),
        lib(r#"{"symbols":{"example.com/lib/html":["Parse"]}}"#),
        with(r#"{"mainModule":"example.com/lib"}"#, "example.com/lib", "v0.0.0-20240101000000-abcdefabcdef"),
        with(r#"{"mainModule":"example.com/lib"}"#, "example.com/lib", "(devel)"),
    ];
    let found: Vec<u64> = run(&artifact(None, packages)).matches.iter().map(|one| one.package.0).collect();
    assert_eq!(found, [1, 3]);
}

#[test]
fn what_a_distribution_ships_its_own_data_covers() {
    let mut library = Package::new(PackageType::PYTHON, "jinja2", "3.1.2");
    library.locations.push(Location {
        path: "/usr/lib/python3/dist-packages/jinja2".into(),
        access_path: String::new(),
        layer: None,
        evidence: EvidenceKind::Primary,
    });
    library.confidence = Confidence::High;
    // The same version: the distribution's own record stands for the library.
    let mut same = artifact(DEBIAN, vec![deb("python3-jinja2", "3.1.2-1", "python-jinja2"), library.clone()]);
    let edge = |artifact: &mut Artifact| {
        artifact.relationships.push(Relationship {
            from: Element::Package(PackageId(1)),
            to: Element::Package(PackageId(2)),
            kind: RelationshipKind::OwnershipByFileOverlap(vec!["/x".into()]),
        });
    };
    edge(&mut same);
    let report = run(&same);
    assert_eq!(report.matches.len(), 0);
    assert_eq!(report.removed[0].reason, RemovedReason::OwnedByDistroPackage(PackageId(1)));
    // Another version of a distribution whose data is not complete: only what it fixed is removed.
    let mut owner = Package::new(PackageType::APK, "openssl", "3.1.1-r0");
    owner.upstreams.clear();
    let mut bundled = Package::new(PackageType::NPM, "lodash", "4.17.20");
    bundled.locations.clone_from(&library.locations);
    let mut other = artifact(Some(("wolfi", "20230201")), vec![owner, bundled]);
    edge(&mut other);
    assert_eq!(shown(&other), ["GHSA-aaaa-aaaa-aaaa lodash fixed"]);
}

#[test]
fn what_cannot_be_decided_is_a_gap() {
    let codes = |artifact: &Artifact| run(artifact).gaps.iter().map(|gap| gap.code).collect::<Vec<_>>();
    let package = || vec![deb("openssl", "3.0.10-1", "")];
    assert_eq!(codes(&artifact(Some(("debian", "99")), package())), [GapCode::DistroWithoutData]);
    assert_eq!(codes(&artifact(Some(("nonesuch", "1")), package())), [GapCode::DistroUnknown]);
    assert_eq!(codes(&artifact(None, package())), [GapCode::DistroUnknown]);
    assert_eq!(codes(&artifact(DEBIAN, vec![deb("openssl", "not a version", "")])), [GapCode::VersionUncomparable]);
    assert_eq!(run(&artifact(Some(("debian", "99")), package())).distro_has_data, Some(false));
}

#[test]
fn a_package_without_version_matches_every_record_of_its_name() {
    let artifact = artifact(None, vec![Package::new(PackageType::NPM, "lodash", "")]);
    assert_eq!(shown(&artifact), ["GHSA-aaaa-aaaa-aaaa lodash fixed"]);
    let unknown = self::artifact(None, vec![Package::new(PackageType::NPM, "lodash", "UNKNOWN")]);
    assert_eq!(shown(&unknown), [""; 0]);
}

#[test]
fn apk_packages_match_by_the_distribution_s_data() {
    let packages = vec![
        Package::new(PackageType::APK, "openssl", "3.1.0-r3"),
        Package::new(PackageType::APK, "openssl", "3.1.1-r0"),
    ];
    let report = run(&artifact(Some(("wolfi", "20230201")), packages));
    assert_eq!(report.matches.len(), 1);
    assert_eq!((report.matches[0].package.0, report.matches[0].fix.state), (1, FixState::Fixed));
}

#[test]
fn what_own_advisories_add_reaches_the_match() {
    const VECTOR: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
    let advisory = |id: &str, own: &str, of_package: &str| {
        let text = format!(
            r#"{{"id":"{id}","affected":[{{"package":{{"ecosystem":"npm","name":"lodash"}},
            "ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}},{{"fixed":"4.17.21"}}]}}],
            "database_specific":{{"stopgate":{of_package}}}}}],"database_specific":{{"stopgate":{own}}}}}"#
        );
        (format!("{id}.json"), text.into_bytes())
    };
    let documents = [
        advisory(
            "ACME-1",
            &format!(
                r#"{{"severity":"moderate","fix_date":"2026-01-02","cvss":[{{"source":"acme","vector":"{VECTOR}"}}],
                "kev":{{"date_added":"2026-01-03","due_date":"2026-01-24"}},"epss":{{"score":0.5,"percentile":0.9}}}}"#
            ),
            "{}",
        ),
        advisory("CVE-2026-7", r#"{"severity":"low","fix_date":"2026-02-02"}"#, r#"{"fix_date":"2026-02-03"}"#),
        advisory("CVE-2026-8", r#"{"severity":"critical"}"#, r#"{"fix_state":"wont-fix"}"#),
    ];
    let database = Database::from_osv(documents.into_iter(), "2026-03-01T00:00:00Z", "tests").unwrap();
    let artifact = artifact(None, vec![Package::new(PackageType::NPM, "lodash", "4.17.20")]);
    let report = find_matches(&artifact, &database, &MatchOptions::default());
    let line = |one: &stopgate_model::Match| {
        let dates: Vec<&str> = one.fix.available.iter().map(|fix| fix.date.as_str()).collect();
        let record = &one.vulnerability;
        format!("{} {} {} {}", record.id, record.severity, one.fix.state.name(), dates.join(" "))
    };
    let lines: Vec<String> = report.matches.iter().map(line).collect();
    assert_eq!(
        lines,
        ["ACME-1 Medium fixed 2026-01-02", "CVE-2026-7 Low fixed 2026-02-03", "CVE-2026-8 Critical wont-fix "]
    );
    let record = &report.matches[0].vulnerability;
    let kev = &record.kev[0];
    assert_eq!(
        (kev.cve.as_str(), kev.date_added.as_str(), kev.due_date.as_str()),
        ("ACME-1", "2026-01-03", "2026-01-24")
    );
    assert_eq!((record.epss[0].score, record.epss[0].percentile), (0.5, 0.9));
    assert_eq!(
        (record.cvss[0].source.as_str(), record.cvss[0].vector.as_str(), record.cvss[0].base),
        ("acme", VECTOR, 9.8)
    );
}

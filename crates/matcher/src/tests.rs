//! Matching with small data of our own.

use stopgate_model::{
    Analyzer, Artifact, Distro, EvidenceKind, FixState, GapCode, Location, MatchKind, MatchReport, OwnedFile, Package,
    PackageId, PackageType, RemovedReason, SourceDescription, SourceKind, Upstream,
};
use stopgate_vulndb::Database;

use crate::{MatchOptions, find_matches};

const BASH: &str = r#"{"id":"CVE-2030-0001","affected":[{"package":{"ecosystem":"Debian:12","name":"bash"},
    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"5.2.15-3"}]}]}]}"#;
const REQUESTS: &str = r#"{"id":"GHSA-aaaa-bbbb-cccc","aliases":["CVE-2030-0002"],"affected":[
    {"package":{"ecosystem":"PyPI","name":"requests"},
     "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2.0"},{"fixed":"2.31.0"}]}]}]}"#;
const PYTHON_REQUESTS: &str = r#"{"id":"CVE-2030-0002","affected":[
    {"package":{"ecosystem":"Debian:12","name":"python-requests"},
     "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"2.28.1+dfsg-1"}]}]}]}"#;
const KERNEL: &str = r#"{"id":"CVE-2030-0003","affected":[{"package":{"ecosystem":"Debian:12","name":"linux"},
    "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}"#;
const WITHDRAWN: &str = r#"{"id":"GHSA-dddd-eeee-ffff","withdrawn":"2030-01-01T00:00:00Z","affected":[
    {"package":{"ecosystem":"npm","name":"left"},
     "ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}]}]}"#;

fn database(documents: &[&str]) -> Database {
    let named: Vec<_> =
        documents.iter().enumerate().map(|(at, text)| (format!("{at}.json"), text.as_bytes().to_vec())).collect();
    Database::from_osv(named.into_iter(), "2030-01-01T00:00:00Z", "test").unwrap()
}

fn artifact(distro: Option<(&str, &str)>, packages: Vec<Package>) -> Artifact {
    let packages = packages.into_iter().zip(1..).map(|(package, id)| Package { id: PackageId(id), ..package });
    Artifact {
        source: SourceDescription {
            id: String::new(),
            name: "test".into(),
            version: String::new(),
            user_input: "test".into(),
            kind: SourceKind::Directory { path: "test".into() },
        },
        config: None,
        distro: distro.map(|(id, version)| Distro { id: id.into(), version_id: version.into(), ..Distro::default() }),
        packages: packages.collect(),
        relationships: Vec::new(),
        files: None,
        dockerfile: None,
        secrets: None,
        retrieved: None,
        gaps: Vec::new(),
        analyzer: Analyzer { name: "test".into(), version: "0".into() },
    }
}

fn find(documents: &[&str], artifact: &Artifact) -> MatchReport {
    find_matches(artifact, &database(documents), &MatchOptions::default())
}

fn ids(report: &MatchReport) -> Vec<&str> {
    report.matches.iter().map(|found| found.vulnerability.id.as_str()).collect()
}

fn owned(path: &str) -> OwnedFile {
    OwnedFile { path: path.into(), digest: None, mode: None, size: None, config: false }
}

fn at(path: &str) -> Location {
    Location { path: path.into(), access_path: path.into(), layer: None, evidence: EvidenceKind::Primary }
}

#[test]
fn a_version_below_the_fix_of_the_distribution_matches() {
    let debian = Some(("debian", "12"));
    let report = find(&[BASH], &artifact(debian, vec![Package::new(PackageType::DEB, "bash", "5.2.15-2+b1")]));
    assert_eq!(ids(&report), ["CVE-2030-0001"]);
    let found = &report.matches[0];
    assert_eq!((found.fix.state, found.suggested_version.as_deref()), (FixState::Fixed, Some("5.2.15-3")));
    assert_eq!((found.details[0].kind, &*found.details[0].matcher), (MatchKind::ExactDirect, "dpkg-matcher"));
    assert_eq!((report.distro_has_data, report.gaps.len()), (Some(true), 0));
    assert_eq!(report.distro_namespaces.len(), 1);

    let fixed = find(&[BASH], &artifact(debian, vec![Package::new(PackageType::DEB, "bash", "5.2.15-3")]));
    assert!(fixed.matches.is_empty() && fixed.gaps.is_empty());
}

#[test]
fn source_packages_are_searched_with_their_own_version() {
    let mut package = Package::new(PackageType::DEB, "bash-static", "9");
    package.upstreams = vec![Upstream { name: "bash".into(), version: Some("5.1".into()) }];
    let report = find(&[BASH], &artifact(Some(("debian", "12")), vec![package]));
    assert_eq!(ids(&report), ["CVE-2030-0001"]);
    assert_eq!(report.matches[0].details[0].kind, MatchKind::ExactIndirect);
}

#[test]
fn a_distribution_without_data_is_a_gap() {
    let bash = || vec![Package::new(PackageType::DEB, "bash", "1")];
    for (distro, code, has_data) in
        [(None, GapCode::DistroUnknown, None), (Some(("debian", "99")), GapCode::DistroWithoutData, Some(false))]
    {
        let report = find(&[BASH], &artifact(distro, bash()));
        let codes: Vec<_> = report.gaps.iter().map(|gap| (gap.code, gap.seen)).collect();
        assert_eq!(codes, [(code, Some(1))], "{distro:?}");
        assert_eq!(report.distro_has_data, has_data, "{distro:?}");
        assert!(report.matches.is_empty());
    }
    let none = find(&[BASH], &artifact(None, vec![Package::new(PackageType::NPM, "a", "1")]));
    assert_eq!((none.gaps.len(), none.distro_has_data), (0, None));
}

#[test]
fn ecosystems_are_searched_without_a_distribution() {
    let python = |version: &str| Package::new(PackageType::PYTHON, "requests", version);
    let report = find(&[REQUESTS], &artifact(None, vec![python("2.30.0"), python("2.31.0"), python("1.9")]));
    let found: Vec<_> = report.matches.iter().map(|found| (found.package.0, &*found.vulnerability.id)).collect();
    assert_eq!(found, [(1, "GHSA-aaaa-bbbb-cccc")]);
}

#[test]
fn withdrawn_records_do_not_count_in_ecosystems() {
    let report = find(&[WITHDRAWN], &artifact(None, vec![Package::new(PackageType::NPM, "left", "1.0.0")]));
    assert!(report.matches.is_empty() && report.removed.is_empty());
}

#[test]
fn what_the_distribution_fixed_does_not_count_for_packages_that_it_owns() {
    let path = "/usr/lib/python3/dist-packages/requests.egg-info/PKG-INFO";
    let mut deb = Package::new(PackageType::DEB, "python-requests", "2.28.1+dfsg-1");
    deb.files = vec![owned(path)];
    let mut wheel = Package::new(PackageType::PYTHON, "requests", "2.20");
    wheel.locations = vec![at(path)];
    let (documents, debian) = ([REQUESTS, PYTHON_REQUESTS], Some(("debian", "12")));

    let report = find(&documents, &artifact(debian, vec![deb.clone(), wheel.clone()]));
    assert!(report.matches.is_empty(), "{:?}", ids(&report));
    assert!(matches!(&report.removed[..], [one] if one.reason == RemovedReason::Evidence("distro-fixed".into())));

    // Of the same version, the distribution's own record covers it.
    wheel.version = "2.28.1".into();
    let report = find(&documents, &artifact(debian, vec![deb, wheel.clone()]));
    assert!(matches!(&report.removed[..], [one] if one.reason == RemovedReason::OwnedByDistroPackage(PackageId(1))));

    let alone = find(&documents, &artifact(debian, vec![wheel]));
    assert_eq!(ids(&alone), ["GHSA-aaaa-bbbb-cccc"]);
}

#[test]
fn kernel_headers_are_removed_unless_wanted() {
    let mut headers = Package::new(PackageType::DEB, "linux-libc-dev", "6.1.1");
    headers.upstreams = vec![Upstream { name: "linux".into(), version: None }];
    let artifact = artifact(Some(("debian", "12")), vec![headers]);
    let report = find(&[KERNEL], &artifact);
    assert!(report.matches.is_empty());
    assert!(matches!(&report.removed[..], [one] if matches!(one.reason, RemovedReason::Rule(_))));
    let options = MatchOptions { kernel_headers: true, ..MatchOptions::default() };
    assert_eq!(ids(&find_matches(&artifact, &database(&[KERNEL]), &options)), ["CVE-2030-0003"]);
}

#[test]
fn versions_that_cannot_be_compared_are_one_gap_per_format() {
    let python = |version: &str| Package::new(PackageType::PYTHON, "requests", version);
    let report = find(&[REQUESTS], &artifact(None, vec![python("built from git"), python("$VERSION")]));
    assert!(report.matches.is_empty());
    let gaps: Vec<_> = report.gaps.iter().map(|gap| (gap.code, gap.seen)).collect();
    assert_eq!(gaps, [(GapCode::VersionUncomparable, Some(2))]);
}

#[test]
fn by_cve_keeps_the_known_fix() {
    let other = r#"{"id":"PYSEC-2030-1","aliases":["CVE-2030-0002"],"affected":[
        {"package":{"ecosystem":"PyPI","name":"requests"},
         "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}"#;
    let artifact = artifact(None, vec![Package::new(PackageType::PYTHON, "requests", "2.30.0")]);
    let options = MatchOptions { by_cve: true, ..MatchOptions::default() };
    let report = find_matches(&artifact, &database(&[REQUESTS, other, PYTHON_REQUESTS]), &options);
    assert_eq!(ids(&report), ["CVE-2030-0002"]);
    let fix = &report.matches[0].fix;
    assert_eq!((fix.state, &fix.versions[..]), (FixState::Fixed, &["2.31.0".to_owned()][..]));
}

#[test]
fn the_same_input_gives_the_same_report() {
    let packages = vec![
        Package::new(PackageType::DEB, "bash", "5.1"),
        Package::new(PackageType::PYTHON, "requests", "2.30.0"),
        Package::new(PackageType::DEB, "linux", "6"),
    ];
    let artifact = artifact(Some(("debian", "12")), packages);
    let documents = [BASH, REQUESTS, PYTHON_REQUESTS, KERNEL, WITHDRAWN];
    let report = find(&documents, &artifact);
    assert_eq!(ids(&report), ["CVE-2030-0001", "GHSA-aaaa-bbbb-cccc", "CVE-2030-0003"]);
    assert!((0..3).all(|_| find(&documents, &artifact) == report));
}

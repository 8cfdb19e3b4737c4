//! Which statement holds for which match.

use stopgate_model::{
    Artifact, Digest, ImageReference, ImageSource, Package, PackageType, Purl, RemovedReason, SourceKind, VexStatement,
    VexStatus,
};

use super::product::{Identity, is_package};

use crate::tests::{artifact, database};
use crate::{MatchOptions, find_matches};

const LODASH: &str = "pkg:npm/lodash@4.17.20";

fn digest(digit: &str) -> Digest {
    Digest::parse(&format!("sha256:{}", digit.repeat(64))).unwrap()
}

/// An image of two names with one vulnerable package.
fn image() -> Artifact {
    let mut lodash = Package::new(PackageType::NPM, "lodash", "4.17.20");
    lodash.purl = format!("{LODASH}?arch=x");
    let mut artifact = artifact(None, vec![lodash]);
    artifact.source.name = "ghcr.io/acme/app".into();
    artifact.source.kind = SourceKind::Image(Box::new(ImageSource {
        reference: ImageReference::parse("ghcr.io/acme/app:1.2").unwrap(),
        tags: vec!["app:latest".into(), "ghcr.io/acme/app:1.2".into()],
        repo_digests: vec![format!("ghcr.io/acme/app@{}", digest("c"))],
        image_id: digest("b"),
        manifest_digest: digest("a"),
        manifest_is_local: false,
        media_type: String::new(),
        size: 0,
        layers: Vec::new(),
        manifest: Vec::new(),
        config: Vec::new(),
        architecture: "amd64".into(),
        variant: String::new(),
        os: "linux".into(),
        annotations: Vec::new(),
    }));
    artifact
}

fn said(vulnerability: &str, products: &[&str], parts: &[&str], status: VexStatus, timestamp: &str) -> VexStatement {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    VexStatement {
        vulnerability: vulnerability.into(),
        aliases: Vec::new(),
        products: texts(products),
        subcomponents: texts(parts),
        status,
        justification: None,
        statement: String::new(),
        document: format!("{}.json", status.name()),
        timestamp: timestamp.into(),
    }
}

/// Whether the statements remove the only match; what is removed is kept.
fn removed(artifact: &Artifact, vex: Vec<VexStatement>) -> Option<RemovedReason> {
    let report = find_matches(artifact, &database(), &MatchOptions { vex, ..MatchOptions::default() });
    assert_eq!(report.matches.len() + report.removed.len(), 1);
    report.removed.into_iter().next().map(|removed| removed.reason)
}

fn denied(artifact: &Artifact, products: &[&str], parts: &[&str]) -> bool {
    removed(artifact, vec![said("CVE-2021-23337", products, parts, VexStatus::NotAffected, "")]).is_some()
}

#[test]
fn ids_count_in_any_case_with_aliases_on_both_sides() {
    let by = |vulnerability: &str, aliases: &[&str]| {
        let mut statement = said(vulnerability, &[], &[], VexStatus::Fixed, "");
        statement.aliases = aliases.iter().map(|alias| (*alias).to_owned()).collect();
        removed(&image(), vec![statement]).is_some()
    };
    assert!(by("GHSA-aaaa-aaaa-aaaa", &[]) && by("CVE-2021-23337", &[]) && by("cve-2021-23337", &[]));
    assert!(by("ACME-1", &["CVE-2021-23337"]));
    assert!(!by("CVE-2021-23338", &["GHSA-bbbb-bbbb-bbbb"]));
}

#[test]
fn an_image_is_known_by_its_digests_and_names() {
    let (a, b, c, d) = (digest("a"), digest("b"), digest("c"), digest("d"));
    let cases = [
        // Digests: of the manifest, of the configuration, of the index that was asked for.
        (a.to_string(), true),
        (b.to_string(), true),
        (c.to_string(), true),
        (a.hex().to_owned(), true),
        (d.to_string(), false),
        (d.hex().to_owned(), false),
        (format!("pkg:oci/app@{}", a.to_string().replace(':', "%3A")), true),
        (format!("pkg:oci/app@{c}?repository_url=ghcr.io/acme/app"), true),
        (format!("pkg:oci/app@{a}?repository_url=mirror.example/app"), true),
        (format!("pkg:oci/app@{d}"), false),
        (format!("pkg:oci/app@{d}?tag=1.2"), false),
        // Names as package URLs.
        ("pkg:oci/app".into(), true),
        ("pkg:oci/app?tag=1.2".into(), true),
        ("pkg:oci/app?tag=1.3".into(), false),
        ("pkg:oci/app?repository_url=ghcr.io/acme/app&tag=1.2".into(), true),
        ("pkg:oci/app?repository_url=https://ghcr.io/acme&tag=1.2".into(), true),
        ("pkg:oci/app?repository_url=ghcr.io/other/app".into(), false),
        ("pkg:oci/app?repository_url=ghcr.io/acme/app&tag=latest".into(), false),
        ("pkg:oci/app?repository_url=docker.io/library&tag=latest".into(), true),
        ("pkg:oci/app?arch=amd64&os=linux".into(), true),
        ("pkg:oci/app?arch=arm64".into(), false),
        ("pkg:oci/app?mood=good".into(), false),
        ("pkg:oci/shop".into(), false),
        ("pkg:docker/app@latest".into(), true),
        ("pkg:docker/app@1.2".into(), false),
        ("pkg:docker/acme/app@1.2?repository_url=ghcr.io".into(), true),
        ("pkg:docker/acme/shop?repository_url=ghcr.io".into(), false),
        // References.
        ("ghcr.io/acme/app".into(), true),
        ("ghcr.io/acme/app:1.2".into(), true),
        ("ghcr.io/acme/app:latest".into(), false),
        ("app".into(), true),
        ("docker.io/library/app:latest".into(), true),
        ("index.docker.io/app".into(), true),
        ("app:1.2".into(), false),
        ("ghcr.io/acme/shop".into(), false),
        (format!("mirror.example/app@{a}"), true),
        (format!("ghcr.io/acme/app@{d}"), false),
        // What is no name of an image.
        (String::new(), false),
        ("pkg:".into(), false),
        ("https://example.com/app".into(), false),
        ("cpe:2.3:a:acme:app:1.2:*:*:*:*:*:*:*".into(), false),
        ("pkg:generic/ghcr.io%2Facme%2Fapp".into(), false),
    ];
    for (product, expected) in cases {
        assert_eq!(denied(&image(), &[&product], &[]), expected, "{product}");
    }
    assert!(denied(&image(), &[], &[]));
    assert!(denied(&image(), &["shop", "ghcr.io/acme/app"], &[]));
}

#[test]
fn an_image_without_a_name_is_only_known_by_its_digests() {
    let mut bare = image();
    if let SourceKind::Image(image) = &mut bare.source.kind {
        image.reference = ImageReference::bare();
        image.tags.clear();
        image.repo_digests.clear();
    }
    assert!(denied(&bare, &[&digest("a").to_string()], &[]));
    assert!(!denied(&bare, &["pkg:oci/app"], &[]) && !denied(&bare, &["*/*:*"], &[]) && !denied(&bare, &["*"], &[]));
}

#[test]
fn a_package_is_known_by_what_the_statement_gives() {
    let cases = [
        (LODASH, true),
        ("pkg:npm/lodash", true),
        ("pkg:npm/lodash@4.17.20?arch=x", true),
        ("pkg:npm/lodash?arch=x", true),
        ("pkg:npm/lodash?arch=y", false),
        ("pkg:npm/lodash?distro=x", false),
        ("pkg:npm/lodash@4.17.21", false),
        ("pkg:npm/lodash#lib", false),
        ("pkg:npm/%40acme/lodash", false),
        ("pkg:pypi/lodash", false),
        ("lodash", false),
    ];
    for (name, expected) in cases {
        assert_eq!(denied(&image(), &[name], &[]), expected, "product {name}");
        assert_eq!(denied(&image(), &["app"], &[name]), expected, "part {name}");
        assert_eq!(denied(&image(), &[], &[name]), expected, "part of any {name}");
        assert!(!denied(&image(), &["shop"], &[name]), "part of another {name}");
        assert!(!denied(&image(), &[name], &["pkg:npm/other"]), "another part of {name}");
    }
    assert!(denied(&image(), &["app"], &["pkg:npm/other", LODASH]));
}

#[test]
fn names_of_python_packages_are_folded() {
    let mut package = Package::new(PackageType::PYTHON, "Jinja2", "3.1.2");
    package.purl = "pkg:pypi/jinja2@3.1.2".into();
    let artifact = artifact(None, vec![package]);
    assert!(removed(&artifact, vec![said("CVE-2024-4", &["pkg:pypi/Jinja2"], &[], VexStatus::Fixed, "")]).is_some());
}

#[test]
fn folders_and_files_are_known_by_name_version_and_content() {
    let mut tree = image();
    tree.source.name = "shop".into();
    tree.source.version = "1.2".into();
    tree.source.kind = SourceKind::Directory { path: ".".into() };
    for (product, expected) in [
        ("pkg:generic/shop@1.2", true),
        ("pkg:generic/shop", true),
        ("pkg:generic/shop@1.3", false),
        ("pkg:generic/shop?os=linux", false),
        ("shop", true),
        ("shop@1.2", true),
        ("shop@1.3", false),
        ("pkg:oci/shop", false),
        ("", false),
    ] {
        assert_eq!(denied(&tree, &[product], &[]), expected, "{product}");
    }
    let sha1 = format!("sha1:{}", "0".repeat(40));
    tree.source.kind = SourceKind::File { path: "a".into(), digests: vec![digest("e"), Digest::parse(&sha1).unwrap()] };
    assert!(denied(&tree, &[&digest("e").to_string()], &[]));
    assert!(!denied(&tree, &[&sha1], &[]));
}

#[test]
fn the_latest_statement_holds() {
    use VexStatus::{Affected, Fixed, NotAffected, UnderInvestigation};
    // Statements as (status, time) in document order, and the status that removes the match.
    type Case = (&'static [(VexStatus, &'static str)], Option<VexStatus>);
    let cases: &[Case] = &[
        (&[(NotAffected, "")], Some(NotAffected)),
        (&[(Fixed, "")], Some(Fixed)),
        (&[(Affected, "")], None),
        (&[(UnderInvestigation, "")], None),
        (&[(NotAffected, "2026-01-01T00:00:00Z"), (Affected, "2026-01-02T00:00:00Z")], None),
        (&[(Affected, "2026-01-02T00:00:00Z"), (NotAffected, "2026-01-01T00:00:00Z")], None),
        (&[(UnderInvestigation, "2026-01-02T00:00:00Z"), (Fixed, "2026-01-03T00:00:00Z")], Some(Fixed)),
        // The same moment, written differently: the order of the documents.
        (&[(NotAffected, "2026-01-01T02:00:00+02:00"), (Affected, "2026-01-01T00:00:00Z")], None),
        (&[(Affected, "2026-01-01T00:00:00Z"), (NotAffected, "2026-01-01T02:00:00+02:00")], Some(NotAffected)),
        // No time is before every time.
        (&[(Affected, "1970-01-01T00:00:00Z"), (NotAffected, "")], None),
        (&[(NotAffected, ""), (Affected, "")], None),
        (&[(Affected, ""), (Fixed, "not a time")], Some(Fixed)),
    ];
    for (statements, expected) in cases {
        let vex = statements.iter().map(|(status, time)| said("CVE-2021-23337", &[], &[], *status, time)).collect();
        let reason = removed(&image(), vex);
        let expected = expected.map(|status| RemovedReason::Vex {
            document: format!("{}.json", status.name()),
            status,
            justification: None,
        });
        assert_eq!(reason, expected, "{statements:?}");
    }
    // A later statement about something else changes nothing.
    let other = said("CVE-2021-23337", &["shop"], &[], Affected, "2027-01-01T00:00:00Z");
    assert!(removed(&image(), vec![said("CVE-2021-23337", &[], &[], Fixed, ""), other]).is_some());
}

#[test]
fn an_advisory_about_several_cves_goes_when_each_is_denied() {
    let mut documents = vec![("a".to_owned(), br#"{"id":"ACME-1","aliases":["CVE-2026-1","CVE-2026-2"],"affected":[
        {"package":{"ecosystem":"npm","name":"lodash"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"}]}]}]}"#.to_vec())];
    let database = stopgate_vulndb::Database::from_osv(documents.drain(..), "2026-01-01T00:00:00Z", "tests").unwrap();
    let gone = |said_of: &[(&str, VexStatus)]| {
        let vex = said_of.iter().map(|(id, status)| said(id, &[], &[], *status, "")).collect();
        let report = find_matches(&image(), &database, &MatchOptions { vex, ..MatchOptions::default() });
        report.matches.is_empty()
    };
    assert!(!gone(&[("CVE-2026-1", VexStatus::NotAffected)]));
    assert!(gone(&[("CVE-2026-1", VexStatus::NotAffected), ("CVE-2026-2", VexStatus::Fixed)]));
    assert!(!gone(&[("CVE-2026-1", VexStatus::NotAffected), ("CVE-2026-2", VexStatus::Affected)]));
    assert!(gone(&[("ACME-1", VexStatus::NotAffected)]));
    assert!(!gone(&[("ACME-1", VexStatus::NotAffected), ("CVE-2026-2", VexStatus::Affected)]));
}

#[test]
fn without_statements_nothing_is_removed() {
    assert_eq!(removed(&image(), Vec::new()), None);
}

proptest::proptest! {
    #[test]
    fn no_text_is_the_image_without_naming_it(product in "(pkg:(oci|docker|generic|npm)/|sha256:|ghcr.io/)?\\PC{0,40}") {
        let image = image();
        // A random text cannot hold one of the digests; a name it must hold.
        let named = product.contains("app") || product.contains("App") || product.contains("APP");
        proptest::prop_assert!(named || !Identity::of(&image.source).is(&product), "{}", product);
        if let Ok(purl) = Purl::parse(&product) {
            proptest::prop_assert!(is_package(&purl, &purl));
        }
    }
}

//! Distributions and the scopes that they resolve to.

use rstest::rstest;
use stopgate_model::Distro;

use super::tiny::open_full;
use crate::{Database, ScopeId, ScopeKind};

/// `id version_id codename`, with `-` for nothing.
fn distro(words: &str) -> Distro {
    let mut words = words.split(' ').map(|word| if word == "-" { "" } else { word });
    let mut next = || words.next().unwrap_or_default().to_owned();
    Distro { id: next(), version_id: next(), version_codename: next(), ..Distro::default() }
}

fn labels(database: &Database, scopes: &[ScopeId]) -> Vec<String> {
    let label = |scope: &ScopeId| match database.scope(*scope) {
        Some(ScopeKind::Os(os)) => format!("{} {}", os.name, os.version()),
        other => format!("{other:?}"),
    };
    scopes.iter().map(label).collect()
}

#[rstest]
#[case::major_alone("rhel 9.4", &["redhat 9"], true)]
#[case::alias("rocky 9.3", &["redhat 9"], true)]
#[case::alias_of_one_with_rows("almalinux 9.3", &["redhat 9"], true)]
#[case::codename("debian 12 bookworm", &["debian 12"], true)]
#[case::point_release("debian 12.5 bookworm", &["debian 12"], true)]
#[case::codename_differs("debian 12 trixie", &[], false)]
#[case::unstable("debian - forky", &["debian unstable"], true)]
#[case::leading_zero("ubuntu 20.04 focal", &["ubuntu 20.4"], false)]
#[case::exact("alpine 3.19.1", &["alpine 3.19"], false)]
#[case::any_minor("alpine 3.24.0", &["alpine 3.18", "alpine 3.19"], false)]
#[case::edge("alpine 3.20_alpha20240329", &["alpine edge"], false)]
#[case::rolling("wolfi 20230201", &["wolfi rolling"], false)]
#[case::mapped_release("postmarketos v24.06", &["alpine 3.19"], false)]
#[case::no_data("fedora 41", &[], false)]
#[case::unknown("plan9 4", &[], false)]
fn scopes(#[case] words: &str, #[case] expected: &[&str], #[case] has_data: bool) {
    let database = open_full();
    let resolution = database.resolve(&distro(words));
    assert_eq!(labels(database, &resolution.scopes), expected);
    assert_eq!(resolution.has_data, has_data);
    assert!(resolution.channel_scopes.is_empty());
}

#[test]
fn relatives_and_names_tell_a_distribution_whose_id_does_not() {
    let database = open_full();
    let like = Distro { id_like: vec!["other".into(), "rhel".into()], ..distro("acme-linux 9") };
    assert_eq!(labels(database, &database.resolve(&like).scopes), ["redhat 9"]);
    let named = Distro { name: "Alpine Linux".into(), ..distro("- 3.18") };
    assert_eq!(database.resolve(&named).distro, "alpine");
    let by_version = Distro { version: "12".into(), ..distro("debian -") };
    assert_eq!(labels(database, &database.resolve(&by_version).scopes), ["debian 12"]);
}

#[test]
fn extended_support_adds_the_channel() {
    let database = open_full();
    let eus = Distro { extended_support: true, ..distro("rhel 9.4") };
    let resolution = database.resolve(&eus);
    assert_eq!(resolution.channels, ["eus"]);
    assert_eq!(labels(database, &resolution.scopes), ["redhat 9"]);
    assert_eq!(labels(database, &resolution.channel_scopes), ["redhat 9.4+eus"]);
    let suffix = database.resolve(&distro("rhel 9.4+EUS"));
    assert_eq!((suffix.channels, suffix.minor.as_str()), (vec!["eus".to_owned()], "4"));
    let esm = database.resolve(&Distro { extended_support: true, ..distro("ubuntu 20.04 focal") });
    assert_eq!(labels(database, &esm.channel_scopes), ["ubuntu 20.4+esm"]);
    let before = database.resolve(&Distro { extended_support: true, ..distro("rhel 7.9") });
    assert!(before.channels.is_empty());
}

#[test]
fn exact_scopes_follow_no_alias_and_ends_no_fallback() {
    let database = open_full();
    let alma = database.resolve(&distro("almalinux 9.3"));
    assert_eq!(labels(database, &alma.exact_scopes), ["almalinux 9"]);
    assert_eq!(alma.end_of_life, None);
    assert_eq!(database.resolve(&distro("almalinux 9")).end_of_life.as_deref(), Some("2032-05-31"));
    assert_eq!(database.resolve(&distro("alpine 3.18.4")).end_of_life.as_deref(), Some("2025-05-09"));
    assert_eq!(database.resolve(&distro("alpine 3.24")).end_of_life, None);
    let declared = Distro { support_end: "2027-01-01".into(), ..distro("alpine 3.24") };
    assert_eq!(database.resolve(&declared).end_of_life.as_deref(), Some("2027-01-01"));
}

#[test]
fn hostile_versions_are_only_text() {
    let database = open_full();
    let versions = ["", "..", "+", "9..+++,", "٣.١", "\u{0}", "99999999999999999999.1", "v", "v.9"];
    for version in versions.iter().map(|version| (*version).to_owned()).chain([".".repeat(100_000)]) {
        for id in ["debian", "rhel", "alpine", "postmarketos"] {
            let distro =
                Distro { id: id.into(), version_id: version.clone(), extended_support: true, ..Distro::default() };
            let _ = database.resolve(&distro);
        }
    }
}

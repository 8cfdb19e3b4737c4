//! Tables of versions in order, by hand and from the ecosystems' own tools: `left < right`, `=`, `>`, or `!` for a
//! left side that cannot be read.

use std::cmp::Ordering;

use crate::{Constraint, EpochStrategy, Format, Version, VersionError, compare};

const TABLES: &[(Format, &str)] = &[
    (Format::Apk, include_str!("testdata/apk.txt")),
    (Format::Bitnami, include_str!("testdata/bitnami.txt")),
    (Format::Deb, include_str!("testdata/deb.txt")),
    (Format::Deb, include_str!("testdata/deb-generated.txt")),
    (Format::Gem, include_str!("testdata/gem.txt")),
    (Format::Go, include_str!("testdata/go.txt")),
    (Format::Jvm, include_str!("testdata/jvm.txt")),
    (Format::Maven, include_str!("testdata/maven.txt")),
    (Format::Pacman, include_str!("testdata/pacman.txt")),
    (Format::Portage, include_str!("testdata/portage.txt")),
    (Format::Python, include_str!("testdata/python.txt")),
    (Format::Python, include_str!("testdata/python-generated.txt")),
    (Format::Rpm, include_str!("testdata/rpm.txt")),
    (Format::Rpm, include_str!("testdata/rpm-generated.txt")),
    (Format::Semantic, include_str!("testdata/semantic.txt")),
    (Format::Unknown, include_str!("testdata/unknown.txt")),
];

#[test]
fn every_line_of_every_table_holds() {
    for (format, table) in TABLES {
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let [left, sign, right] = words[..] else { panic!("`{line}` is no row") };
            let order = match sign {
                "<" => Ordering::Less,
                "=" => Ordering::Equal,
                ">" => Ordering::Greater,
                _ => {
                    assert!(compare(*format, left, right).is_err(), "{format}: {line}");
                    continue;
                }
            };
            assert_eq!(compare(*format, left, right), Ok(order), "{format}: {line}");
            assert_eq!(compare(*format, right, left), Ok(order.reverse()), "{format}: {line} (reversed)");
        }
    }
}

fn satisfies(format: Format, version: &str, range: &str) -> Result<bool, VersionError> {
    Constraint::parse(format, range)?.satisfied_by(&Version::new(format, version))
}

#[test]
fn ranges_hold_what_they_say() {
    for (format, version, range, holds) in [
        (Format::Semantic, "1.5.0", ">=1.0.0,<2.0.0", true),
        (Format::Semantic, "1.5.0", ">=1.0.0,,<2.0.0", true),
        (Format::Semantic, "2.5.0", "<1 || >=2.0, <3 || =5", true),
        (Format::Semantic, "2.5.0", "<1 | | >= 2.6", false),
        (Format::Semantic, "1.0.0", "\"1.0.0\"", true),
        (Format::Semantic, "1.0.0", "<2 // since ever", true),
        (Format::Semantic, "1.0.0", ",", false),
        (Format::Semantic, "not one", "", true),
        (Format::Kb, "4012345", "4012344 || 4012345", true),
        (Format::Unknown, "1.5", "~>1.4", true),
        (Format::Unknown, "2.0", "~>1.4", false),
        (Format::Unknown, "1.5", "!=1.5", false),
        (Format::Python, "1.0+local", "=1.0", true),
        (Format::Python, "1.0", "=1.0+local", false),
    ] {
        assert_eq!(satisfies(format, version, range), Ok(holds), "{format}: {version} {range}");
    }
}

#[test]
fn what_is_no_range_or_cannot_be_compared_is_an_error() {
    for (format, version, range) in [
        (Format::Semantic, "1.0", "(>1.0)"),
        (Format::Semantic, "1.0", "^1.0"),
        (Format::Semantic, "1.0", "=> 1.0"),
        (Format::Semantic, "1.0", ">"),
        (Format::Semantic, "1.0", ">\"1.0"),
        (Format::Semantic, "1.0", ">1.0>"),
        (Format::Semantic, "x", "<1.0"),
        (Format::Semantic, "1.0", ">0.1 || < nothing"),
        (Format::Kb, "4012345", ""),
    ] {
        assert!(satisfies(format, version, range).is_err(), "{format}: {version} {range}");
    }
    let range = Constraint::parse(Format::Kb, "4012345").unwrap();
    let version = Version::new(Format::Unknown, "4012345");
    assert_eq!(range.satisfied_by(&version), Err(VersionError::KbAgainst { format: Format::Unknown }));
}

#[test]
fn the_package_s_format_goes_first_and_the_range_s_steps_in() {
    let range = Constraint::parse(Format::Semantic, "<1.0.0").unwrap();
    assert_eq!(range.satisfied_by(&Version::new(Format::Maven, "1.0.0-SNAPSHOT")), Ok(true));
    // Not a version of rpm, but a semantic one? No: the epoch is none in either.
    assert!(range.satisfied_by(&Version::new(Format::Rpm, "x:1")).is_err());
    // Unreadable to Go, readable to the range.
    let range = Constraint::parse(Format::Semantic, "<2.0.0").unwrap();
    assert_eq!(range.satisfied_by(&Version::new(Format::Go, "V1.0.0")), Ok(true));
    assert_eq!(range.satisfied_by(&Version::new(Format::Deb, "v1.0.0")), Ok(true));
    assert_eq!(range.satisfied_by(&Version::new(Format::Apk, "v1.0.0+x")), Ok(true));
}

#[test]
fn missing_epochs_follow_the_strategy() {
    let holds = |format, version: &str, range: &str, epochs| {
        let range = Constraint::parse(format, range).unwrap();
        range.satisfied_by(&Version::new(format, version).with_epochs(epochs)).unwrap()
    };
    assert!(!holds(Format::Rpm, "2.0-1", "<1:1.0-1", EpochStrategy::Native));
    assert!(!holds(Format::Rpm, "2.0-1", "<1:1.0-1", EpochStrategy::Auto));
    assert!(holds(Format::Rpm, "2.0-1", "<1:1.0-1", EpochStrategy::Zero));
    assert!(holds(Format::Deb, "2.0-1", "<1:1.0-1", EpochStrategy::Native));
    assert!(holds(Format::Deb, "2.0-1", "<1:1.0-1", EpochStrategy::Zero));
    assert!(!holds(Format::Deb, "2.0-1", "<1:1.0-1", EpochStrategy::Auto));
}

#[test]
fn lone_upper_bounds_are_seen() {
    let bound = |range| Constraint::parse(Format::Deb, range).unwrap().lone_upper_bound().map(|v| v.text().to_owned());
    assert_eq!(bound("< 1.0"), Some("1.0".to_owned()));
    assert_eq!((bound("<= 1.0"), bound("> 1, < 2"), bound("< 1 || < 2"), bound("")), (None, None, None, None));
}

//! Alias tables for data that brings none: which distribution is read as which, and which ecosystem.

use crate::build::Builder;
use crate::meta::{Aliases, OsOverride};

/// Distributions that are built from another one's sources, with the name of its rows.
const DERIVED: &[(&str, &str)] = &[
    ("centos", "rhel"),
    ("rockylinux", "rhel"),
    ("almalinux", "rhel"),
    ("scientific", "rhel"),
    ("raspbian", "debian"),
    ("oraclelinux", "ol"),
    ("amazonlinux", "amzn"),
];

/// Distributions without releases.
const ROLLING: &[&str] = &["archlinux", "chainguard", "echo", "hummingbird", "minimos", "secureos", "wolfi"];

/// postmarketOS releases and the minor release of Alpine 3 that they are.
const POSTMARKETOS: &[(&str, &str)] = &[
    ("20.05", "12"),
    ("21.03", "13"),
    ("21.06", "14"),
    ("21.12", "15"),
    ("22.06", "16"),
    ("22.12", "17"),
    ("23.06", "18"),
    ("23.12", "19"),
    ("24.06", "20"),
    ("24.12", "21"),
    ("25.06", "22"),
    ("25.12", "23"),
];

const ECOSYSTEMS: &[(&str, &str)] =
    &[("apkg", "apk"), ("dpkg", "deb"), ("erlang-otp", "hex"), ("jenkins-plugin", "java-archive"), ("pacman", "alpm")];

const ARCHITECTURES: &[(&str, &str)] = &[
    ("aarch64", "arm64"),
    ("i386", "386"),
    ("i686", "386"),
    ("ppc64el", "ppc64le"),
    ("x64", "amd64"),
    ("x86", "386"),
    ("x86_64", "amd64"),
];

/// The tables. A distribution that has rows of its own is not read as another.
pub(super) fn aliases(builder: &Builder) -> Aliases {
    let text = |text: &str| Some(text.to_owned());
    let named = |alias: &str| OsOverride { alias: alias.to_owned(), ..OsOverride::default() };
    let mut os: Vec<OsOverride> = Vec::new();
    for (alias, replacement) in DERIVED.iter().filter(|(alias, _)| !builder.has_release_of(alias)) {
        os.push(OsOverride { replacement: text(replacement), ..named(alias) });
    }
    for alias in ROLLING {
        os.push(OsOverride { rolling: true, ..named(alias) });
    }
    let edge = OsOverride { rolling: true, label: text("edge"), ..OsOverride::default() };
    os.push(OsOverride { alias: "alpine".into(), version_pattern: ".*_alpha.*".into(), ..edge.clone() });
    let postmarketos = OsOverride { replacement: text("alpine"), ..named("postmarketos") };
    os.push(OsOverride { version: "edge".into(), rolling: true, label: text("edge"), ..postmarketos.clone() });
    for (version, minor) in POSTMARKETOS {
        let version = (*version).to_owned();
        os.push(OsOverride { version, major: text("3"), minor: text(minor), ..postmarketos.clone() });
    }
    let pairs = |table: &[(&str, &str)]| table.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
    Aliases { os, ecosystems: pairs(ECOSYSTEMS), architectures: pairs(ARCHITECTURES) }
}

//! Ecosystems of OSV: package types, or releases of distributions.

use stopgate_model::PackageType;

/// A release of a distribution that an advisory is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Name in vulnerability data, for example `redhat`.
    pub name: &'static str,
    /// `ID` of its os-release, for example `rhel`.
    pub id: &'static str,
    /// Version without leading `v`, for example `12` or `22.04`; empty for a distribution without releases.
    pub version: String,
    /// `esm` for Ubuntu Pro, else empty.
    pub channel: &'static str,
    /// Whether the distribution has releases, so that an empty version says too little.
    pub versioned: bool,
}

/// What an ecosystem of OSV is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ecosystem {
    /// Packages of a language or another source that is the same everywhere.
    Packages {
        /// Type; an ecosystem that nobody knows is a type of its own name.
        package_type: PackageType,
        /// Name of its version format in vulnerability data; empty when unknown.
        format: &'static str,
    },
    /// Packages of a distribution.
    Release {
        /// Release.
        release: Release,
        /// Name of its version format in vulnerability data.
        format: &'static str,
    },
}

/// OSV name, type, format.
const PACKAGES: &[(&str, PackageType, &str)] = &[
    ("Bioconductor", PackageType::R_PACKAGE, "semver"),
    ("Bitnami", PackageType::BITNAMI, "bitnami"),
    ("ConanCenter", PackageType::CONAN, "conan"),
    ("CRAN", PackageType::R_PACKAGE, "semver"),
    ("crates.io", PackageType::RUST_CRATE, "semver"),
    ("GitHub Actions", PackageType::GITHUB_ACTION, "semver"),
    ("Go", PackageType::GO_MODULE, "go"),
    ("Hackage", PackageType::HACKAGE, "hackage"),
    ("Hex", PackageType::HEX, "hex"),
    ("Maven", PackageType::JAVA_ARCHIVE, "maven"),
    ("npm", PackageType::NPM, "npm"),
    ("NuGet", PackageType::DOTNET, "nuget"),
    ("Packagist", PackageType::PHP_COMPOSER, "composer"),
    ("Pub", PackageType::DART_PUB, "pub"),
    ("PyPI", PackageType::PYTHON, "python"),
    ("RubyGems", PackageType::GEM, "gem"),
    ("SwiftURL", PackageType::SWIFT, "swift"),
];

/// OSV name, name in data, os-release id, format, whether it has releases.
const DISTRIBUTIONS: &[(&str, &str, &str, &str, bool)] = &[
    ("AlmaLinux", "almalinux", "almalinux", "rpm", true),
    ("Alpine", "alpine", "alpine", "apk", true),
    ("Amazon Linux", "amazonlinux", "amzn", "rpm", true),
    ("Azure Linux", "azurelinux", "azurelinux", "rpm", true),
    ("Chainguard", "chainguard", "chainguard", "apk", false),
    ("Debian", "debian", "debian", "dpkg", true),
    ("Echo", "echo", "echo", "dpkg", false),
    ("MinimOS", "minimos", "minimos", "apk", false),
    ("openSUSE", "opensuseleap", "opensuse-leap", "rpm", true),
    ("Oracle Linux", "oraclelinux", "ol", "rpm", true),
    ("Photon OS", "photon", "photon", "rpm", true),
    ("Red Hat", "redhat", "rhel", "rpm", true),
    ("Rocky Linux", "rockylinux", "rocky", "rpm", true),
    ("SUSE", "sles", "sles", "rpm", true),
    ("Ubuntu", "ubuntu", "ubuntu", "dpkg", true),
    ("Wolfi", "wolfi", "wolfi", "apk", false),
];

impl Ecosystem {
    /// Reads `npm`, `Debian:12`, `Alpine:v3.19`, `Ubuntu:Pro:18.04:LTS`, `Red Hat:enterprise_linux:9::appstream`.
    pub fn parse(text: &str) -> Self {
        let (name, suffix) = text.split_once(':').unwrap_or((text, ""));
        let same = |known: &str| known.eq_ignore_ascii_case(name);
        if let Some((_, package_type, format)) = PACKAGES.iter().find(|(known, ..)| same(known)) {
            return Self::Packages { package_type: package_type.clone(), format };
        }
        if let Some((_, name, id, format, versioned)) = DISTRIBUTIONS.iter().find(|(known, ..)| same(known)) {
            let esm = *id == "ubuntu" && suffix.split(':').any(|part| part.eq_ignore_ascii_case("pro"));
            let release = Release {
                name,
                id,
                version: if *versioned { version_in(suffix) } else { String::new() },
                channel: if esm { "esm" } else { "" },
                versioned: *versioned,
            };
            return Self::Release { release, format };
        }
        Self::Packages { package_type: PackageType::named(name), format: "" }
    }

    /// Name of the version format in vulnerability data; empty when unknown.
    pub const fn format(&self) -> &'static str {
        match self {
            Self::Packages { format, .. } | Self::Release { format, .. } => format,
        }
    }
}

/// The version that the words after an ecosystem's name hold: `v3.19`, `Linux Enterprise Server 15 SP5`, `9::appstream`.
fn version_in(suffix: &str) -> String {
    let mut words = suffix.split([':', ' ', '-']).filter(|word| !word.is_empty());
    let digit_first = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit());
    let Some(version) = words.by_ref().map(|word| word.strip_prefix('v').unwrap_or(word)).find(digit_first) else {
        return suffix.to_ascii_lowercase();
    };
    match words.next().and_then(|word| word.strip_prefix("SP")) {
        Some(pack) if pack.chars().all(|c| c.is_ascii_digit()) => format!("{version}.{pack}"),
        _ => version.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::Ecosystem;
    use stopgate_model::PackageType;

    #[test]
    fn distributions_and_their_versions() {
        let cases = [
            ("Debian:12", "debian", "12", ""),
            ("Alpine:v3.19", "alpine", "3.19", ""),
            ("Ubuntu:22.04:LTS", "ubuntu", "22.04", ""),
            ("Ubuntu:Pro:18.04:LTS", "ubuntu", "18.04", "esm"),
            ("Rocky Linux:9", "rockylinux", "9", ""),
            ("Red Hat:enterprise_linux:9::appstream", "redhat", "9", ""),
            ("SUSE:Linux Enterprise Server 15 SP5", "sles", "15.5", ""),
            ("openSUSE:Leap 15.6", "opensuseleap", "15.6", ""),
            ("Wolfi", "wolfi", "", ""),
            ("Debian", "debian", "", ""),
            ("Alpine:edge", "alpine", "edge", ""),
        ];
        for (text, name, version, channel) in cases {
            let Ecosystem::Release { release, .. } = Ecosystem::parse(text) else { panic!("{text}") };
            assert_eq!((release.name, release.version.as_str(), release.channel), (name, version, channel), "{text}");
        }
    }

    #[test]
    fn package_ecosystems_known_and_unknown() {
        let packages = |package_type, format| Ecosystem::Packages { package_type, format };
        assert_eq!(Ecosystem::parse("PyPI"), packages(PackageType::PYTHON, "python"));
        assert_eq!(Ecosystem::parse("crates.io"), packages(PackageType::RUST_CRATE, "semver"));
        assert_eq!(Ecosystem::parse("Maven:https://repo.example/"), packages(PackageType::JAVA_ARCHIVE, "maven"));
        assert_eq!(Ecosystem::parse("wordpress-plugin"), packages(PackageType::WORDPRESS_PLUGIN, ""));
        assert_eq!(Ecosystem::parse("Moon"), packages(PackageType::named("Moon"), ""));
    }
}

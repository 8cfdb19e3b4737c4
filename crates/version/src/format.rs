//! The schemes, and which one a name of the data or a package type means.

use std::fmt;

/// A version scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Format {
    /// Semantic versions, read leniently (npm, NuGet, Composer, Hex, Pub, Swift …).
    Semantic,
    /// Alpine's apk.
    Apk,
    /// Debian's dpkg.
    Deb,
    /// rpm.
    Rpm,
    /// PEP 440.
    Python,
    /// RubyGems.
    Gem,
    /// Go modules and the Go toolchain.
    Go,
    /// Maven.
    Maven,
    /// Microsoft update ids, which are equal or not.
    Kb,
    /// Gentoo's portage.
    Portage,
    /// Java runtimes, before and since JEP 223.
    Jvm,
    /// Bitnami components.
    Bitnami,
    /// Arch Linux' pacman.
    Pacman,
    /// No known scheme: a guess over the parts of the text.
    Unknown,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 14] = [
        Self::Semantic,
        Self::Apk,
        Self::Deb,
        Self::Rpm,
        Self::Python,
        Self::Gem,
        Self::Go,
        Self::Maven,
        Self::Kb,
        Self::Portage,
        Self::Jvm,
        Self::Bitnami,
        Self::Pacman,
        Self::Unknown,
    ];

    /// The format of this name, in any case; the names are grype's.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "semantic" | "semver" | "npm" | "nuget" | "composer" | "hex" | "pub" | "swift" | "conan" | "cocoapods"
            | "hackage" => Self::Semantic,
            "apk" => Self::Apk,
            "deb" | "dpkg" => Self::Deb,
            "rpm" => Self::Rpm,
            "python" | "pypi" | "pep440" => Self::Python,
            "gem" => Self::Gem,
            "go" | "golang" | "go-module" => Self::Go,
            "maven" | "java-archive" | "jenkins-plugin" => Self::Maven,
            "kb" | "msrc-kb" => Self::Kb,
            "portage" => Self::Portage,
            "jvm" | "jre" | "jdk" | "openjdk" | "jep223" => Self::Jvm,
            "bitnami" => Self::Bitnami,
            "pacman" | "alpm" => Self::Pacman,
            "unknown" | "fuzzy" => Self::Unknown,
            _ => return None,
        })
    }

    /// The format that vulnerability data names; a name that nobody knows (`java`, `rust`, …) is `Unknown`.
    pub fn of_data(name: &str) -> Self {
        Self::parse(name).unwrap_or(Self::Unknown)
    }

    /// The format of a package type (syft's name). Types without a scheme of their own (npm, dotnet, …) are `Unknown`,
    /// as are Java runtimes, which only their details tell apart.
    pub fn of_package_type(id: &str) -> Self {
        match id {
            "apk" => Self::Apk,
            "bitnami" => Self::Bitnami,
            "deb" => Self::Deb,
            "java-archive" => Self::Maven,
            "rpm" => Self::Rpm,
            "gem" => Self::Gem,
            "python" => Self::Python,
            "msrc-kb" => Self::Kb,
            "portage" => Self::Portage,
            "go-module" => Self::Go,
            "alpm" => Self::Pacman,
            _ => Self::Unknown,
        }
    }

    /// The name, lower case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Semantic => "semantic",
            Self::Apk => "apk",
            Self::Deb => "deb",
            Self::Rpm => "rpm",
            Self::Python => "python",
            Self::Gem => "gem",
            Self::Go => "go",
            Self::Maven => "maven",
            Self::Kb => "kb",
            Self::Portage => "portage",
            Self::Jvm => "jvm",
            Self::Bitnami => "bitnami",
            Self::Pacman => "pacman",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn names_read_back_in_any_case() {
        for format in Format::ALL {
            assert_eq!(Format::parse(format.name()), Some(format));
            assert_eq!(Format::parse(&format.name().to_uppercase()), Some(format));
        }
        assert_eq!(Format::parse("java"), None);
        assert_eq!(Format::of_data("java"), Format::Unknown);
        assert_eq!(Format::of_package_type("npm"), Format::Unknown);
    }
}

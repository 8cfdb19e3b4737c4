//! Package types (syft's `type`), as a table: a new ecosystem is one row.

use std::borrow::Cow;
use std::fmt;

/// What the project knows of a package type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PackageTypeInfo {
    /// syft's name.
    pub id: &'static str,
    /// Type in package URLs; empty when it has none.
    pub purl: &'static str,
    /// syft's `language`; empty for packages of operating systems.
    pub language: &'static str,
    /// Whether a distribution ships such packages (Anchore's `os` against `non-os`).
    pub os: bool,
    /// Anchore's name in policies and reports.
    pub anchore: &'static str,
}

/// A package type by name. Open: a document may name one that the table does not have.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackageType(Cow<'static, str>);

macro_rules! types {
    ($($name:ident = $id:literal, $purl:literal, $language:literal, $os:literal, $anchore:literal;)+) => {
        impl PackageType {
            $(#[doc = concat!("Type `", $id, "`.")] pub const $name: Self = Self(Cow::Borrowed($id));)+
            /// Every known type.
            pub const TABLE: &'static [PackageTypeInfo] = &[$(PackageTypeInfo {
                id: $id, purl: $purl, language: $language, os: $os, anchore: $anchore,
            }),+];
        }
    };
}

types! {
    ALPM = "alpm", "alpm", "", true, "alpm";
    APK = "apk", "apk", "", true, "APKG";
    APPLE_APP_BUNDLE = "apple-app-bundle", "", "", false, "apple-app-bundle";
    BINARY = "binary", "generic", "", false, "binary";
    BITNAMI = "bitnami", "bitnami", "", false, "bitnami";
    COCOAPODS = "pod", "cocoapods", "swift", false, "pod";
    CONAN = "conan", "conan", "c++", false, "conan";
    CONDA = "conda", "conda", "", false, "conda";
    DART_PUB = "dart-pub", "pub", "dart", false, "dart-pub";
    DEB = "deb", "deb", "", true, "dpkg";
    DOTNET = "dotnet", "nuget", "dotnet", false, "nuget";
    ERLANG_OTP = "erlang-otp", "otp", "erlang", false, "erlang-otp";
    GEM = "gem", "gem", "ruby", false, "gem";
    GITHUB_ACTION = "github-action", "github", "", false, "github-action";
    GITHUB_ACTION_WORKFLOW = "github-action-workflow", "github", "", false, "github-action-workflow";
    GO_MODULE = "go-module", "golang", "go", false, "go";
    GRAALVM_NATIVE_IMAGE = "graalvm-native-image", "", "", false, "graalvm-native-image";
    HACKAGE = "hackage", "hackage", "haskell", false, "hackage";
    HEX = "hex", "hex", "elixir", false, "hex";
    HOMEBREW = "homebrew", "brew", "", false, "homebrew";
    JAVA_ARCHIVE = "java-archive", "maven", "java", false, "java";
    JENKINS_PLUGIN = "jenkins-plugin", "maven", "java", false, "java";
    LINUX_KERNEL = "linux-kernel", "generic", "", false, "linux-kernel";
    LINUX_KERNEL_MODULE = "linux-kernel-module", "generic", "", false, "linux-kernel-module";
    LUA_ROCKS = "lua-rocks", "luarocks", "lua", false, "lua-rocks";
    MODEL = "model", "", "", false, "model";
    MSRC_KB = "msrc-kb", "", "", false, "msrc-kb";
    NIX = "nix", "nix", "", true, "nix";
    NPM = "npm", "npm", "javascript", false, "npm";
    OPAM = "opam", "opam", "ocaml", false, "opam";
    PHP_COMPOSER = "php-composer", "composer", "php", false, "php-composer";
    PHP_PEAR = "php-pear", "pear", "php", false, "php-pear";
    PHP_PECL = "php-pecl", "pecl", "php", false, "php-pecl";
    PORTAGE = "portage", "portage", "", true, "portage";
    PYTHON = "python", "pypi", "python", false, "python";
    RPM = "rpm", "rpm", "", true, "rpm";
    RUST_CRATE = "rust-crate", "cargo", "rust", false, "rust-crate";
    R_PACKAGE = "R-package", "cran", "R", false, "R-package";
    SWIFT = "swift", "swift", "swift", false, "swift";
    SWIPL_PACK = "swiplpack", "swiplpack", "swipl", false, "swiplpack";
    TERRAFORM = "terraform", "terraform", "", false, "terraform";
    UNKNOWN = "UnknownPackage", "", "", false, "unknown";
    VCPKG = "vcpkg", "vcpkg", "c++", false, "vcpkg";
    WORDPRESS_PLUGIN = "wordpress-plugin", "", "php", false, "wordpress-plugin";
}

impl PackageType {
    /// The type of this name, known or not.
    pub fn named(id: &str) -> Self {
        match Self::TABLE.iter().find(|row| row.id == id) {
            Some(row) => Self(Cow::Borrowed(row.id)),
            None => Self(Cow::Owned(id.to_owned())),
        }
    }

    /// syft's name.
    pub fn id(&self) -> &str {
        &self.0
    }

    /// The type's row; `None` for a type that only a document names.
    pub fn info(&self) -> Option<&'static PackageTypeInfo> {
        Self::TABLE.iter().find(|row| row.id == self.0)
    }

    /// Whether a distribution ships such packages. Unknown types are not.
    pub fn is_os(&self) -> bool {
        self.info().is_some_and(|row| row.os)
    }

    /// syft's `language`, empty when there is none.
    pub fn language(&self) -> &'static str {
        self.info().map_or("", |row| row.language)
    }

    /// Anchore's name of the type in policies and reports.
    pub fn anchore(&self) -> &str {
        self.info().map_or(&self.0, |row| row.anchore)
    }
}

impl fmt::Display for PackageType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::PackageType;

    #[test]
    fn rows_are_unique_and_unknown_names_survive() {
        let mut ids: Vec<_> = PackageType::TABLE.iter().map(|row| row.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), PackageType::TABLE.len());
        assert_eq!(PackageType::named("deb"), PackageType::DEB);
        assert_eq!(PackageType::named("brand-new").id(), "brand-new");
        assert!(PackageType::RPM.is_os() && !PackageType::NPM.is_os());
    }
}

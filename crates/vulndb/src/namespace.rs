//! grype's namespaces (the feed groups of Anchore), derived from provider, scope and name.

use crate::scope::{OsRelease, ScopeKind};

/// The namespace of a row; `kind` is `None` for rows by CPE.
pub(crate) fn namespace(provider: &str, kind: Option<&ScopeKind>, package: &str) -> String {
    match kind {
        None => format!("{provider}:cpe"),
        Some(ScopeKind::Os(release)) => of_release(provider, release),
        Some(ScopeKind::Ecosystem(ecosystem)) => match ecosystem.to_ascii_lowercase().as_str() {
            "" => format!("{provider}:cpe"),
            "bitnami" => "bitnami".to_owned(),
            "msrc" | "msrc-kb" => format!("{provider}:distro:windows:{package}"),
            folded => of_language(provider, language(folded).unwrap_or(ecosystem)),
        },
    }
}

fn of_release(provider: &str, release: &OsRelease) -> String {
    let mut version = release.version();
    let mut family = match release.name.as_str() {
        "amazon" => "amazonlinux",
        "oracle" => "oraclelinux",
        name => name,
    };
    let parts: Vec<&str> = version.split('.').collect();
    match (release.name.as_str(), parts.as_slice()) {
        ("mariner" | "azurelinux", [major, rest @ ..]) => {
            family = if matches!(*major, "1" | "2") { "mariner" } else { "azurelinux" };
            version = format!("{major}.{}", rest.first().unwrap_or(&"0"));
        }
        // 20.04 is kept as 20 and 4.
        ("ubuntu", [major, minor]) if minor.len() == 1 => version = format!("{major}.0{minor}"),
        _ => {}
    }
    if matches!(provider, "rhel" | "oracle") {
        version = version.split('.').next().unwrap_or_default().to_owned();
    }
    let provider = if provider == "rhel" { "redhat" } else { provider };
    format!("{provider}:distro:{family}:{version}")
}

/// The namespace of a language of a provider.
pub(crate) fn of_language(provider: &str, language: &str) -> String {
    format!("{provider}:language:{language}")
}

/// The language word of an ecosystem in lower case; others stand as they are.
pub(crate) fn language(ecosystem: &str) -> Option<&'static str> {
    Some(match ecosystem {
        "golang" | "go-module" => "go",
        "composer" | "php-composer" => "php",
        "cargo" | "rust-crate" => "rust",
        "pub" | "dart-pub" => "dart",
        "nuget" | "dotnet" => "dotnet",
        "maven" | "java-archive" | "jenkins-plugin" => "java",
        "swifturl" | "swiplpack" | "swift" => "swift",
        "node" | "npm" => "javascript",
        "pypi" | "pip" | "python" => "python",
        "rubygems" | "gem" => "ruby",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::namespace;
    use crate::scope::{OsRelease, ScopeKind};

    fn os(name: &str, major: &str, minor: &str, label: &str, channel: &str) -> ScopeKind {
        ScopeKind::Os(OsRelease {
            name: name.into(),
            major: major.into(),
            minor: minor.into(),
            label: label.into(),
            channel: channel.into(),
            ..OsRelease::default()
        })
    }

    #[test]
    fn namespaces_of_releases() {
        let cases = [
            ("debian", os("debian", "12", "", "", ""), "debian:distro:debian:12"),
            ("ubuntu", os("ubuntu", "20", "4", "", ""), "ubuntu:distro:ubuntu:20.04"),
            ("ubuntu", os("ubuntu", "22", "10", "", ""), "ubuntu:distro:ubuntu:22.10"),
            ("rhel", os("redhat", "9", "4", "", "eus"), "redhat:distro:redhat:9"),
            ("oracle", os("oracle", "8", "2", "", ""), "oracle:distro:oraclelinux:8"),
            ("amazon", os("amazon", "2023", "", "", ""), "amazon:distro:amazonlinux:2023"),
            ("mariner", os("mariner", "2", "", "", ""), "mariner:distro:mariner:2.0"),
            ("mariner", os("azurelinux", "3", "0", "", ""), "mariner:distro:azurelinux:3.0"),
            ("wolfi", os("wolfi", "", "", "rolling", ""), "wolfi:distro:wolfi:rolling"),
            ("alpine", os("alpine", "3", "19", "", ""), "alpine:distro:alpine:3.19"),
        ];
        for (provider, kind, expected) in cases {
            assert_eq!(namespace(provider, Some(&kind), "p"), expected);
        }
    }

    #[test]
    fn namespaces_of_ecosystems_and_cpes() {
        let of =
            |provider, ecosystem: &str| namespace(provider, Some(&ScopeKind::Ecosystem(ecosystem.into())), "11569");
        assert_eq!(of("github", "python"), "github:language:python");
        assert_eq!(of("github", "npm"), "github:language:javascript");
        assert_eq!(of("govulndb", "go-module"), "govulndb:language:go");
        assert_eq!(of("wp", "wordpress-plugin"), "wp:language:wordpress-plugin");
        assert_eq!(of("bitnami", "Bitnami"), "bitnami");
        assert_eq!(of("msrc", "msrc-kb"), "msrc:distro:windows:11569");
        assert_eq!(namespace("nvd", None, "curl"), "nvd:cpe");
    }
}

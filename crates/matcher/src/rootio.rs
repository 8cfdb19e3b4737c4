//! Packages that Root.io patched, told by name or version.
//!
//! Root.io publishes only statements that something is not affected, under names with a prefix; so both the plain
//! and the prefixed name are searched.

use stopgate_model::PackageType;

/// Whether a package is a build of Root.io. `group` is the Maven group of a Java package.
pub(crate) fn is_build(kind: &PackageType, name: &str, version: &str, group: &str) -> bool {
    has_prefix(kind, name, group) || has_version_mark(kind, version)
}

/// The plain and the prefixed form of a name, where they differ from it.
pub(crate) fn variants(kind: &PackageType, name: &str) -> Vec<String> {
    let mut variants = vec![without_prefix(kind, name)];
    variants.extend(with_prefix(kind, name));
    variants.retain(|variant| !variant.is_empty() && variant != name);
    variants
}

fn has_prefix(kind: &PackageType, name: &str, group: &str) -> bool {
    let starts = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    match kind.id() {
        "npm" => starts(&["@rootio/", "rootio-"]),
        "python" => starts(&["rootio_", "rootio-"]),
        "java-archive" => group.starts_with("io.root.") || starts(&["io.root."]),
        _ => starts(&["rootio-"]),
    }
}

fn has_version_mark(kind: &PackageType, version: &str) -> bool {
    match kind.id() {
        "npm" => version.contains("-root.io."),
        "deb" => version.contains(".root.io."),
        "python" => version.contains("+root.io."),
        // Revisions of five digits are Root.io's; Alpine's have one or two.
        "apk" => version
            .rsplit_once("-r")
            .is_some_and(|(_, revision)| revision.len() >= 5 && revision.bytes().all(|digit| digit.is_ascii_digit())),
        _ => false,
    }
}

fn without_prefix(kind: &PackageType, name: &str) -> String {
    let plain = |prefix: &str| name.strip_prefix(prefix).unwrap_or(name).to_owned();
    match kind.id() {
        "npm" => match name.strip_prefix("@rootio/") {
            Some(rest) => match rest.split_once("__") {
                Some((scope, name)) if !scope.is_empty() => format!("@{scope}/{name}"),
                _ => rest.to_owned(),
            },
            None => plain("rootio-"),
        },
        "python" => {
            let rest = name.strip_prefix("rootio-").unwrap_or(name);
            rest.strip_prefix("rootio_").unwrap_or(rest).to_owned()
        }
        "java-archive" => plain("io.root."),
        _ => plain("rootio-"),
    }
}

fn with_prefix(kind: &PackageType, name: &str) -> Option<String> {
    if has_prefix(kind, name, "") && (kind.id() != "npm" || name.starts_with("@rootio/")) {
        return None;
    }
    Some(match kind.id() {
        "npm" => match name.strip_prefix('@') {
            Some(scoped) => {
                let (scope, name) = scoped.split_once('/').filter(|(scope, _)| !scope.is_empty())?;
                format!("@rootio/{scope}__{name}")
            }
            None => format!("@rootio/{name}"),
        },
        "java-archive" => format!("io.root.{name}"),
        _ => format!("rootio-{name}"),
    })
}

#[cfg(test)]
mod tests {
    use super::{is_build, variants};
    use stopgate_model::PackageType;

    #[test]
    fn builds_are_told_by_name_or_version() {
        assert!(is_build(&PackageType::DEB, "rootio-libpam", "1.0", ""));
        assert!(is_build(&PackageType::DEB, "libpam", "1.5.2-6.root.io.4", ""));
        assert!(is_build(&PackageType::APK, "libssl3", "3.1.8-r00073", ""));
        assert!(is_build(&PackageType::JAVA_ARCHIVE, "commons", "1.0", "io.root.commons"));
        assert!(!is_build(&PackageType::APK, "libssl3", "3.1.8-r20", ""));
        assert!(!is_build(&PackageType::NPM, "semver", "5.7.1", ""));
    }

    #[test]
    fn both_forms_of_a_name() {
        assert_eq!(variants(&PackageType::DEB, "rootio-libpam"), ["libpam"]);
        assert_eq!(variants(&PackageType::NPM, "@babel/core"), ["@rootio/babel__core"]);
        assert_eq!(variants(&PackageType::NPM, "@rootio/babel__core"), ["@babel/core"]);
        assert_eq!(variants(&PackageType::PYTHON, "requests"), ["rootio-requests"]);
    }
}

//! Gate `packages`: packages that must or must not be installed.

pub(super) mod denylist;
pub(super) mod metadata;
pub(super) mod required_package;
pub(super) mod unowned_executables;
pub(super) mod verify;

use std::cmp::Ordering;

use stopgate_model::{Package, PackageType};
use stopgate_version::{Format, compare};

use crate::regexes::Fault;
use crate::trigger::types::CommaList;

/// Order of a package's version and another one, by the rules of the package's ecosystem.
pub(super) fn order(package: &Package, wanted: &str) -> Result<Ordering, Fault> {
    let format = match Format::of_package_type(package.package_type.id()) {
        Format::Unknown => Format::Semantic,
        format => format,
    };
    // A policy that names no epoch means the version behind it.
    let own = if wanted.contains(':') { package.version.as_str() } else { without_epoch(package) };
    compare(format, own, wanted).map_err(|error| {
        Fault(format!("version `{own}` of `{}` cannot be compared with `{wanted}`: {error}", package.name))
    })
}

/// Whether a package is of the type that a policy names, in syft's words or Anchore's; `all` is every type.
pub(super) fn is_of(package: &Package, kind: &str) -> bool {
    kind == "all" || package.package_type.id() == kind || package.package_type.anchore().eq_ignore_ascii_case(kind)
}

/// The version as the engine splits it: without epoch, and for packages of a distribution without release.
pub(super) fn upstream_version(package: &Package) -> &str {
    let version = without_epoch(package);
    let cut = match &package.package_type {
        kind if *kind == PackageType::APK => version.rfind("-r"),
        kind if kind.is_os() => version.rfind('-'),
        _ => None,
    };
    cut.and_then(|end| version.get(..end)).unwrap_or(version)
}

/// The version without the epoch that rpm and deb write in front of it.
pub(super) fn without_epoch(package: &Package) -> &str {
    match package.version.split_once(':') {
        Some((epoch, rest)) if package.package_type.is_os() && epoch.bytes().all(|b| b.is_ascii_digit()) => rest,
        _ => &package.version,
    }
}

/// Whether a package is of one of the types that a policy names, if it names any.
pub(super) fn is_of_any(package: &Package, kinds: Option<&CommaList>) -> bool {
    kinds.is_none_or(|kinds| kinds.0.iter().any(|kind| is_of(package, kind)))
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Package, PackageType};

    use super::{upstream_version, without_epoch};

    #[test]
    fn versions_are_split_by_type() {
        for (kind, version, full, upstream) in [
            (PackageType::DEB, "1:2.3-4", "2.3-4", "2.3"),
            (PackageType::RPM, "2.3-4.el9", "2.3-4.el9", "2.3"),
            (PackageType::APK, "3.0.1-r2", "3.0.1-r2", "3.0.1"),
            (PackageType::NPM, "1.0.0-rc.1", "1.0.0-rc.1", "1.0.0-rc.1"),
        ] {
            let package = Package::new(kind, "x", version);
            assert_eq!((without_epoch(&package), upstream_version(&package)), (full, upstream));
        }
    }
}

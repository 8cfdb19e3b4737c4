//! What the gates `npms` and `ruby_gems` share. Their feeds are gone: names and versions can still be denied.

use stopgate_model::{PackageType, Remediation};

use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::{Hit, Hits, TriggerInfo};

/// Reports packages of a type with a denied name and version.
pub(super) fn report(
    scene: &Scene<'_>,
    hits: &mut Hits,
    info: &TriggerInfo,
    (kind, word): (&PackageType, &str),
    (name, version): (&str, Option<&str>),
) -> Result<(), Fault> {
    let denied = scene.artifact().packages.iter().filter(|package| {
        package.package_type == *kind
            && package.name == name
            && version.is_none_or(|version| package.version == version)
    });
    for package in denied {
        let what = version.map_or(name.to_owned(), |version| format!("{name}-{version}"));
        let message = format!("the denied package `{}` {} is installed", package.name, package.version);
        let mut hit = Hit::frozen(info, &format!("{word} Package is blacklisted: {what}"), message)
            .evidence(facts::package(package))
            .because(format!("package {what}"), format!("{} {}", package.name, package.version))
            .remedy(Remediation::RemovePackage { name: package.name.clone() });
        hit.package = facts::identity(package);
        hits.push(hit)?;
    }
    Ok(())
}

/// Says that there is nothing to compare the packages of a type with.
pub(super) fn no_data(scene: &Scene<'_>, hits: &mut Hits, kind: &PackageType, what: &str) {
    if scene.artifact().packages.iter().any(|package| package.package_type == *kind) {
        hits.note(format!(
            "the feed of {what} is no longer published, so that nothing was compared: use `packages.denylist` instead"
        ));
    }
}

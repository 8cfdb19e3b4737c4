//! `image_source_drift` / `package_downgraded`: a package is older than in the sources.
//!
//! Trees hold several versions of a package; one is older when it is older than all that the sources have.

use std::cmp::Ordering;

use stopgate_model::{Package, Remediation};

use super::sources;
use crate::engine::Scene;
use crate::gates::{facts, packages};
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, State, Trigger, TriggerInfo};

pub(crate) struct PackageDowngraded;

params! {
    pub(crate) struct PackageDowngradedParams {
        /// Types of the packages to compare, separated by commas; all when absent.
        #[example = "java,npm"]
        package_types: Option<CommaList>,
    }
}

impl Trigger for PackageDowngraded {
    type Params = PackageDowngradedParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Sources],
        state: State::Deprecated,
        ..TriggerInfo::new("image_source_drift", "package_downgraded", "A package is older than in the sources.")
    };
}

impl ImageTrigger for PackageDowngraded {
    fn fire(params: &PackageDowngradedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let sources = sources::sources(scene, params.package_types.as_ref());
        if scene.context.sources.is_none_or(<[_]>::is_empty) {
            hits.missing(Need::Sources);
        }
        let mut fault = None;
        for package in &scene.artifact().packages {
            let Some(alike) = sources.get(&sources::key(package)) else { continue };
            match older_than_all(package, alike) {
                Ok(None) => {}
                Ok(Some(source)) => hits.push(hit(package, source))?,
                // What can be compared still is; the rule is broken all the same.
                Err(other) => fault = fault.or(Some(other)),
            }
        }
        fault.map_or(Ok(()), Err)
    }
}

/// The last of the sources' packages, when all of them are newer. A source may leave a version open.
fn older_than_all<'a>(package: &Package, alike: &[&'a Package]) -> Result<Option<&'a Package>, Fault> {
    let mut newer = None;
    for source in alike.iter().filter(|source| !source.version.is_empty()) {
        if source.version == package.version || packages::order(package, &source.version)? != Ordering::Less {
            return Ok(None);
        }
        newer = Some(*source);
    }
    Ok(newer)
}

fn hit(package: &Package, source: &Package) -> Hit {
    let Package { name, version, package_type: kind, .. } = package;
    let frozen =
        format!("Package downgraded: name={name} version={version} source_version={} type={kind}", source.version);
    let message = format!("the package `{name}` ({kind}) has version {version}, and {} in the sources", source.version);
    let mut hit = Hit::frozen(&PackageDowngraded::INFO, &frozen, message)
        .evidence(facts::package(package))
        .evidence(sources::evidence(source))
        .because(format!("version not below {}", source.version), version.as_str())
        .remedy(Remediation::Advice { text: format!("build the image with {name} {}", source.version) });
    hit.package = facts::identity(package);
    hit
}

#[cfg(test)]
mod tests {
    use crate::gates::image_source_drift::sources::cases::{GEM, NPM, built};
    use crate::tests::{check, ids, image};

    const RULE: &str = "stop image_source_drift.package_downgraded";

    #[test]
    fn fires() {
        let case = built(&[(NPM, "x", "1.9.0")], &[&[(NPM, "y", "1.0.0")], &[(NPM, "x", "1.10.0")]]);
        assert_eq!(check(&case, RULE)[0], "stop the package `x` (npm) has version 1.9.0, and 1.10.0 in the sources");
        assert_eq!(ids(&case, &format!("{RULE} package_types=java,npm")).len(), 1);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(ids(&built(&[(NPM, "x", "2.0.0")], &[&[(NPM, "x", "1.0.0")]]), RULE).len(), 0);
        assert_eq!(ids(&built(&[(NPM, "x", "1.0.0")], &[&[(GEM, "x", "2.0.0")]]), RULE).len(), 0, "another type");
        let case = built(&[(NPM, "x", "1.0.0")], &[&[(NPM, "x", "2.0.0")]]);
        assert_eq!(ids(&case, &format!("{RULE} package_types=java")).len(), 0);
    }

    #[test]
    fn boundary() {
        assert_eq!(ids(&built(&[(NPM, "x", "1.0.0")], &[&[(NPM, "x", "1.0.0")]]), RULE).len(), 0);
        let several = built(&[(NPM, "x", "1.0.0")], &[&[(NPM, "x", "0.9.0"), (NPM, "x", "2.0.0")]]);
        assert_eq!(ids(&several, RULE).len(), 0, "one of the sources' versions is older still");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), RULE).last().unwrap(), "undecided");
        assert_eq!(check(&built(&[], &[]), RULE).last().unwrap(), "undecided");
        assert_eq!(
            check(&built(&[(NPM, "x", "1.0.0")], &[&[(NPM, "x", "")]]), RULE).last().unwrap(),
            "pass",
            "left open"
        );
        let odd = built(&[(GEM, "x", "1.0.0")], &[&[(GEM, "x", "not a version!")]]);
        let lines = check(&odd, RULE);
        assert!(lines[1].contains("it could not be run and counts as stop"), "{lines:?}");
    }
}

//! `image_source_drift` / `package_removed`: a package of the sources is not in the image.

use std::collections::BTreeSet;

use stopgate_model::{Package, Remediation};

use super::sources::{self, key};
use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, State, Trigger, TriggerInfo};

pub(crate) struct PackageRemoved;

params! {
    pub(crate) struct PackageRemovedParams {
        /// Types of the packages to compare, separated by commas; all when absent.
        #[example = "java,npm"]
        package_types: Option<CommaList>,
    }
}

impl Trigger for PackageRemoved {
    type Params = PackageRemovedParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Sources],
        state: State::Deprecated,
        ..TriggerInfo::new("image_source_drift", "package_removed", "A package of the sources is not in the image.")
    };
}

impl ImageTrigger for PackageRemoved {
    fn fire(params: &PackageRemovedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        if scene.context.sources.is_none_or(<[_]>::is_empty) {
            hits.missing(Need::Sources);
        }
        let installed: BTreeSet<_> = scene.artifact().packages.iter().map(key).collect();
        for (key, packages) in sources::sources(scene, params.package_types.as_ref()) {
            if let (false, Some(package)) = (installed.contains(&key), packages.first()) {
                hits.push(hit(package))?;
            }
        }
        Ok(())
    }
}

fn hit(package: &Package) -> Hit {
    let Package { name, version, package_type: kind, .. } = package;
    let frozen = format!("Package removed: name={name} version={version} type={kind}");
    let message = format!("the package `{name}` {version} ({kind}) of the sources is not in the image");
    let mut hit = Hit::frozen(&PackageRemoved::INFO, &frozen, message)
        .evidence(sources::evidence(package))
        .because(format!("package {name} in the image"), "none")
        .remedy(Remediation::Advice { text: format!("make sure that {name} was meant to be left out") });
    hit.package = facts::identity(package);
    hit
}

#[cfg(test)]
mod tests {
    use crate::gates::image_source_drift::sources::cases::{GEM, NPM, built};
    use crate::tests::{check, ids, image};

    const RULE: &str = "stop image_source_drift.package_removed";

    #[test]
    fn fires() {
        let case = built(&[(NPM, "x", "1")], &[&[(NPM, "x", "1")], &[(NPM, "y", "1"), (GEM, "x", "1")]]);
        assert_eq!(
            check(&case, RULE)[..2],
            [
                "stop the package `x` 1 (gem) of the sources is not in the image",
                "stop the package `y` 1 (npm) of the sources is not in the image"
            ]
        );
        assert_eq!(ids(&case, &format!("{RULE} package_types=npm")).len(), 1);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(ids(&built(&[(NPM, "x", "1"), (NPM, "z", "1")], &[&[(NPM, "x", "1")]]), RULE).len(), 0);
    }

    #[test]
    fn boundary() {
        assert_eq!(ids(&built(&[(NPM, "x", "2")], &[&[(NPM, "x", "1")]]), RULE).len(), 0, "another version is there");
        let twice = built(&[], &[&[(NPM, "x", "1"), (NPM, "x", "2")], &[(NPM, "x", "1")]]);
        assert_eq!(ids(&twice, RULE).len(), 1, "one finding for one name");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), RULE).last().unwrap(), "undecided");
        assert_eq!(check(&built(&[], &[]), RULE).last().unwrap(), "undecided", "an empty list holds no source");
        assert_eq!(check(&built(&[], &[&[]]), RULE).last().unwrap(), "pass", "a source without packages");
    }
}

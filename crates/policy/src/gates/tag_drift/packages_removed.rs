//! `tag_drift` / `packages_removed`: a package was removed since the image that the tag named before.

use super::drift::{self, Drift};
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct PackagesRemoved;

params! {
    pub(crate) struct PackagesRemovedParams {
        /// Types of the packages to compare, separated by commas; all when absent.
        #[example = "apk"]
        package_type: Option<CommaList>,
    }
}

impl Trigger for PackagesRemoved {
    type Params = PackagesRemovedParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::PreviousImage],
        ..TriggerInfo::new(
            "tag_drift",
            "packages_removed",
            "A package was removed since the image that the tag named before.",
        )
    };
}

impl ImageTrigger for PackagesRemoved {
    fn fire(params: &PackagesRemovedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        for package in Drift::of(scene, params.package_type.as_ref()).removed {
            let hit = drift::hit(&Self::INFO, "removed", "was in the previous image and is not any more", package);
            hits.push(hit.because("package in this image", "none").evidence(drift::before(package)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::tag_drift::drift::cases::{APK, NPM, drifted, packages};
    use crate::tests::check;

    const RULE: &str = "stop tag_drift.packages_removed";

    #[test]
    fn fires() {
        let case = drifted(&[(APK, "musl", "1", ""), (APK, "curl", "8", "")], &[(APK, "musl", "1", "")]);
        assert_eq!(
            check(&case, RULE),
            ["stop the package `curl` 8 (apk) was in the previous image and is not any more", "stop"]
        );
    }

    #[test]
    fn does_not_fire() {
        let same = [(APK, "musl", "1", "")];
        assert_eq!(check(&drifted(&same, &same), RULE), ["pass"]);
        let case = drifted(&[(NPM, "x", "1", "/x/package.json")], &[]);
        assert_eq!(check(&case, "stop tag_drift.packages_removed package_type=apk"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let two = [(APK, "musl", "1", ""), (APK, "musl", "2", "")];
        assert_eq!(check(&drifted(&two, &[(APK, "musl", "2", "")]), RULE).len(), 2, "one of two versions");
        assert_eq!(check(&drifted(&two, &[(APK, "musl", "3", "")]), RULE).len(), 2, "one changed and one went");
        assert_eq!(check(&drifted(&[(NPM, "x", "1", "/a")], &[(APK, "x", "1", "")]), RULE).len(), 2, "another type");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&packages(&[(APK, "musl", "1", "")]), RULE)[1], "undecided", "no previous image");
        assert_eq!(check(&drifted(&[], &[]), RULE), ["pass"]);
    }
}

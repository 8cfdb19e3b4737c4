//! `tag_drift` / `packages_added`: a package was added since the image that the tag named before.

use super::drift::{self, Drift};
use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct PackagesAdded;

params! {
    pub(crate) struct PackagesAddedParams {
        /// Types of the packages to compare, separated by commas; all when absent.
        #[example = "apk"]
        package_type: Option<CommaList>,
    }
}

impl Trigger for PackagesAdded {
    type Params = PackagesAddedParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::PreviousImage],
        ..TriggerInfo::new(
            "tag_drift",
            "packages_added",
            "A package was added since the image that the tag named before.",
        )
    };
}

impl ImageTrigger for PackagesAdded {
    fn fire(params: &PackagesAddedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        for package in Drift::of(scene, params.package_type.as_ref()).added {
            let hit = drift::hit(&Self::INFO, "added", "was not in the previous image", package);
            hits.push(hit.because("package in the previous image", "none").evidence(facts::package(package)))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::tag_drift::drift::cases::{APK, NPM, drifted, packages};
    use crate::tests::check;

    const RULE: &str = "stop tag_drift.packages_added";

    #[test]
    fn fires() {
        let case = drifted(&[(APK, "musl", "1", "")], &[(APK, "musl", "1", ""), (APK, "curl", "8", "/lib/apk/db")]);
        assert_eq!(check(&case, RULE), ["stop the package `curl` 8 (apk) was not in the previous image", "stop"]);
        assert_eq!(check(&case, "stop tag_drift.packages_added package_type=npm, APKG").len(), 2);
    }

    #[test]
    fn does_not_fire() {
        let same = [(APK, "musl", "1", "/lib/apk/db")];
        assert_eq!(check(&drifted(&same, &same), RULE), ["pass"]);
        assert_eq!(check(&drifted(&[(APK, "musl", "1", "/old/db")], &same), RULE), ["pass"], "the database moved");
        let case = drifted(&[], &[(NPM, "x", "1", "/x/package.json")]);
        assert_eq!(check(&case, "stop tag_drift.packages_added package_type=apk"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let one = [(APK, "musl", "1", "")];
        assert_eq!(check(&drifted(&one, &[(APK, "musl", "2", "")]), RULE), ["pass"], "another version is a change");
        let two = [(APK, "musl", "1", ""), (APK, "musl", "2", "")];
        assert_eq!(check(&drifted(&one, &two), RULE).len(), 2, "a second version is one more package");
        let moved = drifted(&[(NPM, "x", "1", "/a/package.json")], &[(NPM, "x", "1", "/b/package.json")]);
        assert_eq!(check(&moved, RULE).len(), 2, "another place is another package");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&packages(&[(APK, "musl", "1", "")]), RULE)[1], "undecided", "no previous image");
        assert_eq!(check(&drifted(&[], &[]), RULE), ["pass"]);
    }
}

//! `tag_drift` / `packages_modified`: a package was modified since the image that the tag named before.

use super::drift::{self, Drift};
use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct PackagesModified;

params! {
    pub(crate) struct PackagesModifiedParams {
        /// Types of the packages to compare, separated by commas; all when absent.
        #[example = "apk"]
        package_type: Option<CommaList>,
    }
}

impl Trigger for PackagesModified {
    type Params = PackagesModifiedParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::PreviousImage],
        ..TriggerInfo::new(
            "tag_drift",
            "packages_modified",
            "A package was changed since the image that the tag named before.",
        )
    };
}

impl ImageTrigger for PackagesModified {
    fn fire(params: &PackagesModifiedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        for (old, new) in Drift::of(scene, params.package_type.as_ref()).modified {
            let what = if old.version == new.version {
                "differs from the one of this version in the previous image".to_owned()
            } else {
                format!("had version {} in the previous image", old.version)
            };
            let hit = drift::hit(&Self::INFO, "modified", &what, new)
                .because("version in the previous image", old.version.as_str())
                .evidence(drift::before(old))
                .evidence(facts::package(new));
            hits.push(hit)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::tag_drift::drift::cases::{APK, NPM, drifted, packages};
    use crate::tests::check;

    const RULE: &str = "stop tag_drift.packages_modified";

    #[test]
    fn fires() {
        let case = drifted(&[(APK, "musl", "1", "")], &[(APK, "musl", "2", "")]);
        assert_eq!(check(&case, RULE), ["stop the package `musl` 2 (apk) had version 1 in the previous image", "stop"]);
    }

    #[test]
    fn does_not_fire() {
        let same = [(APK, "musl", "1", "")];
        assert_eq!(check(&drifted(&same, &same), RULE), ["pass"]);
        assert_eq!(check(&drifted(&same, &[]), RULE), ["pass"], "it is removed");
        let case = drifted(&[(NPM, "x", "1", "/x")], &[(NPM, "x", "2", "/x")]);
        assert_eq!(check(&case, "stop tag_drift.packages_modified package_type=apk"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let one = [(APK, "musl", "1", "")];
        let rebuilt = drifted(&one, &one).with(|artifact| artifact.packages[0].arch = Some("x86_64".to_owned()));
        assert_eq!(
            check(&rebuilt, RULE)[0],
            "stop the package `musl` 1 (apk) differs from the one of this version in the previous image"
        );
        let two = [(APK, "musl", "1", ""), (APK, "musl", "2", "")];
        let swapped = [(APK, "musl", "2", ""), (APK, "musl", "1", "")];
        assert_eq!(check(&drifted(&two, &swapped), RULE), ["pass"], "the order says nothing");
        assert_eq!(
            check(&drifted(&[(NPM, "x", "1", "/a")], &[(NPM, "x", "2", "/b")]), RULE),
            ["pass"],
            "another place"
        );
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&packages(&[(APK, "musl", "1", "")]), RULE)[1], "undecided", "no previous image");
        assert_eq!(check(&drifted(&[], &[]), RULE), ["pass"]);
    }
}

//! `npms` / `unknown_in_feeds`: deprecated, without data for ever, and never fires.

use stopgate_model::PackageType;

use crate::engine::Scene;
use crate::gates::feeds;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, State, Trigger, TriggerInfo};

pub(crate) struct UnknownInFeeds;

params! {
    pub(crate) struct UnknownInFeedsParams {}
}

impl Trigger for UnknownInFeeds {
    type Params = UnknownInFeedsParams;
    const INFO: TriggerInfo = TriggerInfo {
        state: State::Deprecated,
        superseded_by: Some("packages.denylist"),
        ..TriggerInfo::new("npms", "unknown_in_feeds", "A package is not in the feed.")
    };
}

impl ImageTrigger for UnknownInFeeds {
    fn fire(_: &UnknownInFeedsParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        feeds::no_data(scene, hits, &PackageType::NPM, "npm packages");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::PackageType;

    use crate::tests::{Case, check, image};

    fn installed(kind: PackageType) -> Case {
        image().package(kind, "x", "1", "/x")
    }

    const RULE: &str = "stop npms.unknown_in_feeds";

    #[test]
    fn fires() {
        // Never: it has nothing to compare with, and says so.
        let lines = check(&installed(PackageType::NPM), RULE);
        assert_eq!(lines[0], "! rule `r1`: `npms.unknown_in_feeds` is deprecated");
        assert_eq!(
            lines[1],
            "! rule `r1`: the feed of npm packages is no longer published, so that nothing was compared: use `packages.denylist` instead"
        );
        assert_eq!(lines[2], "pass");
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&image(), RULE).len(), 2, "no package, nothing to compare");
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&installed(PackageType::GEM), RULE).len(), 2, "a package of another type");
    }

    #[test]
    fn data_missing() {
        // The feed is missing for ever, which leaves no verdict open.
        assert_eq!(check(&installed(PackageType::NPM), RULE).last().unwrap(), "pass");
    }
}

//! `ruby_gems` / `newer_version_found_in_feed`: deprecated, without data for ever, and never fires.

use stopgate_model::PackageType;

use crate::engine::Scene;
use crate::gates::feeds;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, State, Trigger, TriggerInfo};

pub(crate) struct NewerVersionFoundInFeed;

params! {
    pub(crate) struct NewerVersionFoundInFeedParams {}
}

impl Trigger for NewerVersionFoundInFeed {
    type Params = NewerVersionFoundInFeedParams;
    const INFO: TriggerInfo = TriggerInfo {
        state: State::Deprecated,
        superseded_by: Some("packages.denylist"),
        ..TriggerInfo::new(
            "ruby_gems",
            "newer_version_found_in_feed",
            "A gem is not of the newest version that the feed has.",
        )
    };
}

impl ImageTrigger for NewerVersionFoundInFeed {
    fn fire(_: &NewerVersionFoundInFeedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        feeds::no_data(scene, hits, &PackageType::GEM, "gems");
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

    const RULE: &str = "stop ruby_gems.newer_version_found_in_feed";

    #[test]
    fn fires() {
        // Never: it has nothing to compare with, and says so.
        let lines = check(&installed(PackageType::GEM), RULE);
        assert_eq!(lines[0], "! rule `r1`: `ruby_gems.newer_version_found_in_feed` is deprecated");
        assert_eq!(
            lines[1],
            "! rule `r1`: the feed of gems is no longer published, so that nothing was compared: use `packages.denylist` instead"
        );
        assert_eq!(lines[2], "pass");
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&image(), RULE).len(), 2, "no package, nothing to compare");
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&installed(PackageType::NPM), RULE).len(), 2, "a package of another type");
    }

    #[test]
    fn data_missing() {
        // The feed is missing for ever, which leaves no verdict open.
        assert_eq!(check(&installed(PackageType::GEM), RULE).last().unwrap(), "pass");
    }
}

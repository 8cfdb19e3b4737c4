//! `npms` / `version_not_in_feeds`: deprecated, without data for ever, and never fires.

use crate::engine::Scene;
use crate::gates::feeds::NPM;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct VersionNotInFeeds;

params! {
    pub(crate) struct VersionNotInFeedsParams {}
}

impl Trigger for VersionNotInFeeds {
    type Params = VersionNotInFeedsParams;
    const INFO: TriggerInfo =
        NPM.trigger("version_not_in_feeds", "A package is of a version that the feed does not have.");
}

impl ImageTrigger for VersionNotInFeeds {
    fn fire(_: &VersionNotInFeedsParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        NPM.compare_nothing(scene, hits);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::feeds::NPM;

    #[test]
    fn fires() {
        NPM.says_that_nothing_was_compared("version_not_in_feeds");
    }

    #[test]
    fn does_not_fire() {
        NPM.is_silent_without_packages("version_not_in_feeds");
    }

    #[test]
    fn boundary() {
        NPM.is_silent_about_other_packages("version_not_in_feeds");
    }

    #[test]
    fn data_missing() {
        NPM.leaves_no_verdict_open("version_not_in_feeds");
    }
}

//! `ruby_gems` / `version_not_found_in_feed`: deprecated, without data for ever, and never fires.

use crate::engine::Scene;
use crate::gates::feeds::GEM;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct VersionNotFoundInFeed;

params! {
    pub(crate) struct VersionNotFoundInFeedParams {}
}

impl Trigger for VersionNotFoundInFeed {
    type Params = VersionNotFoundInFeedParams;
    const INFO: TriggerInfo =
        GEM.trigger("version_not_found_in_feed", "A gem is of a version that the feed does not have.");
}

impl ImageTrigger for VersionNotFoundInFeed {
    fn fire(_: &VersionNotFoundInFeedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        GEM.compare_nothing(scene, hits);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::feeds::GEM;

    #[test]
    fn fires() {
        GEM.says_that_nothing_was_compared("version_not_found_in_feed");
    }

    #[test]
    fn does_not_fire() {
        GEM.is_silent_without_packages("version_not_found_in_feed");
    }

    #[test]
    fn boundary() {
        GEM.is_silent_about_other_packages("version_not_found_in_feed");
    }

    #[test]
    fn data_missing() {
        GEM.leaves_no_verdict_open("version_not_found_in_feed");
    }
}

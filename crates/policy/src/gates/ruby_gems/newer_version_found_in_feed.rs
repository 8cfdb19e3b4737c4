//! `ruby_gems` / `newer_version_found_in_feed`: deprecated, without data for ever, and never fires.

use crate::engine::Scene;
use crate::gates::feeds::GEM;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct NewerVersionFoundInFeed;

params! {
    pub(crate) struct NewerVersionFoundInFeedParams {}
}

impl Trigger for NewerVersionFoundInFeed {
    type Params = NewerVersionFoundInFeedParams;
    const INFO: TriggerInfo =
        GEM.trigger("newer_version_found_in_feed", "A gem is not of the newest version that the feed has.");
}

impl ImageTrigger for NewerVersionFoundInFeed {
    fn fire(_: &NewerVersionFoundInFeedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        GEM.compare_nothing(scene, hits);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::feeds::GEM;

    #[test]
    fn fires() {
        GEM.says_that_nothing_was_compared("newer_version_found_in_feed");
    }

    #[test]
    fn does_not_fire() {
        GEM.is_silent_without_packages("newer_version_found_in_feed");
    }

    #[test]
    fn boundary() {
        GEM.is_silent_about_other_packages("newer_version_found_in_feed");
    }

    #[test]
    fn data_missing() {
        GEM.leaves_no_verdict_open("newer_version_found_in_feed");
    }
}

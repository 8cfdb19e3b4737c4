//! `npms` / `newer_version_in_feed`: deprecated, without data for ever, and never fires.

use crate::engine::Scene;
use crate::gates::feeds::NPM;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct NewerVersionInFeed;

params! {
    pub(crate) struct NewerVersionInFeedParams {}
}

impl Trigger for NewerVersionInFeed {
    type Params = NewerVersionInFeedParams;
    const INFO: TriggerInfo =
        NPM.trigger("newer_version_in_feed", "A package is not of the newest version that the feed has.");
}

impl ImageTrigger for NewerVersionInFeed {
    fn fire(_: &NewerVersionInFeedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        NPM.compare_nothing(scene, hits);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::feeds::NPM;

    #[test]
    fn fires() {
        NPM.says_that_nothing_was_compared("newer_version_in_feed");
    }

    #[test]
    fn does_not_fire() {
        NPM.is_silent_without_packages("newer_version_in_feed");
    }

    #[test]
    fn boundary() {
        NPM.is_silent_about_other_packages("newer_version_in_feed");
    }

    #[test]
    fn data_missing() {
        NPM.leaves_no_verdict_open("newer_version_in_feed");
    }
}

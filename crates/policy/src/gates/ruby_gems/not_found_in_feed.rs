//! `ruby_gems` / `not_found_in_feed`: deprecated, without data for ever, and never fires.

use crate::engine::Scene;
use crate::gates::feeds::GEM;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct NotFoundInFeed;

params! {
    pub(crate) struct NotFoundInFeedParams {}
}

impl Trigger for NotFoundInFeed {
    type Params = NotFoundInFeedParams;
    const INFO: TriggerInfo = GEM.trigger("not_found_in_feed", "A gem is not in the feed.");
}

impl ImageTrigger for NotFoundInFeed {
    fn fire(_: &NotFoundInFeedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        GEM.compare_nothing(scene, hits);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::feeds::GEM;

    #[test]
    fn fires() {
        GEM.says_that_nothing_was_compared("not_found_in_feed");
    }

    #[test]
    fn does_not_fire() {
        GEM.is_silent_without_packages("not_found_in_feed");
    }

    #[test]
    fn boundary() {
        GEM.is_silent_about_other_packages("not_found_in_feed");
    }

    #[test]
    fn data_missing() {
        GEM.leaves_no_verdict_open("not_found_in_feed");
    }
}

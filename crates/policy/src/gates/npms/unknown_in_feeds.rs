//! `npms` / `unknown_in_feeds`: deprecated, without data for ever, and never fires.

use crate::engine::Scene;
use crate::gates::feeds::NPM;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct UnknownInFeeds;

params! {
    pub(crate) struct UnknownInFeedsParams {}
}

impl Trigger for UnknownInFeeds {
    type Params = UnknownInFeedsParams;
    const INFO: TriggerInfo = NPM.trigger("unknown_in_feeds", "A package is not in the feed.");
}

impl ImageTrigger for UnknownInFeeds {
    fn fire(_: &UnknownInFeedsParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        NPM.compare_nothing(scene, hits);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::feeds::NPM;

    #[test]
    fn fires() {
        NPM.says_that_nothing_was_compared("unknown_in_feeds");
    }

    #[test]
    fn does_not_fire() {
        NPM.is_silent_without_packages("unknown_in_feeds");
    }

    #[test]
    fn boundary() {
        NPM.is_silent_about_other_packages("unknown_in_feeds");
    }

    #[test]
    fn data_missing() {
        NPM.leaves_no_verdict_open("unknown_in_feeds");
    }
}

//! `ruby_gems` / `feed_data_unavailable`: the feed is not there. Deprecated: it never will be.

use crate::engine::Scene;
use crate::gates::feeds::GEM;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct FeedDataUnavailable;

params! {
    pub(crate) struct FeedDataUnavailableParams {}
}

impl Trigger for FeedDataUnavailable {
    type Params = FeedDataUnavailableParams;
    const INFO: TriggerInfo =
        TriggerInfo { superseded_by: None, ..GEM.trigger("feed_data_unavailable", "There is no feed of gems.") };
}

impl ImageTrigger for FeedDataUnavailable {
    fn fire(_: &FeedDataUnavailableParams, _: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        GEM.unavailable(hits, &Self::INFO)
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::feeds::GEM;
    use crate::tests::{check, image};

    const RULE: &str = "ruby_gems.feed_data_unavailable";

    #[test]
    fn fires() {
        GEM.is_unavailable("58d7d6d2d3299c3c10f08a6a8ab95bb4");
    }

    #[test]
    fn does_not_fire() {
        // Only where the rule is not: there is no feed for anything.
        assert_eq!(check(&image(), "stop ruby_gems.blacklist name=x").last().unwrap(), "pass");
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&image(), &format!("warn {RULE}")).last().unwrap(), "pass");
    }

    #[test]
    fn data_missing() {
        // The missing feed is what it reports.
        assert_eq!(check(&image(), &format!("stop {RULE}")).last().unwrap(), "stop");
    }
}

//! `npms` / `feed_data_unavailable`: the feed is not there. Deprecated: it never will be.

use crate::engine::Scene;
use crate::gates::feeds::NPM;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct FeedDataUnavailable;

params! {
    pub(crate) struct FeedDataUnavailableParams {}
}

impl Trigger for FeedDataUnavailable {
    type Params = FeedDataUnavailableParams;
    const INFO: TriggerInfo = TriggerInfo {
        superseded_by: None,
        ..NPM.trigger("feed_data_unavailable", "There is no feed of npm packages.")
    };
}

impl ImageTrigger for FeedDataUnavailable {
    fn fire(_: &FeedDataUnavailableParams, _: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        NPM.unavailable(hits, &Self::INFO)
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::feeds::NPM;
    use crate::tests::{check, image};

    const RULE: &str = "npms.feed_data_unavailable";

    #[test]
    fn fires() {
        NPM.is_unavailable("65da5d4415b3e7336c752aebfaef4a40");
    }

    #[test]
    fn does_not_fire() {
        // Only where the rule is not: there is no feed for anything.
        assert_eq!(check(&image(), "stop npms.blacklisted_name_version name=x").last().unwrap(), "pass");
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

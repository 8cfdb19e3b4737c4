//! `npms` / `feed_data_unavailable`: the feed is not there. Deprecated: it never will be.

use stopgate_model::Remediation;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, State, Trigger, TriggerInfo};

pub(crate) struct FeedDataUnavailable;

params! {
    pub(crate) struct FeedDataUnavailableParams {}
}

impl Trigger for FeedDataUnavailable {
    type Params = FeedDataUnavailableParams;
    const INFO: TriggerInfo = TriggerInfo {
        state: State::Deprecated,
        ..TriggerInfo::new("npms", "feed_data_unavailable", "There is no feed of npm packages.")
    };
}

/// COMPAT: fixed, and said whether there are such packages or not.
const TEXT: &str = "NPM packages are present but the anchore npm feed is not available - will be unable to perform checks that require feed data";

impl ImageTrigger for FeedDataUnavailable {
    fn fire(_: &FeedDataUnavailableParams, _: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        hits.push(
            Hit::frozen(&Self::INFO, TEXT, "the feed of npm packages is no longer published")
                .about("feed")
                .because("feed of npm packages", "none")
                .remedy(Remediation::Advice { text: "take the rule out of the policy".to_owned() }),
        )
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::PackageType;

    use crate::tests::{check, ids, image};

    const RULE: &str = "stop npms.feed_data_unavailable";

    #[test]
    fn fires() {
        assert_eq!(check(&image(), RULE)[0], "stop the feed of npm packages is no longer published");
        assert_eq!(ids(&image(), RULE), ["65da5d4415b3e7336c752aebfaef4a40"]);
    }

    #[test]
    fn does_not_fire() {
        // Only where the rule is not: there is no feed for anything.
        assert_eq!(check(&image(), "warn npms.feed_data_unavailable").last().unwrap(), "pass");
    }

    #[test]
    fn boundary() {
        let with = image().package(PackageType::NPM, "x", "1", "/x");
        assert_eq!(ids(&with, RULE), ids(&image(), RULE), "one finding, whatever is installed");
    }

    #[test]
    fn data_missing() {
        // The missing feed is what it reports.
        assert_eq!(ids(&image(), RULE).len(), 1);
    }
}

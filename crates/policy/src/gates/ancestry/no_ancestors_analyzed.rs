//! `ancestry` / `no_ancestors_analyzed`: no ancestor of the image is known.

use stopgate_model::Remediation;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Presence, Trigger, TriggerInfo};

pub(crate) struct NoAncestorsAnalyzed;

params! {
    pub(crate) struct NoAncestorsAnalyzedParams {}
}

impl Trigger for NoAncestorsAnalyzed {
    type Params = NoAncestorsAnalyzedParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("ancestry", "no_ancestors_analyzed", "No ancestor of the image is known.");

    fn absence(_: &NoAncestorsAnalyzedParams) -> Option<Need> {
        Some(Need::Ancestry)
    }
}

impl ImageTrigger for NoAncestorsAnalyzed {
    fn fire(_: &NoAncestorsAnalyzedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        if scene.presence(&Need::Ancestry) == Presence::Present {
            return Ok(());
        }
        hits.push(
            Hit::frozen(&Self::INFO, "No ancestors of the image were analyzed", "no ancestor of the image is known")
                .about("ancestor")
                .because("ancestor", "none")
                .remedy(Remediation::Provide { what: "--base SOURCE".to_owned() }),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::base::cases::{built_on, labelled};
    use crate::tests::{check, document, ids, image, policy};

    const RULE: &str = "stop ancestry.no_ancestors_analyzed";

    #[test]
    fn fires() {
        assert_eq!(check(&image(), RULE), ["stop no ancestor of the image is known", "stop"]);
        let text = "No ancestors of the image were analyzed";
        assert_eq!(ids(&image(), RULE), [crate::trigger::hit::anchore_id("ancestry", "no_ancestors_analyzed", text)]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&built_on(&[('a', &[])]), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&built_on(&[]), RULE).len(), 2, "looked for, and none found");
        assert_eq!(check(&labelled("nginx", ""), RULE).len(), 2, "what an image says of itself was not analysed");
    }

    #[test]
    fn data_missing() {
        // The missing ancestors are what it reports, and it decides for the rules that need them.
        let both = document(&[
            "stop ancestry.denylist_ancestor_image_tag ancestor_tag=x",
            "go ancestry.no_ancestors_analyzed",
        ]);
        assert_eq!(image().evaluate(&policy(&both)).decision, stopgate_model::Decision::Pass);
    }
}

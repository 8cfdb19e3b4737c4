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

//! `stig` / `no_stig_evaluations_available`: there is no STIG evaluation.

use stopgate_model::Remediation;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Presence, Trigger, TriggerInfo};

pub(crate) struct NoStigEvaluationsAvailable;

params! {
    pub(crate) struct NoStigEvaluationsAvailableParams {}
}

impl Trigger for NoStigEvaluationsAvailable {
    type Params = NoStigEvaluationsAvailableParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("stig", "no_stig_evaluations_available", "There is no STIG evaluation of the image.");

    fn absence(_: &NoStigEvaluationsAvailableParams) -> Option<Need> {
        Some(Need::Stig)
    }
}

impl ImageTrigger for NoStigEvaluationsAvailable {
    fn fire(_: &NoStigEvaluationsAvailableParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        if scene.presence(&Need::Stig) != Presence::Missing {
            return Ok(());
        }
        hits.push(
            Hit::frozen(&Self::INFO, "No STIG evaluations found for image", "there is no STIG evaluation of the image")
                .about("STIG evaluation")
                .because("STIG evaluation", "none")
                .remedy(Remediation::Provide { what: "--stig FILE".to_owned() }),
        )
    }
}

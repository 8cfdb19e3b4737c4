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
        if scene.presence(&Need::Stig) == Presence::Present {
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

#[cfg(test)]
mod tests {
    use stopgate_model::StigEvaluation;

    use crate::tests::{Case, check, document, ids, image, policy};

    fn with(evaluations: Vec<StigEvaluation>) -> Case {
        image().with(|artifact| artifact.documents.stig = Some(evaluations))
    }

    const RULE: &str = "stop stig.no_stig_evaluations_available";

    #[test]
    fn fires() {
        assert_eq!(check(&image(), RULE), ["stop there is no STIG evaluation of the image", "stop"]);
        let text = "No STIG evaluations found for image";
        let expected = crate::trigger::hit::anchore_id("stig", "no_stig_evaluations_available", text);
        assert_eq!(ids(&image(), RULE), [expected]);
    }

    #[test]
    fn does_not_fire() {
        let evaluation = StigEvaluation { profile: "p".to_owned(), evaluated_at: String::new(), controls: Vec::new() };
        assert_eq!(check(&with(vec![evaluation]), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&with(Vec::new()), RULE).len(), 2, "an empty list holds no evaluation");
    }

    #[test]
    fn data_missing() {
        // The missing evaluation is what it reports, and it decides for the rules that need one.
        let outdated = "stop stig.stig_evaluations_outdated max_days_since_stig_evaluation=7";
        let both = document(&[outdated, "warn stig.no_stig_evaluations_available"]);
        assert_eq!(image().evaluate(&policy(&both)).decision, stopgate_model::Decision::Pass);
    }
}

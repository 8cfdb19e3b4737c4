//! `stig` / `stig_evaluations_outdated`: every STIG evaluation is older than allowed. One fresh one is enough.

use jiff::{SignedDuration, Timestamp};
use stopgate_model::{Evidence, Remediation};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct StigEvaluationsOutdated;

params! {
    pub(crate) struct StigEvaluationsOutdatedParams {
        /// Days since an evaluation, after which it is outdated.
        #[example = "7"]
        max_days_since_stig_evaluation: u32,
    }
}

impl Trigger for StigEvaluationsOutdated {
    type Params = StigEvaluationsOutdatedParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Stig],
        ..TriggerInfo::new("stig", "stig_evaluations_outdated", "Every STIG evaluation of the image is outdated.")
    };
}

impl ImageTrigger for StigEvaluationsOutdated {
    fn fire(params: &StigEvaluationsOutdatedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let evaluations = scene.artifact().documents.stig.as_deref().unwrap_or_default();
        if evaluations.is_empty() {
            hits.missing(Need::Stig);
            return Ok(());
        }
        let days = params.max_days_since_stig_evaluation;
        let times = evaluations.iter().filter_map(|evaluation| evaluation.evaluated_at.parse::<Timestamp>().ok());
        let newest = times.max();
        let undated = evaluations.iter().filter(|evaluation| evaluation.evaluated_at.parse::<Timestamp>().is_err());
        for evaluation in undated {
            hits.note(format!(
                "the STIG evaluation of `{}` does not say when it ran and is no fresh one",
                evaluation.profile
            ));
        }
        if let Some(newest) = newest {
            // A time beyond what can be written never ends.
            let end = newest.checked_add(SignedDuration::from_hours(24 * i64::from(days)));
            let Ok(end) = end else { return Ok(()) };
            if scene.context.now <= end {
                hits.until(end);
                return Ok(());
            }
        }
        let seen = newest.map_or("at an unknown time".to_owned(), |time| format!("on {time}"));
        let frozen = format!("All STIG evaluations of the image are older than {days} days");
        hits.push(
            Hit::frozen(
                &Self::INFO,
                &frozen,
                format!("the newest STIG evaluation ran {seen}: expected one of the last {days} days"),
            )
            .about("STIG evaluation")
            .evidence(Evidence::Data { text: format!("{} STIG evaluations, the newest {seen}", evaluations.len()) })
            .because(format!("STIG evaluation not older than {days} days"), seen)
            .remedy(Remediation::Provide { what: "a newer evaluation: --stig FILE".to_owned() }),
        )
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::StigEvaluation;

    use crate::tests::{Case, check, document, image, policy};

    fn evaluated(times: &[&str]) -> Case {
        let evaluation = |time: &&str| StigEvaluation {
            profile: "rhel9".to_owned(),
            evaluated_at: (*time).to_owned(),
            controls: Vec::new(),
        };
        image().with(|artifact| artifact.documents.stig = Some(times.iter().map(evaluation).collect()))
    }

    const RULE: &str = "stop stig.stig_evaluations_outdated max_days_since_stig_evaluation=7";

    #[test]
    fn fires() {
        assert_eq!(
            check(&evaluated(&["2026-05-01T00:00:00Z", "2026-05-20T00:00:00Z"]), RULE),
            ["stop the newest STIG evaluation ran on 2026-05-20T00:00:00Z: expected one of the last 7 days", "stop"]
        );
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&evaluated(&["2026-05-01T00:00:00Z", "2026-05-31T00:00:00Z"]), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        let on_the_day = evaluated(&["2026-05-25T00:00:00Z"]);
        assert_eq!(check(&on_the_day, RULE), ["pass"]);
        assert_eq!(check(&evaluated(&["2026-05-24T23:59:59Z"]), RULE).len(), 2);
        let fresh = evaluated(&["2026-05-30T00:00:00Z"]).evaluate(&policy(&document(&[RULE])));
        assert_eq!(fresh.valid_until.as_deref(), Some("2026-06-06T00:00:00Z"));
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), RULE)[1], "undecided");
        assert_eq!(check(&evaluated(&[]), RULE)[1], "undecided");
        let undated = check(&evaluated(&[""]), RULE);
        assert!(
            undated[0].contains("at an unknown time") && undated[1].contains("does not say when it ran"),
            "{undated:?}"
        );
        assert_eq!(check(&evaluated(&["", "2026-05-31T00:00:00Z"]), RULE).last().unwrap(), "pass");
    }
}

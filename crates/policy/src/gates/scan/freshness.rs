//! `scan` / `freshness`: the evaluation before this one is longer ago than allowed.
//!
//! An evaluation is fresh when it is made, and holds for the days that the rule gives. Where no earlier one is known,
//! this is the first; where the one before had ended by then, the image went without a valid one, which is reported.

use jiff::{SignedDuration, Timestamp};
use stopgate_model::{Evidence, Remediation};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Presence, Trigger, TriggerInfo};

pub(crate) struct Freshness;

params! {
    pub(crate) struct FreshnessParams {
        /// Days that an evaluation holds.
        #[example = "30"]
        max_days_since_evaluation: u32,
    }
}

impl Trigger for Freshness {
    type Params = FreshnessParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::LastEvaluation],
        trigger_id: "freshness:evaluation",
        ..TriggerInfo::new("scan", "freshness", "The evaluation before this one is longer ago than allowed.")
    };
}

impl ImageTrigger for Freshness {
    fn fire(params: &FreshnessParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let now = scene.context.now;
        let days = params.max_days_since_evaluation;
        if let Some(end) = after(now, days) {
            hits.until(end);
        }
        let last = scene.context.history.and_then(|history| history.evaluated_at);
        let Some(last) = last.filter(|_| scene.presence(&Need::LastEvaluation) == Presence::Present) else {
            return Ok(());
        };
        match after(last, days) {
            Some(end) if now > end => hits.push(hit(last, days)),
            _ => Ok(()),
        }
    }
}

fn after(time: Timestamp, days: u32) -> Option<Timestamp> {
    time.checked_add(SignedDuration::from_hours(24 * i64::from(days))).ok()
}

fn hit(last: Timestamp, days: u32) -> Hit {
    let message = format!("the evaluation before this one was made on {last}: expected one every {days} days");
    Hit::with_id(format!("{}:evaluation", Freshness::INFO.name), message)
        .about("evaluation")
        .evidence(Evidence::Data { text: format!("last evaluation {last}") })
        .because(format!("days since the last evaluation <= {days}"), last.to_string())
        .remedy(Remediation::Advice { text: format!("evaluate the artifact every {days} days") })
}

#[cfg(test)]
mod tests {
    use crate::History;
    use crate::tests::{Case, check, document, ids, image, policy};

    fn after(last: Option<&str>) -> Case {
        let mut case = image();
        case.history = Some(History { evaluated_at: last.map(|time| time.parse().unwrap()), ..History::default() });
        case
    }

    const RULE: &str = "stop scan.freshness max_days_since_evaluation=30";

    #[test]
    fn fires() {
        let old = after(Some("2026-04-01T00:00:00Z"));
        assert_eq!(
            check(&old, RULE)[0],
            "stop the evaluation before this one was made on 2026-04-01T00:00:00Z: expected one every 30 days"
        );
        assert_eq!(ids(&old, RULE), ["freshness:evaluation"]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&after(Some("2026-05-20T00:00:00Z")), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&after(Some("2026-05-02T00:00:00Z")), RULE), ["pass"], "on the day");
        assert_eq!(ids(&after(Some("2026-05-01T23:59:59Z")), RULE).len(), 1);
        let fresh = image().evaluate(&policy(&document(&[RULE])));
        assert_eq!(fresh.valid_until.as_deref(), Some("2026-07-01T00:00:00Z"), "the verdict ends with it");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), RULE), ["pass"], "the first evaluation has none before it");
        assert_eq!(check(&after(None), RULE)[1], "undecided", "there was one, and nobody knows when");
    }
}

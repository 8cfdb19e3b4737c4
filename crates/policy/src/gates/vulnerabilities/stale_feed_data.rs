//! `vulnerabilities` / `stale_feed_data`: the vulnerability data is older than allowed, or there is none.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use stopgate_model::{Evidence, Remediation};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{ANY, Hit, Hits, ImageTrigger, Trigger, TriggerInfo};

pub(crate) struct StaleFeedData;

params! {
    pub(crate) struct StaleFeedDataParams {
        /// Days since the data was built.
        #[example = "10"]
        max_days_since_sync: u32,
    }
}

impl Trigger for StaleFeedData {
    type Params = StaleFeedDataParams;
    const INFO: TriggerInfo = TriggerInfo {
        artifact_types: ANY,
        ..TriggerInfo::new("vulnerabilities", "stale_feed_data", "The vulnerability data is older than allowed.")
    };
}

impl ImageTrigger for StaleFeedData {
    fn fire(params: &StaleFeedDataParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let days = params.max_days_since_sync;
        let seen = match scene.context.matches {
            None => "there is no vulnerability data".to_owned(),
            Some(report) if report.distro_has_data == Some(false) => {
                "there is no vulnerability data for the distribution".to_owned()
            }
            Some(report) => match time(&report.data.built) {
                None => format!("the vulnerability data does not say when it was built (`{}`)", report.data.built),
                Some(built) => {
                    let Ok(end) = built.checked_add(SignedDuration::from_hours(24 * i64::from(days))) else {
                        return Ok(());
                    };
                    if scene.context.now <= end {
                        hits.until(end);
                        return Ok(());
                    }
                    format!("the vulnerability data was built on {}", report.data.built)
                }
            },
        };
        let frozen = format!("The vulnerability feed for this image distro is older than MAXAGE ({days}) days");
        hits.push(
            Hit::frozen(&Self::INFO, &frozen, format!("{seen}: expected data of the last {days} days"))
                .about("vulnerability data")
                .evidence(Evidence::Data { text: seen.clone() })
                .because(format!("data not older than {days} days"), seen)
                .remedy(Remediation::Provide { what: "newer data: stopgate db update".to_owned() }),
        )
    }
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| text.parse::<Date>().ok()?.in_tz("UTC").ok().map(|time| time.timestamp()))
}

#[cfg(test)]
mod tests {
    use crate::tests::{check, document, ids, image, policy};

    fn stale(days: u32) -> Vec<String> {
        ids(&image(), &format!("stop vulnerabilities.stale_feed_data max_days_since_sync={days}"))
    }

    #[test]
    fn fires() {
        let mut old = image();
        old.report.as_mut().unwrap().data.built = "2026-01-01T00:00:00Z".to_owned();
        let rule = "stop vulnerabilities.stale_feed_data max_days_since_sync=2";
        assert_eq!(ids(&old, rule), ["deb3f1afb4ea0ddf587e6c62c341c6fa"]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(stale(30), [""; 0]);
    }

    #[test]
    fn boundary() {
        assert_eq!((stale(2).len(), stale(1).len()), (0, 1), "on the day itself, and one day later");
        let fresh = document(&["stop vulnerabilities.stale_feed_data max_days_since_sync=2"]);
        let evaluation = image().evaluate(&policy(&fresh));
        assert_eq!(evaluation.valid_until, None, "the very end of the window is now");
    }

    #[test]
    fn data_missing() {
        let rule = "stop vulnerabilities.stale_feed_data max_days_since_sync=9";
        let mut case = image();
        case.report.as_mut().unwrap().distro_has_data = Some(false);
        assert!(check(&case, rule)[0].starts_with("stop there is no vulnerability data for the distribution"));
        case.report.as_mut().unwrap().distro_has_data = Some(true);
        case.report.as_mut().unwrap().data.built = "yesterday".to_owned();
        assert!(check(&case, rule)[0].contains("does not say when it was built (`yesterday`)"));
        case.report = None;
        assert!(check(&case, rule)[0].starts_with("stop there is no vulnerability data: expected"));
    }
}

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

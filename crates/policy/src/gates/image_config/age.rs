//! `image_config` / `age`: the image was made longer ago than allowed.
//!
//! Builds that can be repeated write a fixed time, so a time before there were container images says nothing, and
//! neither does one that is still to come.

use jiff::{SignedDuration, Timestamp};
use stopgate_model::{Evidence, Remediation};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Age;

params! {
    pub(crate) struct AgeParams {
        /// Days that may have passed since the image was made.
        #[example = "90"]
        max_days_since_created: u32,
    }
}

impl Trigger for Age {
    type Params = AgeParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Config, Need::CreationTime],
        trigger_id: "age:created",
        ..TriggerInfo::new("image_config", "age", "The image was made longer ago than allowed.")
    };
}

impl ImageTrigger for Age {
    fn fire(params: &AgeParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some((created, shown)) = created(scene) else { return Ok(()) };
        let days = params.max_days_since_created;
        let Ok(end) = created.checked_add(SignedDuration::from_hours(24 * i64::from(days))) else { return Ok(()) };
        if scene.context.now <= end {
            hits.until(end);
            return Ok(());
        }
        let age = scene.context.now.duration_since(created).as_hours() / 24;
        hits.push(
            Hit::with_id(
                format!("{}:created", Self::INFO.name),
                format!("the image was made {age} days ago, on {shown}: expected at most {days} days"),
            )
            .about("image created")
            .evidence(Evidence::Config { field: "created".to_owned(), value: shown.to_owned() })
            .because(format!("image not older than {days} days"), format!("{age} days"))
            .remedy(Remediation::Advice { text: "build the image again, on a current base image".to_owned() }),
        )
    }
}

/// Before there were container images.
const TOO_EARLY: Timestamp = Timestamp::constant(1_363_737_600, 0); // 2013-03-20

/// When the image was made, as a time and as written; `None` when its configuration does not say so, or cannot be
/// believed.
pub(crate) fn created<'a>(scene: &Scene<'a>) -> Option<(Timestamp, &'a str)> {
    let shown = scene.artifact().config.as_ref()?.created.as_str();
    let time: Timestamp = shown.parse().ok()?;
    // Clocks of two machines differ.
    let latest = scene.context.now.checked_add(SignedDuration::from_hours(24)).ok()?;
    (TOO_EARLY..=latest).contains(&time).then_some((time, shown))
}

#[cfg(test)]
mod tests {
    use crate::tests::{Case, check, document, ids, image, policy};

    const RULE: &str = "stop image_config.age max_days_since_created=90";

    fn made(created: &str) -> Case {
        image().config(|config| config.created = created.to_owned())
    }

    #[test]
    fn fires() {
        let old = made("2026-01-01T00:00:00.123456789Z");
        assert_eq!(ids(&old, RULE), ["age:created"]);
        let expected =
            "stop the image was made 150 days ago, on 2026-01-01T00:00:00.123456789Z: expected at most 90 days";
        assert_eq!(check(&old, RULE)[0], expected);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&made("2026-05-01T12:00:00+02:00"), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&made("2026-03-03T00:00:00Z"), RULE), ["pass"], "90 days, to the second");
        assert_eq!(check(&made("2026-03-02T23:59:59Z"), RULE).len(), 2);
        assert_eq!(check(&made("2026-06-01T12:00:00Z"), RULE), ["pass"], "another machine's clock");
        let fresh = made("2026-05-01T00:00:00Z").evaluate(&policy(&document(&[RULE])));
        assert_eq!(fresh.valid_until.as_deref(), Some("2026-07-30T00:00:00Z"));
    }

    #[test]
    fn data_missing() {
        for created in ["", "yesterday", "1970-01-01T00:00:00Z", "1980-01-01T00:00:01Z", "2026-06-03T00:00:00Z"] {
            let told = "! rule `r1`: it was not checked: it is not known when the image was made: its configuration has no date, or a fixed one";
            assert_eq!(check(&made(created), RULE), [told, "undecided"], "{created}");
        }
        let sbom = image().with(|artifact| artifact.config = None);
        assert_eq!(check(&sbom, RULE).pop().unwrap(), "undecided");
    }
}

//! `image_source_drift` / `no_related_sources`: no source tree of the image is known.

use stopgate_model::Remediation;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Presence, State, Trigger, TriggerInfo};

pub(crate) struct NoRelatedSources;

params! {
    pub(crate) struct NoRelatedSourcesParams {}
}

impl Trigger for NoRelatedSources {
    type Params = NoRelatedSourcesParams;
    const INFO: TriggerInfo = TriggerInfo {
        state: State::Deprecated,
        ..TriggerInfo::new("image_source_drift", "no_related_sources", "No source tree of the image is known.")
    };
}

impl ImageTrigger for NoRelatedSources {
    fn fire(_: &NoRelatedSourcesParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        if scene.presence(&Need::Sources) == Presence::Present {
            return Ok(());
        }
        hits.push(
            Hit::frozen(&Self::INFO, "No related sources found for image", "no source tree of the image is known")
                .about("source")
                .because("source", "none")
                .remedy(Remediation::Provide { what: "the source trees that the image was built from".to_owned() }),
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::image_source_drift::sources::cases::built;
    use crate::tests::{check, document, ids, image, policy};

    const RULE: &str = "stop image_source_drift.no_related_sources";

    #[test]
    fn fires() {
        assert_eq!(check(&image(), RULE)[0], "stop no source tree of the image is known");
        let text = "No related sources found for image";
        let id = crate::trigger::hit::anchore_id("image_source_drift", "no_related_sources", text);
        assert_eq!(ids(&image(), RULE), [id]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(
            check(&built(&[], &[&[]]), RULE),
            ["! rule `r1`: `image_source_drift.no_related_sources` is deprecated", "pass"]
        );
    }

    #[test]
    fn boundary() {
        assert_eq!(ids(&built(&[], &[]), RULE).len(), 1, "an empty list holds no source");
    }

    #[test]
    fn data_missing() {
        // The missing sources are what it reports. Being deprecated, it decides for no other rule.
        let both = document(&["stop image_source_drift.package_removed", "warn image_source_drift.no_related_sources"]);
        assert_eq!(image().evaluate(&policy(&both)).decision, stopgate_model::Decision::Undecided);
    }
}

//! `image_config` / `label`: a label that every image must have is missing or empty.

use stopgate_model::{Evidence, Remediation};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Label;

params! {
    pub(crate) struct LabelParams {
        /// Names of the labels that must be there.
        #[example = "org.opencontainers.image.source,org.opencontainers.image.revision"]
        required: CommaList,
    }
}

impl Trigger for Label {
    type Params = LabelParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Config],
        trigger_id: "label:<label>",
        ..TriggerInfo::new("image_config", "label", "The image lacks a label.")
    };
}

impl ImageTrigger for Label {
    fn fire(params: &LabelParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(config) = &scene.artifact().config else { return Ok(()) };
        for name in &params.required.0 {
            let value = config.labels.iter().find(|(key, _)| key == name).map(|(_, value)| value.trim());
            let state = match value {
                None => "is missing",
                Some("") => "is empty",
                Some(_) => continue,
            };
            hits.push(
                Hit::with_id(format!("{}:{name}", Self::INFO.name), format!("the label `{name}` {state}"))
                    .about(format!("LABEL {name}"))
                    .evidence(Evidence::Config { field: format!("Labels.{name}"), value: String::new() })
                    .because(format!("label {name} is there"), state)
                    .remedy(Remediation::Dockerfile { line: None, instruction: format!("LABEL {name}=\"…\"") }),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::{Case, check, ids, image};

    fn case() -> Case {
        let labels = [("team", "core"), ("source", " ")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        image().config(|config| config.labels = labels.to_vec())
    }

    const RULE: &str = "warn image_config.label required=team, source, Team";

    #[test]
    fn fires() {
        assert_eq!(ids(&case(), RULE), ["label:source", "label:Team"]);
        assert_eq!(check(&case(), RULE)[..2], ["warn the label `source` is empty", "warn the label `Team` is missing"]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&case(), "stop image_config.label required=team"), ["pass"]);
    }

    #[test]
    fn boundary() {
        // A label of blanks says nothing, and names are as written.
        assert_eq!(ids(&case(), "stop image_config.label required=source"), ["label:source"]);
        assert_eq!(ids(&case(), "stop image_config.label required=TEAM"), ["label:TEAM"]);
    }

    #[test]
    fn data_missing() {
        let sbom = image().with(|artifact| artifact.config = None);
        assert_eq!(
            check(&sbom, RULE)[0],
            "! rule `r1`: it was not checked: there is no image configuration: check the image rather than its SBOM"
        );
    }
}

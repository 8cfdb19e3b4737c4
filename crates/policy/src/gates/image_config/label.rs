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

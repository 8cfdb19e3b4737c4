//! `dockerfile` / `no_dockerfile_provided`: the image was analysed without its Dockerfile.

use stopgate_model::Remediation;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Presence, Trigger, TriggerInfo};

pub(crate) struct NoDockerfileProvided;

params! {
    pub(crate) struct NoDockerfileProvidedParams {}
}

impl Trigger for NoDockerfileProvided {
    type Params = NoDockerfileProvidedParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("dockerfile", "no_dockerfile_provided", "The image was analysed without its Dockerfile.");

    fn absence(_: &NoDockerfileProvidedParams) -> Option<Need> {
        Some(Need::Dockerfile)
    }
}

impl ImageTrigger for NoDockerfileProvided {
    fn fire(_: &NoDockerfileProvidedParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        if scene.presence(&Need::ActualDockerfile) == Presence::Present {
            return Ok(());
        }
        let message = "no Dockerfile was given: checks of the build rest on the image history";
        hits.push(
            Hit::frozen(&Self::INFO, "Image was not analyzed with an actual Dockerfile", message)
                .about("dockerfile")
                .because("a Dockerfile is given", "none")
                .remedy(Remediation::Provide { what: "--dockerfile FILE".to_owned() }),
        )
    }
}

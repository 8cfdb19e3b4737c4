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

#[cfg(test)]
mod tests {
    use stopgate_model::DockerfileMode;

    use crate::tests::{check, document, ids, image, policy};

    const RULE: &str = "stop dockerfile.no_dockerfile_provided";

    #[test]
    fn fires() {
        assert_eq!(ids(&image(), RULE), ["b00b22232c1902075263067d2d2b8eea"]);
    }

    #[test]
    fn does_not_fire() {
        let given = image().dockerfile(DockerfileMode::Actual, &["FROM x"]);
        assert_eq!(check(&given, RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        let guessed = image().dockerfile(DockerfileMode::Guessed, &["FROM scratch"]);
        assert_eq!(check(&guessed, RULE).len(), 2, "a guessed one was not given");
    }

    #[test]
    fn data_missing() {
        // The missing Dockerfile is what it reports, and it decides for the rules that need one.
        let both = document(&[
            "stop dockerfile.instruction instruction=RUN; check=exists",
            "go dockerfile.no_dockerfile_provided",
        ]);
        assert_eq!(image().evaluate(&policy(&both)).decision, stopgate_model::Decision::Pass);
    }
}

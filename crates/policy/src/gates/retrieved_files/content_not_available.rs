//! `retrieved_files` / `content_not_available`: the analysis has not kept a file.

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Presence, Trigger, TriggerInfo};

pub(crate) struct ContentNotAvailable;

params! {
    pub(crate) struct ContentNotAvailableParams {
        /// Path of the file.
        #[example = "/etc/httpd.conf"]
        path: String,
    }
}

impl Trigger for ContentNotAvailable {
    type Params = ContentNotAvailableParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("retrieved_files", "content_not_available", "The content of a file was not collected.");

    fn absence(params: &ContentNotAvailableParams) -> Option<Need> {
        Some(Need::RetrievedFile(params.path.clone()))
    }
}

impl ImageTrigger for ContentNotAvailable {
    fn fire(params: &ContentNotAvailableParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let path = params.path.as_str();
        let seen = match scene.presence(&Need::RetrievedFile(path.to_owned())) {
            Presence::Present => return Ok(()),
            Presence::Empty => "the image has none",
            Presence::Missing => "it was not collected",
        };
        let message = format!("there is no content of `{path}`: {seen}");
        let hit = Hit::frozen(&Self::INFO, "Cannot locate file in the image analysis", message);
        hits.push(hit.about(path).because(format!("{path} is there"), seen))
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::FileKind;

    use crate::tests::{check, document, ids, image, policy};

    const RULE: &str = "stop retrieved_files.content_not_available path=/etc/other";

    #[test]
    fn fires() {
        assert_eq!(ids(&image(), RULE), ["013ff87ce9b12826800438355925acd3"]);
        assert_eq!(check(&image(), RULE)[0], "stop there is no content of `/etc/other`: the image has none");
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&image().retrieved("/etc/other", "x"), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&image().retrieved("/etc/other", ""), RULE), ["pass"], "an empty content is one");
        let unkept = image().files(&[("/etc/other", FileKind::Regular, 0o644)]);
        assert_eq!(check(&unkept, RULE)[0], "stop there is no content of `/etc/other`: it was not collected");
    }

    #[test]
    fn data_missing() {
        // The missing content is what it reports, and it decides for the rules that read the same file.
        let none = image().with(|artifact| artifact.retrieved = None);
        let reads = "stop retrieved_files.content_regex path=/etc/other; regex=x; check=match";
        let both = document(&[reads, "warn retrieved_files.content_not_available path=/etc/other"]);
        assert_eq!(none.evaluate(&policy(&both)).decision, stopgate_model::Decision::Pass);
        let other = document(&[reads, "warn retrieved_files.content_not_available path=/etc/another"]);
        assert_eq!(none.evaluate(&policy(&other)).decision, stopgate_model::Decision::Undecided);
    }
}

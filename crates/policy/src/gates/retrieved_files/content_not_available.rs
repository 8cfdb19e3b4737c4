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

//! `passwd_file` / `content_not_available`: the analysis has no `/etc/passwd`.

use super::PASSWD;
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Presence, Trigger, TriggerInfo};

pub(crate) struct ContentNotAvailable;

params! {
    pub(crate) struct ContentNotAvailableParams {}
}

impl Trigger for ContentNotAvailable {
    type Params = ContentNotAvailableParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("passwd_file", "content_not_available", "The analysis has no `/etc/passwd`.");

    fn absence(_: &ContentNotAvailableParams) -> Option<Need> {
        Some(Need::RetrievedFile(PASSWD.to_owned()))
    }
}

impl ImageTrigger for ContentNotAvailable {
    fn fire(_: &ContentNotAvailableParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let seen = match scene.presence(&Need::RetrievedFile(PASSWD.to_owned())) {
            Presence::Present => return Ok(()),
            Presence::Empty => "the image has none",
            Presence::Missing => "it was not collected",
        };
        let frozen = "Cannot locate /etc/passwd in image stored files archive: check analyzer settings.";
        let message = format!("there is no content of `{PASSWD}`: {seen}");
        hits.push(Hit::frozen(&Self::INFO, frozen, message).about(PASSWD).because(format!("{PASSWD} is there"), seen))
    }
}

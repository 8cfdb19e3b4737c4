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

#[cfg(test)]
mod tests {
    use crate::tests::{check, document, ids, image, policy};

    const RULE: &str = "stop passwd_file.content_not_available";

    #[test]
    fn fires() {
        assert_eq!(ids(&image(), RULE), ["a03e8bea98bc473ccb1dc7471b201943"]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&image().retrieved("/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n"), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&image().retrieved("/etc/passwd", ""), RULE), ["pass"], "an empty file is one");
        assert_eq!(check(&image().retrieved("/etc/passwd-", ""), RULE).len(), 2);
    }

    #[test]
    fn data_missing() {
        // The missing file is what it reports, and it decides for the rules that need it.
        let none = image().with(|artifact| artifact.retrieved = None);
        let both =
            document(&["stop passwd_file.denylist_shells shells=/bin/sh", "warn passwd_file.content_not_available"]);
        assert_eq!(none.evaluate(&policy(&both)).decision, stopgate_model::Decision::Pass);
    }
}

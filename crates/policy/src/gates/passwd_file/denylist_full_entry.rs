//! `passwd_file` / `denylist_full_entry`: a line equals the denied one.

use crate::engine::Scene;
use crate::gates::passwd_file::{need, report};
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct DenylistFullEntry;

params! {
    pub(crate) struct DenylistFullEntryParams {
        /// The whole line.
        #[example = "ftp:x:14:50:FTP User:/var/ftp:/sbin/nologin"]
        entry: String,
    }
}

impl Trigger for DenylistFullEntry {
    type Params = DenylistFullEntryParams;
    const INFO: TriggerInfo = TriggerInfo {
        aliases: &["blacklist_full_entry"],
        ..TriggerInfo::new("passwd_file", "denylist_full_entry", "A line of the file is the denied one.")
    };

    fn needs(_: &DenylistFullEntryParams) -> Vec<Need> {
        need()
    }
}

impl ImageTrigger for DenylistFullEntry {
    fn fire(params: &DenylistFullEntryParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        report(scene, hits, &Self::INFO, "pentry", |entry| {
            (entry.text == params.entry.trim()).then(|| entry.text.to_owned())
        })
    }
}

//! `passwd_file` / `denylist_shells`: an account has a denied login shell.

use crate::engine::Scene;
use crate::gates::passwd_file::{need, report};
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct DenylistShells;

params! {
    pub(crate) struct DenylistShellsParams {
        /// Denied login shells.
        #[example = "/bin/bash,/bin/zsh"]
        shells: CommaList,
    }
}

impl Trigger for DenylistShells {
    type Params = DenylistShellsParams;
    const INFO: TriggerInfo = TriggerInfo {
        aliases: &["blacklist_shells"],
        ..TriggerInfo::new("passwd_file", "denylist_shells", "An account has a denied login shell.")
    };

    fn needs(_: &DenylistShellsParams) -> Vec<Need> {
        need()
    }
}

impl ImageTrigger for DenylistShells {
    fn fire(params: &DenylistShellsParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        report(scene, hits, &Self::INFO, "shell", |entry| {
            params.shells.contains(entry.shell).then(|| entry.shell.to_owned())
        })
    }
}

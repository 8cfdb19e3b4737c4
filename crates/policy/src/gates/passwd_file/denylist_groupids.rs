//! `passwd_file` / `denylist_groupids`: an account has a denied group id.

use crate::engine::Scene;
use crate::gates::passwd_file::{need, report};
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::NumberList;
use crate::trigger::{Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct DenylistGroupids;

params! {
    pub(crate) struct DenylistGroupidsParams {
        /// Denied group ids.
        #[example = "999,20"]
        group_ids: NumberList,
    }
}

impl Trigger for DenylistGroupids {
    type Params = DenylistGroupidsParams;
    const INFO: TriggerInfo = TriggerInfo {
        aliases: &["blacklist_groupids"],
        ..TriggerInfo::new("passwd_file", "denylist_groupids", "An account has a denied group id.")
    };

    fn needs(_: &DenylistGroupidsParams) -> Vec<Need> {
        need()
    }
}

impl ImageTrigger for DenylistGroupids {
    fn fire(params: &DenylistGroupidsParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        report(scene, hits, &Self::INFO, "gid", |entry| {
            entry.gid.parse().ok().filter(|id| params.group_ids.0.contains(id)).map(|_| entry.gid.to_owned())
        })
    }
}

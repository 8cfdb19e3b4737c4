//! `passwd_file` / `denylist_userids`: an account has a denied user id.

use crate::engine::Scene;
use crate::gates::passwd_file::{need, report};
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::NumberList;
use crate::trigger::{Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct DenylistUserids;

params! {
    pub(crate) struct DenylistUseridsParams {
        /// Denied user ids.
        #[aliases = &["useridblacklist", "useriddenylist"]]
        #[example = "0,1"]
        user_ids: NumberList,
    }
}

impl Trigger for DenylistUserids {
    type Params = DenylistUseridsParams;
    const INFO: TriggerInfo = TriggerInfo {
        aliases: &["blacklist_userids"],
        ..TriggerInfo::new("passwd_file", "denylist_userids", "An account has a denied user id.")
    };

    fn needs(_: &DenylistUseridsParams) -> Vec<Need> {
        need()
    }
}

impl ImageTrigger for DenylistUserids {
    fn fire(params: &DenylistUseridsParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        report(scene, hits, &Self::INFO, "uid", |entry| {
            entry.uid.parse().ok().filter(|id| params.user_ids.0.contains(id)).map(|_| entry.uid.to_owned())
        })
    }
}

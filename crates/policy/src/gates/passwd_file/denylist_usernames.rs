//! `passwd_file` / `denylist_usernames`: an account has a denied name.

use crate::engine::Scene;
use crate::gates::passwd_file::{need, report};
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::CommaList;
use crate::trigger::{Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct DenylistUsernames;

params! {
    pub(crate) struct DenylistUsernamesParams {
        /// Names of denied accounts.
        #[aliases = &["usernameblacklist", "usernamedenylist"]]
        #[example = "daemon,ftp"]
        user_names: CommaList,
    }
}

impl Trigger for DenylistUsernames {
    type Params = DenylistUsernamesParams;
    const INFO: TriggerInfo = TriggerInfo {
        aliases: &["blacklist_usernames"],
        ..TriggerInfo::new("passwd_file", "denylist_usernames", "An account has a denied name.")
    };

    fn needs(_: &DenylistUsernamesParams) -> Vec<Need> {
        need()
    }
}

impl ImageTrigger for DenylistUsernames {
    fn fire(params: &DenylistUsernamesParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        report(scene, hits, &Self::INFO, "user", |entry| {
            params.user_names.contains(entry.name).then(|| entry.name.to_owned())
        })
    }
}

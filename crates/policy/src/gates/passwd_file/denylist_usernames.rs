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

#[cfg(test)]
mod tests {
    use crate::tests::{Case, check, ids, image};
    use crate::trigger::hit::anchore_id;

    fn case() -> Case {
        image().retrieved("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nftp:x:14:50:FTP:/var/ftp:/bin/false\n")
    }

    fn rule(value: &str) -> String {
        format!("stop passwd_file.denylist_usernames user_names={value}")
    }

    #[test]
    fn fires() {
        let lines = check(&case(), &rule("ftp,games"));
        assert_eq!(lines, ["stop `/etc/passwd` has the denied user `ftp`: account `ftp`", "stop"]);
        let entry = "ftp:x:14:50:FTP:/var/ftp:/bin/false";
        let text = format!("Denylisted user 'ftp' found in image's /etc/passwd: pentry={entry}");
        assert_eq!(ids(&case(), &rule("ftp,games")), [anchore_id("passwd_file", "denylist_usernames", &text)]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&case(), &rule("nobody")), ["pass"]);
        assert_eq!(check(&image(), &rule("ftp,games")), ["pass"], "no file, no accounts");
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&case(), &rule("ft")), ["pass"], "the whole field counts");
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.retrieved = None);
        assert_eq!(check(&none, &rule("ftp,games"))[1], "undecided");
        let broken = image().retrieved("/etc/passwd", "bad line\n");
        let note = "! rule `r1`: line 1 of `/etc/passwd` does not have seven fields and was not checked";
        assert_eq!(check(&broken, &rule("ftp,games")), [note, "pass"]);
    }
}

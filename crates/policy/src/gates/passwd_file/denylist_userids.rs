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

#[cfg(test)]
mod tests {
    use crate::tests::{Case, check, ids, image};
    use crate::trigger::hit::anchore_id;

    fn case() -> Case {
        image().retrieved("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nftp:x:14:50:FTP:/var/ftp:/bin/false\n")
    }

    fn rule(value: &str) -> String {
        format!("stop passwd_file.denylist_userids user_ids={value}")
    }

    #[test]
    fn fires() {
        let lines = check(&case(), &rule("14"));
        assert_eq!(lines, ["stop `/etc/passwd` has the denied uid `14`: account `ftp`", "stop"]);
        let entry = "ftp:x:14:50:FTP:/var/ftp:/bin/false";
        let text = format!("Denylisted uid '14' found in image's /etc/passwd: pentry={entry}");
        assert_eq!(ids(&case(), &rule("14")), [anchore_id("passwd_file", "denylist_userids", &text)]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&case(), &rule("15")), ["pass"]);
        assert_eq!(check(&image(), &rule("14")), ["pass"], "no file, no accounts");
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&case(), &rule("1")), ["pass"], "the whole field counts");
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.retrieved = None);
        assert_eq!(check(&none, &rule("14"))[1], "undecided");
        let broken = image().retrieved("/etc/passwd", "bad line\n");
        let note = "! rule `r1`: line 1 of `/etc/passwd` does not have seven fields and was not checked";
        assert_eq!(check(&broken, &rule("14")), [note, "pass"]);
    }
}

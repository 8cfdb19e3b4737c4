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

#[cfg(test)]
mod tests {
    use crate::tests::{Case, check, ids, image};
    use crate::trigger::hit::anchore_id;

    fn case() -> Case {
        image().retrieved("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nftp:x:14:50:FTP:/var/ftp:/bin/false\n")
    }

    fn rule(value: &str) -> String {
        format!("stop passwd_file.denylist_groupids group_ids={value}")
    }

    #[test]
    fn fires() {
        let lines = check(&case(), &rule("50"));
        assert_eq!(lines, ["stop `/etc/passwd` has the denied gid `50`: account `ftp`", "stop"]);
        let entry = "ftp:x:14:50:FTP:/var/ftp:/bin/false";
        let text = format!("Denylisted gid '50' found in image's /etc/passwd: pentry={entry}");
        assert_eq!(ids(&case(), &rule("50")), [anchore_id("passwd_file", "denylist_groupids", &text)]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&case(), &rule("51")), ["pass"]);
        assert_eq!(check(&image(), &rule("50")), ["pass"], "no file, no accounts");
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&case(), &rule("5")), ["pass"], "the whole field counts");
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.retrieved = None);
        assert_eq!(check(&none, &rule("50"))[1], "undecided");
        let broken = image().retrieved("/etc/passwd", "bad line\n");
        let note = "! rule `r1`: line 1 of `/etc/passwd` does not have seven fields and was not checked";
        assert_eq!(check(&broken, &rule("50")), [note, "pass"]);
    }
}

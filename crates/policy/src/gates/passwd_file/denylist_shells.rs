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

#[cfg(test)]
mod tests {
    use crate::tests::{Case, check, ids, image};
    use crate::trigger::hit::anchore_id;

    fn case() -> Case {
        image().retrieved("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nftp:x:14:50:FTP:/var/ftp:/bin/false\n")
    }

    fn rule(value: &str) -> String {
        format!("stop passwd_file.denylist_shells shells={value}")
    }

    #[test]
    fn fires() {
        let lines = check(&case(), &rule("/bin/false"));
        assert_eq!(lines, ["stop `/etc/passwd` has the denied shell `/bin/false`: account `ftp`", "stop"]);
        let entry = "ftp:x:14:50:FTP:/var/ftp:/bin/false";
        let text = format!("Denylisted shell '/bin/false' found in image's /etc/passwd: pentry={entry}");
        assert_eq!(ids(&case(), &rule("/bin/false")), [anchore_id("passwd_file", "denylist_shells", &text)]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&case(), &rule("/bin/zsh")), ["pass"]);
        assert_eq!(check(&image(), &rule("/bin/false")), ["pass"], "no file, no accounts");
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&case(), &rule("/bin/fals")), ["pass"], "the whole field counts");
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.retrieved = None);
        assert_eq!(check(&none, &rule("/bin/false"))[1], "undecided");
        let broken = image().retrieved("/etc/passwd", "bad line\n");
        let note = "! rule `r1`: line 1 of `/etc/passwd` does not have seven fields and was not checked";
        assert_eq!(check(&broken, &rule("/bin/false")), [note, "pass"]);
    }
}

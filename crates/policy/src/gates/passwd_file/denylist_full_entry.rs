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

#[cfg(test)]
mod tests {
    use crate::tests::{Case, check, ids, image};
    use crate::trigger::hit::anchore_id;

    fn case() -> Case {
        image().retrieved("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nftp:x:14:50:FTP:/var/ftp:/bin/false\n")
    }

    fn rule(value: &str) -> String {
        format!("stop passwd_file.denylist_full_entry entry={value}")
    }

    #[test]
    fn fires() {
        let lines = check(&case(), &rule("ftp:x:14:50:FTP:/var/ftp:/bin/false"));
        assert_eq!(
            lines,
            ["stop `/etc/passwd` has the denied pentry `ftp:x:14:50:FTP:/var/ftp:/bin/false`: account `ftp`", "stop"]
        );
        let entry = "ftp:x:14:50:FTP:/var/ftp:/bin/false";
        let text = format!(
            "Denylisted pentry 'ftp:x:14:50:FTP:/var/ftp:/bin/false' found in image's /etc/passwd: pentry={entry}"
        );
        assert_eq!(
            ids(&case(), &rule("ftp:x:14:50:FTP:/var/ftp:/bin/false")),
            [anchore_id("passwd_file", "denylist_full_entry", &text)]
        );
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&case(), &rule("ftp:x")), ["pass"]);
        assert_eq!(check(&image(), &rule("ftp:x:14:50:FTP:/var/ftp:/bin/false")), ["pass"], "no file, no accounts");
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&case(), &rule("ftp:x:14:50:FTP:/var/ftp:/bin/fals")), ["pass"], "the whole field counts");
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.retrieved = None);
        assert_eq!(check(&none, &rule("ftp:x:14:50:FTP:/var/ftp:/bin/false"))[1], "undecided");
        let broken = image().retrieved("/etc/passwd", "bad line\n");
        let note = "! rule `r1`: line 1 of `/etc/passwd` does not have seven fields and was not checked";
        assert_eq!(check(&broken, &rule("ftp:x:14:50:FTP:/var/ftp:/bin/false")), [note, "pass"]);
    }
}

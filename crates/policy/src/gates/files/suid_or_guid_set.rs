//! `files` / `suid_or_guid_set`: a file or folder has the set-user-id or set-group-id bit.

use stopgate_model::{FileKind, Remediation};

use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct SuidOrGuidSet;

const SET_ID: u32 = 0o6000;

params! {
    pub(crate) struct SuidOrGuidSetParams {}
}

impl Trigger for SuidOrGuidSet {
    type Params = SuidOrGuidSetParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Files],
        ..TriggerInfo::new("files", "suid_or_guid_set", "A file or folder has the SUID or SGID bit.")
    };
}

impl ImageTrigger for SuidOrGuidSet {
    fn fire(_: &SuidOrGuidSetParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(files) = &scene.artifact().files else { return Ok(()) };
        let set = files.iter().filter(|entry| entry.mode & SET_ID != 0 && entry.kind != FileKind::Symlink);
        for entry in set {
            let path = entry.path;
            // COMPAT: the id holds the whole st_mode in octal without padding.
            let frozen = format!("SUID or SGID found set on file {path}. Mode: 0o{:o}", entry.st_mode());
            let bit = match entry.mode & SET_ID {
                0o4000 => "SUID bit",
                0o2000 => "SGID bit",
                _ => "SUID and SGID bits",
            };
            let message = format!("`{path}` has the {bit} set (mode {:04o})", entry.mode);
            hits.push(
                Hit::frozen(&Self::INFO, &frozen, message)
                    .about(path)
                    .evidence(facts::file(scene, &entry, Some(entry.st_mode())))
                    .because("mode has 06000", format!("{:04o}", entry.mode))
                    .remedy(Remediation::ChangeMode {
                        path: path.to_owned(),
                        from: entry.mode,
                        to: entry.mode & !SET_ID,
                    }),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::FileKind;

    use crate::tests::{check, ids, image};

    const RULE: &str = "stop files.suid_or_guid_set";

    #[test]
    fn fires() {
        let case = image()
            .files(&[("/usr/bin/mount", FileKind::Regular, 0o4755), ("/usr/local", FileKind::Directory, 0o2775)]);
        assert_eq!(ids(&case, RULE), ["698044205a9c4a6d48b7937e66a6bf4f", "8184a3fd4d19d4be5ce6ff8ccb7f3c0b"]);
        assert_eq!(check(&case, RULE)[0], "stop `/usr/bin/mount` has the SUID bit set (mode 4755)");
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&image().files(&[("/usr/bin/ls", FileKind::Regular, 0o755)]), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        let case = image().files(&[
            ("/link", FileKind::Symlink, 0o4777),
            ("/tmp", FileKind::Directory, 0o1777),
            ("/both", FileKind::HardLink, 0o6755),
        ]);
        assert_eq!(check(&case, RULE), ["stop `/both` has the SUID and SGID bits set (mode 6755)", "stop"]);
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image().with(|artifact| artifact.files = None), RULE)[1], "undecided");
    }
}

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

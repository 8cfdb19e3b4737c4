//! `files` / `name_match`: a file has a name of this form.

use stopgate_model::{FileEntry, Remediation};

use crate::engine::Scene;
use crate::gates::facts;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::RegexText;
use crate::trigger::{ANY, Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct NameMatch;

params! {
    pub(crate) struct NameMatchParams {
        /// Expression that the path must match, from its start.
        #[example = ".*\\.pem"]
        regex: RegexText,
    }
}

impl Trigger for NameMatch {
    type Params = NameMatchParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Files],
        artifact_types: ANY,
        ..TriggerInfo::new("files", "name_match", "A file's path matches the expression.")
    };

    fn path_texts(params: &NameMatchParams) -> Option<&[String]> {
        params.regex.regex().ok()?.texts()
    }
}

impl ImageTrigger for NameMatch {
    fn fire(params: &NameMatchParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let Some(files) = &scene.artifact().files else { return Ok(()) };
        let regex = params.regex.regex()?;
        let narrowed = regex.texts().and_then(|texts| scene.paths_with(texts));
        let entries: Box<dyn Iterator<Item = FileEntry<'_>>> = match (regex.folder(), narrowed) {
            (_, Some(positions)) => Box::new(positions.into_iter().filter_map(|position| files.at(position as usize))),
            (Some(folder), None) => Box::new(files.below(folder)),
            (None, None) => Box::new(files.iter()),
        };
        for entry in entries {
            if !regex.matches(entry.path)? {
                continue;
            }
            let path = entry.path;
            let frozen = format!(
                "Application of regex matched file found in container: file={path} regexp={}",
                params.regex.as_str()
            );
            hits.push(
                Hit::frozen(&Self::INFO, &frozen, format!("the file `{path}` has a name that the rule looks for"))
                    .about(path)
                    .evidence(facts::file(scene, &entry, None))
                    .because(format!("path like {}", params.regex.as_str()), path)
                    .remedy(Remediation::RemoveFile { path: path.to_owned(), revoke: false }),
            )?;
        }
        Ok(())
    }
}

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

#[cfg(test)]
mod tests {
    use stopgate_model::FileKind;

    use crate::tests::{Case, check, ids, image};

    fn case() -> Case {
        image().files(&[("/app/key.pem", FileKind::Regular, 0o644), ("/etc/x", FileKind::Regular, 0o644)])
    }

    const RULE: &str = "stop files.name_match regex=.*\\.pem";

    #[test]
    fn fires() {
        assert_eq!(check(&case(), RULE), ["stop the file `/app/key.pem` has a name that the rule looks for", "stop"]);
        let text = "Application of regex matched file found in container: file=/app/key.pem regexp=.*\\.pem";
        assert_eq!(ids(&case(), RULE), [crate::trigger::hit::anchore_id("files", "name_match", text)]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&case(), "stop files.name_match regex=/opt/.*"), ["pass"]);
        assert_eq!(check(&image(), RULE), ["pass"], "an empty tree is not a missing one");
    }

    #[test]
    fn boundary() {
        assert_eq!(check(&case(), "stop files.name_match regex=key"), ["pass"], "from the start of the path");
        assert_eq!(ids(&case(), "stop files.name_match regex=/app/k").len(), 1, "and open at its end");
    }

    #[test]
    fn data_missing() {
        let none = image().with(|artifact| artifact.files = None);
        assert_eq!(check(&none, RULE)[1], "undecided");
        assert_eq!(check(&none, "warn files.name_match regex=x")[1], "pass");
        let broken = check(&case(), "stop files.name_match regex=*.pem");
        assert!(broken[0].contains("counts as stop: the expression `*.pem` does not compile"), "{broken:?}");
    }
}

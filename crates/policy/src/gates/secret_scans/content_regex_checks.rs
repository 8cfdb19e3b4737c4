//! `secret_scans` / `content_regex_checks`: a pattern of the secret search matched, or none did.

use stopgate_model::{Evidence, Remediation, SECRET_SEARCHES, SearchHit};

use super::in_lines;
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::{params, words};
use crate::trigger::types::{CommaList, RegexText};
use crate::trigger::{ANY, Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct ContentRegexChecks;

params! {
    pub(crate) struct ContentRegexChecksParams {
        /// Names of patterns of the search; all when absent.
        #[example = "AWS_ACCESS_KEY"]
        content_regex_name: Option<CommaList>,
        /// Expression that the path must match, from its start.
        #[example = "/etc/.*"]
        filename_regex: Option<RegexText>,
        /// Whether to report what was found, or that nothing was.
        #[example = "found"]
        #[default = "found"]
        match_type: MatchType,
    }
}

words! {
    /// What to report.
    pub(crate) enum MatchType {
        Found = "found",
        NotFound = "notfound",
    }
}

impl Trigger for ContentRegexChecks {
    type Params = ContentRegexChecksParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::Secrets],
        artifact_types: ANY,
        ..TriggerInfo::new("secret_scans", "content_regex_checks", "The secret search found something, or nothing.")
    };
}

impl ImageTrigger for ContentRegexChecks {
    fn fire(params: &ContentRegexChecksParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let secrets = scene.artifact().secrets.as_deref().unwrap_or_default();
        let mut found = false;
        for secret in secrets {
            if !params.concerns(secret)? {
                continue;
            }
            found = true;
            if params.match_type == MatchType::Found {
                hits.push(hit(secret))?;
            }
        }
        for name in params.content_regex_name.iter().flat_map(|names| &names.0) {
            // A search that nobody does finds nothing, which says nothing.
            if !SECRET_SEARCHES.contains(&name.as_str()) && !secrets.iter().any(|secret| secret.name == *name) {
                hits.missing(Need::SecretSearch(name.clone()));
            }
        }
        if params.match_type == MatchType::NotFound && !found {
            hits.push(params.nothing())?;
        }
        Ok(())
    }
}

impl ContentRegexChecksParams {
    fn concerns(&self, secret: &SearchHit) -> Result<bool, Fault> {
        let named = self.content_regex_name.as_ref().is_none_or(|names| names.contains(&secret.name));
        Ok(named
            && match &self.filename_regex {
                Some(regex) => regex.regex()?.matches(&secret.path)?,
                None => true,
            })
    }

    fn nothing(&self) -> Hit {
        let file = self.filename_regex.as_ref().map_or("*", RegexText::as_str);
        let name = self.content_regex_name.as_ref().map_or("all".to_owned(), |names| names.0.join(","));
        let frozen = format!(
            "Secret content search analyzer did not find regexp match in container: filename_regex={file} content_regex_name={name}"
        );
        let message = format!("the secret search found nothing of `{name}` in files like `{file}`");
        Hit::frozen(&ContentRegexChecks::INFO, &frozen, message).about(file).because("notfound", "none")
    }
}

fn hit(secret: &SearchHit) -> Hit {
    let SearchHit { path, name, pattern, .. } = secret;
    let frozen =
        format!("Secret content search analyzer found regexp match in container: file={path} regexp={name}={pattern}");
    let old = format!("Secret search analyzer found regexp match in container: file={path} regexp={name}={pattern}");
    let message = format!("`{path}` holds what looks like a secret ({name}){}", in_lines(&secret.lines));
    Hit::frozen(&ContentRegexChecks::INFO, &frozen, message)
        .legacy(&ContentRegexChecks::INFO, &old)
        // By name and not by pattern, so that a better pattern keeps the finding's identity.
        .about(format!("{path}#{name}"))
        .evidence(Evidence::File {
            path: path.clone(),
            mode: None,
            layer: secret.layer.clone(),
            lines: secret.lines.clone(),
        })
        .because(format!("pattern {name}"), path.as_str())
        .remedy(Remediation::RemoveFile { path: path.clone(), revoke: true })
}

#[cfg(test)]
mod tests {
    use stopgate_model::SearchHit;

    use crate::tests::{Case, check, ids, image};
    use crate::trigger::hit::anchore_id;

    fn case() -> Case {
        let hit = SearchHit {
            path: "/app/.env".to_owned(),
            layer: None,
            name: "AWS_ACCESS_KEY".to_owned(),
            pattern: "AKIA.*".to_owned(),
            lines: vec![3],
        };
        image().with(|artifact| artifact.secrets = Some(vec![hit]))
    }

    fn secret(rest: &str) -> Vec<String> {
        check(&case(), &format!("stop secret_scans.content_regex_checks {rest}"))
    }

    #[test]
    fn fires() {
        assert_eq!(secret(""), ["stop `/app/.env` holds what looks like a secret (AWS_ACCESS_KEY) in line 3", "stop"]);
        assert_eq!(secret("content_regex_name=PRIV_KEY, AWS_ACCESS_KEY").len(), 2);
        assert_eq!(secret("match_type=notfound; filename_regex=/etc/.*").len(), 2);
        let text = "Secret content search analyzer found regexp match in container: file=/app/.env regexp=AWS_ACCESS_KEY=AKIA.*";
        let id = anchore_id("secret_scans", "content_regex_checks", text);
        assert_eq!(ids(&case(), "stop secret_scans.content_regex_checks"), [id]);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(secret("filename_regex=/etc/.*"), ["pass"]);
        assert_eq!(secret("match_type=notfound"), ["pass"]);
        assert_eq!(check(&image(), "stop secret_scans.content_regex_checks"), ["pass"]);
    }

    #[test]
    fn boundary() {
        let parts = check(&case(), "warn secret_scans.content_regex_checks content_regex_name=AWS_ACCESS_KEY, TOKEN");
        assert_eq!(parts.len(), 3, "what was found stays: {parts:?}");
        assert!(parts[1].contains("no search for secrets is called `TOKEN`"), "{parts:?}");
        assert_eq!(secret("filename_regex=.env"), ["pass"], "from the start of the path");
    }

    #[test]
    fn data_missing() {
        // A part of a name is no name.
        assert_eq!(secret("content_regex_name=AWS").last().unwrap(), "undecided", "nobody looked for it");
        let none = image().with(|artifact| artifact.secrets = None);
        assert_eq!(check(&none, "stop secret_scans.content_regex_checks")[1], "undecided");
        assert_eq!(check(&none, "stop secret_scans.content_regex_checks match_type=notfound")[1], "undecided");
    }
}

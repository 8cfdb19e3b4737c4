//! `files` / `content_regex_match`: the search of file contents found something.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stopgate_model::{Evidence, Remediation, SearchHit};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct ContentRegexMatch;

params! {
    pub(crate) struct ContentRegexMatchParams {
        /// Name of the search, its expression, or the expression in base64; all when absent.
        #[example = "TOKEN"]
        regex_name: Option<String>,
    }
}

impl Trigger for ContentRegexMatch {
    type Params = ContentRegexMatchParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::ContentSearch],
        ..TriggerInfo::new("files", "content_regex_match", "The search of file contents found something.")
    };
}

impl ImageTrigger for ContentRegexMatch {
    fn fire(params: &ContentRegexMatchParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let found = scene.artifact().content.as_deref().unwrap_or_default();
        for search in found.iter().filter(|search| params.names(search)) {
            hits.push(hit(search))?;
        }
        Ok(())
    }
}

impl ContentRegexMatchParams {
    fn names(&self, search: &SearchHit) -> bool {
        self.regex_name.as_ref().is_none_or(|name| {
            *name == search.name || *name == search.pattern || *name == STANDARD.encode(&search.pattern)
        })
    }
}

fn hit(search: &SearchHit) -> Hit {
    let SearchHit { path, layer, name, pattern, lines } = search;
    let frozen = format!("File content analyzer found regexp match in container: file={path} regexp={name}={pattern}");
    Hit::frozen(&ContentRegexMatch::INFO, &frozen, format!("`{path}` has content that the search `{name}` looks for"))
        .about(format!("{path}#{name}"))
        .evidence(Evidence::File { path: path.clone(), mode: None, layer: layer.clone(), lines: lines.clone() })
        .because(format!("search {name}"), path.as_str())
        .remedy(Remediation::RemoveFile { path: path.clone(), revoke: false })
}

#[cfg(test)]
mod tests {
    use stopgate_model::SearchHit;

    use crate::tests::{Case, check, ids, image};
    use crate::trigger::hit::anchore_id;

    fn searched(patterns: &[(&str, &str)]) -> Case {
        let hit = |(name, pattern): &(&str, &str)| SearchHit {
            path: "/etc/app.conf".to_owned(),
            layer: None,
            name: (*name).to_owned(),
            pattern: (*pattern).to_owned(),
            lines: vec![2],
        };
        image().with(|artifact| artifact.content = Some(patterns.iter().map(hit).collect()))
    }

    fn found(rest: &str) -> usize {
        let case = searched(&[("TOKEN", "tok_[a-z]+"), ("HOST", "db\\..*")]);
        ids(&case, &format!("stop files.content_regex_match {rest}")).len()
    }

    #[test]
    fn fires() {
        let case = searched(&[("TOKEN", "tok_[a-z]+")]);
        let rule = "stop files.content_regex_match";
        assert_eq!(check(&case, rule), ["stop `/etc/app.conf` has content that the search `TOKEN` looks for", "stop"]);
        let text = "File content analyzer found regexp match in container: file=/etc/app.conf regexp=TOKEN=tok_[a-z]+";
        assert_eq!(ids(&case, rule), [anchore_id("files", "content_regex_match", text)]);
        assert_eq!(found(""), 2);
        for name in ["TOKEN", "tok_[a-z]+", "dG9rX1thLXpdKw=="] {
            assert_eq!(found(&format!("regex_name={name}")), 1, "{name}");
        }
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&searched(&[]), "stop files.content_regex_match"), ["pass"], "searched, and nothing found");
        assert_eq!(found("regex_name=OTHER"), 0);
    }

    #[test]
    fn boundary() {
        assert_eq!(found("regex_name=TOKE"), 0, "a part of a name is no name");
        assert_eq!(found("regex_name=token"), 0);
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), "stop files.content_regex_match")[1], "undecided", "nobody searched");
    }
}

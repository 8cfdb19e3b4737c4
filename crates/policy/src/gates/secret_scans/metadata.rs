//! `secret_scans` / `metadata`: the history, the environment or the labels of the image hold a secret.
//!
//! Whoever may pull the image reads them. What the secret is stands in no message: the analysis keeps only where it is.

use stopgate_model::{ConfigHit, ConfigPlace, Evidence, Remediation};

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::{ParamKind, ParamType, Refusal, params};
use crate::trigger::types::CommaList;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct Metadata;

params! {
    pub(crate) struct MetadataParams {
        /// Where to look: `history`, `env` and `labels`, separated by commas.
        #[example = "history,env,labels"]
        #[default = "history,env,labels"]
        scope: Places,
    }
}

/// Places, separated by commas.
#[derive(Debug)]
pub(crate) struct Places(Vec<ConfigPlace>);

impl ParamType for Places {
    const KIND: ParamKind = ParamKind {
        validator: "DelimitedEnumString",
        expected: "`history`, `env` or `labels`, separated by commas",
        words: &[],
        pattern: r"^\s*(history|env|labels)\s*(,\s*(history|env|labels)\s*)*$",
    };
    fn read(text: &str) -> Result<Self, Refusal> {
        let place =
            |word: &String| ConfigPlace::parse(word).ok_or_else(|| Refusal::word(word, &["history", "env", "labels"]));
        CommaList::read(text)?.0.iter().map(place).collect::<Result<_, _>>().map(Self)
    }
}

impl Trigger for Metadata {
    type Params = MetadataParams;
    const INFO: TriggerInfo = TriggerInfo {
        needs: &[Need::ConfigSecrets],
        trigger_id: "metadata:<place>:<field>:<pattern>",
        ..TriggerInfo::new(
            "secret_scans",
            "metadata",
            "The history, the environment or the labels of the image hold a secret.",
        )
    };
}

impl ImageTrigger for Metadata {
    fn fire(params: &MetadataParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let all = scene.artifact().config_secrets.as_deref().unwrap_or_default();
        for found in all.iter().filter(|found| params.scope.0.contains(&found.place)) {
            hits.push(hit(found))?;
        }
        Ok(())
    }
}

fn hit(found: &ConfigHit) -> Hit {
    let ConfigHit { place, field, name } = found;
    let (shown, keyword) = match place {
        ConfigPlace::History => (format!("entry {field} of the history"), "RUN"),
        ConfigPlace::Env => (format!("the variable `{field}`"), "ENV"),
        ConfigPlace::Labels => (format!("the label `{field}`"), "LABEL"),
    };
    let field_name = match place {
        ConfigPlace::History => format!("history[{field}]"),
        ConfigPlace::Env => format!("Env.{field}"),
        ConfigPlace::Labels => format!("Labels.{field}"),
    };
    let id = format!("{}:{}:{field}:{name}", Metadata::INFO.name, place.name());
    Hit::with_id(id, format!("{shown} holds what looks like a secret ({name})"))
        .about(format!("{field_name}#{name}"))
        .evidence(Evidence::Config { field: field_name, value: String::new() })
        .because(format!("pattern {name} in {}", place.name()), "found")
        .remedy(Remediation::Advice {
            text: format!("give {keyword} no secret: mount it in the build, or set it at run time; then revoke it"),
        })
}

#[cfg(test)]
mod tests {
    use stopgate_model::{ConfigHit, ConfigPlace};

    use crate::tests::{Case, check, ids, image, refused};

    fn case() -> Case {
        let hit = |place, field: &str, name: &str| ConfigHit { place, field: field.to_owned(), name: name.to_owned() };
        let hits = vec![
            hit(ConfigPlace::History, "3", "API_KEY"),
            hit(ConfigPlace::Env, "AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"),
            hit(ConfigPlace::Labels, "auth", "DOCKER_AUTH"),
        ];
        image().with(|artifact| artifact.config_secrets = Some(hits))
    }

    const RULE: &str = "stop secret_scans.metadata";

    #[test]
    fn fires() {
        assert_eq!(
            ids(&case(), RULE),
            [
                "metadata:history:3:API_KEY",
                "metadata:env:AWS_ACCESS_KEY_ID:AWS_ACCESS_KEY",
                "metadata:labels:auth:DOCKER_AUTH"
            ]
        );
        assert_eq!(
            check(&case(), RULE)[..2],
            [
                "stop entry 3 of the history holds what looks like a secret (API_KEY)",
                "stop the variable `AWS_ACCESS_KEY_ID` holds what looks like a secret (AWS_ACCESS_KEY)"
            ]
        );
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&image(), RULE), ["pass"]);
    }

    #[test]
    fn boundary() {
        assert_eq!(ids(&case(), "stop secret_scans.metadata scope=env").len(), 1);
        assert_eq!(ids(&case(), "stop secret_scans.metadata scope=labels, history").len(), 2);
        let errors = refused("stop secret_scans.metadata scope=env,label");
        assert!(errors[0].ends_with("(did you mean `labels`?)"), "{errors:?}");
    }

    #[test]
    fn data_missing() {
        let sbom = image().with(|artifact| artifact.config_secrets = None);
        assert_eq!(check(&sbom, RULE)[1], "undecided");
    }
}

//! `ancestry` / `allowed_base_image_tag`: the base image is none of the allowed ones, by its tags.

use super::base::{self, Base};
use super::tags::TagList;
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct AllowedBaseImageTag;

params! {
    pub(crate) struct AllowedBaseImageTagParams {
        /// Names and tags of the allowed base images; `*` stands for any text.
        #[example = "docker.io/nginx:latest"]
        base_tag: TagList,
    }
}

impl Trigger for AllowedBaseImageTag {
    type Params = AllowedBaseImageTagParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("ancestry", "allowed_base_image_tag", "The base image has none of the allowed tags.");
}

impl ImageTrigger for AllowedBaseImageTag {
    fn fire(params: &AllowedBaseImageTagParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let strict = scene.context.strict_names;
        let known = match Base::of(scene) {
            Base::Known(ancestor) => Some((base::shown(ancestor), ancestor.tags.clone())),
            Base::Claimed(claim) => claim.name(hits).map(|name| (name.to_owned(), vec![name.to_owned()])),
            Base::None => {
                let message = "no base image of the image is known: expected one with an allowed tag";
                return hits.push(params.hit("none", &[], message));
            }
            Base::Unknown => None,
        };
        let Some((subject, tags)) = known else {
            hits.missing(Need::Ancestry);
            return Ok(());
        };
        if tags.iter().any(|tag| params.base_tag.covers(tag, strict)) {
            return Ok(());
        }
        let has = if tags.is_empty() { "has no tag that is known" } else { "has none of the allowed tags" };
        hits.push(params.hit(&subject, &tags, &format!("the base image `{subject}` {has}")))
    }
}

impl AllowedBaseImageTagParams {
    fn hit(&self, subject: &str, tags: &[String], message: &str) -> Hit {
        // Tags come and go; the id names the image by its digest where that is known.
        let image = subject.split(' ').next().unwrap_or(subject);
        let frozen = format!("Base image {image} has none of the allowed tags");
        let tags = if tags.is_empty() { "none".to_owned() } else { tags.join(", ") };
        let hit = Hit::frozen(&AllowedBaseImageTag::INFO, &frozen, message)
            .because(format!("tag of the base image in {}", self.base_tag.shown()), tags);
        base::complete(hit, &format!("base image {subject}"), "build the image on an allowed base image")
    }
}

#[cfg(test)]
mod tests {
    use crate::gates::ancestry::base::cases::{annotated, built_on, labelled};
    use crate::tests::{check, digest, ids, image};

    const RULE: &str = "stop ancestry.allowed_base_image_tag base_tag=docker.io/nginx:latest, quay.io/base/*";

    #[test]
    fn fires() {
        let case = built_on(&[('a', &["docker.io/redis:7"]), ('b', &["docker.io/nginx:latest"])]);
        let line = format!("stop the base image `{} (docker.io/redis:7)` has none of the allowed tags", digest('a'));
        assert_eq!(check(&case, RULE), [line.as_str(), "stop"]);
        let text = format!("Base image {} has none of the allowed tags", digest('a'));
        let id = crate::trigger::hit::anchore_id("ancestry", "allowed_base_image_tag", &text);
        assert_eq!(ids(&case, RULE), [id]);
    }

    #[test]
    fn does_not_fire() {
        for tag in ["docker.io/nginx:latest", "docker.io/library/nginx:latest", "quay.io/base/ubi:9"] {
            assert_eq!(check(&built_on(&[('a', &["x.io/y:1", tag])]), RULE), ["pass"], "{tag}");
        }
    }

    #[test]
    fn boundary() {
        let mut strict = built_on(&[('a', &["docker.io/library/nginx:latest"])]);
        strict.strict = true;
        assert_eq!(check(&strict, RULE).len(), 2, "names are as written");
        assert!(check(&built_on(&[('a', &[])]), RULE)[0].ends_with("has no tag that is known"));
        assert_eq!(check(&built_on(&[]), RULE).last().unwrap(), "stop", "looked for, and none found");
        let claimed = check(&labelled("nginx:latest", ""), RULE);
        assert!(claimed[0].contains("(label `org.opencontainers.image.base.name`)"), "{claimed:?}");
        assert_eq!(claimed[1], "pass");
        let both = annotated(labelled("nginx:latest", ""), "docker.io/redis:7");
        assert_eq!(check(&both, RULE).last().unwrap(), "stop", "a label may be inherited, an annotation is not");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), RULE)[1], "undecided");
        assert_eq!(check(&labelled("", "sha256:1"), RULE)[1], "undecided", "a digest is no name");
        let covered = crate::tests::document(&[RULE, "warn ancestry.no_ancestors_analyzed"]);
        let evaluation = image().evaluate(&crate::tests::policy(&covered));
        assert_eq!(evaluation.decision, stopgate_model::Decision::Pass);
    }
}

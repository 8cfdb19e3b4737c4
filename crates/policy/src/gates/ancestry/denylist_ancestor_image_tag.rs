//! `ancestry` / `denylist_ancestor_image_tag`: an ancestor is one of the denied images, by a tag of it.

use super::base::{self, Base};
use super::tags::TagList;
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct DenylistAncestorImageTag;

params! {
    pub(crate) struct DenylistAncestorImageTagParams {
        /// Names and tags of the denied images; `*` stands for any text.
        #[example = "docker.io/nginx:latest"]
        ancestor_tag: TagList,
    }
}

impl Trigger for DenylistAncestorImageTag {
    type Params = DenylistAncestorImageTagParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("ancestry", "denylist_ancestor_image_tag", "An ancestor has one of the denied tags.");
}

impl ImageTrigger for DenylistAncestorImageTag {
    fn fire(params: &DenylistAncestorImageTagParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let strict = scene.context.strict_names;
        for ancestor in scene.context.ancestors.unwrap_or_default() {
            if ancestor.tags.is_empty() {
                hits.note(format!("the ancestor `{}` has no tag that is known", ancestor.digest));
            }
            for tag in ancestor.tags.iter().filter(|tag| params.ancestor_tag.covers(tag, strict)) {
                hits.push(hit(tag))?;
            }
        }
        if scene.context.ancestors.is_some() {
            return Ok(());
        }
        // What the image says of its base can convict it, and cannot clear it: there may be more ancestors.
        let claimed = match Base::of(scene) {
            Base::Claimed(claim) => claim.name(hits).filter(|name| params.ancestor_tag.covers(name, strict)),
            _ => None,
        };
        if let Some(name) = claimed {
            return hits.push(hit(name));
        }
        hits.missing(Need::Ancestry);
        Ok(())
    }
}

fn hit(tag: &str) -> Hit {
    let frozen = format!("Ancestor image tag {tag} is in the list of denied ancestors");
    let message = format!("the image was built from `{tag}`, which is denied");
    let hit = Hit::frozen(&DenylistAncestorImageTag::INFO, &frozen, message).because("tag denied", tag);
    base::complete(hit, &format!("ancestor {tag}"), "build the image on another base image")
}

#[cfg(test)]
mod tests {
    use crate::gates::ancestry::base::cases::{built_on, labelled};
    use crate::tests::{check, digest, image};

    const RULE: &str = "stop ancestry.denylist_ancestor_image_tag ancestor_tag=docker.io/centos:*";

    #[test]
    fn fires() {
        let case = built_on(&[('a', &["x.io/base:1"]), ('b', &["docker.io/library/centos:7"])]);
        assert_eq!(
            check(&case, RULE),
            ["stop the image was built from `docker.io/library/centos:7`, which is denied", "stop"]
        );
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&built_on(&[('a', &["docker.io/centos-like:7"])]), RULE), ["pass"]);
        assert_eq!(check(&built_on(&[]), RULE), ["pass"], "looked for, and none found");
    }

    #[test]
    fn boundary() {
        let two = built_on(&[('a', &["docker.io/centos:7", "docker.io/centos:latest"])]);
        assert_eq!(check(&two, RULE).len(), 3, "each tag has its own id");
        assert_eq!(check(&labelled("centos:7", ""), RULE).last().unwrap(), "stop");
        assert_eq!(check(&labelled("debian:12", ""), RULE).last().unwrap(), "undecided", "its base may be denied");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), RULE)[1], "undecided");
        let untagged = check(&built_on(&[('a', &[])]), RULE);
        assert_eq!(untagged[0], format!("! rule `r1`: the ancestor `{}` has no tag that is known", digest('a')));
    }
}

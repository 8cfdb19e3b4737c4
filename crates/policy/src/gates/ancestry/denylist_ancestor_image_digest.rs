//! `ancestry` / `denylist_ancestor_image_digest`: an ancestor is one of the denied images, by digest.

use super::base::{self, Base};
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::GlobList;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct DenylistAncestorImageDigest;

params! {
    pub(crate) struct DenylistAncestorImageDigestParams {
        /// Digests of the denied images; `*` stands for any text.
        #[example = "sha256:123abc"]
        ancestor_digest: GlobList,
    }
}

impl Trigger for DenylistAncestorImageDigest {
    type Params = DenylistAncestorImageDigestParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("ancestry", "denylist_ancestor_image_digest", "An ancestor is one of the denied images.");
}

impl ImageTrigger for DenylistAncestorImageDigest {
    fn fire(params: &DenylistAncestorImageDigestParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let denied = |digest: &str| params.ancestor_digest.covers(digest);
        for ancestor in scene.context.ancestors.unwrap_or_default() {
            let digest = ancestor.digest.to_string();
            if denied(&digest) {
                hits.push(hit(&digest, &base::shown(ancestor)))?;
            }
        }
        if scene.context.ancestors.is_some() {
            return Ok(());
        }
        // What the image says of its base can convict it, and cannot clear it: there may be more ancestors.
        let claimed = match Base::of(scene) {
            Base::Claimed(claim) => claim.digest(hits).filter(|digest| denied(digest)),
            _ => None,
        };
        if let Some(digest) = claimed {
            return hits.push(hit(digest, digest));
        }
        hits.missing(Need::Ancestry);
        Ok(())
    }
}

fn hit(digest: &str, shown: &str) -> Hit {
    let frozen = format!("Ancestor image digest {digest} is in the list of denied ancestors");
    let message = format!("the image was built from `{shown}`, which is denied");
    let hit = Hit::frozen(&DenylistAncestorImageDigest::INFO, &frozen, message).because("digest denied", digest);
    base::complete(hit, &format!("ancestor {shown}"), "build the image on another base image")
}

#[cfg(test)]
mod tests {
    use crate::gates::ancestry::base::cases::{built_on, labelled};
    use crate::tests::{check, digest, image};

    fn rule(fill: char) -> String {
        format!("stop ancestry.denylist_ancestor_image_digest ancestor_digest={}", digest(fill))
    }

    #[test]
    fn fires() {
        let case = built_on(&[('a', &[]), ('b', &["docker.io/old:1"])]);
        let line = format!("stop the image was built from `{} (docker.io/old:1)`, which is denied", digest('b'));
        assert_eq!(check(&case, &rule('b')), [line.as_str(), "stop"], "the base's base counts");
        assert_eq!(check(&case, "stop ancestry.denylist_ancestor_image_digest ancestor_digest=*").len(), 3);
    }

    #[test]
    fn does_not_fire() {
        assert_eq!(check(&built_on(&[('a', &[])]), &rule('b')), ["pass"]);
        assert_eq!(check(&built_on(&[]), &rule('b')), ["pass"], "looked for, and none found");
    }

    #[test]
    fn boundary() {
        let convicted = check(&labelled("", &digest('a').to_string()), &rule('a'));
        assert_eq!(convicted.last().unwrap(), "stop");
        let cleared = check(&labelled("", &digest('a').to_string()), &rule('b'));
        assert_eq!(cleared.last().unwrap(), "undecided", "{cleared:?}");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), &rule('a'))[1], "undecided");
        assert_eq!(check(&labelled("nginx", ""), &rule('a'))[1], "undecided");
    }
}

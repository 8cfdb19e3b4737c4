//! `ancestry` / `allowed_base_image_digest`: the base image is none of the allowed ones, by digest.

use super::base::{self, Base};
use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::params::params;
use crate::trigger::types::GlobList;
use crate::trigger::{Hit, Hits, ImageTrigger, Need, Trigger, TriggerInfo};

pub(crate) struct AllowedBaseImageDigest;

params! {
    pub(crate) struct AllowedBaseImageDigestParams {
        /// Digests of the allowed base images; `*` stands for any text.
        #[example = "sha256:123abc"]
        base_digest: GlobList,
    }
}

impl Trigger for AllowedBaseImageDigest {
    type Params = AllowedBaseImageDigestParams;
    const INFO: TriggerInfo =
        TriggerInfo::new("ancestry", "allowed_base_image_digest", "The base image is none of the allowed ones.");
}

impl ImageTrigger for AllowedBaseImageDigest {
    fn fire(params: &AllowedBaseImageDigestParams, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let digest = match Base::of(scene) {
            Base::Known(ancestor) => Some(ancestor.digest.to_string()),
            Base::Claimed(claim) => claim.digest(hits).map(str::to_owned),
            Base::None => {
                return hits.push(hit("none", "no base image of the image is known: expected one of the allowed ones"));
            }
            Base::Unknown => None,
        };
        let Some(digest) = digest else {
            hits.missing(Need::Ancestry);
            return Ok(());
        };
        if params.base_digest.covers(&digest) {
            return Ok(());
        }
        hits.push(hit(&digest, &format!("the base image `{digest}` is not on the list of allowed ones")))
    }
}

fn hit(digest: &str, message: &str) -> Hit {
    let frozen = format!("Base image digest {digest} is not in the list of allowed base images");
    let hit = Hit::frozen(&AllowedBaseImageDigest::INFO, &frozen, message).because("digest of the base image", digest);
    base::complete(hit, &format!("base image {digest}"), "build the image on an allowed base image")
}

#[cfg(test)]
mod tests {
    use crate::gates::ancestry::base::cases::{annotated, built_on, labelled};
    use crate::tests::{check, digest, ids, image};

    fn rule(fill: char) -> String {
        format!("stop ancestry.allowed_base_image_digest base_digest=sha256:0, {}", digest(fill))
    }

    #[test]
    fn fires() {
        let case = built_on(&[('a', &[]), ('b', &[])]);
        let line = format!("stop the base image `{}` is not on the list of allowed ones", digest('a'));
        assert_eq!(check(&case, &rule('b')), [line.as_str(), "stop"], "a farther ancestor is not the base");
        let text = format!("Base image digest {} is not in the list of allowed base images", digest('a'));
        let id = crate::trigger::hit::anchore_id("ancestry", "allowed_base_image_digest", &text);
        assert_eq!(ids(&case, &rule('b')), [id]);
    }

    #[test]
    fn does_not_fire() {
        let case = built_on(&[('a', &[]), ('b', &[])]);
        assert_eq!(check(&case, &rule('a')), ["pass"]);
        assert_eq!(check(&case, "stop ancestry.allowed_base_image_digest base_digest=sha256:aa*"), ["pass"]);
    }

    #[test]
    fn boundary() {
        // Looked for and none found is not allowed; never looked for is what the image says itself.
        assert_eq!(
            check(&built_on(&[]), &rule('a'))[0],
            "stop no base image of the image is known: expected one of the allowed ones"
        );
        let claimed = check(&labelled("", &digest('a').to_string()), &rule('a'));
        assert!(claimed[0].ends_with("is what the image says itself (label `org.opencontainers.image.base.digest`)"));
        assert_eq!(claimed[1], "pass");
        assert_eq!(check(&labelled("", "sha256:1"), &rule('a')).last().unwrap(), "stop");
        let by_name = annotated(image(), &format!("nginx@{}", digest('a')));
        assert_eq!(check(&by_name, &rule('a')).last().unwrap(), "pass");
    }

    #[test]
    fn data_missing() {
        assert_eq!(check(&image(), &rule('a'))[1], "undecided");
        assert_eq!(check(&labelled("nginx", ""), &rule('a'))[1], "undecided", "a name is no digest");
    }
}

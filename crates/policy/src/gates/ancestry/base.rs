//! What is known of the images that an image was built from.
//!
//! Where no ancestor was looked for, the image may say itself what it was built on: the keys
//! `org.opencontainers.image.base.name` and `.digest` of the OCI image specification (annotations.md), as
//! annotations of the manifest or as labels. Nothing proves that, so a note says where the answer comes from.

use stopgate_model::{Evidence, Remediation};

use crate::engine::{Ancestor, Scene};
use crate::trigger::{Hit, Hits};

const NAME: &str = "org.opencontainers.image.base.name";
const DIGEST: &str = "org.opencontainers.image.base.digest";

/// The base image, as far as it is known.
pub(super) enum Base<'a> {
    /// The nearest ancestor.
    Known(&'a Ancestor),
    /// What the image says itself.
    Claimed(Claim<'a>),
    /// Ancestors were looked for, and there is none.
    None,
    /// Nobody looked, and the image says nothing.
    Unknown,
}

/// What an image says of its base.
pub(super) struct Claim<'a> {
    /// `annotation` or `label`.
    place: &'static str,
    name: Option<&'a str>,
    digest: Option<&'a str>,
}

impl<'a> Base<'a> {
    pub(super) fn of(scene: &Scene<'a>) -> Self {
        match scene.context.ancestors {
            Some([nearest, ..]) => Self::Known(nearest),
            Some([]) => Self::None,
            None => Claim::of(scene).map_or(Self::Unknown, Self::Claimed),
        }
    }
}

impl<'a> Claim<'a> {
    fn of(scene: &Scene<'a>) -> Option<Self> {
        let artifact = scene.artifact();
        let annotations = artifact.source.image().map(|image| image.annotations.as_slice()).unwrap_or_default();
        let labels = artifact.config.as_ref().map(|config| config.labels.as_slice()).unwrap_or_default();
        // A label may come from the base image itself and then speak of its base; an annotation cannot.
        [("annotation", annotations), ("label", labels)].into_iter().find_map(|(place, list)| {
            let (name, digest) = (value(list, NAME), value(list, DIGEST));
            let digest = digest.or_else(|| name?.split_once('@').map(|(_, digest)| digest));
            (name.is_some() || digest.is_some()).then_some(Self { place, name, digest })
        })
    }

    /// The name, with a note that nothing proves it.
    pub(super) fn name(&self, hits: &mut Hits) -> Option<&'a str> {
        self.unproven(NAME, self.name, hits)
    }

    /// The digest, with a note that nothing proves it.
    pub(super) fn digest(&self, hits: &mut Hits) -> Option<&'a str> {
        self.unproven(DIGEST, self.digest, hits)
    }

    fn unproven(&self, key: &str, value: Option<&'a str>, hits: &mut Hits) -> Option<&'a str> {
        let value = value?;
        hits.note(format!(
            "no ancestor was looked for: the base image `{value}` is what the image says itself ({} `{key}`)",
            self.place
        ));
        Some(value)
    }
}

fn value<'a>(list: &'a [(String, String)], key: &str) -> Option<&'a str> {
    let found = list.iter().find(|(name, _)| name == key)?;
    Some(found.1.trim()).filter(|value| !value.is_empty())
}

/// An ancestor for people: its digest and its first tag.
pub(super) fn shown(ancestor: &Ancestor) -> String {
    match ancestor.tags.first() {
        Some(tag) => format!("{} ({tag})", ancestor.digest),
        None => ancestor.digest.to_string(),
    }
}

/// What every hit of the gate has.
pub(super) fn complete(hit: Hit, seen: &str, advice: &str) -> Hit {
    hit.about(seen)
        .evidence(Evidence::Data { text: seen.to_owned() })
        .remedy(Remediation::Advice { text: advice.to_owned() })
}

#[cfg(test)]
pub(super) mod cases {
    //! Images with ancestors, or with what they say of their base.

    use stopgate_model::SourceKind;

    use super::{DIGEST, NAME};
    use crate::Ancestor;
    use crate::tests::{Case, digest, image};

    /// An image with these ancestors, the nearest first: a character that fills the digest, and tags.
    pub(in super::super) fn built_on(rows: &[(char, &[&str])]) -> Case {
        let ancestor = |(fill, tags): &(char, &[&str])| Ancestor {
            digest: digest(*fill),
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            layers: 1,
        };
        let mut case = image();
        case.ancestors = Some(rows.iter().map(ancestor).collect());
        case
    }

    pub(in super::super) fn labelled(name: &str, digest: &str) -> Case {
        image().config(|config| {
            config.labels = vec![(DIGEST.to_owned(), digest.to_owned()), (NAME.to_owned(), name.to_owned())];
        })
    }

    pub(in super::super) fn annotated(case: Case, name: &str) -> Case {
        case.with(|artifact| {
            let SourceKind::Image(image) = &mut artifact.source.kind else { return };
            image.annotations = vec![(NAME.to_owned(), name.to_owned())];
        })
    }
}

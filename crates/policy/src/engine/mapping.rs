//! Which mapping, and which entry of the image lists, an artifact meets: in list order, the first that
//! matches counts.

use super::scene::EvalContext;
use crate::document::policy::{ImageKind, ImageRule, ImageTarget, Mapping, Names, Policy, Target};
use crate::regexes::Fault;
use crate::trigger::ArtifactType;

/// The mapping that an artifact meets. An SBOM that names no image falls back from the SBOM mappings
/// to the source mappings.
pub(crate) fn find<'p>(policy: &'p Policy, context: &EvalContext<'_>) -> Result<Option<&'p Mapping>, Fault> {
    let lists: &[&'p [Mapping]] = match context.artifact_type() {
        ArtifactType::Image => &[&policy.mappings],
        ArtifactType::Source => &[&policy.source_mappings],
        ArtifactType::Sbom => &[&policy.sbom_mappings, &policy.source_mappings],
    };
    for mapping in lists.iter().copied().flatten() {
        if mapping.meets(context)? {
            return Ok(Some(mapping));
        }
    }
    Ok(None)
}

/// The entry of an image list that an artifact meets. Only images are on such lists.
pub(crate) fn find_image<'p>(list: &'p [ImageRule], context: &EvalContext<'_>) -> Result<Option<&'p ImageRule>, Fault> {
    if context.artifact_type() != ArtifactType::Image {
        return Ok(None);
    }
    for rule in list {
        if rule.target.meets(context)? {
            return Ok(Some(rule));
        }
    }
    Ok(None)
}

impl Mapping {
    fn meets(&self, context: &EvalContext<'_>) -> Result<bool, Fault> {
        match &self.target {
            Target::Image(target) => target.meets(context),
            // `dir:` and `file:` have neither host nor repository unless `--tag` gives them.
            Target::Source(names) => names.meet(named(&context.tag.registry), named(&context.tag.repository)),
            Target::Sbom(names) => {
                let source = &context.artifact.source;
                names.meet(named(&source.name), named(&source.version))
            }
        }
    }
}

impl Names {
    fn meet(&self, first: Option<&str>, second: Option<&str>) -> Result<bool, Fault> {
        Ok(self.first.matches_part(first)? && self.second.matches_part(second)?)
    }
}

impl ImageTarget {
    fn meets(&self, context: &EvalContext<'_>) -> Result<bool, Fault> {
        let tag = context.tag;
        if !self.registry.matches_part(named(&tag.registry))? || !self.meets_repository(context)? {
            return Ok(false);
        }
        let image = context.artifact.source.image();
        match self.kind {
            ImageKind::Tag => self.value.matches_part(tag.tag.as_deref().and_then(named)),
            // Only what the image is counts: a digest that was asked for proves nothing.
            ImageKind::Digest => {
                let Some(image) = image else { return Ok(false) };
                self.value.matches(&image.manifest_digest.to_string())
            }
            ImageKind::Id => {
                let Some(image) = image else { return Ok(false) };
                Ok(self.value.matches(image.image_id.hex())? || self.value.matches(&image.image_id.to_string())?)
            }
        }
    }

    fn meets_repository(&self, context: &EvalContext<'_>) -> Result<bool, Fault> {
        let tag = context.tag;
        if self.repository.matches_part(named(&tag.repository))? {
            return Ok(true);
        }
        if context.strict_names || !matches!(tag.registry.as_str(), "docker.io" | "index.docker.io") {
            return Ok(false);
        }
        // Docker Hub's official images have two names for one repository.
        let other = match tag.repository.strip_prefix("library/") {
            Some(short) if !short.contains('/') => short.to_owned(),
            None if !tag.repository.contains('/') => format!("library/{}", tag.repository),
            _ => return Ok(false),
        };
        self.repository.matches(&other)
    }
}

/// A part of a name; `*` and the empty text stand for a part that is not there.
fn named(part: &str) -> Option<&str> {
    (!matches!(part, "" | "*")).then_some(part)
}

//! Names of images with their tags: how a policy writes them, and when two mean one image.

use stopgate_model::ImageReference;

use crate::pattern::Glob;
use crate::trigger::params::{ParamKind, ParamType, Refusal};
use crate::trigger::types::CommaList;

/// Names with tags, separated by commas; `*` is any run of characters.
#[derive(Debug)]
pub(super) struct TagList {
    texts: Vec<String>,
    globs: Vec<Glob>,
}

impl ParamType for TagList {
    const KIND: ParamKind = CommaList::KIND;
    fn read(text: &str) -> Result<Self, Refusal> {
        let texts = CommaList::read(text)?.0;
        // `nginx:1.*` is on Docker Hub, and `docker.io/*` is all of it rather than its `latest`.
        let completed = texts.iter().filter_map(|text| ImageReference::parse(text).ok()).map(|name| name.full_tag());
        let globs = texts.iter().cloned().chain(completed).map(|text| Glob::new(&text)).collect();
        Ok(Self { texts, globs })
    }
}

impl TagList {
    pub(super) fn shown(&self) -> String {
        self.texts.join(", ")
    }

    /// Whether one of them means this image.
    pub(super) fn covers(&self, tag: &str, strict: bool) -> bool {
        let names = names(tag, strict);
        self.globs.iter().any(|glob| names.iter().any(|name| glob.covers(name)))
    }
}

/// The names of one tagged image: official images of Docker Hub have two, unless names are strict.
fn names(tag: &str, strict: bool) -> Vec<String> {
    let Ok(reference) = ImageReference::parse(tag) else { return vec![tag.to_owned()] };
    if reference.tag.is_none() {
        return vec![tag.to_owned()];
    }
    let ImageReference { registry, repository, .. } = &reference;
    let hub = matches!(registry.as_str(), "docker.io" | "index.docker.io");
    let repositories = match repository.strip_prefix("library/") {
        Some(short) if hub && !strict && !short.contains('/') => vec![repository.clone(), short.to_owned()],
        None if hub && !strict && !repository.contains('/') => {
            vec![repository.clone(), format!("library/{repository}")]
        }
        _ => vec![repository.clone()],
    };
    let registry = if hub && !strict { "docker.io" } else { registry };
    let tag = reference.tag.as_deref().unwrap_or("latest");
    repositories.into_iter().map(|repository| format!("{registry}/{repository}:{tag}")).collect()
}

#[cfg(test)]
mod tests {
    use super::TagList;
    use crate::trigger::params::ParamType;

    #[test]
    fn one_image_has_several_names() {
        for (list, tag, strict, expected) in [
            ("docker.io/nginx:latest", "docker.io/library/nginx:latest", false, true),
            ("docker.io/library/nginx:latest", "docker.io/nginx:latest", false, true),
            ("docker.io/nginx:latest", "docker.io/library/nginx:latest", true, false),
            ("nginx", "docker.io/library/nginx:latest", false, true),
            ("nginx:1.*", "index.docker.io/library/nginx:1.27", false, true),
            ("docker.io/nginx:1.27", "docker.io/nginx:1.270", false, false),
            ("*", "quay.io/a/b:1", false, true),
            ("docker.io/*", "docker.io/a/b:1", false, true),
            ("quay.io/base/*:9.*, x", "quay.io/base/ubi:9.4", false, true),
            ("quay.io/base/*:9.*", "quay.io/other/ubi:9.4", false, false),
            ("nginx", "quay.io/nginx:latest", false, false),
            ("library/nginx", "docker.io/team/nginx:latest", false, false),
            ("nginx", "nginx@sha256:1", false, false),
        ] {
            assert_eq!(TagList::read(list).unwrap().covers(tag, strict), expected, "{list} {tag}");
        }
    }
}

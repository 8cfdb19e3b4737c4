//! IMAGE: a tag, a digest or an id, and how it becomes the digest that calls need.

use stopgate_api_types::image::AnchoreImage;
use stopgate_client::{Client, ImageFilter, Reply};
use stopgate_model::{Digest, ImageReference};

use super::failure::Failure;

/// What the user typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ImageName {
    /// `sha256:…`.
    Digest(String),
    /// 64 hexadecimal digits: the digest of the configuration.
    Id(String),
    /// A name with a tag, a digest or both.
    Reference(ImageReference),
}

impl ImageName {
    /// Reads a name; one without registry and tag becomes `docker.io/NAME:latest`.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        if Digest::parse(text).is_ok() {
            return Ok(Self::Digest(text.to_owned()));
        }
        if text.len() == 64 && text.chars().all(|c| c.is_ascii_hexdigit()) {
            return Ok(Self::Id(text.to_ascii_lowercase()));
        }
        ImageReference::parse(text).map(Self::Reference).map_err(|error| Failure::new(error.to_string()))
    }

    /// The tag with registry and repository, when the name has one.
    pub(super) fn full_tag(&self) -> Option<String> {
        match self {
            Self::Reference(reference) if reference.tag.is_some() => Some(reference.full_tag()),
            _ => None,
        }
    }

    /// Asks the server which image this is.
    pub(super) fn find(&self, client: &Client, history: bool) -> Result<Found, Failure> {
        let filter = match self {
            Self::Digest(digest) => return by_digest(client, digest, None),
            Self::Reference(ImageReference { digest: Some(digest), .. }) => {
                return by_digest(client, &digest.to_string(), self.full_tag());
            }
            Self::Id(id) => ImageFilter { image_id: Some(id.clone()), history, ..ImageFilter::default() },
            Self::Reference(reference) => {
                ImageFilter { full_tag: Some(reference.full_tag()), history, ..ImageFilter::default() }
            }
        };
        let reply = client.image_list(&filter)?;
        let tag = self.full_tag();
        let newest = newest(&reply.value.items, tag.as_deref());
        let image = newest
            .and_then(|at| Some((reply.value.items.get(at)?.clone(), reply.raw.pointer(&format!("/items/{at}"))?)));
        let Some((value, raw)) = image else {
            return Err(Failure::new(format!("the server knows no image `{self}`")));
        };
        Found::of(Reply { value, raw: raw.clone() }, tag)
    }

    /// The digest alone; a name that holds one needs no question.
    pub(super) fn digest(&self, client: &Client) -> Result<String, Failure> {
        match self {
            Self::Digest(digest) => Ok(digest.clone()),
            Self::Reference(ImageReference { digest: Some(digest), .. }) => Ok(digest.to_string()),
            _ => Ok(self.find(client, false)?.digest),
        }
    }
}

impl std::fmt::Display for ImageName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Digest(text) | Self::Id(text) => f.write_str(text),
            Self::Reference(reference) => reference.fmt(f),
        }
    }
}

/// An image that the server knows.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) digest: String,
    /// The tag of the name that it was found by.
    pub(super) tag: Option<String>,
    pub(super) image: Reply<AnchoreImage>,
}

impl Found {
    fn of(image: Reply<AnchoreImage>, tag: Option<String>) -> Result<Self, Failure> {
        let digest = image.value.image_digest.clone();
        let digest = digest.ok_or_else(|| Failure::new("the server's record of the image has no digest"))?;
        Ok(Self { digest, tag, image })
    }
}

fn by_digest(client: &Client, digest: &str, tag: Option<String>) -> Result<Found, Failure> {
    Found::of(client.image_get(digest)?, tag)
}

/// The image that the tag points at since the latest time; among equals the first.
fn newest(images: &[AnchoreImage], tag: Option<&str>) -> Option<usize> {
    let since = |image: &AnchoreImage| {
        let details = image.image_detail.iter().filter(|detail| tag.is_none() || detail.full_tag.as_deref() == tag);
        details.filter_map(|detail| detail.tag_detected_at.or(detail.created_at)).max()
    };
    let mut best = None;
    for (at, image) in images.iter().enumerate().filter(|(_, image)| image.image_digest.is_some()) {
        let since = since(image);
        if best.is_none_or(|(_, latest)| since > latest) {
            best = Some((at, since));
        }
    }
    best.map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{ImageName, newest};

    #[test]
    fn names_are_completed_without_library() {
        for (text, tag) in [
            ("alpine", Some("docker.io/alpine:latest")),
            ("app:v2.0.0", Some("docker.io/app:v2.0.0")),
            ("host:5000/a/b:1", Some("host:5000/a/b:1")),
            (&format!("host.example/a@sha256:{}", "a".repeat(64)), None),
            (&format!("host.example/a:1@sha256:{}", "a".repeat(64)), Some("host.example/a:1")),
            (&format!("sha256:{}", "a".repeat(64)), None),
        ] {
            assert_eq!(ImageName::parse(text).unwrap().full_tag().as_deref(), tag, "{text}");
        }
        assert_eq!(ImageName::parse(&"A1".repeat(32)).unwrap(), ImageName::Id("a1".repeat(32)));
        assert!(ImageName::parse("a b").is_err());
    }

    #[test]
    fn the_newest_image_of_a_tag_counts() {
        let image = |digest: &str, tag: &str, time: &str| {
            let detail = json!([{"full_tag": tag, "tag_detected_at": time}]);
            serde_json::from_value(json!({"image_digest": digest, "image_detail": detail})).unwrap()
        };
        let images = [
            image("a", "docker.io/x:1", "2026-01-01T00:00:00Z"),
            image("b", "docker.io/x:1", "2026-03-01T00:00:00Z"),
            image("c", "docker.io/x:2", "2026-09-01T00:00:00Z"),
        ];
        assert_eq!(newest(&images, Some("docker.io/x:1")), Some(1));
        assert_eq!(newest(&[], None), None);
    }
}

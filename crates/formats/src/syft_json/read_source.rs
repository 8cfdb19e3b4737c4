//! Reads the `source` block.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};
use stopgate_model::{Digest, DigestAlgorithm, ImageReference, ImageSource, LayerInfo, SourceDescription, SourceKind};

use super::read::rooted;
use crate::elements::Broken;

#[derive(Deserialize, Default)]
#[serde(default)]
struct RawSource<'a> {
    id: Option<String>,
    name: Option<String>,
    version: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    // Named so before schema 9.
    #[serde(borrow)]
    target: Option<&'a RawValue>,
}

pub(super) fn read(raw: Option<&RawValue>, broken: &mut Broken) -> SourceDescription {
    let raw: RawSource<'_> = raw.and_then(|raw| broken.object("source", 0, raw)).unwrap_or_default();
    let type_name = raw.kind.unwrap_or_default();
    let metadata = raw.target.or(raw.metadata).filter(|raw| raw.get() != "null");
    let mut user_input = String::new();
    let kind = metadata.and_then(|metadata| match type_name.to_ascii_lowercase().as_str() {
        "image" => image(metadata, broken, &mut user_input).map(|image| SourceKind::Image(Box::new(image))),
        "directory" | "dir" => path(metadata).map(|path| SourceKind::Directory { path }),
        "file" => path(metadata).map(|path| SourceKind::File { path, digests: digests(metadata) }),
        _ => None,
    });
    let kind = kind.unwrap_or_else(|| SourceKind::Other {
        type_name,
        json: metadata.map(|raw| raw.get().to_owned()).unwrap_or_default(),
    });
    if let SourceKind::Directory { path } | SourceKind::File { path, .. } = &kind {
        user_input.clone_from(path);
    }
    // Documents before schema 6 have no id and no name: the first is content, the second what was asked for.
    let name = raw.name.filter(|name| !name.is_empty()).unwrap_or_else(|| user_input.clone());
    let id = raw
        .id
        .filter(|id| !id.is_empty())
        .unwrap_or_else(|| hex::encode(Sha256::digest(metadata.map_or(name.as_bytes(), |raw| raw.get().as_bytes()))));
    SourceDescription { id, name, version: raw.version.unwrap_or_default(), user_input, kind }
}

/// The path of a directory or file: a text of its own before schema 9, else a field.
fn path(raw: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct Metadata {
        path: String,
    }
    serde_json::from_str::<String>(raw.get())
        .or_else(|_| serde_json::from_str::<Metadata>(raw.get()).map(|metadata| metadata.path))
        .ok()
}

fn digests(raw: &RawValue) -> Vec<Digest> {
    #[derive(Deserialize)]
    struct Metadata {
        digests: Option<Vec<Pair>>,
    }
    #[derive(Deserialize)]
    struct Pair {
        algorithm: String,
        value: String,
    }
    let pairs = serde_json::from_str::<Metadata>(raw.get()).ok().and_then(|metadata| metadata.digests);
    let read = |pair: Pair| Digest::new(DigestAlgorithm::parse(&pair.algorithm)?, &pair.value);
    pairs.unwrap_or_default().into_iter().filter_map(read).collect()
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct RawImage {
    user_input: Option<String>,
    #[serde(rename = "imageID")]
    image_id: Option<String>,
    manifest_digest: Option<String>,
    media_type: Option<String>,
    tags: Option<Vec<String>>,
    image_size: Option<u64>,
    layers: Option<Vec<RawLayer>>,
    manifest: Option<String>,
    config: Option<String>,
    repo_digests: Option<Vec<String>>,
    architecture: Option<String>,
    architecture_variant: Option<String>,
    os: Option<String>,
    annotations: Option<std::collections::BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLayer {
    media_type: Option<String>,
    digest: Option<String>,
    size: Option<u64>,
}

fn image(raw: &RawValue, broken: &mut Broken, user_input: &mut String) -> Option<ImageSource> {
    let raw: RawImage = broken.object("the image of source", 0, raw)?;
    let mut bytes = |name: &str, text: Option<String>| {
        STANDARD.decode(text.unwrap_or_default()).unwrap_or_else(|error| {
            broken.add(format!("the {name} of the image is not base64: {error}"));
            Vec::new()
        })
    };
    let (manifest, config) = (bytes("manifest", raw.manifest), bytes("configuration", raw.config));
    *user_input = raw.user_input.unwrap_or_default();
    let tags = raw.tags.unwrap_or_default();
    let repo_digests = raw.repo_digests.unwrap_or_default();
    let Some(manifest_digest) = digest_or_of(raw.manifest_digest, &manifest) else {
        broken.add("the image has no manifest digest: expected `sha256:` and 64 hexadecimal digits".to_owned());
        return None;
    };
    let image_id = digest_or_of(raw.image_id, &config).unwrap_or_else(|| manifest_digest.clone());
    let blobs = blobs(&manifest);
    let listed = raw.layers.unwrap_or_default();
    let blobs = if blobs.len() == listed.len() { blobs } else { vec![None; listed.len()] };
    let layers = listed.into_iter().zip(blobs).filter_map(|(layer, digest)| {
        let Ok(diff_id) = Digest::parse(layer.digest.as_deref().unwrap_or_default()) else {
            broken.add("a layer of the image has no digest: expected `sha256:` and 64 hexadecimal digits".to_owned());
            return None;
        };
        let media_type = layer.media_type.unwrap_or_default();
        Some(LayerInfo { diff_id, digest, media_type, size: layer.size.unwrap_or_default() })
    });
    Some(ImageSource {
        layers: layers.collect(),
        reference: reference(&tags, &repo_digests, user_input),
        tags,
        repo_digests,
        image_id,
        manifest_digest,
        manifest_is_local: false,
        media_type: raw.media_type.unwrap_or_default(),
        size: raw.image_size.unwrap_or_default(),
        manifest,
        config,
        architecture: raw.architecture.unwrap_or_default(),
        variant: raw.architecture_variant.unwrap_or_default(),
        os: raw.os.unwrap_or_default(),
        annotations: raw.annotations.unwrap_or_default().into_iter().collect(),
    })
}

fn digest_or_of(text: Option<String>, content: &[u8]) -> Option<Digest> {
    text.and_then(|text| Digest::parse(&text).ok()).or_else(|| {
        let hash: [u8; 32] = Sha256::digest(content).into();
        (!content.is_empty()).then(|| Digest::sha256(&hash))
    })
}

/// The digests of the layers as stored, from the manifest.
fn blobs(manifest: &[u8]) -> Vec<Option<Digest>> {
    #[derive(Deserialize)]
    struct Manifest {
        layers: Vec<Descriptor>,
    }
    #[derive(Deserialize)]
    struct Descriptor {
        digest: String,
    }
    let layers = serde_json::from_slice::<Manifest>(manifest).map(|manifest| manifest.layers).unwrap_or_default();
    layers.into_iter().map(|layer| Digest::parse(&layer.digest).ok()).collect()
}

/// The reference under which the image was known: a tag, else a digest name, else what was asked for unless
/// that is a path.
fn reference(tags: &[String], repo_digests: &[String], user_input: &str) -> ImageReference {
    let is_path = rooted(user_input.to_owned()) == user_input
        || user_input.starts_with('.')
        || std::path::Path::new(user_input).extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("tar"))
        || !user_input.contains([':', '@']);
    let asked = (!is_path).then_some(user_input);
    tags.iter()
        .chain(repo_digests)
        .map(String::as_str)
        .chain(asked)
        .find_map(|text| ImageReference::parse(text).ok())
        .unwrap_or_else(ImageReference::bare)
}

//! What was analysed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use stopgate_model::{ImageReference, ImageSource, LayerInfo, SourceDescription, SourceKind};

use super::packages::layer;
use super::read::{Invalid, bytes, digest, invalid};
use super::write::digest_field;
use crate::json::JsonWriter;

pub(super) fn write(w: &mut JsonWriter<'_>, source: &SourceDescription) {
    w.text_field("id", &source.id);
    match &source.kind {
        SourceKind::Image(image) => w.key("image").object(|w| image_fields(w, image)),
        SourceKind::Directory { path } => w.key("directory").object(|w| w.text_field("path", path)),
        SourceKind::File { path, digests } => w.key("file").object(|w| {
            w.key("digests").list(digests, JsonWriter::digest);
            w.text_field("path", path);
        }),
        SourceKind::Other { type_name, json } => w.key("other").object(|w| {
            w.text_field("json", json);
            w.text_field("type", type_name);
        }),
    }
    w.text_field("name", &source.name);
    w.text_field("user_input", &source.user_input);
    w.text_field("version", &source.version);
}

fn image_fields(w: &mut JsonWriter<'_>, image: &ImageSource) {
    if !image.annotations.is_empty() {
        w.key("annotations").list(&image.annotations, |w, (name, value)| w.list([name, value], |w, text| w.text(text)));
    }
    w.text_field("architecture", &image.architecture);
    w.text_field("config", &STANDARD.encode(&image.config));
    w.key("image_id").digest(&image.image_id);
    w.key("layers").list(&image.layers, |w, layer| {
        w.object(|w| {
            w.key("diff_id").digest(&layer.diff_id);
            digest_field(w, "digest", layer.digest.as_ref());
            w.text_field("media_type", &layer.media_type);
            w.key("size").number(layer.size);
        });
    });
    w.text_field("manifest", &STANDARD.encode(&image.manifest));
    w.key("manifest_digest").digest(&image.manifest_digest);
    if image.manifest_is_local {
        w.key("manifest_is_local").boolean(true);
    }
    w.text_field("media_type", &image.media_type);
    w.text_field("os", &image.os);
    w.key("reference").object(|w| {
        digest_field(w, "digest", image.reference.digest.as_ref());
        w.text_field("registry", &image.reference.registry);
        w.text_field("repository", &image.reference.repository);
        if let Some(tag) = &image.reference.tag {
            w.text_field("tag", tag);
        }
    });
    w.texts_field("repo_digests", &image.repo_digests);
    w.key("size").number(image.size);
    w.texts_field("tags", &image.tags);
    w.text_field("variant", &image.variant);
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceRow {
    id: String,
    image: Option<Box<ImageRow>>,
    directory: Option<DirectoryRow>,
    file: Option<FileRow>,
    other: Option<OtherRow>,
    name: String,
    user_input: String,
    version: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectoryRow {
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow {
    digests: Vec<String>,
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OtherRow {
    json: String,
    #[serde(rename = "type")]
    type_name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ImageRow {
    #[serde(default)]
    annotations: Vec<(String, String)>,
    architecture: String,
    config: String,
    image_id: String,
    layers: Vec<LayerRow>,
    manifest: String,
    manifest_digest: String,
    #[serde(default)]
    manifest_is_local: bool,
    media_type: String,
    os: String,
    reference: ReferenceRow,
    repo_digests: Vec<String>,
    size: u64,
    tags: Vec<String>,
    variant: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerRow {
    diff_id: String,
    digest: Option<String>,
    media_type: String,
    size: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReferenceRow {
    digest: Option<String>,
    registry: String,
    repository: String,
    tag: Option<String>,
}

impl SourceRow {
    pub(super) fn source(self) -> Result<SourceDescription, Invalid> {
        let kind = match (self.image, self.directory, self.file, self.other) {
            (Some(image), None, None, None) => SourceKind::Image(Box::new(image.image()?)),
            (None, Some(directory), None, None) => SourceKind::Directory { path: directory.path },
            (None, None, Some(file), None) => SourceKind::File {
                path: file.path,
                digests: file.digests.iter().map(|text| digest(text)).collect::<Result<_, _>>()?,
            },
            (None, None, None, Some(other)) => SourceKind::Other { type_name: other.type_name, json: other.json },
            _ => return Err(invalid("source", "not exactly one of image, directory, file, other")),
        };
        Ok(SourceDescription { id: self.id, name: self.name, version: self.version, user_input: self.user_input, kind })
    }
}

impl ImageRow {
    fn image(self) -> Result<ImageSource, Invalid> {
        Ok(ImageSource {
            reference: ImageReference {
                registry: self.reference.registry,
                repository: self.reference.repository,
                tag: self.reference.tag,
                digest: layer(self.reference.digest.as_deref())?,
            },
            tags: self.tags,
            repo_digests: self.repo_digests,
            image_id: digest(&self.image_id)?,
            manifest_digest: digest(&self.manifest_digest)?,
            manifest_is_local: self.manifest_is_local,
            media_type: self.media_type,
            size: self.size,
            layers: self.layers.into_iter().map(LayerRow::layer).collect::<Result<_, _>>()?,
            manifest: bytes(&self.manifest)?,
            config: bytes(&self.config)?,
            architecture: self.architecture,
            variant: self.variant,
            os: self.os,
            annotations: self.annotations,
        })
    }
}

impl LayerRow {
    fn layer(self) -> Result<LayerInfo, Invalid> {
        Ok(LayerInfo {
            diff_id: digest(&self.diff_id)?,
            digest: layer(self.digest.as_deref())?,
            media_type: self.media_type,
            size: self.size,
        })
    }
}

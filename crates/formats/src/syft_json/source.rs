//! The `source` block: what was analysed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use stopgate_model::{Artifact, ImageSource, SourceKind};

use crate::json::JsonWriter;

pub(super) fn write(w: &mut JsonWriter<'_>, artifact: &Artifact) {
    let source = &artifact.source;
    w.key("source").object(|w| {
        w.text_field("id", &source.id);
        w.text_field("name", &source.name);
        w.text_field("version", &source.version);
        match &source.kind {
            SourceKind::Image(image) => {
                w.text_field("type", "image");
                w.key("metadata").object(|w| image_metadata(w, artifact, image));
            }
            SourceKind::Directory { path } => {
                w.text_field("type", "directory");
                w.key("metadata").object(|w| w.text_field("path", path));
            }
            SourceKind::File { path, digests } => {
                w.text_field("type", "file");
                w.key("metadata").object(|w| {
                    w.text_field("path", path);
                    if !digests.is_empty() {
                        w.key("digests").list(digests, |w, digest| {
                            w.object(|w| {
                                w.text_field("algorithm", digest.algorithm().name());
                                w.text_field("value", digest.hex());
                            });
                        });
                    }
                    w.text_field("mimeType", "");
                });
            }
            SourceKind::Other { type_name, json } => {
                w.text_field("type", type_name);
                w.key("metadata").raw(if json.is_empty() { "null" } else { json });
            }
        }
    });
}

/// The fields of an image's metadata, as syft and grype write them.
pub(crate) fn image_metadata(w: &mut JsonWriter<'_>, artifact: &Artifact, image: &ImageSource) {
    w.text_field("userInput", &artifact.source.user_input);
    w.key("imageID").digest(&image.image_id);
    w.key("manifestDigest").digest(&image.manifest_digest);
    w.text_field("mediaType", &image.media_type);
    w.texts_field("tags", &image.tags);
    w.key("imageSize").number(image.size);
    w.key("layers").list(&image.layers, |w, layer| {
        w.object(|w| {
            w.text_field("mediaType", &layer.media_type);
            w.key("digest").digest(&layer.diff_id);
            w.key("size").number(layer.size);
        });
    });
    w.text_field("manifest", &STANDARD.encode(&image.manifest));
    w.text_field("config", &STANDARD.encode(&image.config));
    w.texts_field("repoDigests", &image.repo_digests);
    w.text_field("architecture", &image.architecture);
    w.text_unless_empty("architectureVariant", &image.variant);
    w.text_field("os", &image.os);
    map_unless_empty(w, "labels", &labels(artifact, image));
    map_unless_empty(w, "annotations", &image.annotations);
}

fn map_unless_empty(w: &mut JsonWriter<'_>, name: &'static str, pairs: &[(String, String)]) {
    if !pairs.is_empty() {
        w.key(name).object(|w| {
            for (key, value) in pairs {
                w.any_key(key).text(value);
            }
        });
    }
}

// An artifact that was itself read from an SBOM has the configuration only as bytes.
fn labels(artifact: &Artifact, image: &ImageSource) -> Vec<(String, String)> {
    #[derive(serde::Deserialize, Default)]
    struct Config {
        config: Option<Inner>,
    }
    #[derive(serde::Deserialize, Default)]
    struct Inner {
        #[serde(rename = "Labels")]
        labels: Option<std::collections::BTreeMap<String, String>>,
    }
    match &artifact.config {
        Some(config) => config.labels.clone(),
        None => serde_json::from_slice::<Config>(&image.config)
            .ok()
            .and_then(|config| config.config?.labels)
            .map(|labels| labels.into_iter().collect())
            .unwrap_or_default(),
    }
}

//! Manifests and indexes of OCI (image-spec 1.1) and Docker (schema 2), read leniently: unknown fields
//! and media types pass, what cannot be is an error. Schema 1 is left out; registries stopped serving it.

use std::collections::BTreeMap;

use serde::Deserialize;
use stopgate_model::{Digest, limits};

use crate::{LayerBlob, Platform, SourceError};

/// Media types that a registry is asked for.
pub(crate) const ACCEPTED: &str = "application/vnd.oci.image.index.v1+json, \
     application/vnd.docker.distribution.manifest.list.v2+json, \
     application/vnd.oci.image.manifest.v1+json, \
     application/vnd.docker.distribution.manifest.v2+json";

pub(crate) const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";
pub(crate) const DOCKER_CONFIG: &str = "application/vnd.docker.container.image.v1+json";
const OCI_CONFIG: &str = "application/vnd.oci.image.config.v1+json";

/// A reference to content.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    #[serde(default)]
    pub(crate) media_type: String,
    pub(crate) digest: String,
    pub(crate) size: u64,
    #[serde(default)]
    pub(crate) artifact_type: Option<String>,
    #[serde(default)]
    pub(crate) platform: Option<PlatformFields>,
    #[serde(default)]
    pub(crate) annotations: Option<BTreeMap<String, String>>,
}

/// A platform as written.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PlatformFields {
    #[serde(default)]
    os: Option<String>,
    #[serde(default)]
    architecture: Option<String>,
    #[serde(default)]
    variant: Option<String>,
}

impl PlatformFields {
    pub(crate) fn platform(&self) -> Option<Platform> {
        let (os, architecture) = (self.os.as_deref()?, self.architecture.as_deref()?);
        let named = !os.is_empty() && !architecture.is_empty();
        named.then(|| Platform::new(os, architecture, self.variant.as_deref()))
    }
}

impl Descriptor {
    pub(crate) fn digest(&self) -> Result<Digest, SourceError> {
        let digest =
            Digest::parse(&self.digest).map_err(|error| SourceError::malformed("digest", error.to_string()))?;
        match stopgate_archive::Hasher::new(digest.algorithm()) {
            Some(_) => Ok(digest),
            None => Err(SourceError::malformed(digest.to_string(), "content is named by a weak digest")),
        }
    }

    pub(crate) fn annotation(&self, name: &str) -> Option<&str> {
        self.annotations.as_ref()?.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields {
    schema_version: Option<u64>,
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    config: Option<Descriptor>,
    #[serde(default)]
    layers: Option<Vec<Descriptor>>,
    #[serde(default)]
    manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    fs_layers: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, String>>,
}

/// A manifest of one image.
#[derive(Debug, Clone)]
pub(crate) struct Manifest {
    pub(crate) media_type: String,
    pub(crate) config: Descriptor,
    pub(crate) layers: Vec<Descriptor>,
    pub(crate) annotations: Vec<(String, String)>,
}

/// What a document of a registry or layout is.
#[derive(Debug, Clone)]
pub(crate) enum Document {
    Index(Vec<Descriptor>),
    Manifest(Box<Manifest>),
}

/// Reads a manifest or index; `what` names it in messages.
pub(crate) fn parse(bytes: &[u8], what: &str) -> Result<Document, SourceError> {
    let malformed = |reason: &str| SourceError::malformed(what, reason);
    let fields: Fields =
        serde_json::from_slice(bytes).map_err(|error| malformed(&format!("it is not a manifest: {error}")))?;
    if fields.schema_version == Some(1) || fields.fs_layers.is_some() {
        return Err(malformed("it is a manifest of schema 1: expected schema 2 or oci"));
    }
    match (fields.manifests, fields.config, fields.layers) {
        // The same bytes could be read as two things (OCI advisory GHSA-mc8v-mgrf-8f4m).
        (Some(_), Some(_), _) | (Some(_), _, Some(_)) => Err(malformed("it is both an index and a manifest")),
        (Some(members), None, None) => {
            let (seen, limit) = (members.len() as u64, limits::INDEX_MEMBERS);
            if seen > limit {
                return Err(SourceError::Limit { what: what.to_owned(), seen, limit, unit: "members" });
            }
            Ok(Document::Index(members))
        }
        (None, Some(config), layers) => Ok(Document::Manifest(Box::new(Manifest {
            media_type: fields.media_type.unwrap_or_else(|| OCI_MANIFEST.to_owned()),
            config,
            layers: layers.unwrap_or_default(),
            annotations: fields.annotations.unwrap_or_default().into_iter().collect(),
        }))),
        (None, None, _) => Err(malformed("it has neither a configuration nor members")),
    }
}

/// What of a configuration is needed to open an image.
#[derive(Debug, Clone)]
pub(crate) struct ConfigFacts {
    pub(crate) diff_ids: Vec<Digest>,
    pub(crate) platform: Option<Platform>,
}

/// Reads a configuration.
pub(crate) fn parse_config(bytes: &[u8], what: &str) -> Result<ConfigFacts, SourceError> {
    #[derive(Deserialize)]
    struct Config {
        #[serde(default)]
        rootfs: Option<RootFs>,
        #[serde(flatten)]
        platform: PlatformFields,
    }
    #[derive(Deserialize)]
    struct RootFs {
        #[serde(default)]
        diff_ids: Option<Vec<String>>,
    }
    let config: Config = serde_json::from_slice(bytes)
        .map_err(|error| SourceError::malformed(what, format!("it is not an image configuration: {error}")))?;
    let ids = config.rootfs.and_then(|rootfs| rootfs.diff_ids).unwrap_or_default();
    let diff_ids = ids
        .iter()
        .map(|id| Digest::parse(id).map_err(|error| SourceError::malformed(what, error.to_string())))
        .collect::<Result<_, _>>()?;
    Ok(ConfigFacts { diff_ids, platform: config.platform.platform() })
}

impl Manifest {
    /// An error when this is no image but something else that registries hold.
    pub(crate) fn require_image(&self, what: &str) -> Result<(), SourceError> {
        let not_an_image =
            |found: &str| Err(SourceError::NotAnImage { what: what.to_owned(), found: found.to_owned() });
        let config = self.config.media_type.as_str();
        // Some old tools write a generic type.
        if !matches!(config, OCI_CONFIG | DOCKER_CONFIG | "" | "application/octet-stream" | "application/json") {
            return not_an_image(config);
        }
        match self.layers.first() {
            // Signatures and attestations come with an empty configuration of an image.
            Some(first) if !self.layers.iter().any(|layer| is_file_system(&layer.media_type)) => {
                not_an_image(&first.media_type)
            }
            _ => Ok(()),
        }
    }

    /// The layers with the configuration's diffIDs, sizes checked.
    pub(crate) fn layer_blobs(&self, config: &ConfigFacts, what: &str) -> Result<Vec<LayerBlob>, SourceError> {
        let limited = |seen, limit, unit| SourceError::Limit { what: what.to_owned(), seen, limit, unit };
        let count = self.layers.len() as u64;
        if count > limits::LAYERS {
            return Err(limited(count, limits::LAYERS, "layers"));
        }
        if config.diff_ids.len() != self.layers.len() {
            let reason = format!("its configuration names {} layers, its manifest {count}", config.diff_ids.len());
            return Err(SourceError::malformed(what, reason));
        }
        let bytes = self.layers.iter().fold(0_u64, |sum, layer| sum.saturating_add(layer.size));
        if bytes > limits::IMAGE_COMPRESSED_BYTES {
            return Err(limited(bytes, limits::IMAGE_COMPRESSED_BYTES, "compressed bytes"));
        }
        let blob = |(layer, diff_id): (&Descriptor, &Digest)| {
            Ok(LayerBlob {
                digest: Some(layer.digest()?),
                diff_id: diff_id.clone(),
                size: layer.size,
                media_type: layer.media_type.clone(),
                foreign: is_foreign(&layer.media_type),
            })
        };
        self.layers.iter().zip(&config.diff_ids).map(blob).collect()
    }
}

fn is_file_system(media_type: &str) -> bool {
    media_type.is_empty()
        || media_type.starts_with("application/vnd.oci.image.layer.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.")
        || media_type == "application/octet-stream"
        || media_type.contains(".tar")
        || media_type.contains("/tar")
}

fn is_foreign(media_type: &str) -> bool {
    media_type.contains("nondistributable") || media_type.contains("rootfs.foreign.")
}

#[cfg(test)]
mod tests {
    use super::{Document, parse};

    const MEMBER: &str = r#"{"mediaType":"x","digest":"sha256:00","size":1}"#;

    #[test]
    fn tells_indexes_from_manifests_and_refuses_both_at_once() {
        let index = format!(r#"{{"schemaVersion":2,"manifests":[{MEMBER}]}}"#);
        assert!(matches!(parse(index.as_bytes(), "x").unwrap(), Document::Index(members) if members.len() == 1));
        let manifest = format!(r#"{{"schemaVersion":2,"config":{MEMBER},"layers":[]}}"#);
        assert!(matches!(parse(manifest.as_bytes(), "x").unwrap(), Document::Manifest(_)));
        for bad in [
            format!(r#"{{"schemaVersion":2,"config":{MEMBER},"manifests":[]}}"#),
            r#"{"schemaVersion":1,"fsLayers":[]}"#.to_owned(),
            "{}".to_owned(),
            "[]".to_owned(),
            String::new(),
            format!(r#"{{"manifests":[{}]}}"#, [MEMBER; 257].join(",")),
        ] {
            assert!(parse(bad.as_bytes(), "x").is_err(), "{bad:.60}");
        }
    }
}

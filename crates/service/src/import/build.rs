//! What parts say of an image, as one analysis document.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;
use stopgate_analyzer::AnalyzeOptions;
use stopgate_model::{Artifact, Digest, Engine, ImageReference, ImageSource, LayerInfo, SourceKind};

use super::Part;
use crate::error::with_causes;
use crate::image::chain_ids;

/// The parts of an import, read.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    /// Digest of the manifest, as it was given.
    pub(super) digest: String,
    /// Names of the image.
    pub(super) tags: Vec<String>,
    pub(super) contents: BTreeMap<Part, Vec<u8>>,
}

impl Parts {
    fn of(&self, part: Part) -> &[u8] {
        self.contents.get(&part).map_or(&[], Vec::as_slice)
    }
}

/// Tells what is imported by one version of the program from what another would make of it.
pub(super) fn semantics() -> String {
    let engine = Engine::own();
    format!("{}|{}", engine.version, engine.semantics)
}

/// The analysis document, or why there is none: one sentence.
pub(super) fn document(parts: &Parts) -> Result<Vec<u8>, String> {
    let described = stopgate_formats::sbom::detect_and_read(parts.of(Part::Packages));
    let described = described.map_err(|error| format!("the packages cannot be read: {}", with_causes(&error)))?;
    let mut artifact = if parts.contents.contains_key(&Part::Analysis) {
        analysis(parts, &described)?
    } else {
        of_sbom(parts, described)?
    };
    let text = |error: crate::ServiceError| error.message;
    // What was not sent is not known, which is another thing than nothing.
    if let Some(bytes) = parts.contents.get(&Part::SecretSearches).filter(|_| artifact.secrets.is_none()) {
        artifact.secrets = Some(Part::SecretSearches.hits(bytes).map_err(text)?);
    }
    if let Some(bytes) = parts.contents.get(&Part::ContentSearches).filter(|_| artifact.content.is_none()) {
        artifact.content = Some(Part::ContentSearches.hits(bytes).map_err(text)?);
    }
    if let Some(bytes) = parts.contents.get(&Part::FileContents).filter(|_| artifact.retrieved.is_none()) {
        artifact.retrieved = Some(Part::FileContents.files(bytes).map_err(text)?);
    }
    let mut out = Vec::new();
    stopgate_formats::analysis::write(&artifact, &mut out).map_err(|error| with_causes(&error))?;
    Ok(out)
}

/// The artifact of an analysis document, when it is about the image that the other parts are about.
fn analysis(parts: &Parts, described: &Artifact) -> Result<Artifact, String> {
    let artifact = stopgate_formats::analysis::read(parts.of(Part::Analysis));
    let artifact =
        artifact.map_err(|error| format!("the analysis document cannot be read: {}", with_causes(&error)))?;
    let image = artifact.source.image().ok_or("the analysis document describes no image")?;
    if image.manifest_digest.to_string() != parts.digest {
        return Err(format!("the analysis document is about {}, expected {}", image.manifest_digest, parts.digest));
    }
    if !same_json(&image.config, parts.of(Part::ImageConfig)) {
        return Err("the analysis document has another configuration than the part `image-config`".to_owned());
    }
    let packages = |artifact: &Artifact| -> BTreeSet<(String, String, String)> {
        let of = |package: &stopgate_model::Package| {
            (package.package_type.id().to_owned(), package.name.clone(), package.version.clone())
        };
        artifact.packages.iter().map(of).collect()
    };
    let (own, theirs) = (packages(&artifact), packages(described));
    if let Some((kind, name, version)) = own.symmetric_difference(&theirs).next() {
        let message = "the analysis document and the part `packages` differ, first in the package";
        return Err(format!("{message} `{name}` {version} ({kind})"));
    }
    Ok(artifact)
}

/// Whether two documents say the same: a client may have read and written one of them.
fn same_json(a: &[u8], b: &[u8]) -> bool {
    a == b
        || matches!((serde_json::from_slice::<Value>(a), serde_json::from_slice::<Value>(b)), (Ok(a), Ok(b)) if a == b)
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Config {
    architecture: String,
    variant: String,
    os: String,
    rootfs: RootFs,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RootFs {
    diff_ids: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Manifest {
    #[serde(rename = "mediaType")]
    media_type: String,
    config: Option<Descriptor>,
    layers: Vec<Descriptor>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Descriptor {
    digest: String,
    #[serde(rename = "mediaType")]
    media_type: String,
}

/// An artifact of an SBOM, a manifest and a configuration.
fn of_sbom(parts: &Parts, mut artifact: Artifact) -> Result<Artifact, String> {
    let config: Config = serde_json::from_slice(parts.of(Part::ImageConfig))
        .map_err(|error| format!("the configuration of the image cannot be read: {error}"))?;
    let manifest: Manifest = serde_json::from_slice(parts.of(Part::Manifest))
        .map_err(|error| format!("the manifest of the image cannot be read: {error}"))?;
    let digest = Digest::parse(&parts.digest).map_err(|error| error.to_string())?;
    let named = manifest.config.as_ref().and_then(|config| Digest::parse(&config.digest).ok());
    let known = artifact.source.image().cloned();
    let layers = layers(&config, &manifest, known.as_ref())?;
    if let Some(known) = &known {
        same_image(known, &digest, named.as_ref(), &layers)?;
    }
    let hash = || Digest::parse(&format!("sha256:{}", crate::sha256_hex(parts.of(Part::ImageConfig))));
    let image_id = match named {
        Some(named) => named,
        None => hash().map_err(|error| error.to_string())?,
    };
    let diff_ids: Vec<String> = layers.iter().map(|layer| layer.diff_id.to_string()).collect();
    let diff_ids: Vec<&str> = diff_ids.iter().map(String::as_str).collect();
    let chain = chain_ids(&diff_ids).pop().unwrap_or_else(|| image_id.hex().to_owned());
    let name = parts.tags.first().and_then(|tag| ImageReference::parse(tag).ok());
    let reference = name.unwrap_or_else(ImageReference::bare);
    let source = &mut artifact.source;
    source.id = chain;
    source.name = match reference.registry.as_str() {
        "docker.io" => reference.repository.clone(),
        registry => format!("{registry}/{}", reference.repository),
    };
    source.version.clone_from(&parts.digest);
    source.user_input = reference.full_tag();
    source.kind = SourceKind::Image(Box::new(ImageSource {
        reference,
        tags: parts.tags.clone(),
        repo_digests: known.as_ref().map(|known| known.repo_digests.clone()).unwrap_or_default(),
        image_id,
        manifest_digest: digest,
        manifest_is_local: false,
        media_type: manifest.media_type,
        size: known.as_ref().map_or(0, |known| known.size),
        layers,
        manifest: parts.of(Part::Manifest).to_vec(),
        config: parts.of(Part::ImageConfig).to_vec(),
        architecture: config.architecture,
        variant: config.variant,
        os: config.os,
        annotations: known.map(|known| known.annotations).unwrap_or_default(),
    }));
    artifact.config = None;
    stopgate_analyzer::complete(&mut artifact, &AnalyzeOptions::default());
    Ok(artifact)
}

/// Layers by the configuration, with the sizes that the SBOM knows; those of the SBOM when the configuration has none.
fn layers(config: &Config, manifest: &Manifest, known: Option<&ImageSource>) -> Result<Vec<LayerInfo>, String> {
    let listed = known.map(|known| known.layers.as_slice()).unwrap_or_default();
    if config.rootfs.diff_ids.is_empty() {
        return Ok(listed.to_vec());
    }
    let blobs = if manifest.layers.len() == config.rootfs.diff_ids.len() { manifest.layers.as_slice() } else { &[] };
    let layer = |(number, text): (usize, &String)| {
        let diff_id = Digest::parse(text);
        let diff_id = diff_id.map_err(|error| format!("layer {number} of the configuration: {error}"))?;
        let blob = blobs.get(number);
        Ok(LayerInfo {
            size: listed.iter().find(|layer| layer.diff_id == diff_id).map_or(0, |layer| layer.size),
            diff_id,
            digest: blob.and_then(|blob| Digest::parse(&blob.digest).ok()),
            media_type: blob.map(|blob| blob.media_type.clone()).unwrap_or_default(),
        })
    };
    config.rootfs.diff_ids.iter().enumerate().map(layer).collect()
}

/// Refuses packages of another image. Clients name an image by its manifest, by its configuration, or, for one that
/// never was in a registry, by neither in a way that others can follow: then its layers tell.
fn same_image(
    known: &ImageSource,
    digest: &Digest,
    config: Option<&Digest>,
    layers: &[LayerInfo],
) -> Result<(), String> {
    let same_layers = known.layers.len() == layers.len()
        && known.layers.iter().zip(layers).all(|(known, layer)| known.diff_id == layer.diff_id);
    if same_layers || known.manifest_digest == *digest || config == Some(&known.image_id) {
        return Ok(());
    }
    Err(format!(
        "the packages are those of another image: its manifest is {}, expected {digest}, and its layers are not those \
         of the configuration",
        known.manifest_digest
    ))
}

//! The output of `docker save`: `manifest.json` names configuration, layers and tags. Newer ones hold an
//! OCI layout as well; the files that `manifest.json` names then lie in it.
//!
//! There is no manifest that a registry knows, so one is made here and marked as local.

use std::io::{Read, copy};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::json;
use stopgate_archive::{Compression, HashingReader, clean_path, digest_of};
use stopgate_model::{Digest, DigestAlgorithm, ImageReference, limits};

use crate::blobs::FileBlobs;
use crate::files::{Files, Tarball};
use crate::manifest::{self, DOCKER_CONFIG, DOCKER_MANIFEST};
use crate::{Image, LayerBlob, SourceError, SourceOptions};

const LAYER: &str = "application/vnd.docker.image.rootfs.diff.tar";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Row {
    config: String,
    #[serde(default)]
    repo_tags: Option<Vec<String>>,
    #[serde(default)]
    layers: Option<Vec<String>>,
}

/// Opens the one image of an archive; `tag` chooses among several.
pub(crate) fn open(files: Tarball, tag: Option<&str>, options: &SourceOptions) -> Result<Image, SourceError> {
    let bytes = files.read("manifest.json", limits::MANIFEST_BYTES)?.ok_or_else(|| SourceError::MissingPart {
        what: "manifest.json".to_owned(),
        source_name: files.name().to_owned(),
    })?;
    let rows: Vec<Row> = serde_json::from_slice(&bytes)
        .map_err(|error| SourceError::malformed("manifest.json", format!("it is not of docker's form: {error}")))?;
    let row = pick(rows, tag, files.name())?;
    let config = files
        .read(&row.config, limits::CONFIG_BYTES)?
        .ok_or_else(|| SourceError::MissingPart { what: row.config.clone(), source_name: files.name().to_owned() })?;
    let config_digest = digest_of(&config);
    require_named_digest(&row.config, &config_digest)?;
    let facts = manifest::parse_config(&config, &row.config)?;
    if let (Some(wanted), Some(offered)) = (&options.platform, &facts.platform)
        && !wanted.accepts(offered)
    {
        let (what, wanted) = (files.name().to_owned(), wanted.clone());
        return Err(SourceError::Platform { what, wanted, available: vec![offered.to_string()] });
    }
    let names = row.layers.unwrap_or_default();
    let layers = layers(&files, &names, &facts.diff_ids)?;
    let manifest = make_manifest(&config, &config_digest, &layers);
    let tags = row.repo_tags.unwrap_or_default();
    let reference = tags.iter().find_map(|tag| ImageReference::parse(tag).ok()).unwrap_or_else(ImageReference::bare);
    Ok(Image {
        reference,
        tags,
        repo_digests: Vec::new(),
        manifest_digest: digest_of(&manifest),
        manifest,
        manifest_is_local: true,
        parent: None,
        media_type: DOCKER_MANIFEST.to_owned(),
        config,
        config_digest,
        layers,
        annotations: Vec::new(),
        blobs: Arc::new(FileBlobs { files: Box::new(files), paths: names }),
    })
}

fn pick(mut rows: Vec<Row>, tag: Option<&str>, what: &str) -> Result<Row, SourceError> {
    let tags = |rows: &[Row]| rows.iter().flat_map(|row| row.repo_tags.clone().unwrap_or_default()).collect();
    let names: Vec<String> = tags(&rows);
    if let Some(tag) = tag {
        rows.retain(|row| row.repo_tags.iter().flatten().any(|other| other == tag));
    }
    let several = || SourceError::SeveralImages { what: what.to_owned(), names };
    match (rows.pop(), rows.is_empty()) {
        (Some(row), true) => Ok(row),
        (None, _) if tag.is_none() => Err(SourceError::malformed("manifest.json", "it names no image")),
        _ => Err(several()),
    }
}

/// Configurations are named by their digest, which is worth checking: `<hex>.json` or `blobs/sha256/<hex>`.
fn require_named_digest(path: &str, found: &Digest) -> Result<(), SourceError> {
    let Some(expected) = digest_in(path) else { return Ok(()) };
    if expected == *found {
        return Ok(());
    }
    let found = stopgate_archive::Found::Digest(found.clone());
    Err(stopgate_archive::IntegrityError { expected, found }.into())
}

fn digest_in(path: &str) -> Option<Digest> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let hex = name.split('.').next().unwrap_or(name);
    let hex = hex.strip_prefix("sha256:").unwrap_or(hex);
    Digest::new(DigestAlgorithm::Sha256, hex)
}

fn layers(files: &Tarball, names: &[String], diff_ids: &[Digest]) -> Result<Vec<LayerBlob>, SourceError> {
    let (seen, limit) = (names.len() as u64, limits::LAYERS);
    if seen > limit {
        return Err(SourceError::Limit { what: files.name().to_owned(), seen, limit, unit: "layers" });
    }
    if names.len() != diff_ids.len() {
        let reason = format!("it names {seen} layers, the configuration {}", diff_ids.len());
        return Err(SourceError::malformed("manifest.json", reason));
    }
    let layers: Vec<LayerBlob> =
        names.iter().zip(diff_ids).map(|(name, diff_id)| layer(files, name, diff_id)).collect::<Result<_, _>>()?;
    let seen = layers.iter().fold(0_u64, |sum, layer| sum.saturating_add(layer.size));
    let limit = limits::IMAGE_BYTES;
    if seen > limit {
        return Err(SourceError::Limit { what: files.name().to_owned(), seen, limit, unit: "bytes" });
    }
    Ok(layers)
}

fn layer(files: &Tarball, name: &str, diff_id: &Digest) -> Result<LayerBlob, SourceError> {
    let failed = |error| SourceError::io(name, error);
    let (mut content, size) = files.require(name)?;
    let mut head = Vec::new();
    content.by_ref().take(16).read_to_end(&mut head).map_err(failed)?;
    let (digest, media_type) = match Compression::detect(&head) {
        // Stored as it is, the layer is its own diffID.
        Compression::None => (diff_id.clone(), LAYER.to_owned()),
        compression => {
            let digest = match clean_path(name.as_bytes()).ok().filter(|path| path.starts_with("blobs/sha256/")) {
                Some(path) => digest_in(&path),
                None => None,
            };
            let digest = match digest {
                Some(digest) => digest,
                None => hash(files, name)?,
            };
            (digest, format!("{LAYER}.{}", compression.name()))
        }
    };
    Ok(LayerBlob { digest: Some(digest), diff_id: diff_id.clone(), size, media_type, foreign: false })
}

/// The digest of a compressed layer that nothing names by it (Bazel, jib).
fn hash(files: &Tarball, name: &str) -> Result<Digest, SourceError> {
    let (content, _) = files.require(name)?;
    let mut reader = HashingReader::new(content);
    copy(&mut reader, &mut std::io::sink()).map_err(|error| SourceError::io(name, error))?;
    Ok(reader.finish().0)
}

/// The manifest that a registry would have got, had these very blobs been pushed.
fn make_manifest(config: &[u8], config_digest: &Digest, layers: &[LayerBlob]) -> Vec<u8> {
    let layers: Vec<_> = layers
        .iter()
        .map(|layer| {
            let digest = layer.digest.as_ref().unwrap_or(&layer.diff_id).to_string();
            json!({"mediaType": layer.media_type, "size": layer.size, "digest": digest})
        })
        .collect();
    json!({
        "schemaVersion": 2,
        "mediaType": DOCKER_MANIFEST,
        "config": {"mediaType": DOCKER_CONFIG, "size": config.len(), "digest": config_digest.to_string()},
        "layers": layers,
    })
    .to_string()
    .into_bytes()
}

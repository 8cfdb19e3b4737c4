//! Images made from entries in memory: OCI layouts and archives (OCI image-spec 1.1) and docker archives.
//!
//! Made for tests, the demo and recipes, so everything is held in memory.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde_json::{Map, Value, json};
use stopgate_model::Digest;

use super::{Entry, TarWriter, tar_of};
use crate::digest_of;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar";

/// How layers are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CompressionChoice {
    /// Not at all.
    None,
    /// gzip.
    #[default]
    Gzip,
    /// Zstandard.
    Zstd,
}

/// A layer to write.
#[derive(Debug, Clone)]
pub enum Layer {
    /// Entries, made a tar archive.
    Entries(Vec<Entry>),
    /// A tar archive as it is, damaged or not.
    Tar(Vec<u8>),
}

/// What an image is made of.
#[derive(Debug, Clone, Default)]
pub struct ImageBuilder {
    /// Layers, lowest first.
    pub layers: Vec<Layer>,
    /// The configuration; `rootfs` is added, `architecture` and `os` where they are missing.
    pub config: Map<String, Value>,
    /// How layers are compressed.
    pub compression: CompressionChoice,
    /// `repository:tag`, written as ref-name and RepoTags.
    pub tag: Option<String>,
    /// Annotations of the manifest.
    pub annotations: Vec<(String, String)>,
}

/// A blob of an image.
#[derive(Debug, Clone)]
pub struct Blob {
    /// Digest of the bytes.
    pub digest: Digest,
    /// Media type.
    pub media_type: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A finished image: all its blobs.
#[derive(Debug, Clone)]
pub struct Built {
    /// The manifest.
    pub manifest: Blob,
    /// The configuration.
    pub config: Blob,
    /// Layers as stored, lowest first.
    pub layers: Vec<Blob>,
    /// Digests of the uncompressed layers.
    pub diff_ids: Vec<Digest>,
    /// Layers before compression.
    tars: Vec<Vec<u8>>,
    tag: Option<String>,
    platform: Value,
}

impl ImageBuilder {
    /// An image without layers, for linux/amd64.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same image with one more layer on top.
    #[must_use]
    pub fn layer(mut self, entries: Vec<Entry>) -> Self {
        self.layers.push(Layer::Entries(entries));
        self
    }

    /// The same image with a tag.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tag = Some(tag.to_owned());
        self
    }

    /// The same image with layers compressed in this way.
    #[must_use]
    pub const fn compression(mut self, compression: CompressionChoice) -> Self {
        self.compression = compression;
        self
    }

    /// The same image with a field of its configuration set (`config`, `history`, `created` ...).
    #[must_use]
    pub fn config_field(mut self, name: &str, value: Value) -> Self {
        self.config.insert(name.to_owned(), value);
        self
    }

    /// Makes all blobs.
    pub fn build(&self) -> io::Result<Built> {
        let tars: Vec<Vec<u8>> = self
            .layers
            .iter()
            .map(|layer| match layer {
                Layer::Entries(entries) => tar_of(entries),
                Layer::Tar(bytes) => bytes.clone(),
            })
            .collect();
        let layers = tars.iter().map(|tar| self.compress(tar)).collect::<io::Result<Vec<_>>>()?;
        let diff_ids: Vec<Digest> = tars.iter().map(|tar| digest_of(tar)).collect();
        let config = self.config(&diff_ids);
        let platform = json!({"architecture": config.get("architecture"), "os": config.get("os")});
        let config = blob(CONFIG, serde_json::to_vec(&config)?);
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(&config),
            "layers": layers.iter().map(descriptor).collect::<Vec<_>>(),
        });
        if let (false, Some(manifest)) = (self.annotations.is_empty(), manifest.as_object_mut()) {
            let annotations = self.annotations.iter().map(|(name, value)| (name.clone(), json!(value)));
            manifest.insert("annotations".to_owned(), Value::Object(annotations.collect()));
        }
        let manifest = blob(MANIFEST, serde_json::to_vec(&manifest)?);
        Ok(Built { manifest, config, layers, diff_ids, tars, tag: self.tag.clone(), platform })
    }

    fn config(&self, diff_ids: &[Digest]) -> Map<String, Value> {
        let mut config = self.config.clone();
        config.entry("architecture").or_insert_with(|| json!("amd64"));
        config.entry("os").or_insert_with(|| json!("linux"));
        config.entry("rootfs").or_insert_with(|| {
            let ids: Vec<String> = diff_ids.iter().map(ToString::to_string).collect();
            json!({"type": "layers", "diff_ids": ids})
        });
        config
    }

    fn compress(&self, tar: &[u8]) -> io::Result<Blob> {
        Ok(match self.compression {
            CompressionChoice::None => blob(LAYER, tar.to_vec()),
            CompressionChoice::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
                encoder.write_all(tar)?;
                blob(&format!("{LAYER}+gzip"), encoder.finish()?)
            }
            CompressionChoice::Zstd => blob(&format!("{LAYER}+zstd"), zstd::encode_all(tar, 3)?),
        })
    }

    /// Writes an OCI layout directory.
    pub fn write_oci_dir(&self, folder: &Path) -> io::Result<()> {
        self.build()?.write_oci_dir(folder)
    }

    /// Writes an OCI archive.
    pub fn write_oci_archive(&self, path: &Path) -> io::Result<()> {
        fs::write(path, self.build()?.oci_archive()?)
    }

    /// Writes a docker archive.
    pub fn write_docker_archive(&self, path: &Path) -> io::Result<()> {
        fs::write(path, self.build()?.docker_archive()?)
    }
}

impl Built {
    /// `index.json` of a layout that holds only this image.
    pub fn index(&self) -> io::Result<Vec<u8>> {
        let mut member = descriptor(&self.manifest);
        if let Some(member) = member.as_object_mut() {
            member.insert("platform".to_owned(), self.platform.clone());
            if let Some(tag) = &self.tag {
                member.insert("annotations".to_owned(), json!({"org.opencontainers.image.ref.name": tag}));
            }
        }
        Ok(serde_json::to_vec(&json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": [member]}))?)
    }

    /// Manifest, configuration and layers; a layer that occurs twice is there once.
    pub fn blobs(&self) -> Vec<&Blob> {
        let mut blobs = vec![&self.manifest, &self.config];
        blobs.extend(&self.layers);
        blobs.sort_by(|a, b| a.digest.cmp(&b.digest));
        blobs.dedup_by(|a, b| a.digest == b.digest);
        blobs
    }

    /// The files of an OCI layout, with their paths.
    pub fn oci_files(&self) -> io::Result<Vec<(String, Vec<u8>)>> {
        let mut files = vec![
            ("oci-layout".to_owned(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
            ("index.json".to_owned(), self.index()?),
        ];
        for blob in self.blobs() {
            files.push((format!("blobs/{}/{}", blob.digest.algorithm().name(), blob.digest.hex()), blob.bytes.clone()));
        }
        Ok(files)
    }

    /// Writes an OCI layout directory.
    pub fn write_oci_dir(&self, folder: &Path) -> io::Result<()> {
        for (name, bytes) in self.oci_files()? {
            let path = folder.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, bytes)?;
        }
        Ok(())
    }

    /// The tar archive of an OCI layout.
    pub fn oci_archive(&self) -> io::Result<Vec<u8>> {
        archive_of(self.oci_files()?)
    }

    /// An archive as `docker save` wrote it before it held an OCI layout.
    pub fn docker_archive(&self) -> io::Result<Vec<u8>> {
        let config = format!("{}.json", self.config.digest.hex());
        let names: Vec<String> = self.diff_ids.iter().map(|id| format!("{}/layer.tar", id.hex())).collect();
        let tags: Vec<&String> = self.tag.iter().collect();
        let manifest = json!([{"Config": config, "RepoTags": tags, "Layers": names}]);
        let mut files = vec![(config, self.config.bytes.clone())];
        for (name, tar) in names.into_iter().zip(&self.tars) {
            if !files.iter().any(|(other, _)| *other == name) {
                files.push((name, tar.clone()));
            }
        }
        files.push(("manifest.json".to_owned(), serde_json::to_vec(&manifest)?));
        archive_of(files)
    }
}

fn archive_of(files: Vec<(String, Vec<u8>)>) -> io::Result<Vec<u8>> {
    let mut writer = TarWriter::new(Vec::new());
    for (name, bytes) in files {
        writer.append(&Entry::file(name, bytes))?;
    }
    writer.finish()
}

fn blob(media_type: &str, bytes: Vec<u8>) -> Blob {
    Blob { digest: digest_of(&bytes), media_type: media_type.to_owned(), bytes }
}

fn descriptor(blob: &Blob) -> Value {
    json!({"mediaType": blob.media_type, "digest": blob.digest.to_string(), "size": blob.bytes.len()})
}

#[cfg(test)]
mod tests {
    use super::{CompressionChoice, Entry, ImageBuilder};

    #[test]
    fn the_same_input_makes_the_same_bytes() {
        for compression in [CompressionChoice::None, CompressionChoice::Gzip, CompressionChoice::Zstd] {
            let builder = ImageBuilder::new()
                .layer(vec![Entry::file("a", "1")])
                .layer(vec![Entry::file("a", "1")])
                .tag("x:1")
                .compression(compression);
            assert_eq!(
                builder.build().unwrap().oci_archive().unwrap(),
                builder.build().unwrap().oci_archive().unwrap()
            );
            assert_eq!(builder.build().unwrap().blobs().len(), 3);
        }
    }
}

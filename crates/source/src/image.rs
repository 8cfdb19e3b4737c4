//! An opened image: its documents, and its layers as streams.

use std::fmt;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use stopgate_archive::VerifyingReader;
use stopgate_model::{Digest, ImageReference};

use crate::SourceError;
use crate::blobs::Blobs;

/// A layer as the source stores it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerBlob {
    /// Digest of the stored bytes; `None` when the source promises none (older docker archives).
    pub digest: Option<Digest>,
    /// Digest of the uncompressed tar archive, as the configuration says. Who inflates it verifies it.
    pub diff_id: Digest,
    /// Stored bytes.
    pub size: u64,
    /// Media type as declared. The first bytes decide about the compression, not this.
    pub media_type: String,
    /// Not distributed with the image; it may be absent, then opening fails.
    pub foreign: bool,
}

/// An image whose documents were read and verified.
#[derive(Clone)]
pub struct Image {
    /// The name under which it is evaluated: the reference, or the first tag of an archive.
    pub reference: ImageReference,
    /// Tags that the source knows.
    pub tags: Vec<String>,
    /// `repository@digest` names.
    pub repo_digests: Vec<String>,
    /// The manifest's exact bytes.
    pub manifest: Vec<u8>,
    /// Their digest.
    pub manifest_digest: Digest,
    /// Whether the manifest was made by us, as for a docker archive.
    pub manifest_is_local: bool,
    /// Media type of the manifest.
    pub media_type: String,
    /// The exact bytes of the index that the manifest was picked from; `None` when there was none.
    pub parent: Option<Arc<[u8]>>,
    /// The configuration's exact bytes.
    pub config: Vec<u8>,
    /// Their digest: the image's id.
    pub config_digest: Digest,
    /// Layers, lowest first.
    pub layers: Vec<LayerBlob>,
    /// Annotations of the manifest, sorted by name.
    pub annotations: Vec<(String, String)>,
    pub(crate) blobs: Arc<dyn Blobs>,
}

impl Image {
    /// The stored bytes of a layer, often compressed. Where the source promises a digest, the end is
    /// reached only if it is right; else the last read fails with an [`crate::IntegrityError`] inside.
    /// A layer that is stored as it is has its diffID as digest and is verified by whoever verifies that:
    /// hashing it twice would cost as much as unpacking it. May be called from several threads, also for
    /// the same layer.
    pub fn open_layer(&self, index: usize) -> Result<Box<dyn Read + Send>, SourceError> {
        let layer = self.layer(index)?;
        match layer.digest.as_ref().filter(|digest| **digest != layer.diff_id) {
            Some(digest) => self.open_verifying(index, layer, digest),
            None => self.blobs.open(index, layer),
        }
    }

    /// Reads the stored bytes of a layer to their end, only to see whether they are what their digest says.
    pub fn verify_layer(&self, index: usize) -> Result<(), SourceError> {
        let layer = self.layer(index)?;
        let digest = layer.digest.as_ref().unwrap_or(&layer.diff_id);
        let mut stored = BufReader::with_capacity(256 << 10, self.open_verifying(index, layer, digest)?);
        io::copy(&mut stored, &mut io::sink()).map_err(|error| SourceError::io(digest.to_string(), error))?;
        Ok(())
    }

    /// What changes whenever the stored bytes of a layer may have changed: which file they lie in, and when that
    /// was written last. `None` for layers that are fetched.
    pub fn layer_identity(&self, index: usize) -> Result<Option<String>, SourceError> {
        self.layer(index)?;
        self.blobs.identity(index)
    }

    fn open_verifying(
        &self,
        index: usize,
        layer: &LayerBlob,
        digest: &Digest,
    ) -> Result<Box<dyn Read + Send>, SourceError> {
        let content = self.blobs.open(index, layer)?;
        let verifying = VerifyingReader::new(content, digest.clone(), Some(layer.size));
        Ok(Box::new(verifying.map_err(|error| SourceError::io(digest.to_string(), error))?))
    }

    fn layer(&self, index: usize) -> Result<&LayerBlob, SourceError> {
        self.layers.get(index).ok_or_else(|| SourceError::MissingPart {
            what: format!("layer {index}"),
            source_name: self.reference.to_string(),
        })
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image")
            .field("reference", &self.reference)
            .field("manifest_digest", &self.manifest_digest)
            .field("config_digest", &self.config_digest)
            .field("layers", &self.layers)
            .finish_non_exhaustive()
    }
}

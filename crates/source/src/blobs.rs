//! Where the stored bytes of layers come from.

use std::io::Read;

use crate::files::Files;
use crate::{LayerBlob, SourceError};

/// Opens the layers of one image.
pub(crate) trait Blobs: Send + Sync {
    /// The stored bytes of a layer, not verified yet.
    fn open(&self, index: usize, layer: &LayerBlob) -> Result<Box<dyn Read + Send>, SourceError>;

    /// What changes whenever the stored bytes of a layer may have changed; `None` when they are not at hand.
    fn identity(&self, _index: usize) -> Result<Option<String>, SourceError> {
        Ok(None)
    }
}

/// Layers that are files of a folder or an archive.
pub(crate) struct FileBlobs {
    pub(crate) files: Box<dyn Files>,
    /// Where each layer lies.
    pub(crate) paths: Vec<String>,
}

impl Blobs for FileBlobs {
    fn open(&self, index: usize, _layer: &LayerBlob) -> Result<Box<dyn Read + Send>, SourceError> {
        let path = self.paths.get(index).map_or("", String::as_str);
        self.files.require(path).map(|(content, _)| content)
    }

    fn identity(&self, index: usize) -> Result<Option<String>, SourceError> {
        self.files.identity(self.paths.get(index).map_or("", String::as_str)).map(Some)
    }
}

//! Where the stored bytes of layers come from.

use std::io::Read;

use crate::files::Files;
use crate::{LayerBlob, SourceError};

/// Opens the layers of one image.
pub(crate) trait Blobs: Send + Sync {
    /// The stored bytes of a layer, not verified yet.
    fn open(&self, index: usize, layer: &LayerBlob) -> Result<Box<dyn Read + Send>, SourceError>;
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
}

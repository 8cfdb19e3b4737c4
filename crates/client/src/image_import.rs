//! Images that were analysed elsewhere: an operation, its parts, and the submission that names them.

use bytes::Bytes;
use stopgate_api_types::import::{ImageImportOperation, ImportContentResponse};
use uuid::Uuid;

use crate::{Client, ClientError, Reply};

/// A part of an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportPart {
    /// The packages, as Syft JSON.
    Packages,
    /// The manifest's exact bytes.
    Manifest,
    /// The index that the manifest was picked from.
    ParentManifest,
    /// The configuration's exact bytes.
    ImageConfig,
    /// The Dockerfile.
    Dockerfile,
    /// Hits of the secret search.
    SecretSearches,
    /// Hits of content searches.
    ContentSearches,
    /// Retrieved files.
    FileContents,
}

impl ImportPart {
    /// The last part of the path.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Packages => "packages",
            Self::Manifest => "manifest",
            Self::ParentManifest => "parent-manifest",
            Self::ImageConfig => "image-config",
            Self::Dockerfile => "dockerfile",
            Self::SecretSearches => "secret-searches",
            Self::ContentSearches => "content-searches",
            Self::FileContents => "file-contents",
        }
    }
}

impl Client {
    /// Opens an import.
    pub fn image_import_begin(&self) -> Result<Reply<ImageImportOperation>, ClientError> {
        self.post(&["imports", "images"]).reply()
    }

    /// Uploads a part; the answer holds its digest.
    pub fn image_import_part(
        &self,
        operation: Uuid,
        part: ImportPart,
        media_type: &str,
        bytes: Bytes,
    ) -> Result<Reply<ImportContentResponse>, ClientError> {
        self.post(&["imports", "images", &operation.to_string(), part.path()]).body(media_type, bytes).reply()
    }

    /// Uploads the analysis document. `None`: the server knows no such thing, which is no failure.
    pub fn image_import_analysis(
        &self,
        operation: Uuid,
        bytes: Bytes,
    ) -> Result<Option<Reply<ImportContentResponse>>, ClientError> {
        let path = ["x", "imports", "images", &operation.to_string(), "analysis"];
        match self.put(&path).body("application/zstd", bytes).reply() {
            Ok(reply) => Ok(Some(reply)),
            Err(error) if matches!(error.status(), Some(404 | 405)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Gives an import up; what was uploaded goes.
    pub fn image_import_abandon(&self, operation: Uuid) -> Result<(), ClientError> {
        self.delete(&["imports", "images", &operation.to_string()]).done()
    }
}

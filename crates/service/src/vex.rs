//! VEX documents of images, from the notes about them.

use serde_json::Value;
use stopgate_formats::vex::{VexDocument, write_cyclonedx, write_openvex};
use uuid::Uuid;

use crate::annotation::statements;
use crate::{Caller, Service, ServiceError, clock};

/// Which document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VexFormat {
    /// OpenVEX 0.2.
    OpenVex,
    /// CycloneDX in JSON.
    CycloneDx,
}

impl Service {
    /// The notes about an image as a document that other tools read.
    pub async fn vex(&self, caller: &Caller, digest: &str, format: VexFormat) -> Result<Value, ServiceError> {
        let (view, row) = self.analyzed(caller, digest).await?;
        let artifact = self.artifact(&row.analysis_blob).await?;
        let said = statements(&self.notes(&view.image).await?, &artifact);
        let tag = view.tags.first();
        let name = tag.and_then(|tag| tag.repository.rsplit('/').next()).unwrap_or("image").to_lowercase();
        let mut product = format!("pkg:oci/{name}@{}", digest.replace(':', "%3A"));
        if let Some(tag) = tag {
            product = format!("{product}?repository_url={}/{}", tag.registry, tag.repository);
        }
        let document = VexDocument {
            id: &Uuid::new_v4().to_string(),
            author: &caller.account.name,
            timestamp: &clock::now().to_string(),
            product: &product,
            digest,
            statements: &said,
        };
        Ok(match format {
            VexFormat::OpenVex => write_openvex(&document),
            VexFormat::CycloneDx => write_cyclonedx(&document),
        })
    }
}

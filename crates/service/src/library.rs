//! What is read often and changes seldom: compiled policies and opened analysis documents, by digest.

use std::sync::Arc;

use moka::sync::Cache;
use stopgate_model::Artifact;
use stopgate_policy::{Extension, ParseOptions, Policy};
use stopgate_store::policy::{self, Revision};

use crate::{Service, ServiceError};

/// Bytes of analysis documents that stay open, as they are stored; an open one takes several times that.
const OPEN_BYTES: u64 = 8 << 20;
const POLICIES: u64 = 256;

/// The caches.
pub(crate) struct Library {
    policies: Cache<String, Arc<Policy>>,
    artifacts: Cache<String, (Arc<Artifact>, u32)>,
}

impl Library {
    pub(crate) fn new() -> Self {
        Self {
            policies: Cache::new(POLICIES),
            artifacts: Cache::builder()
                .max_capacity(OPEN_BYTES)
                .weigher(|_, (_, bytes): &(Arc<Artifact>, u32)| (*bytes).max(1))
                .build(),
        }
    }
}

/// Compiles the documents of a policy.
pub(crate) fn compile(revision: &Revision) -> Result<Policy, Vec<stopgate_policy::PolicyError>> {
    let options = ParseOptions::default();
    let parsed = match &revision.ext {
        Some(ext) => {
            let extension: Extension = stopgate_policy::parse_extension(ext.as_bytes())?;
            let values = std::collections::BTreeMap::new();
            stopgate_policy::parse_extended(revision.body.as_bytes(), extension, &values, options)?
        }
        None => stopgate_policy::parse(revision.body.as_bytes(), options)?,
    };
    Ok(parsed.policy)
}

impl Service {
    /// The compiled policy with this revision.
    pub(crate) async fn compiled(&self, digest: &str) -> Result<Arc<Policy>, ServiceError> {
        if let Some(known) = self.library().policies.get(digest) {
            return Ok(known);
        }
        let revision = policy::revision(self.store().read(), digest).await?;
        let revision = revision.ok_or_else(|| ServiceError::internal(format!("the policy {digest} is gone")))?;
        let compiled = compile(&revision).map_err(|errors| {
            let first = errors.first().map(ToString::to_string).unwrap_or_default();
            ServiceError::invalid(format!("the stored policy is not valid for this version: {first}"))
        })?;
        let compiled = Arc::new(compiled);
        self.library().policies.insert(digest.to_owned(), compiled.clone());
        Ok(compiled)
    }

    /// The artifact in an analysis document.
    pub(crate) async fn artifact(&self, blob: &str) -> Result<Arc<Artifact>, ServiceError> {
        if let Some((known, _)) = self.library().artifacts.get(blob) {
            return Ok(known);
        }
        let bytes = self.store().blobs().read(self.store().read(), blob).await?;
        let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let artifact = tokio::task::spawn_blocking(move || stopgate_formats::analysis::read(&bytes)).await;
        let artifact = artifact.map_err(ServiceError::internal)?.map_err(ServiceError::internal)?;
        let artifact = Arc::new(artifact);
        self.library().artifacts.insert(blob.to_owned(), (artifact.clone(), size));
        Ok(artifact)
    }
}

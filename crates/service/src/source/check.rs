//! What is decided about a source.

use serde_json::Value;
use stopgate_model::{Artifact, ImageReference, SourceKind};
use stopgate_store::evaluation::{self, EvaluationRow, Subject};
use stopgate_store::source::SourceRow;

use crate::evaluation::Made;
use crate::{Caller, Service, ServiceError, clock};

/// A decision about a source.
#[derive(Debug, Clone)]
pub struct SourceDecision {
    /// The source.
    pub source: SourceRow,
    /// Key of the decision.
    pub id: i64,
    /// The document `stopgate-check/1`.
    pub document: std::sync::Arc<Value>,
}

impl Service {
    /// What is decided about a source: the stored decision while it holds, else a new one, which is kept.
    pub async fn check_source(
        &self,
        caller: &Caller,
        uuid: &str,
        policy_id: Option<&str>,
    ) -> Result<SourceDecision, ServiceError> {
        let (source, artifact) = self.source_content(caller, uuid).await?;
        let policy = self.deciding(caller.account_id(), policy_id).await?;
        let subject = Subject { kind: "source", id: source.id, tag: "" };
        let known = evaluation::latest(self.store().read(), caller.account_id(), subject, &policy.policy_id).await?;
        let key = self.grounds_key(&policy.revision, source.analysis_blob.as_deref().unwrap_or_default(), "", &[]);
        if let Some(known) = &known
            && known.cache_key == key
            && known.due_at.is_none_or(|due| due > clock::now())
        {
            let told = self.stored(known, "").await?;
            return Ok(SourceDecision { source, id: known.id, document: told.document });
        }
        let compiled = self.compiled(&policy.revision).await?;
        let name = ImageReference {
            registry: source.host.clone(),
            repository: source.repository.clone(),
            tag: None,
            digest: None,
        };
        let kept = Some((source.content_set.unwrap_or_default(), source.created_at));
        let mut ground = self.dated_ground((tree(&artifact, &source), Vec::new()), name, kept).await?;
        ground.from_sbom = false;
        let row = policy.clone();
        let made = tokio::task::spawn_blocking(move || Made::new(&ground, &compiled, &row, key)).await;
        let made = made.map_err(ServiceError::internal)??;
        let staged = self.store().blobs().stage(made.document).await?;
        let tx = self.store().begin().await?;
        staged.record(tx.db()).await?;
        let new = EvaluationRow { document: staged.digest().to_owned(), ..made.row };
        let id = match known.filter(|known| known.outcome == new.outcome) {
            Some(known) => {
                evaluation::confirm(tx.db(), known.id, &new).await?;
                known.id
            }
            None => evaluation::create(tx.db(), caller.account_id(), subject, &new).await?,
        };
        tx.commit().await?;
        Ok(SourceDecision { source, id, document: made.told.document })
    }
}

/// The artifact as the source tree that it describes, whatever its SBOM was made of: so it meets the mappings of
/// sources. The files that an SBOM names are not the tree, so of the tree nothing is known.
fn tree(artifact: &Artifact, source: &SourceRow) -> Artifact {
    let mut artifact = artifact.clone();
    artifact.source.kind = SourceKind::Directory { path: format!("{}/{}", source.host, source.repository) };
    artifact.files = None;
    artifact
}

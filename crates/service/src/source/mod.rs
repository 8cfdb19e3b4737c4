//! Revisions of source trees: their SBOMs are sent, and decided about like images.

mod check;

pub use check::SourceDecision;

use jiff::Timestamp;
use serde_json::{Value, json};
use stopgate_model::Artifact;
use stopgate_store::image::AnalysisState;
use stopgate_store::import;
use stopgate_store::source::{self, SourceRow};
use uuid::Uuid;

use crate::error::with_causes;
use crate::events::Happened;
use crate::import::{Part, Subject, still_open};
use crate::vulnerability::Vulnerable;
use crate::{Caller, Kind, Service, ServiceError, clock};

/// Which SBOM is that of which revision.
#[derive(Debug, Clone)]
pub struct ImportedSource {
    /// The operation that has the SBOM.
    pub operation: String,
    /// Host of the repository.
    pub host: String,
    /// Path of the repository.
    pub repository: String,
    /// The revision.
    pub revision: String,
    /// Digest of the SBOM.
    pub sbom: String,
    /// The branch that it was built from.
    pub branch: Option<String>,
    /// Who changed it last.
    pub author: Option<String>,
    /// What built it.
    pub workflow: Option<String>,
    /// When.
    pub workflow_at: Option<Timestamp>,
    /// Replace what is known of the revision.
    pub force: bool,
}

fn unknown(uuid: &str) -> ServiceError {
    let shown: String = uuid.chars().take(64).collect();
    ServiceError::not_found(format!("there is no source `{shown}` in the account"))
}

/// A name that may stand in a mapping.
fn check_name(field: &str, text: &str) -> Result<(), ServiceError> {
    if text.trim().is_empty() || text.len() > 1_000 || text.chars().any(char::is_control) {
        return Err(ServiceError::invalid(format!("`{field}`: expected a name of at most 1000 signs")));
    }
    Ok(())
}

impl Service {
    /// Makes a source of an SBOM that was sent. A revision that is known keeps its SBOM unless that is forced, and gets
    /// one more entry of who built it.
    pub async fn import_source(&self, caller: &Caller, wanted: &ImportedSource) -> Result<SourceRow, ServiceError> {
        for (field, text) in
            [("host", &wanted.host), ("repository_name", &wanted.repository), ("revision", &wanted.revision)]
        {
            check_name(field, text)?;
        }
        let (account, now) = (caller.account_id(), clock::now());
        let operation = self.import(caller, Subject::Source, &wanted.operation).await?;
        still_open(&operation, now)?;
        let sent = import::parts(self.store().read(), operation.id, Part::Sbom.name()).await?;
        if !sent.iter().any(|(digest, ..)| *digest == wanted.sbom) {
            let shown: String = wanted.sbom.chars().take(100).collect();
            let message = format!("`contents.sbom`: {shown} was not sent to this operation");
            return Err(ServiceError::invalid(message));
        }
        let sbom = self.store().blobs().read(self.store().read(), &wanted.sbom).await?;
        let read = tokio::task::spawn_blocking(move || read(&sbom)).await.map_err(ServiceError::internal)?;
        let (artifact, document) = read?;
        let staged = self.store().blobs().stage(document).await?;
        let record = json!({
            "uuid": Uuid::new_v4().to_string(), "ci_workflow_name": wanted.workflow,
            "ci_workflow_execution_time": wanted.workflow_at, "branch_name": wanted.branch,
            "change_author": wanted.author,
        });
        let names = (wanted.host.as_str(), wanted.repository.as_str(), wanted.revision.as_str());
        let tx = self.store().begin().await?;
        let known = source::of_revision(tx.db(), account, names).await?;
        let mut records = match known.as_ref().map(|known| &known.metadata) {
            Some(Value::Array(records)) => records.clone(),
            _ => Vec::new(),
        };
        records.push(record);
        let row = match known {
            Some(known) if !wanted.force => SourceRow { metadata: Value::Array(records), updated_at: now, ..known },
            known => {
                staged.record(tx.db()).await?;
                SourceRow {
                    id: 0,
                    uuid: known.as_ref().map_or_else(|| Uuid::new_v4().to_string(), |known| known.uuid.clone()),
                    host: wanted.host.clone(),
                    repository: wanted.repository.clone(),
                    revision: wanted.revision.clone(),
                    state: "active".to_owned(),
                    analysis_state: AnalysisState::Analyzed,
                    cause: None,
                    content_set: Some(self.record_content(tx.db(), &artifact).await?),
                    analysis_blob: Some(staged.digest().to_owned()),
                    sbom_blob: Some(wanted.sbom.clone()),
                    metadata: Value::Array(records),
                    created_at: known.as_ref().map_or(now, |known| known.created_at),
                    updated_at: now,
                }
            }
        };
        source::put(tx.db(), account, &row, &caller.user.name).await?;
        let submitted = json!({"sbom": wanted.sbom, "source": row.uuid});
        if !import::submit(tx.db(), operation.id, "complete", &submitted, now).await? {
            return Err(ServiceError::conflict(format!(
                "the import operation {} was submitted before",
                operation.uuid
            )));
        }
        let message = format!("the source {}/{} at {} was imported", row.host, row.repository, row.revision);
        let what = Happened::new(&caller.account, "user.source.analysis.completed", ("source_id", &row.uuid), message)
            .request(&caller.request_id);
        self.happened(tx.db(), what).await?;
        tx.commit().await?;
        self.source(caller, &row.uuid).await
    }

    /// The sources of the account, the oldest first.
    pub async fn sources(&self, caller: &Caller) -> Result<Vec<SourceRow>, ServiceError> {
        Ok(source::list(self.store().read(), caller.account_id()).await?)
    }

    /// A source of the account.
    pub async fn source(&self, caller: &Caller, uuid: &str) -> Result<SourceRow, ServiceError> {
        let found = source::find(self.store().read(), caller.account_id(), uuid).await?;
        found.ok_or_else(|| unknown(uuid))
    }

    /// Deletes a source with what was decided about it.
    pub async fn delete_source(&self, caller: &Caller, uuid: &str) -> Result<(), ServiceError> {
        let row = self.source(caller, uuid).await?;
        let tx = self.store().begin().await?;
        source::delete(tx.db(), row.id).await?;
        let message = format!("the source {}/{} at {} was deleted", row.host, row.repository, row.revision);
        let what = Happened::new(&caller.account, "user.source.deleted", ("source_id", uuid), message)
            .request(&caller.request_id);
        self.happened(tx.db(), what).await?;
        Ok(tx.commit().await?)
    }

    /// What is in a source.
    pub async fn source_content(
        &self,
        caller: &Caller,
        uuid: &str,
    ) -> Result<(SourceRow, std::sync::Arc<Artifact>), ServiceError> {
        let row = self.source(caller, uuid).await?;
        let Some(blob) = &row.analysis_blob else {
            let message = format!("source is not analyzed - analysis_status: {}", row.analysis_state.name());
            return Err(ServiceError::new(Kind::NotFound, message));
        };
        let artifact = self.artifact(blob).await?;
        Ok((row, artifact))
    }

    /// Vulnerabilities of a source.
    pub async fn source_vulnerabilities(&self, caller: &Caller, uuid: &str) -> Result<Vec<Vulnerable>, ServiceError> {
        let (row, artifact) = self.source_content(caller, uuid).await?;
        self.dated(&artifact, row.content_set.unwrap_or_default(), Some(row.created_at)).await
    }
}

/// An SBOM as an artifact and its analysis document.
fn read(sbom: &[u8]) -> Result<(Artifact, Vec<u8>), ServiceError> {
    let artifact = stopgate_formats::sbom::detect_and_read(sbom)
        .map_err(|error| ServiceError::invalid(format!("the SBOM cannot be read: {}", with_causes(&error))))?;
    let mut document = Vec::new();
    stopgate_formats::analysis::write(&artifact, &mut document).map_err(ServiceError::internal)?;
    Ok((artifact, document))
}

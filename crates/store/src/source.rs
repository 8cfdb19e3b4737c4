//! Source revisions of an account.

use jiff::Timestamp;
use serde_json::Value;

use crate::image::AnalysisState;
use crate::sql::{Db, Row, Sql, sql};
use crate::{AccountId, StoreError};

/// A revision of a source tree.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRow {
    /// Its key.
    pub id: i64,
    /// Its id in the API.
    pub uuid: String,
    /// Host of its repository.
    pub host: String,
    /// Path of its repository.
    pub repository: String,
    /// The revision.
    pub revision: String,
    /// `active` or `deleting`.
    pub state: String,
    /// How far its analysis is.
    pub analysis_state: AnalysisState,
    /// Why it could not be analysed.
    pub cause: Option<String>,
    /// Key of its content set.
    pub content_set: Option<i64>,
    /// Digest of its analysis document.
    pub analysis_blob: Option<String>,
    /// Digest of the SBOM as it was sent.
    pub sbom_blob: Option<String>,
    /// Who built it where, one entry for each time that it was sent.
    pub metadata: Value,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

const SELECT: &str = "SELECT id, uuid, host, repository, revision, state, analysis_state, cause, content_set, \
                      analysis_blob, sbom_blob, \
                      metadata, created_at, updated_at FROM source WHERE account = ";

fn read(row: &Row) -> Result<SourceRow, StoreError> {
    Ok(SourceRow {
        id: row.get("id")?,
        uuid: row.get("uuid")?,
        host: row.get("host")?,
        repository: row.get("repository")?,
        revision: row.get("revision")?,
        state: row.get("state")?,
        analysis_state: row.word("analysis_state", AnalysisState::parse)?,
        cause: row.get("cause")?,
        content_set: row.get("content_set")?,
        analysis_blob: row.get("analysis_blob")?,
        sbom_blob: row.get("sbom_blob")?,
        metadata: row.json("metadata")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

fn select(account: AccountId) -> Sql {
    sql(SELECT).bind_next(account.0)
}

/// All sources, the oldest first.
pub async fn list(db: Db<'_>, account: AccountId) -> Result<Vec<SourceRow>, StoreError> {
    select(account).then(" ORDER BY id").all(db, read).await
}

/// The source with this id.
pub async fn find(db: Db<'_>, account: AccountId, uuid: &str) -> Result<Option<SourceRow>, StoreError> {
    select(account).filter("uuid =", Some(uuid)).one(db, read).await
}

/// The source with this key.
pub async fn get(db: Db<'_>, account: AccountId, id: i64) -> Result<Option<SourceRow>, StoreError> {
    select(account).filter("id =", Some(id)).one(db, read).await
}

/// The source of this revision.
pub async fn of_revision(
    db: Db<'_>,
    account: AccountId,
    (host, repository, revision): (&str, &str, &str),
) -> Result<Option<SourceRow>, StoreError> {
    select(account)
        .filter("host =", Some(host))
        .filter("repository =", Some(repository))
        .filter("revision =", Some(revision))
        .one(db, read)
        .await
}

/// Adds a source that is analysed already, or replaces what is known of it.
pub async fn put(db: Db<'_>, account: AccountId, row: &SourceRow, requester: &str) -> Result<(), StoreError> {
    sql("INSERT INTO source (uuid, account, host, repository, revision, state, analysis_state, content_set, analysis_blob, \
         sbom_blob, metadata, requester, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, 'active', $6, $7, $8, $9, $10, $11, $12, $13) \
         ON CONFLICT (account, host, repository, revision) DO UPDATE SET analysis_state = excluded.analysis_state, \
         content_set = excluded.content_set, analysis_blob = excluded.analysis_blob, sbom_blob = excluded.sbom_blob, \
         metadata = excluded.metadata, updated_at = excluded.updated_at")
    .bind(row.uuid.as_str())
    .bind(account.0)
    .bind(row.host.as_str())
    .bind(row.repository.as_str())
    .bind(row.revision.as_str())
    .bind(row.analysis_state.name())
    .bind(row.content_set)
    .bind(row.analysis_blob.as_deref())
    .bind(row.sbom_blob.as_deref())
    .bind(row.metadata.to_string())
    .bind(requester)
    .at(row.created_at)
    .at(row.updated_at)
    .run(db)
    .await?;
    Ok(())
}

/// Deletes a source with its evaluations.
pub async fn delete(db: Db<'_>, id: i64) -> Result<(), StoreError> {
    for text in [
        "DELETE FROM application_artifact WHERE source = $1",
        "DELETE FROM evaluation WHERE subject = 'source' AND subject_id = $1",
        "DELETE FROM source WHERE id = $1",
    ] {
        sql(text).bind(id).run(db).await?;
    }
    Ok(())
}

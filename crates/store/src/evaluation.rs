//! Evaluations: a new row only when the verdict or a finding changed, so that the rows are the history.

use jiff::Timestamp;

use crate::sql::{Db, Row, Sql, sql};
use crate::{AccountId, StoreError};

/// What was decided about something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationRow {
    /// Its key.
    pub id: i64,
    /// Policy's own id.
    pub policy_id: String,
    /// Digest of the policy's documents.
    pub revision: String,
    /// Digest of everything that the decision rests on.
    pub cache_key: String,
    /// Digest of the vulnerability data, or nothing.
    pub build: String,
    /// `pass`, `stop` or `undecided`.
    pub decision: String,
    /// `stop`, `warn` or `go`.
    pub final_action: String,
    /// Digest of the findings: equal outcomes are one row.
    pub outcome: String,
    /// How many findings.
    pub findings: i64,
    /// Digest of the document.
    pub document: String,
    /// When it was decided first.
    pub evaluated_at: Timestamp,
    /// When it was decided last, with the same outcome.
    pub checked_at: Timestamp,
    /// When time alone may change it.
    pub due_at: Option<Timestamp>,
}

/// What was decided on: the kind of thing, its key, and the name that chose the mapping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject<'a> {
    /// `image` or `source`.
    pub kind: &'a str,
    /// Its key.
    pub id: i64,
    /// `registry/repository:tag`, or nothing.
    pub tag: &'a str,
}

const SELECT: &str = "SELECT id, policy_id, revision, cache_key, build, decision, final_action, outcome, findings, document, \
                      evaluated_at, checked_at, due_at FROM evaluation WHERE account = ";

fn read(row: &Row) -> Result<EvaluationRow, StoreError> {
    Ok(EvaluationRow {
        id: row.get("id")?,
        policy_id: row.get("policy_id")?,
        revision: row.get("revision")?,
        cache_key: row.get("cache_key")?,
        build: row.get("build")?,
        decision: row.get("decision")?,
        final_action: row.get("final_action")?,
        outcome: row.get("outcome")?,
        findings: row.get("findings")?,
        document: row.get("document")?,
        evaluated_at: row.at("evaluated_at")?,
        checked_at: row.at("checked_at")?,
        due_at: row.maybe_at("due_at")?,
    })
}

fn select(account: AccountId, subject: Subject<'_>, policy_id: &str) -> Sql {
    sql(SELECT)
        .bind_next(account.0)
        .filter("subject =", Some(subject.kind))
        .filter("subject_id =", Some(subject.id))
        .filter("tag =", Some(subject.tag))
        .filter("policy_id =", Some(policy_id))
        .then(" ORDER BY id DESC")
}

/// What was decided last.
pub async fn latest(
    db: Db<'_>,
    account: AccountId,
    subject: Subject<'_>,
    policy_id: &str,
) -> Result<Option<EvaluationRow>, StoreError> {
    select(account, subject, policy_id).page(1, 0).one(db, read).await
}

/// What was decided, the newest first.
pub async fn history(
    db: Db<'_>,
    account: AccountId,
    subject: Subject<'_>,
    policy_id: &str,
    limit: u64,
) -> Result<Vec<EvaluationRow>, StoreError> {
    select(account, subject, policy_id).page(limit, 0).all(db, read).await
}

/// Keeps a decision with another outcome than the last; its key.
pub async fn create(
    db: Db<'_>,
    account: AccountId,
    subject: Subject<'_>,
    new: &EvaluationRow,
) -> Result<i64, StoreError> {
    sql("INSERT INTO evaluation (account, subject, subject_id, tag, policy_id, revision, cache_key, build, decision, \
         final_action, outcome, findings, document, evaluated_at, checked_at, due_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) RETURNING id")
    .bind(account.0)
    .bind(subject.kind)
    .bind(subject.id)
    .bind(subject.tag)
    .bind(new.policy_id.as_str())
    .bind(new.revision.as_str())
    .bind(new.cache_key.as_str())
    .bind(new.build.as_str())
    .bind(new.decision.as_str())
    .bind(new.final_action.as_str())
    .bind(new.outcome.as_str())
    .bind(new.findings)
    .bind(new.document.as_str())
    .at(new.evaluated_at)
    .at(new.checked_at)
    .maybe_at(new.due_at)
    .row(db, |row| row.get("id"))
    .await
}

/// Writes down that a decision was made again, on other grounds and with the same outcome.
pub async fn confirm(db: Db<'_>, id: i64, new: &EvaluationRow) -> Result<(), StoreError> {
    sql(
        "UPDATE evaluation SET revision = $2, cache_key = $3, build = $4, document = $5, checked_at = $6, due_at = $7 \
         WHERE id = $1",
    )
    .bind(id)
    .bind(new.revision.as_str())
    .bind(new.cache_key.as_str())
    .bind(new.build.as_str())
    .bind(new.document.as_str())
    .at(new.checked_at)
    .maybe_at(new.due_at)
    .run(db)
    .await?;
    Ok(())
}

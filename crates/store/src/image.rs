//! Images of an account, their states and their tags.

use jiff::Timestamp;
use serde_json::Value;

use crate::sql::{Db, Row, Sql, sql};
use crate::{AccountId, StoreError};

/// How far the analysis of something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnalysisState {
    /// It waits.
    NotAnalyzed,
    /// It is being analysed.
    Analyzing,
    /// It is known what it holds.
    Analyzed,
    /// It could not be read; the cause says why.
    Failed,
}

impl AnalysisState {
    /// The word that tables and the API use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAnalyzed => "not_analyzed",
            Self::Analyzing => "analyzing",
            Self::Analyzed => "analyzed",
            Self::Failed => "analysis_failed",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::NotAnalyzed, Self::Analyzing, Self::Analyzed, Self::Failed]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// Key of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageKey(pub i64);

/// An image.
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    /// Its key.
    pub id: ImageKey,
    /// Whose it is.
    pub account: AccountId,
    /// Digest of its manifest.
    pub digest: String,
    /// Digest of the index that it was chosen from, else its own.
    pub parent_digest: String,
    /// Digest of its configuration, as hexadecimal digits.
    pub image_id: String,
    /// What was found in it.
    pub artifact: Option<i64>,
    /// `active` or `deleting`.
    pub state: String,
    /// How far its analysis is.
    pub analysis_state: AnalysisState,
    /// Why it could not be analysed.
    pub cause: Option<String>,
    /// What its users wrote to it: texts by name.
    pub annotations: Value,
    /// Who asked for it.
    pub requester: String,
    /// Who analysed it elsewhere and sent the result; nobody when this server did.
    pub imported_by: Option<String>,
    /// The Dockerfile that was given with it.
    pub dockerfile: Option<String>,
    /// Its manifest as JSON.
    pub manifest: Option<String>,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When its analysis ended.
    pub analyzed_at: Option<Timestamp>,
}

/// What is known of an image that is added.
#[derive(Debug, Clone)]
pub struct NewImage<'a> {
    /// Digest of its manifest.
    pub digest: &'a str,
    /// Digest of the index that it was chosen from, else its own.
    pub parent_digest: &'a str,
    /// Digest of its configuration, as hexadecimal digits.
    pub image_id: &'a str,
    /// What its user wrote to it.
    pub annotations: &'a Value,
    /// Who asked for it.
    pub requester: &'a str,
    /// Who analysed it elsewhere.
    pub imported_by: Option<&'a str>,
    /// The Dockerfile that was given with it.
    pub dockerfile: Option<&'a str>,
    /// Its manifest as JSON.
    pub manifest: Option<&'a str>,
}

const SELECT: &str = "SELECT i.id, i.account, i.digest, i.parent_digest, i.image_id, i.artifact, i.state, \
                      i.analysis_state, i.cause, i.annotations, i.requester, i.imported_by, i.dockerfile, i.manifest, \
                      i.created_at, i.updated_at, i.analyzed_at FROM image i WHERE i.account =";

fn read(row: &Row) -> Result<Image, StoreError> {
    Ok(Image {
        id: ImageKey(row.get("id")?),
        account: AccountId(row.get("account")?),
        digest: row.get("digest")?,
        parent_digest: row.get("parent_digest")?,
        image_id: row.get("image_id")?,
        artifact: row.get("artifact")?,
        state: row.get("state")?,
        analysis_state: row.word("analysis_state", AnalysisState::parse)?,
        cause: row.get("cause")?,
        annotations: row.json("annotations")?,
        requester: row.get("requester")?,
        imported_by: row.get("imported_by")?,
        dockerfile: row.get("dockerfile")?,
        manifest: row.get("manifest")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
        analyzed_at: row.maybe_at("analyzed_at")?,
    })
}

fn select(account: AccountId) -> Sql {
    sql(SELECT).then(" ").bind_next(account.0)
}

/// Adds an image that nobody has analysed yet; `Duplicate` when the account has it.
pub async fn create(
    db: Db<'_>,
    account: AccountId,
    new: &NewImage<'_>,
    now: Timestamp,
) -> Result<ImageKey, StoreError> {
    sql("INSERT INTO image (account, digest, parent_digest, image_id, state, analysis_state, annotations, requester, \
         imported_by, dockerfile, manifest, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, 'active', 'not_analyzed', $5, $6, $7, $8, $9, $10, $10) RETURNING id")
    .bind(account.0)
    .bind(new.digest)
    .bind(new.parent_digest)
    .bind(new.image_id)
    .bind(new.annotations.to_string())
    .bind(new.requester)
    .bind(new.imported_by)
    .bind(new.dockerfile)
    .bind(new.manifest)
    .at(now)
    .row(db, |row| Ok(ImageKey(row.get("id")?)))
    .await
}

/// The image with this digest.
pub async fn find(db: Db<'_>, account: AccountId, digest: &str) -> Result<Option<Image>, StoreError> {
    select(account).filter("i.digest =", Some(digest)).one(db, read).await
}

/// The image with this key.
pub async fn get(db: Db<'_>, account: AccountId, id: ImageKey) -> Result<Option<Image>, StoreError> {
    select(account).filter("i.id =", Some(id.0)).one(db, read).await
}

/// The images with these keys, the oldest first.
pub async fn with_keys(db: Db<'_>, account: AccountId, ids: &[ImageKey]) -> Result<Vec<Image>, StoreError> {
    let mut all = Vec::new();
    for chunk in ids.chunks(5_000) {
        let statement = select(account).then(" AND i.id IN").list(chunk.iter().map(|id| id.0));
        all.extend(statement.then(" ORDER BY i.id").all(db, read).await?);
    }
    Ok(all)
}

/// Which images to show.
#[derive(Debug, Clone, Default)]
pub struct ImageFilter<'a> {
    /// Digest of the configuration.
    pub image_id: Option<&'a str>,
    /// `active` or `deleting`.
    pub state: Option<&'a str>,
    /// How far the analysis is.
    pub analysis_state: Option<AnalysisState>,
    /// Analysed at this time or later.
    pub analyzed_since: Option<Timestamp>,
    /// Registry, repository and tag that name it.
    pub tag: Option<(&'a str, &'a str, &'a str)>,
    /// Whether a tag counts that names another image by now.
    pub history: bool,
}

/// Images, the oldest first.
pub async fn list(
    db: Db<'_>,
    account: AccountId,
    filter: &ImageFilter<'_>,
    limit: u64,
    offset: u64,
) -> Result<Vec<Image>, StoreError> {
    let mut statement = select(account)
        .filter("i.image_id =", filter.image_id)
        .filter("i.state =", filter.state)
        .filter("i.analysis_state =", filter.analysis_state.map(AnalysisState::name))
        .filter("i.analyzed_at >=", filter.analyzed_since.map(crate::time::micros));
    if let Some((registry, repository, tag)) = filter.tag {
        let current = if filter.history { "" } else { " AND t.current" };
        statement = statement
            .then(" AND i.id IN (SELECT t.image FROM image_tag t WHERE t.account = ")
            .bind_next(account.0)
            .filter("t.registry =", Some(registry))
            .filter("t.repository =", Some(repository))
            .filter("t.tag =", Some(tag))
            .then(current)
            .then(")");
    }
    statement.then(" ORDER BY i.id").page(limit, offset).all(db, read).await
}

/// Changes what is told of an image that is added again.
pub async fn update(db: Db<'_>, id: ImageKey, new: &NewImage<'_>, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE image SET annotations = $2, dockerfile = COALESCE($3, dockerfile), imported_by = $4, \
         manifest = COALESCE($5, manifest), parent_digest = $6, updated_at = $7 WHERE id = $1")
    .bind(id.0)
    .bind(new.annotations.to_string())
    .bind(new.dockerfile)
    .bind(new.imported_by)
    .bind(new.manifest)
    .bind(new.parent_digest)
    .at(now)
    .run(db)
    .await?;
    Ok(())
}

/// Moves an image to another state of its analysis, and writes down when and where.
pub async fn set_analysis(
    db: Db<'_>,
    image: &Image,
    to: AnalysisState,
    cause: Option<&str>,
    host: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE image SET analysis_state = $2, cause = $3, updated_at = $4 WHERE id = $1")
        .bind(image.id.0)
        .bind(to.name())
        .bind(cause)
        .at(now)
        .run(db)
        .await?;
    sql("INSERT INTO image_state (image, from_state, to_state, at, host) VALUES ($1, $2, $3, $4, $5)")
        .bind(image.id.0)
        .bind(image.analysis_state.name())
        .bind(to.name())
        .at(now)
        .bind(host)
        .run(db)
        .await?;
    Ok(())
}

/// Ties an image to what was found in it.
pub async fn set_artifact(db: Db<'_>, id: ImageKey, artifact: i64, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE image SET artifact = $2, analyzed_at = $3 WHERE id = $1")
        .bind(id.0)
        .bind(artifact)
        .at(now)
        .run(db)
        .await?;
    Ok(())
}

/// A step of an image's analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateChange {
    /// Where it was.
    pub from: String,
    /// Where it went.
    pub to: String,
    /// When.
    pub at: Timestamp,
    /// Which process did it.
    pub host: String,
}

/// The steps of an image's analysis, in order.
pub async fn states(db: Db<'_>, id: ImageKey) -> Result<Vec<StateChange>, StoreError> {
    sql("SELECT from_state, to_state, at, host FROM image_state WHERE image = $1 ORDER BY id")
        .bind(id.0)
        .all(db, |row| {
            Ok(StateChange {
                from: row.get("from_state")?,
                to: row.get("to_state")?,
                at: row.at("at")?,
                host: row.get("host")?,
            })
        })
        .await
}

/// Marks an image as being deleted: it is not shown as active any more.
pub async fn mark_deleting(db: Db<'_>, id: ImageKey, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE image SET state = 'deleting', updated_at = $2 WHERE id = $1").bind(id.0).at(now).run(db).await?;
    Ok(())
}

/// Deletes an image with its tags, evaluations and notes. What was found in it stays until nobody refers to it.
pub async fn delete(db: Db<'_>, id: ImageKey) -> Result<(), StoreError> {
    for text in [
        "DELETE FROM application_artifact WHERE image = $1",
        "DELETE FROM annotation WHERE image = $1",
        "DELETE FROM evaluation WHERE subject = 'image' AND subject_id = $1",
        "DELETE FROM image_tag WHERE image = $1",
        "DELETE FROM image_state WHERE image = $1",
        "DELETE FROM image WHERE id = $1",
    ] {
        sql(text).bind(id.0).run(db).await?;
    }
    Ok(())
}

/// How many images and tags an account has: tags, images, analysed, analysing, waiting, failed.
pub async fn counts(db: Db<'_>, account: AccountId, state: Option<&str>) -> Result<[i64; 6], StoreError> {
    let by_state = sql("SELECT i.analysis_state AS state, COUNT(*) AS n FROM image i WHERE i.account = ")
        .bind_next(account.0)
        .filter("i.state =", state)
        .then(" GROUP BY i.analysis_state")
        .all(db, |row| Ok((row.word("state", AnalysisState::parse)?, row.get::<i64>("n")?)))
        .await?;
    let tags =
        sql("SELECT COUNT(*) AS n FROM image_tag t JOIN image i ON i.id = t.image WHERE t.current AND t.account = ")
            .bind_next(account.0)
            .filter("i.state =", state)
            .row(db, |row| row.get("n"))
            .await?;
    let of = |state| by_state.iter().filter(|(known, _)| *known == state).map(|(_, n)| n).sum();
    let all = by_state.iter().map(|(_, n)| n).sum();
    Ok([
        tags,
        all,
        of(AnalysisState::Analyzed),
        of(AnalysisState::Analyzing),
        of(AnalysisState::NotAnalyzed),
        of(AnalysisState::Failed),
    ])
}

/// Images that have the same first layers as another and fewer of them, with the list of their layers, in an account.
pub async fn with_chain(db: Db<'_>, account: AccountId, chains: &[String]) -> Result<Vec<(Image, String)>, StoreError> {
    sql("SELECT i.id, i.account, i.digest, i.parent_digest, i.image_id, i.artifact, i.state, i.analysis_state, i.cause, \
         i.annotations, i.requester, i.imported_by, i.dockerfile, i.manifest, i.created_at, i.updated_at, i.analyzed_at, \
         a.layers FROM image i JOIN artifact a ON a.id = i.artifact WHERE i.state = 'active' AND i.account = ")
    .bind_next(account.0)
    .then(" AND a.chain_id IN")
    .list(chains.iter().map(String::as_str))
    .then(" ORDER BY i.id")
    .all(db, |row| Ok((read(row)?, row.get("layers")?)))
    .await
}

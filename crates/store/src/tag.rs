//! Tags: names that images of an account have or had, each with what was decided last.

use jiff::Timestamp;

use crate::image::ImageKey;
use crate::sql::{Db, Row, Sql, sql};
use crate::{AccountId, StoreError};

/// A tag of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tag {
    /// Its key.
    pub id: i64,
    /// Whose it is.
    pub account: AccountId,
    /// Host and port.
    pub registry: String,
    /// Path.
    pub repository: String,
    /// Tag.
    pub tag: String,
    /// The image that it names or named.
    pub image: ImageKey,
    /// Whether it names it still.
    pub current: bool,
    /// Since when it names it.
    pub detected_at: Timestamp,
    /// When it was added.
    pub created_at: Timestamp,
    /// `pass`, `stop` or `undecided`, under the policy that was active then.
    pub verdict: Option<String>,
    /// When that was decided.
    pub evaluated_at: Option<Timestamp>,
}

impl Tag {
    /// `registry/repository:tag`.
    pub fn full(&self) -> String {
        format!("{}/{}:{}", self.registry, self.repository, self.tag)
    }
}

const SELECT: &str = "SELECT t.id, t.account, t.registry, t.repository, t.tag, t.image, t.current, t.detected_at, \
                      t.created_at, t.verdict, t.evaluated_at FROM image_tag t WHERE t.account =";

fn read(row: &Row) -> Result<Tag, StoreError> {
    Ok(Tag {
        id: row.get("id")?,
        account: AccountId(row.get("account")?),
        registry: row.get("registry")?,
        repository: row.get("repository")?,
        tag: row.get("tag")?,
        image: ImageKey(row.get("image")?),
        current: row.get("current")?,
        detected_at: row.at("detected_at")?,
        created_at: row.at("created_at")?,
        verdict: row.get("verdict")?,
        evaluated_at: row.maybe_at("evaluated_at")?,
    })
}

fn select(account: AccountId) -> Sql {
    sql(SELECT).then(" ").bind_next(account.0)
}

/// Tags of images, the newest name of each first.
pub async fn of_images(db: Db<'_>, account: AccountId, images: &[ImageKey]) -> Result<Vec<Tag>, StoreError> {
    let mut all = Vec::new();
    for chunk in images.chunks(5_000) {
        let statement = select(account).then(" AND t.image IN").list(chunk.iter().map(|image| image.0));
        all.extend(statement.then(" ORDER BY t.image, t.detected_at DESC, t.id DESC").all(db, read).await?);
    }
    Ok(all)
}

/// What a name stands for now.
pub async fn current(
    db: Db<'_>,
    account: AccountId,
    registry: &str,
    repository: &str,
    tag: &str,
) -> Result<Option<Tag>, StoreError> {
    select(account)
        .filter("t.registry =", Some(registry))
        .filter("t.repository =", Some(repository))
        .filter("t.tag =", Some(tag))
        .then(" AND t.current")
        .one(db, read)
        .await
}

/// Images that a name stood for before this image, the newest first.
pub async fn before(db: Db<'_>, account: AccountId, of: &Tag) -> Result<Vec<Tag>, StoreError> {
    select(account)
        .filter("t.registry =", Some(of.registry.as_str()))
        .filter("t.repository =", Some(of.repository.as_str()))
        .filter("t.tag =", Some(of.tag.as_str()))
        .filter("t.image <>", Some(of.image.0))
        .filter("t.detected_at <=", Some(crate::time::micros(of.detected_at)))
        .then(" ORDER BY t.detected_at DESC, t.id DESC")
        .all(db, read)
        .await
}

/// Which tags to show.
#[derive(Debug, Clone, Default)]
pub struct TagFilter<'a> {
    /// Registry.
    pub registry: Option<&'a str>,
    /// Repository.
    pub repository: Option<&'a str>,
    /// Tag.
    pub tag: Option<&'a str>,
    /// Part of a name, in any case.
    pub part: Option<&'a str>,
    /// States of images, empty for any.
    pub states: &'a [&'a str],
    /// States of analyses, empty for any.
    pub analysis_states: &'a [&'a str],
    /// Analysed at this time or later.
    pub analyzed_since: Option<Timestamp>,
    /// Whether something runs it.
    pub running: Option<bool>,
}

/// A tag beside what is told of its image in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagRow {
    /// The tag.
    pub tag: Tag,
    /// Digest of the image.
    pub digest: String,
    /// Digest of its index.
    pub parent_digest: String,
    /// Digest of its configuration.
    pub image_id: String,
    /// `active` or `deleting`.
    pub state: String,
    /// How far its analysis is.
    pub analysis_state: String,
    /// When its analysis ended.
    pub analyzed_at: Option<Timestamp>,
    /// When the image was added.
    pub image_created_at: Timestamp,
}

const ROWS: &str = "SELECT t.id, t.account, t.registry, t.repository, t.tag, t.image, t.current, t.detected_at, \
                    t.created_at, t.verdict, t.evaluated_at, i.digest, i.parent_digest, i.image_id, i.state, \
                    i.analysis_state, i.analyzed_at, i.created_at AS image_created_at \
                    FROM image_tag t JOIN image i ON i.id = t.image WHERE t.current AND t.account = ";

/// What a list of tags is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagOrder {
    /// The name.
    Name,
    /// Since when it names its image.
    Detected,
    /// When its image was added.
    Created,
    /// When its analysis ended.
    Analyzed,
    /// Digest of its image.
    Digest,
    /// How far its analysis is.
    AnalysisState,
}

impl TagOrder {
    const fn columns(self, descending: bool) -> &'static str {
        match (self, descending) {
            (Self::Name, false) => " ORDER BY t.registry, t.repository, t.tag, t.id",
            (Self::Name, true) => " ORDER BY t.registry DESC, t.repository DESC, t.tag DESC, t.id",
            (Self::Detected, false) => " ORDER BY t.detected_at, t.id",
            (Self::Detected, true) => " ORDER BY t.detected_at DESC, t.id",
            (Self::Created, false) => " ORDER BY i.created_at, t.id",
            (Self::Created, true) => " ORDER BY i.created_at DESC, t.id",
            (Self::Analyzed, false) => " ORDER BY i.analyzed_at, t.id",
            (Self::Analyzed, true) => " ORDER BY i.analyzed_at DESC, t.id",
            (Self::Digest, false) => " ORDER BY i.digest, t.id",
            (Self::Digest, true) => " ORDER BY i.digest DESC, t.id",
            (Self::AnalysisState, false) => " ORDER BY i.analysis_state, t.id",
            (Self::AnalysisState, true) => " ORDER BY i.analysis_state DESC, t.id",
        }
    }
}

fn filtered(statement: Sql, account: AccountId, filter: &TagFilter<'_>) -> Sql {
    let mut statement = statement
        .bind_next(account.0)
        .filter("t.registry =", filter.registry)
        .filter("t.repository =", filter.repository)
        .filter("t.tag =", filter.tag)
        .filter("i.analyzed_at >=", filter.analyzed_since.map(crate::time::micros));
    if let Some(part) = filter.part {
        // `instr` and `position` take the text as it is; LIKE would need its signs escaped.
        let lower = part.to_lowercase();
        statement = statement
            .then(" AND REPLACE(LOWER(t.registry || '/' || t.repository || ':' || t.tag), ")
            .bind_next(lower)
            .then(", '') <> LOWER(t.registry || '/' || t.repository || ':' || t.tag)");
    }
    if !filter.states.is_empty() {
        statement = statement.then(" AND i.state IN").list(filter.states.iter().copied());
    }
    if !filter.analysis_states.is_empty() {
        statement = statement.then(" AND i.analysis_state IN").list(filter.analysis_states.iter().copied());
    }
    match filter.running {
        Some(true) => statement.then(" AND t.running > 0"),
        Some(false) => statement.then(" AND t.running = 0"),
        None => statement,
    }
}

/// Current tags with what a list shows of their images.
pub async fn rows(
    db: Db<'_>,
    account: AccountId,
    filter: &TagFilter<'_>,
    order: (TagOrder, bool),
    limit: u64,
    offset: u64,
) -> Result<Vec<TagRow>, StoreError> {
    filtered(sql(ROWS), account, filter)
        .then(order.0.columns(order.1))
        .page(limit, offset)
        .all(db, |row| {
            Ok(TagRow {
                tag: read(row)?,
                digest: row.get("digest")?,
                parent_digest: row.get("parent_digest")?,
                image_id: row.get("image_id")?,
                state: row.get("state")?,
                analysis_state: row.get("analysis_state")?,
                analyzed_at: row.maybe_at("analyzed_at")?,
                image_created_at: row.at("image_created_at")?,
            })
        })
        .await
}

/// How many current tags there are.
pub async fn count(db: Db<'_>, account: AccountId, filter: &TagFilter<'_>) -> Result<i64, StoreError> {
    let all =
        sql("SELECT COUNT(*) AS n FROM image_tag t JOIN image i ON i.id = t.image WHERE t.current AND t.account = ");
    filtered(all, account, filter).row(db, |row| row.get("n")).await
}

/// Lets a name stand for an image from now on; `true` when it stood for another one, or for none.
pub async fn assign(
    db: Db<'_>,
    account: AccountId,
    name: (&str, &str, &str),
    image: ImageKey,
    detected_at: Timestamp,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let (registry, repository, tag) = name;
    let known = current(db, account, registry, repository, tag).await?;
    if known.as_ref().is_some_and(|known| known.image == image) {
        return Ok(false);
    }
    sql("UPDATE image_tag SET current = FALSE WHERE account = $1 AND registry = $2 AND repository = $3 AND tag = $4")
        .bind(account.0)
        .bind(registry)
        .bind(repository)
        .bind(tag)
        .run(db)
        .await?;
    sql("INSERT INTO image_tag (account, registry, repository, tag, image, current, detected_at, created_at) \
         VALUES ($1, $2, $3, $4, $5, TRUE, $6, $7) ON CONFLICT (account, registry, repository, tag, image) \
         DO UPDATE SET current = TRUE, detected_at = excluded.detected_at")
    .bind(account.0)
    .bind(registry)
    .bind(repository)
    .bind(tag)
    .bind(image.0)
    .at(detected_at)
    .at(now)
    .run(db)
    .await?;
    crate::inventory::recount_image(db, image.0).await?;
    Ok(true)
}

/// What a list shows of the last decision about a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagSummary {
    /// `pass`, `stop` or `undecided`.
    pub verdict: String,
    /// Findings by action: stop, warn, go.
    pub findings: [i64; 3],
    /// Matches by severity: critical, high, medium, low, other.
    pub severities: [i64; 5],
    /// Matches that are known to be exploited.
    pub kev: i64,
    /// Matches with a fix.
    pub fixable: i64,
    /// The evaluation.
    pub evaluation: i64,
}

/// Writes down what was decided about a tag.
pub async fn set_summary(db: Db<'_>, tag: i64, summary: &TagSummary, now: Timestamp) -> Result<(), StoreError> {
    let [stop, warn, go] = summary.findings;
    let [critical, high, medium, low, other] = summary.severities;
    sql("UPDATE image_tag SET verdict = $2, stop_n = $3, warn_n = $4, go_n = $5, critical_n = $6, high_n = $7, \
         medium_n = $8, low_n = $9, other_n = $10, kev_n = $11, fixable_n = $12, evaluation = $13, evaluated_at = $14 \
         WHERE id = $1")
    .bind(tag)
    .bind(summary.verdict.as_str())
    .bind(stop)
    .bind(warn)
    .bind(go)
    .bind(critical)
    .bind(high)
    .bind(medium)
    .bind(low)
    .bind(other)
    .bind(summary.kev)
    .bind(summary.fixable)
    .bind(summary.evaluation)
    .at(now)
    .run(db)
    .await?;
    Ok(())
}

/// Current tags of analysed images with a larger key, for whoever goes over all of them.
pub async fn page(db: Db<'_>, after: i64, limit: u64) -> Result<Vec<Tag>, StoreError> {
    sql("SELECT t.id, t.account, t.registry, t.repository, t.tag, t.image, t.current, t.detected_at, t.created_at, \
         t.verdict, t.evaluated_at FROM image_tag t JOIN image i ON i.id = t.image \
         WHERE t.current AND i.state = 'active' AND i.analysis_state = 'analyzed'")
    .filter("t.id >", Some(after))
    .then(" ORDER BY t.id")
    .page(limit, 0)
    .all(db, read)
    .await
}

/// Current tags of images that hold one of these content sets.
pub async fn of_sets(db: Db<'_>, sets: &[i64]) -> Result<Vec<Tag>, StoreError> {
    let mut all = Vec::new();
    for chunk in sets.chunks(5_000) {
        let statement = sql(
            "SELECT t.id, t.account, t.registry, t.repository, t.tag, t.image, t.current, t.detected_at, t.created_at, \
             t.verdict, t.evaluated_at FROM artifact a JOIN image i ON i.artifact = a.id JOIN image_tag t ON t.image = i.id \
             WHERE t.current AND i.state = 'active' AND a.content_set IN",
        );
        all.extend(statement.list(chunk.iter().copied()).then(" ORDER BY t.id").all(db, read).await?);
    }
    Ok(all)
}

//! What was found in artifacts: identities of packages, sets of them, and what matches them.

use jiff::Timestamp;
use sea_orm::Value;
use sha2::{Digest as _, Sha256};

use crate::sql::{Db, insert_many, sql};
use crate::{AccountId, StoreError, time};

/// What a matcher reads of a package: equal hashes match alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Identity {
    /// SHA-256 of everything that a matcher reads.
    pub hash: [u8; 32],
    /// Package type.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Distribution and release, or nothing.
    pub distro: String,
    /// Names, folded, under which vulnerability data may have it: its own, its sources', its products'.
    pub names: Vec<String>,
}

/// A match of an identity.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityMatch {
    /// Hash of the identity.
    pub identity: [u8; 32],
    /// Where the record comes from.
    pub namespace: String,
    /// Its id.
    pub vulnerability: String,
    /// 0 unknown, 1 negligible ... 5 critical.
    pub severity: i64,
    /// Whether it is known to be exploited.
    pub kev: bool,
    /// The version that mends it, or nothing.
    pub fix: String,
    /// Probability of exploitation.
    pub epss: Option<f64>,
    /// Highest base score.
    pub cvss: Option<f64>,
}

/// An artifact as it was found.
#[derive(Debug, Clone)]
pub struct NewArtifact<'a> {
    /// The account that may use it; 0 for all.
    pub account: AccountId,
    /// Digest of the manifest.
    pub manifest_digest: &'a str,
    /// `server` or `import`.
    pub origin: &'a str,
    /// Which analyser.
    pub semantics: &'a str,
    /// Key of its content set.
    pub content_set: i64,
    /// Digest of its analysis document.
    pub analysis_blob: &'a str,
    /// Chain id of all its layers.
    pub chain_id: &'a str,
    /// Its layers' diffIDs, one to a line.
    pub layers: &'a str,
    /// Distribution.
    pub distro: &'a str,
    /// Its release.
    pub distro_version: &'a str,
    /// Architecture.
    pub architecture: &'a str,
    /// Bytes of its layers.
    pub size: i64,
    /// How many gaps its analysis has.
    pub gaps: i64,
}

/// What is told of an artifact without opening it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRow {
    /// Its key.
    pub id: i64,
    /// Digest of its analysis document.
    pub analysis_blob: String,
    /// Key of its content set.
    pub content_set: i64,
    /// Its layers' diffIDs, one to a line.
    pub layers: String,
    /// Distribution.
    pub distro: String,
    /// Its release.
    pub distro_version: String,
    /// Architecture.
    pub architecture: String,
    /// Bytes of its layers.
    pub size: i64,
    /// `server` or `import`.
    pub origin: String,
}

/// Keeps identities and the set that they are; the key of the set. Equal sets are kept once.
pub async fn record_set(db: Db<'_>, identities: &[Identity]) -> Result<i64, StoreError> {
    let mut sorted: Vec<&Identity> = identities.iter().collect();
    sorted.sort();
    sorted.dedup();
    let mut hasher = Sha256::new();
    for identity in &sorted {
        hasher.update(identity.hash);
    }
    let hash = hasher.finalize().to_vec();
    let known =
        sql("SELECT id FROM content_set WHERE hash = $1").bind(hash.clone()).one(db, |row| row.get("id")).await?;
    if let Some(known) = known {
        return Ok(known);
    }
    let rows: Vec<Vec<Value>> = sorted
        .iter()
        .map(|identity| {
            vec![
                identity.hash.to_vec().into(),
                identity.kind.as_str().into(),
                identity.name.as_str().into(),
                identity.version.as_str().into(),
                identity.distro.as_str().into(),
            ]
        })
        .collect();
    insert_many(
        db,
        "INSERT INTO identity (hash, kind, name, version, distro) VALUES ",
        5,
        &rows,
        " ON CONFLICT (hash) DO NOTHING",
    )
    .await?;
    for chunk in sorted.chunks(2_000) {
        let keys = keys_of(db, chunk.iter().map(|identity| identity.hash)).await?;
        let named = chunk.iter().filter_map(|identity| Some((identity, *keys.get(identity.hash.as_slice())?)));
        let rows: Vec<Vec<Value>> = named
            .flat_map(|(identity, key)| identity.names.iter().map(move |name| vec![name.as_str().into(), key.into()]))
            .collect();
        insert_many(db, "INSERT INTO identity_name (name, identity) VALUES ", 2, &rows, " ON CONFLICT DO NOTHING")
            .await?;
    }
    let set: i64 = sql("INSERT INTO content_set (hash, n) VALUES ($1, $2) \
                        ON CONFLICT (hash) DO UPDATE SET n = excluded.n RETURNING id")
    .bind(hash)
    .bind(i64::try_from(sorted.len()).unwrap_or(i64::MAX))
    .row(db, |row| row.get("id"))
    .await?;
    for chunk in sorted.chunks(10_000) {
        sql("INSERT INTO content_set_member (content_set, identity) SELECT ")
            .bind_cast(set)
            .then(", id FROM identity WHERE hash IN")
            .list(chunk.iter().map(|identity| identity.hash.to_vec()))
            .then(" ON CONFLICT DO NOTHING")
            .run(db)
            .await?;
    }
    Ok(set)
}

/// Keys of identities by their hashes.
async fn keys_of(
    db: Db<'_>,
    hashes: impl Iterator<Item = [u8; 32]>,
) -> Result<std::collections::HashMap<Vec<u8>, i64>, StoreError> {
    let all: Vec<[u8; 32]> = hashes.collect();
    let mut keys = std::collections::HashMap::new();
    for chunk in all.chunks(10_000) {
        let found = sql("SELECT id, hash FROM identity WHERE hash IN").list(chunk.iter().map(|hash| hash.to_vec()));
        keys.extend(found.all(db, |row| Ok((row.get::<Vec<u8>>("hash")?, row.get::<i64>("id")?))).await?);
    }
    Ok(keys)
}

/// Writes down what matches identities now: what is new is first seen now, what matches no longer is gone.
pub async fn record_matches(
    db: Db<'_>,
    identities: &[[u8; 32]],
    matches: &[IdentityMatch],
    now: Timestamp,
) -> Result<(), StoreError> {
    let at = time::micros(now);
    let keys = keys_of(db, identities.iter().copied()).await?;
    // What is matched again below is not gone.
    let all: Vec<i64> = keys.values().copied().collect();
    for chunk in all.chunks(10_000) {
        sql("UPDATE identity_match SET gone_at = ")
            .bind_cast(at)
            .then(" WHERE gone_at IS NULL AND identity IN")
            .list(chunk.iter().copied())
            .run(db)
            .await?;
    }
    let rows: Vec<Vec<Value>> = matches
        .iter()
        .filter_map(|matched| {
            Some(vec![
                (*keys.get(matched.identity.as_slice())?).into(),
                matched.namespace.as_str().into(),
                matched.vulnerability.as_str().into(),
                matched.severity.into(),
                matched.kev.into(),
                matched.fix.as_str().into(),
                matched.epss.into(),
                matched.cvss.into(),
                at.into(),
                (!matched.fix.is_empty()).then_some(at).into(),
            ])
        })
        .collect();
    insert_many(
        db,
        "INSERT INTO identity_match (identity, namespace, vulnerability, severity, kev, fix, epss, cvss, first_seen, \
         fix_seen) VALUES ",
        10,
        &rows,
        " ON CONFLICT (identity, namespace, vulnerability) DO UPDATE SET severity = excluded.severity, \
         kev = excluded.kev, fix = excluded.fix, epss = excluded.epss, cvss = excluded.cvss, gone_at = NULL, \
         first_seen = CASE WHEN identity_match.gone_at < excluded.first_seen THEN excluded.first_seen \
         ELSE identity_match.first_seen END, \
         fix_seen = COALESCE(identity_match.fix_seen, excluded.fix_seen)",
    )
    .await?;
    Ok(())
}

/// When a match was first seen, and since when it has a fix: by hash of the identity, namespace and vulnerability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchTimes {
    /// Hash of the identity.
    pub identity: Vec<u8>,
    /// Where the record comes from.
    pub namespace: String,
    /// Its id.
    pub vulnerability: String,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// When a fix was first seen.
    pub fix_seen: Option<Timestamp>,
}

/// Times of the matches of a set.
pub async fn match_times(db: Db<'_>, content_set: i64) -> Result<Vec<MatchTimes>, StoreError> {
    sql("SELECT i.hash, m.namespace, m.vulnerability, m.first_seen, m.fix_seen FROM content_set_member c \
         JOIN identity i ON i.id = c.identity JOIN identity_match m ON m.identity = i.id \
         WHERE c.content_set = $1 AND m.gone_at IS NULL")
    .bind(content_set)
    .all(db, |row| {
        Ok(MatchTimes {
            identity: row.get("hash")?,
            namespace: row.get("namespace")?,
            vulnerability: row.get("vulnerability")?,
            first_seen: row.at("first_seen")?,
            fix_seen: row.maybe_at("fix_seen")?,
        })
    })
    .await
}

/// Keeps an artifact; its key. One that is known for its manifest, analyser and origin is replaced.
pub async fn record_artifact(db: Db<'_>, new: &NewArtifact<'_>, now: Timestamp) -> Result<i64, StoreError> {
    sql("INSERT INTO artifact (account, manifest_digest, origin, semantics, content_set, analysis_blob, chain_id, layers, \
         distro, distro_version, architecture, size, gaps, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT (manifest_digest, semantics, origin, account) DO UPDATE SET content_set = excluded.content_set, \
         analysis_blob = excluded.analysis_blob, chain_id = excluded.chain_id, layers = excluded.layers, \
         distro = excluded.distro, distro_version = excluded.distro_version, architecture = excluded.architecture, \
         size = excluded.size, gaps = excluded.gaps, created_at = excluded.created_at RETURNING id")
    .bind(new.account.0)
    .bind(new.manifest_digest)
    .bind(new.origin)
    .bind(new.semantics)
    .bind(new.content_set)
    .bind(new.analysis_blob)
    .bind(new.chain_id)
    .bind(new.layers)
    .bind(new.distro)
    .bind(new.distro_version)
    .bind(new.architecture)
    .bind(new.size)
    .bind(new.gaps)
    .at(now)
    .row(db, |row| row.get("id"))
    .await
}

const ARTIFACT: &str = "SELECT id, analysis_blob, content_set, layers, distro, distro_version, architecture, size, origin \
                        FROM artifact WHERE 1 = 1";

fn read_artifact(row: &crate::sql::Row) -> Result<ArtifactRow, StoreError> {
    Ok(ArtifactRow {
        id: row.get("id")?,
        analysis_blob: row.get("analysis_blob")?,
        content_set: row.get("content_set")?,
        layers: row.get("layers")?,
        distro: row.get("distro")?,
        distro_version: row.get("distro_version")?,
        architecture: row.get("architecture")?,
        size: row.get("size")?,
        origin: row.get("origin")?,
    })
}

/// Artifacts by their keys, for whoever has an image of them.
pub async fn artifacts(db: Db<'_>, ids: &[i64]) -> Result<Vec<ArtifactRow>, StoreError> {
    let mut all = Vec::new();
    for chunk in ids.chunks(5_000) {
        all.extend(sql(ARTIFACT).then(" AND id IN").list(chunk.iter().copied()).all(db, read_artifact).await?);
    }
    Ok(all)
}

/// What this server found in the image with this manifest before, with the same analyser.
pub async fn shared_artifact(
    db: Db<'_>,
    manifest_digest: &str,
    semantics: &str,
) -> Result<Option<ArtifactRow>, StoreError> {
    sql(ARTIFACT)
        .filter("manifest_digest =", Some(manifest_digest))
        .filter("semantics =", Some(semantics))
        .then(" AND origin = 'server' AND account = 0")
        .one(db, read_artifact)
        .await
}

/// Sets that hold a package which data may have under one of these names, folded.
pub async fn sets_with_names(db: Db<'_>, names: &[String]) -> Result<Vec<i64>, StoreError> {
    let mut all = std::collections::BTreeSet::new();
    for chunk in names.chunks(5_000) {
        let statement = sql("SELECT DISTINCT c.content_set AS id FROM identity_name n \
                             JOIN content_set_member c ON c.identity = n.identity WHERE n.name IN");
        all.extend(statement.list(chunk.iter().map(String::as_str)).all(db, |row| row.get::<i64>("id")).await?);
    }
    Ok(all.into_iter().collect())
}

/// All sets with a larger key that an image or a source has, the smallest keys first.
pub async fn sets_after(db: Db<'_>, after: i64, limit: u64) -> Result<Vec<i64>, StoreError> {
    sql("SELECT DISTINCT content_set AS id FROM (SELECT content_set FROM artifact UNION ALL \
         SELECT content_set FROM source WHERE content_set IS NOT NULL) s WHERE 1 = 1")
    .filter("content_set >", Some(after))
    .then(" ORDER BY id")
    .page(limit, 0)
    .all(db, |row| row.get("id"))
    .await
}

/// An analysis document of each set, with the set's key, for sets with larger keys.
pub async fn documents_of_sets(db: Db<'_>, sets: &[i64]) -> Result<Vec<(i64, String)>, StoreError> {
    let mut all = Vec::new();
    for chunk in sets.chunks(5_000) {
        let statement = sql("SELECT content_set, MIN(analysis_blob) AS blob FROM (\
                             SELECT content_set, analysis_blob FROM artifact UNION ALL \
                             SELECT content_set, analysis_blob FROM source WHERE analysis_blob IS NOT NULL) s \
                             WHERE content_set IN");
        let statement = statement.list(chunk.iter().copied()).then(" GROUP BY content_set ORDER BY content_set");
        all.extend(statement.all(db, |row| Ok((row.get("content_set")?, row.get("blob")?))).await?);
    }
    Ok(all)
}

/// A package that an image holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The image.
    pub image: crate::image::ImageKey,
    /// Package type.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
}

/// Types of the packages that have this name, and this version when one is given, in whatever was ever analysed.
pub async fn kinds_named(db: Db<'_>, name: &str, version: Option<&str>) -> Result<Vec<String>, StoreError> {
    sql("SELECT DISTINCT kind FROM identity WHERE 1 = 1")
        .filter("name =", Some(name))
        .filter("version =", version)
        .then(" ORDER BY kind")
        .all(db, |row| row.get("kind"))
        .await
}

/// A page of the account's images that hold a package of this name and of one of these types, the oldest first, with
/// those packages of each.
pub async fn holders(
    db: Db<'_>,
    account: AccountId,
    (name, version, kinds): (&str, Option<&str>, &[String]),
    limit: u64,
    offset: u64,
) -> Result<Vec<Holder>, StoreError> {
    const WITH: &str = " FROM identity n JOIN content_set_member c ON c.identity = n.id \
                        JOIN artifact a ON a.content_set = c.content_set JOIN image i ON i.artifact = a.id \
                        WHERE i.state = 'active' AND i.analysis_state = 'analyzed'";
    let chosen = |statement: crate::sql::Sql| {
        statement
            .then(WITH)
            .filter("i.account =", Some(account.0))
            .filter("n.name =", Some(name))
            .filter("n.version =", version)
            .then(" AND n.kind IN")
            .list(kinds.iter().map(String::as_str))
    };
    let images = chosen(sql("SELECT DISTINCT i.id AS image"))
        .then(" ORDER BY image")
        .page(limit, offset)
        .all(db, |row| row.get::<i64>("image"))
        .await?;
    let mut all = Vec::new();
    for chunk in images.chunks(5_000) {
        let statement =
            chosen(sql("SELECT DISTINCT i.id AS image, n.kind AS kind, n.name AS name, n.version AS version"))
                .then(" AND i.id IN")
                .list(chunk.iter().copied())
                .then(" ORDER BY image, kind, version");
        let read = |row: &crate::sql::Row| {
            Ok(Holder {
                image: crate::image::ImageKey(row.get("image")?),
                kind: row.get("kind")?,
                name: row.get("name")?,
                version: row.get("version")?,
            })
        };
        all.extend(statement.all(db, read).await?);
    }
    Ok(all)
}

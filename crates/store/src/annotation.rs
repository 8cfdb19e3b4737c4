//! Notes of users about vulnerabilities of images.

use jiff::Timestamp;
use serde_json::Value;

use crate::image::ImageKey;
use crate::sql::{Db, Row, Sql, sql};
use crate::{AccountId, StoreError};

/// A note.
#[derive(Debug, Clone, PartialEq)]
pub struct AnnotationRow {
    /// Its id in the API.
    pub uuid: String,
    /// Id of the vulnerability.
    pub vulnerability: String,
    /// Name, version and type of the package; nothing when it is about the whole image.
    pub package: Option<(String, String, String)>,
    /// Who wrote it last.
    pub author: String,
    /// How often it was written.
    pub version: i64,
    /// What it says.
    pub body: Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

const SELECT: &str = "SELECT uuid, vulnerability, package_name, package_version, package_type, author, version, body, \
                      created_at, updated_at FROM annotation WHERE account = ";

fn read(row: &Row) -> Result<AnnotationRow, StoreError> {
    let package: (String, String, String) =
        (row.get("package_name")?, row.get("package_version")?, row.get("package_type")?);
    Ok(AnnotationRow {
        uuid: row.get("uuid")?,
        vulnerability: row.get("vulnerability")?,
        package: (!package.0.is_empty()).then_some(package),
        author: row.get("author")?,
        version: row.get("version")?,
        body: row.json("body")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

fn select(account: AccountId, image: ImageKey) -> Sql {
    sql(SELECT).bind_next(account.0).filter("image =", Some(image.0))
}

/// Notes about an image, the oldest first.
pub async fn list(db: Db<'_>, account: AccountId, image: ImageKey) -> Result<Vec<AnnotationRow>, StoreError> {
    select(account, image).then(" ORDER BY id").all(db, read).await
}

/// The note with this id.
pub async fn find(
    db: Db<'_>,
    account: AccountId,
    image: ImageKey,
    uuid: &str,
) -> Result<Option<AnnotationRow>, StoreError> {
    select(account, image).filter("uuid =", Some(uuid)).one(db, read).await
}

/// Adds a note; `Duplicate` when there is one about the same.
pub async fn create(db: Db<'_>, account: AccountId, image: ImageKey, new: &AnnotationRow) -> Result<(), StoreError> {
    let (name, version, kind) = new.package.clone().unwrap_or_default();
    sql("INSERT INTO annotation (uuid, account, image, vulnerability, package_name, package_version, package_type, author, \
         version, body, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)")
    .bind(new.uuid.as_str())
    .bind(account.0)
    .bind(image.0)
    .bind(new.vulnerability.as_str())
    .bind(name)
    .bind(version)
    .bind(kind)
    .bind(new.author.as_str())
    .bind(new.version)
    .bind(new.body.to_string())
    .at(new.created_at)
    .at(new.updated_at)
    .run(db)
    .await?;
    Ok(())
}

/// Changes what a note says.
pub async fn update(db: Db<'_>, account: AccountId, new: &AnnotationRow) -> Result<(), StoreError> {
    sql("UPDATE annotation SET vulnerability = $3, author = $4, version = $5, body = $6, updated_at = $7 \
         WHERE account = $1 AND uuid = $2")
    .bind(account.0)
    .bind(new.uuid.as_str())
    .bind(new.vulnerability.as_str())
    .bind(new.author.as_str())
    .bind(new.version)
    .bind(new.body.to_string())
    .at(new.updated_at)
    .run(db)
    .await?;
    Ok(())
}

/// Deletes a note.
pub async fn delete(db: Db<'_>, account: AccountId, uuid: &str) -> Result<(), StoreError> {
    sql("DELETE FROM annotation WHERE account = $1 AND uuid = $2").bind(account.0).bind(uuid).run(db).await?;
    Ok(())
}

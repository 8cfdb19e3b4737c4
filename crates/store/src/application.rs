//! Applications: named groups of images and sources, by version.

use jiff::Timestamp;

use crate::image::ImageKey;
use crate::sql::{Db, Row, sql};
use crate::{AccountId, StoreError};

/// An application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Its key.
    pub id: i64,
    /// Its id in the API.
    pub uuid: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A version of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its key.
    pub id: i64,
    /// Its id in the API.
    pub uuid: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What belongs to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// An image.
    Image(ImageKey),
    /// A source, by its key.
    Source(i64),
}

/// That something belongs to a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    /// Its id in the API.
    pub uuid: String,
    /// What belongs.
    pub part: Part,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

const APPLICATION: &str =
    "SELECT id, uuid, name, description, created_at, updated_at FROM application WHERE account = ";
const VERSION: &str = "SELECT id, uuid, name, created_at, updated_at FROM application_version WHERE application = ";

fn read(row: &Row) -> Result<Application, StoreError> {
    Ok(Application {
        id: row.get("id")?,
        uuid: row.get("uuid")?,
        name: row.get("name")?,
        description: row.get("description")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

fn read_version(row: &Row) -> Result<Version, StoreError> {
    Ok(Version {
        id: row.get("id")?,
        uuid: row.get("uuid")?,
        name: row.get("name")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

/// Applications of an account by name.
pub async fn list(db: Db<'_>, account: AccountId) -> Result<Vec<Application>, StoreError> {
    sql(APPLICATION).bind_next(account.0).then(" ORDER BY name").all(db, read).await
}

/// The application with this id.
pub async fn find(db: Db<'_>, account: AccountId, uuid: &str) -> Result<Option<Application>, StoreError> {
    sql(APPLICATION).bind_next(account.0).filter("uuid =", Some(uuid)).one(db, read).await
}

/// Makes an application; `Duplicate` when the account has one of this name.
pub async fn create(
    db: Db<'_>,
    account: AccountId,
    uuid: &str,
    name: &str,
    description: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO application (uuid, account, name, description, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)")
        .bind(uuid)
        .bind(account.0)
        .bind(name)
        .bind(description)
        .at(now)
        .run(db)
        .await?;
    Ok(())
}

/// Renames and describes an application; `Duplicate` when the account has one of this name.
pub async fn update(
    db: Db<'_>,
    id: i64,
    name: &str,
    description: Option<&str>,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("UPDATE application SET name = $2, description = $3, updated_at = $4 WHERE id = $1")
        .bind(id)
        .bind(name)
        .bind(description)
        .at(now)
        .run(db)
        .await?;
    Ok(())
}

/// Deletes an application with its versions.
pub async fn delete(db: Db<'_>, id: i64) -> Result<(), StoreError> {
    for text in [
        "DELETE FROM application_artifact WHERE version IN (SELECT id FROM application_version WHERE application = $1)",
        "DELETE FROM application_version WHERE application = $1",
        "DELETE FROM application WHERE id = $1",
    ] {
        sql(text).bind(id).run(db).await?;
    }
    Ok(())
}

/// Versions of an application, the oldest first.
pub async fn versions(db: Db<'_>, application: i64) -> Result<Vec<Version>, StoreError> {
    sql(VERSION).bind_next(application).then(" ORDER BY id").all(db, read_version).await
}

/// The version with this id.
pub async fn version(db: Db<'_>, application: i64, uuid: &str) -> Result<Option<Version>, StoreError> {
    sql(VERSION).bind_next(application).filter("uuid =", Some(uuid)).one(db, read_version).await
}

/// Makes a version; `Duplicate` when the application has one of this name.
pub async fn create_version(
    db: Db<'_>,
    application: i64,
    uuid: &str,
    name: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql(
        "INSERT INTO application_version (uuid, application, name, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
    )
    .bind(uuid)
    .bind(application)
    .bind(name)
    .at(now)
    .run(db)
    .await?;
    Ok(())
}

/// Renames a version; `Duplicate` when the application has one of this name.
pub async fn rename_version(db: Db<'_>, id: i64, name: &str, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE application_version SET name = $2, updated_at = $3 WHERE id = $1")
        .bind(id)
        .bind(name)
        .at(now)
        .run(db)
        .await?;
    Ok(())
}

/// Deletes a version; its images and sources stay.
pub async fn delete_version(db: Db<'_>, id: i64) -> Result<(), StoreError> {
    for text in ["DELETE FROM application_artifact WHERE version = $1", "DELETE FROM application_version WHERE id = $1"]
    {
        sql(text).bind(id).run(db).await?;
    }
    Ok(())
}

/// What belongs to a version, in the order in which it was added.
pub async fn parts(db: Db<'_>, version: i64) -> Result<Vec<Association>, StoreError> {
    sql("SELECT uuid, image, source, created_at, updated_at FROM application_artifact WHERE version = $1 ORDER BY id")
        .bind(version)
        .all(db, |row| {
            let part = match (row.get::<Option<i64>>("image")?, row.get::<Option<i64>>("source")?) {
                (Some(image), _) => Part::Image(ImageKey(image)),
                (None, Some(source)) => Part::Source(source),
                (None, None) => return Err(StoreError::Damaged("a part of an application is nothing".to_owned())),
            };
            Ok(Association {
                uuid: row.get("uuid")?,
                part,
                created_at: row.at("created_at")?,
                updated_at: row.at("updated_at")?,
            })
        })
        .await
}

/// Adds something to a version; nothing happens when it belongs to it.
pub async fn add_part(db: Db<'_>, version: i64, uuid: &str, part: Part, now: Timestamp) -> Result<(), StoreError> {
    let (kind, image, source) = match part {
        Part::Image(image) => ("image", Some(image.0), None),
        Part::Source(source) => ("source", None, Some(source)),
    };
    sql("INSERT INTO application_artifact (uuid, version, kind, image, source, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT DO NOTHING")
    .bind(uuid)
    .bind(version)
    .bind(kind)
    .bind(image)
    .bind(source)
    .at(now)
    .run(db)
    .await?;
    Ok(())
}

/// Takes something out of a version; false when there is no such association.
pub async fn remove_part(db: Db<'_>, version: i64, uuid: &str) -> Result<bool, StoreError> {
    let n = sql("DELETE FROM application_artifact WHERE version = $1 AND uuid = $2")
        .bind(version)
        .bind(uuid)
        .run(db)
        .await?;
    Ok(n > 0)
}

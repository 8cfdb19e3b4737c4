//! Users and their passwords.

use jiff::Timestamp;

use crate::sql::{Db, Row, sql};
use crate::{AccountId, StoreError, UserId};

/// A user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its key.
    pub id: UserId,
    /// Its home.
    pub account: AccountId,
    /// Name of its home.
    pub account_name: String,
    /// Its name, unique in the whole installation.
    pub name: String,
    /// `native`, `saml` or `oidc`.
    pub kind: String,
    /// Who vouches for it, when it has no password here.
    pub idp: Option<String>,
    /// Rises with everything that may change what it may do.
    pub version: i64,
    /// When its password was set.
    pub password_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

const SELECT: &str = "SELECT u.id, u.account, a.name AS account_name, u.name, u.kind, u.idp, u.version, u.password_at, \
                      u.created_at, u.updated_at FROM account_user u JOIN account a ON a.id = u.account WHERE 1 = 1";

fn read(row: &Row) -> Result<User, StoreError> {
    Ok(User {
        id: UserId(row.get("id")?),
        account: AccountId(row.get("account")?),
        account_name: row.get("account_name")?,
        name: row.get("name")?,
        kind: row.get("kind")?,
        idp: row.get("idp")?,
        version: row.get("version")?,
        password_at: row.maybe_at("password_at")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

/// Makes a user without a password; `Duplicate` when the name is taken.
pub async fn create(
    db: Db<'_>,
    account: AccountId,
    name: &str,
    kind: &str,
    idp: Option<&str>,
    now: Timestamp,
) -> Result<UserId, StoreError> {
    sql("INSERT INTO account_user (account, name, kind, idp, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $5) RETURNING id")
    .bind(account.0)
    .bind(name)
    .bind(kind)
    .bind(idp)
    .at(now)
    .row(db, |row| Ok(UserId(row.get("id")?)))
    .await
}

/// The user of this name, wherever its home is.
pub async fn find(db: Db<'_>, name: &str) -> Result<Option<User>, StoreError> {
    sql(SELECT).filter("u.name =", Some(name)).one(db, read).await
}

/// The user with this key.
pub async fn get(db: Db<'_>, id: UserId) -> Result<Option<User>, StoreError> {
    sql(SELECT).filter("u.id =", Some(id.0)).one(db, read).await
}

/// Users by name, of one home or of all.
pub async fn list(db: Db<'_>, account: Option<AccountId>) -> Result<Vec<User>, StoreError> {
    sql(SELECT).filter("u.account =", account.map(|account| account.0)).then(" ORDER BY u.name").all(db, read).await
}

/// Version of a user and generation and state of its home: what verified credentials are compared with.
pub async fn standing(db: Db<'_>, id: UserId) -> Result<Option<(i64, i64, String)>, StoreError> {
    sql("SELECT u.version, a.generation, a.state FROM account_user u JOIN account a ON a.id = u.account WHERE u.id = $1")
        .bind(id.0)
        .one(db, |row| Ok((row.get("version")?, row.get("generation")?, row.get("state")?)))
        .await
}

/// The hash of the password in PHC form.
pub async fn password(db: Db<'_>, id: UserId) -> Result<Option<String>, StoreError> {
    let found =
        sql("SELECT password FROM account_user WHERE id = $1").bind(id.0).one(db, |row| row.get("password")).await?;
    Ok(found.flatten())
}

/// Sets or drops the hash of the password; credentials that were verified before are verified again.
pub async fn set_password(db: Db<'_>, id: UserId, phc: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
    sql(
        "UPDATE account_user SET password = $2, password_at = $3, updated_at = $4, version = version + 1 WHERE id = $1",
    )
    .bind(id.0)
    .bind(phc)
    .maybe_at(phc.map(|_| now))
    .at(now)
    .run(db)
    .await?;
    Ok(())
}

/// Marks that what the user may do has changed.
pub async fn touch(db: Db<'_>, id: UserId) -> Result<(), StoreError> {
    sql("UPDATE account_user SET version = version + 1 WHERE id = $1").bind(id.0).run(db).await?;
    Ok(())
}

/// Deletes a user with its keys, tokens, sessions and roles.
pub async fn delete(db: Db<'_>, id: UserId) -> Result<(), StoreError> {
    for text in [
        "DELETE FROM api_key WHERE account_user = $1",
        "DELETE FROM token WHERE account_user = $1",
        "DELETE FROM session WHERE account_user = $1",
        "DELETE FROM role_member WHERE account_user = $1",
        "DELETE FROM user_group_member WHERE account_user = $1",
        "DELETE FROM account_user WHERE id = $1",
    ] {
        sql(text).bind(id.0).run(db).await?;
    }
    Ok(())
}

//! Groups of users: their members have the roles that they carry.

use jiff::Timestamp;

use crate::sql::{Db, Row, Sql, sql};
use crate::{StoreError, UserId};

/// A group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its key.
    pub id: i64,
    /// Its id in the API.
    pub uuid: String,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// A role that the members of a group have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRole {
    /// Its id in the API.
    pub uuid: String,
    /// The role.
    pub role: String,
    /// The account that it is for.
    pub domain: String,
    /// When it was given.
    pub created_at: Timestamp,
}

const SELECT: &str =
    "SELECT g.id, g.uuid, g.name, g.description, g.created_at, g.updated_at FROM user_group g WHERE 1 = 1";

fn read(row: &Row) -> Result<Group, StoreError> {
    Ok(Group {
        id: row.get("id")?,
        uuid: row.get("uuid")?,
        name: row.get("name")?,
        description: row.get("description")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

fn with_member(statement: Sql, user: Option<&str>) -> Sql {
    let Some(user) = user else { return statement };
    let members = " AND g.id IN (SELECT m.user_group FROM user_group_member m JOIN account_user u \
                   ON u.id = m.account_user WHERE u.name = ";
    statement.then(members).bind_next(user).then(")")
}

fn with_account(statement: Sql, account: Option<&str>) -> Sql {
    let Some(account) = account else { return statement };
    statement.then(" AND g.id IN (SELECT user_group FROM user_group_role WHERE domain = ").bind_next(account).then(")")
}

/// Groups by name: those with a member, of a name, with roles in an account. Each filter is left out when it is `None`.
pub async fn list(
    db: Db<'_>,
    member: Option<&str>,
    name: Option<&str>,
    account: Option<&str>,
) -> Result<Vec<Group>, StoreError> {
    with_account(with_member(sql(SELECT).filter("g.name =", name), member), account)
        .then(" ORDER BY g.name")
        .all(db, read)
        .await
}

/// The group with this id.
pub async fn find(db: Db<'_>, uuid: &str) -> Result<Option<Group>, StoreError> {
    sql(SELECT).filter("g.uuid =", Some(uuid)).one(db, read).await
}

/// Makes a group; `Duplicate` when the name is taken.
pub async fn create(db: Db<'_>, uuid: &str, name: &str, description: &str, now: Timestamp) -> Result<(), StoreError> {
    sql("INSERT INTO user_group (uuid, name, description, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)")
        .bind(uuid)
        .bind(name)
        .bind(description)
        .at(now)
        .run(db)
        .await?;
    Ok(())
}

/// Says what it is for.
pub async fn describe(db: Db<'_>, group: i64, description: &str, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE user_group SET description = $2, updated_at = $3 WHERE id = $1")
        .bind(group)
        .bind(description)
        .at(now)
        .run(db)
        .await?;
    Ok(())
}

/// Deletes a group; its members lose the roles that it carried.
pub async fn delete(db: Db<'_>, group: i64) -> Result<(), StoreError> {
    touch(db, group).await?;
    for text in [
        "DELETE FROM user_group_member WHERE user_group = $1",
        "DELETE FROM user_group_role WHERE user_group = $1",
        "DELETE FROM user_group WHERE id = $1",
    ] {
        sql(text).bind(group).run(db).await?;
    }
    Ok(())
}

/// Roles of a group by account.
pub async fn roles(db: Db<'_>, group: i64) -> Result<Vec<GroupRole>, StoreError> {
    sql("SELECT uuid, role, domain, created_at FROM user_group_role WHERE user_group = $1 ORDER BY domain, role")
        .bind(group)
        .all(db, |row| {
            Ok(GroupRole {
                uuid: row.get("uuid")?,
                role: row.get("role")?,
                domain: row.get("domain")?,
                created_at: row.at("created_at")?,
            })
        })
        .await
}

/// Gives a role to a group; nothing happens when it carries it already.
pub async fn add_role(db: Db<'_>, group: i64, new: &GroupRole) -> Result<(), StoreError> {
    sql("INSERT INTO user_group_role (uuid, user_group, role, domain, created_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (user_group, role, domain) DO NOTHING")
    .bind(new.uuid.as_str())
    .bind(group)
    .bind(new.role.as_str())
    .bind(new.domain.as_str())
    .at(new.created_at)
    .run(db)
    .await?;
    touch(db, group).await
}

/// Takes a role from a group; false when it does not carry it.
pub async fn take_role(db: Db<'_>, group: i64, uuid: &str) -> Result<bool, StoreError> {
    let n =
        sql("DELETE FROM user_group_role WHERE user_group = $1 AND uuid = $2").bind(group).bind(uuid).run(db).await?;
    touch(db, group).await?;
    Ok(n > 0)
}

/// Takes all roles in an account from a group; false when there were none.
pub async fn take_roles_in(db: Db<'_>, group: i64, account: &str) -> Result<bool, StoreError> {
    let n = sql("DELETE FROM user_group_role WHERE user_group = $1 AND domain = $2")
        .bind(group)
        .bind(account)
        .run(db)
        .await?;
    touch(db, group).await?;
    Ok(n > 0)
}

/// Members of a group with when they were added.
pub async fn members(db: Db<'_>, group: i64) -> Result<Vec<(String, Timestamp)>, StoreError> {
    sql("SELECT u.name, m.added_at FROM user_group_member m JOIN account_user u ON u.id = m.account_user \
         WHERE m.user_group = $1 ORDER BY u.name")
    .bind(group)
    .all(db, |row| Ok((row.get("name")?, row.at("added_at")?)))
    .await
}

/// Adds a member; nothing happens when it is one.
pub async fn add_member(db: Db<'_>, group: i64, user: UserId, now: Timestamp) -> Result<(), StoreError> {
    sql("INSERT INTO user_group_member (user_group, account_user, added_at) VALUES ($1, $2, $3) \
         ON CONFLICT (user_group, account_user) DO NOTHING")
    .bind(group)
    .bind(user.0)
    .at(now)
    .run(db)
    .await?;
    crate::user::touch(db, user).await
}

/// Removes a member; false when it was none.
pub async fn remove_member(db: Db<'_>, group: i64, user: UserId) -> Result<bool, StoreError> {
    let n = sql("DELETE FROM user_group_member WHERE user_group = $1 AND account_user = $2")
        .bind(group)
        .bind(user.0)
        .run(db)
        .await?;
    crate::user::touch(db, user).await?;
    Ok(n > 0)
}

/// Marks that what the members may do has changed.
async fn touch(db: Db<'_>, group: i64) -> Result<(), StoreError> {
    sql("UPDATE account_user SET version = version + 1 \
         WHERE id IN (SELECT account_user FROM user_group_member WHERE user_group = $1)")
    .bind(group)
    .run(db)
    .await?;
    Ok(())
}

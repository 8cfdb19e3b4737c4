//! Who has which role in which account: by itself or through a group.

use jiff::Timestamp;

use crate::sql::{Db, sql};
use crate::{StoreError, UserId};

/// A role that a user has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Who has it.
    pub user: UserId,
    /// Its name.
    pub username: String,
    /// The role.
    pub role: String,
    /// The account that it is for, or `system`.
    pub domain: String,
    /// Who gave it.
    pub granter: String,
    /// The group that it comes from.
    pub group: Option<String>,
    /// When it was given.
    pub granted_at: Timestamp,
}

const SELECT: &str = "SELECT * FROM (\
       SELECT m.account_user, u.name AS username, m.role, m.domain, m.granter, NULL AS through, m.granted_at \
       FROM role_member m JOIN account_user u ON u.id = m.account_user \
       UNION ALL \
       SELECT g.account_user, u.name, r.role, r.domain, 'group', ug.name, r.created_at \
       FROM user_group_member g JOIN account_user u ON u.id = g.account_user \
       JOIN user_group_role r ON r.user_group = g.user_group JOIN user_group ug ON ug.id = g.user_group\
     ) held WHERE 1 = 1";

/// Roles, those through groups too; each filter is left out when it is `None`.
pub async fn list(
    db: Db<'_>,
    user: Option<UserId>,
    role: Option<&str>,
    domain: Option<&str>,
) -> Result<Vec<Membership>, StoreError> {
    sql(SELECT)
        .filter("account_user =", user.map(|user| user.0))
        .filter("role =", role)
        .filter("domain =", domain)
        .then(" ORDER BY domain, role, username, granted_at")
        .all(db, |row| {
            Ok(Membership {
                user: UserId(row.get("account_user")?),
                username: row.get("username")?,
                role: row.get("role")?,
                domain: row.get("domain")?,
                granter: row.get("granter")?,
                group: row.get("through")?,
                granted_at: row.at("granted_at")?,
            })
        })
        .await
}

/// Gives a role; nothing happens when the user has it.
pub async fn give(
    db: Db<'_>,
    user: UserId,
    role: &str,
    domain: &str,
    granter: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    sql("INSERT INTO role_member (account_user, role, domain, granter, granted_at) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (account_user, role, domain) DO NOTHING")
    .bind(user.0)
    .bind(role)
    .bind(domain)
    .bind(granter)
    .at(now)
    .run(db)
    .await?;
    crate::user::touch(db, user).await
}

/// Takes a role away; false when the user did not have it by itself.
pub async fn take(db: Db<'_>, user: UserId, role: &str, domain: &str) -> Result<bool, StoreError> {
    let taken = sql("DELETE FROM role_member WHERE account_user = $1 AND role = $2 AND domain = $3")
        .bind(user.0)
        .bind(role)
        .bind(domain)
        .run(db)
        .await?;
    crate::user::touch(db, user).await?;
    Ok(taken > 0)
}

//! Accounts: each is a world of its own.

use jiff::Timestamp;
use serde_json::Value;

use crate::sql::{Db, Row, sql};
use crate::{AccountId, StoreError};

/// Whether an account may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// It may.
    Enabled,
    /// Its users are refused, and nothing is done for it.
    Disabled,
    /// It is being deleted.
    Deleting,
}

impl AccountState {
    /// The word that tables and the API use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Deleting => "deleting",
        }
    }

    /// The state of this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Enabled, Self::Disabled, Self::Deleting].into_iter().find(|state| state.name() == name)
    }
}

/// An account.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    /// Its key.
    pub id: AccountId,
    /// Its name.
    pub name: String,
    /// `admin`, `service` or `user`.
    pub kind: String,
    /// Whom to write to.
    pub email: Option<String>,
    /// Whether it may be used.
    pub state: AccountState,
    /// Rises with everything that may change what is told about the account.
    pub generation: i64,
    /// What it chose for itself.
    pub settings: Value,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

const SELECT: &str =
    "SELECT id, name, kind, email, state, generation, settings, created_at, updated_at FROM account WHERE 1 = 1";

fn read(row: &Row) -> Result<Account, StoreError> {
    Ok(Account {
        id: AccountId(row.get("id")?),
        name: row.get("name")?,
        kind: row.get("kind")?,
        email: row.get("email")?,
        state: row.word("state", AccountState::parse)?,
        generation: row.get("generation")?,
        settings: row.json("settings")?,
        created_at: row.at("created_at")?,
        updated_at: row.at("updated_at")?,
    })
}

/// Makes an account; `Duplicate` when there is one of that name.
pub async fn create(
    db: Db<'_>,
    name: &str,
    kind: &str,
    email: Option<&str>,
    now: Timestamp,
) -> Result<Account, StoreError> {
    sql("INSERT INTO account (name, kind, email, state, created_at, updated_at) \
         VALUES ($1, $2, $3, 'enabled', $4, $4) \
         RETURNING id, name, kind, email, state, generation, settings, created_at, updated_at")
    .bind(name)
    .bind(kind)
    .bind(email)
    .at(now)
    .row(db, read)
    .await
}

/// The account of this name.
pub async fn find(db: Db<'_>, name: &str) -> Result<Option<Account>, StoreError> {
    sql(SELECT).filter("name =", Some(name)).one(db, read).await
}

/// The account with this key.
pub async fn get(db: Db<'_>, id: AccountId) -> Result<Option<Account>, StoreError> {
    sql(SELECT).filter("id =", Some(id.0)).one(db, read).await
}

/// All accounts, by name.
pub async fn list(db: Db<'_>, state: Option<AccountState>) -> Result<Vec<Account>, StoreError> {
    sql(SELECT).filter("state =", state.map(AccountState::name)).then(" ORDER BY name").all(db, read).await
}

/// Changes whom to write to.
pub async fn set_email(db: Db<'_>, id: AccountId, email: Option<&str>, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE account SET email = $2, updated_at = $3 WHERE id = $1").bind(id.0).bind(email).at(now).run(db).await?;
    Ok(())
}

/// Changes whether it may be used; takes effect at once wherever credentials were verified before.
pub async fn set_state(db: Db<'_>, id: AccountId, state: AccountState, now: Timestamp) -> Result<(), StoreError> {
    sql("UPDATE account SET state = $2, updated_at = $3, generation = generation + 1 WHERE id = $1")
        .bind(id.0)
        .bind(state.name())
        .at(now)
        .run(db)
        .await?;
    Ok(())
}

/// Changes what it chose for itself.
pub async fn set_settings(db: Db<'_>, id: AccountId, settings: &Value) -> Result<(), StoreError> {
    sql("UPDATE account SET settings = $2, generation = generation + 1 WHERE id = $1")
        .bind(id.0)
        .bind(settings.to_string())
        .run(db)
        .await?;
    Ok(())
}

/// Marks that something was changed that answers about the account may rest on.
pub async fn touch(db: Db<'_>, id: AccountId) -> Result<(), StoreError> {
    sql("UPDATE account SET generation = generation + 1 WHERE id = $1").bind(id.0).run(db).await?;
    Ok(())
}

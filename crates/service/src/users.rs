//! Accounts, users, their keys and roles.

use jiff::Timestamp;
use stopgate_store::StoreError;
use stopgate_store::account::{self, Account, AccountState};
use stopgate_store::api_key::{self, ApiKey};
use stopgate_store::role::{self, Membership};
use stopgate_store::user::{self, User};

use crate::auth::{ApiKeySecret, hash_password};
use crate::error::Kind;
use crate::permission::Role;
use crate::start::ADMIN;
use crate::{Caller, Service, ServiceError, clock, policy};

/// Names that no account may have.
const RESERVED: [&str; 3] = ["system", "anchore-system", "*"];
/// Keys that a user may have.
const KEYS: usize = 100;
/// Days after which a key ends at the latest.
const KEY_DAYS: i64 = 365;
/// Characters that a password has at least, and at most.
const PASSWORD: std::ops::RangeInclusive<usize> = 6..=128;
/// Passwords that everybody tries first.
const KNOWN: [&str; 6] = ["foobar", "password", "123456", "changeme", "anchore", "admin123"];

/// Refuses a password that is no secret.
pub(crate) fn check_password(password: &str) -> Result<(), ServiceError> {
    if !PASSWORD.contains(&password.chars().count()) {
        return Err(ServiceError::invalid("a password has 6 to 128 characters"));
    }
    if KNOWN.contains(&password.to_lowercase().as_str()) {
        return Err(ServiceError::invalid("this password is one that everybody tries first; choose another"));
    }
    Ok(())
}

impl Service {
    /// The account of this name.
    pub async fn account(&self, name: &str) -> Result<Account, ServiceError> {
        account::find(self.store().read(), name).await?.ok_or_else(|| no_account(name))
    }

    /// All accounts.
    pub async fn accounts(&self, state: Option<AccountState>) -> Result<Vec<Account>, ServiceError> {
        Ok(account::list(self.store().read(), state).await?)
    }

    /// Makes an account with the packs that every account has.
    pub async fn add_account(&self, name: &str, email: Option<&str>) -> Result<Account, ServiceError> {
        if RESERVED.contains(&name) {
            return Err(ServiceError::invalid(format!("`{name}` is a reserved name; choose another")));
        }
        let now = clock::now();
        let tx = self.store().begin().await?;
        let made = match account::create(tx.db(), name, "user", email, now).await {
            Err(StoreError::Duplicate) => {
                return Err(ServiceError::conflict(format!("there is already an account `{name}`")));
            }
            made => made?,
        };
        policy::install_packs(tx.db(), made.id, now).await?;
        tx.commit().await?;
        Ok(made)
    }

    /// Changes whom to write to.
    pub async fn set_email(&self, name: &str, email: Option<&str>) -> Result<Account, ServiceError> {
        let known = self.account(name).await?;
        let tx = self.store().begin().await?;
        account::set_email(tx.db(), known.id, email, clock::now()).await?;
        tx.commit().await?;
        self.account(name).await
    }

    /// Enables or disables an account.
    pub async fn set_account_state(&self, name: &str, state: AccountState) -> Result<Account, ServiceError> {
        let known = self.account(name).await?;
        if name == ADMIN {
            return Err(ServiceError::invalid("the admin account stays enabled: nobody could enable it again"));
        }
        if known.state == AccountState::Deleting || state == AccountState::Deleting {
            return Err(ServiceError::invalid(format!(
                "the state of `{name}` cannot become `{}`: expected `enabled` or `disabled` for an account that is not \
                 being deleted",
                state.name()
            )));
        }
        let tx = self.store().begin().await?;
        account::set_state(tx.db(), known.id, state, clock::now()).await?;
        tx.commit().await?;
        self.auth().rights_changed();
        self.account(name).await
    }

    /// Begins to delete an account that is disabled. Its users are gone at once; the rest is collected later.
    pub async fn delete_account(&self, name: &str) -> Result<(), ServiceError> {
        let known = self.account(name).await?;
        if known.state == AccountState::Enabled {
            return Err(ServiceError::invalid(format!("the account `{name}` is enabled: expected a disabled one")));
        }
        let tx = self.store().begin().await?;
        account::set_state(tx.db(), known.id, AccountState::Deleting, clock::now()).await?;
        for user in user::list(tx.db(), Some(known.id)).await? {
            user::delete(tx.db(), user.id).await?;
        }
        tx.commit().await?;
        self.auth().rights_changed();
        Ok(())
    }

    /// A user whose home is this account.
    pub async fn user_of(&self, account: &str, name: &str) -> Result<User, ServiceError> {
        let home = self.account(account).await?;
        let found = user::find(self.store().read(), name).await?.filter(|user| user.account == home.id);
        found.ok_or_else(|| no_user(name))
    }

    /// A user, wherever its home is.
    pub async fn user(&self, name: &str) -> Result<User, ServiceError> {
        user::find(self.store().read(), name).await?.ok_or_else(|| no_user(name))
    }

    /// Users of an account, or all.
    pub async fn users(&self, account: Option<&str>) -> Result<Vec<User>, ServiceError> {
        let home = match account {
            Some(name) => Some(self.account(name).await?.id),
            None => None,
        };
        Ok(user::list(self.store().read(), home).await?)
    }

    /// Makes a user with a password.
    pub async fn add_user(&self, account: &str, name: &str, password: Option<&str>) -> Result<User, ServiceError> {
        let home = self.account(account).await?;
        if let Some(password) = password {
            check_password(password)?;
        }
        let phc = match password {
            Some(password) => Some(self.hashed(password).await?),
            None => None,
        };
        let now = clock::now();
        let tx = self.store().begin().await?;
        let made = match user::create(tx.db(), home.id, name, "native", None, now).await {
            Err(StoreError::Duplicate) => {
                return Err(ServiceError::invalid(format!("there is already a user `{name}`; choose another name")));
            }
            made => made?,
        };
        if let Some(phc) = phc {
            user::set_password(tx.db(), made, Some(&phc), now).await?;
        }
        tx.commit().await?;
        self.user(name).await
    }

    async fn hashed(&self, password: &str) -> Result<String, ServiceError> {
        let password = password.to_owned();
        tokio::task::spawn_blocking(move || hash_password(&password)).await.map_err(ServiceError::internal)?
    }

    /// Sets or drops the password of a user.
    pub async fn set_password(&self, user: &User, password: Option<&str>) -> Result<User, ServiceError> {
        let phc = match password {
            Some(password) => {
                check_password(password)?;
                Some(self.hashed(password).await?)
            }
            None => None,
        };
        let tx = self.store().begin().await?;
        user::set_password(tx.db(), user.id, phc.as_deref(), clock::now()).await?;
        tx.commit().await?;
        self.auth().rights_changed();
        self.user(&user.name).await
    }

    /// Deletes a user with its keys, tokens and roles.
    pub async fn delete_user(&self, caller: &Caller, user: &User) -> Result<(), ServiceError> {
        if user.name == ADMIN || user.id == caller.user.id {
            return Err(ServiceError::invalid(format!(
                "the user `{}` cannot be deleted: expected neither `{ADMIN}` nor oneself",
                user.name
            )));
        }
        let tx = self.store().begin().await?;
        user::delete(tx.db(), user.id).await?;
        tx.commit().await?;
        self.auth().rights_changed();
        Ok(())
    }

    /// The keys of a user.
    pub async fn api_keys(&self, user: &User) -> Result<Vec<ApiKey>, ServiceError> {
        Ok(api_key::list(self.store().read(), user.id).await?)
    }

    /// The key of a user with this name.
    pub async fn api_key(&self, user: &User, name: &str) -> Result<ApiKey, ServiceError> {
        let found = api_key::named(self.store().read(), user.id, name).await?;
        found.ok_or_else(|| ServiceError::not_found(format!("there is no API key `{name}`")))
    }

    /// Makes a key for a user. Its value is told here and never again.
    pub async fn add_api_key(
        &self,
        caller: &Caller,
        user: &User,
        name: &str,
        description: Option<&str>,
        expires_at: Option<Timestamp>,
    ) -> Result<(ApiKey, String), ServiceError> {
        if caller.origin == crate::auth::Origin::ApiKey {
            let message = "an API key cannot make API keys; log in with a password";
            return Err(ServiceError::new(Kind::Forbidden, message));
        }
        let now = clock::now();
        let latest = now + jiff::SignedDuration::from_hours(24 * KEY_DAYS);
        let expires_at = expires_at.unwrap_or(latest);
        if expires_at <= now || expires_at > latest {
            return Err(ServiceError::invalid(format!(
                "`expires_at` is {expires_at}: expected a time within {KEY_DAYS} days"
            )));
        }
        if self.api_keys(user).await?.len() >= KEYS {
            return Err(ServiceError::invalid(format!("the user has {KEYS} API keys; delete one first")));
        }
        let secret = ApiKeySecret::new()?;
        let key = ApiKey {
            key_id: secret.key_id,
            owner: user.id,
            name: name.to_owned(),
            description: description.map(str::to_owned),
            sha256: secret.sha256,
            revoked: false,
            expires_at,
            used_at: None,
            created_at: now,
            updated_at: now,
        };
        let tx = self.store().begin().await?;
        match api_key::create(tx.db(), &key).await {
            Err(StoreError::Duplicate) => {
                return Err(ServiceError::invalid(format!("the user has an API key `{name}` already")));
            }
            done => done?,
        }
        tx.commit().await?;
        Ok((key, secret.value))
    }

    /// Renames, describes or revokes a key.
    pub async fn update_api_key(
        &self,
        user: &User,
        name: &str,
        change: impl FnOnce(&mut ApiKey),
    ) -> Result<ApiKey, ServiceError> {
        let mut key = self.api_key(user, name).await?;
        change(&mut key);
        key.updated_at = clock::now();
        let tx = self.store().begin().await?;
        match api_key::update(tx.db(), &key).await {
            Err(StoreError::Duplicate) => {
                return Err(ServiceError::invalid(format!("the user has an API key `{}` already", key.name)));
            }
            done => done?,
        }
        tx.commit().await?;
        Ok(key)
    }

    /// Deletes a key.
    pub async fn delete_api_key(&self, user: &User, name: &str) -> Result<(), ServiceError> {
        let key = self.api_key(user, name).await?;
        let tx = self.store().begin().await?;
        api_key::delete(tx.db(), &key.key_id).await?;
        Ok(tx.commit().await?)
    }

    /// Roles of a user, or members of a role.
    pub async fn memberships(
        &self,
        user: Option<&User>,
        role: Option<&str>,
        domain: Option<&str>,
    ) -> Result<Vec<Membership>, ServiceError> {
        Ok(role::list(self.store().read(), user.map(|user| user.id), role, domain).await?)
    }

    /// Gives a role in an account.
    pub async fn give_role(
        &self,
        caller: &Caller,
        user: &User,
        role: &str,
        domain: &str,
    ) -> Result<Membership, ServiceError> {
        let role = Role::find(role).ok_or_else(|| no_role(role))?.name;
        self.account(domain).await?;
        let tx = self.store().begin().await?;
        role::give(tx.db(), user.id, role, domain, &caller.user.name, clock::now()).await?;
        tx.commit().await?;
        self.auth().rights_changed();
        let held = self.memberships(Some(user), Some(role), Some(domain)).await?;
        held.into_iter().next().ok_or_else(|| ServiceError::internal("a role was given and is not there"))
    }

    /// Takes a role away.
    pub async fn take_role(&self, user: &User, role: &str, domain: &str) -> Result<(), ServiceError> {
        let role = Role::find(role).ok_or_else(|| no_role(role))?.name;
        let tx = self.store().begin().await?;
        if !role::take(tx.db(), user.id, role, domain).await? {
            let message = format!("the user `{}` does not have the role `{role}` in `{domain}` by itself", user.name);
            return Err(ServiceError::not_found(message));
        }
        tx.commit().await?;
        self.auth().rights_changed();
        Ok(())
    }
}

fn no_account(name: &str) -> ServiceError {
    ServiceError::not_found(format!("User account not found: {name}"))
}

fn no_user(name: &str) -> ServiceError {
    ServiceError::not_found(format!("there is no user `{name}`"))
}

/// There is no role of this name.
pub fn no_role(name: &str) -> ServiceError {
    ServiceError::not_found(format!("there is no role `{name}`"))
}

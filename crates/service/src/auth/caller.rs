//! Who asks, in which account, and what they may do there.

use stopgate_store::AccountId;
use stopgate_store::account::Account;
use stopgate_store::user::User;

use crate::error::{Kind, ServiceError};
use crate::permission::{Allowed, Permission};

/// How somebody proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// With a password.
    Password,
    /// With an API key.
    ApiKey,
    /// With a bearer token.
    Token,
}

/// Somebody who is known, in the account that they act in.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The user.
    pub user: User,
    /// The user's own account.
    pub home: Account,
    /// The account that is acted in.
    pub account: Account,
    /// What they may do there.
    pub allowed: Allowed,
    /// How they proved who they are.
    pub origin: Origin,
    /// The request, for events and logs.
    pub request_id: String,
}

impl Caller {
    /// The account that is acted in.
    pub const fn account_id(&self) -> AccountId {
        self.account.id
    }

    /// Whether they belong to the admin account.
    pub fn is_admin(&self) -> bool {
        self.allowed == Allowed::Everything
    }

    /// Refuses what they may not do.
    pub fn require(&self, permission: Permission) -> Result<(), ServiceError> {
        if self.allowed.allows(permission) {
            return Ok(());
        }
        let message = format!(
            "Not authorized. Requires permissions: domain={} action={} target=*",
            self.account.name,
            permission.name()
        );
        Err(ServiceError::new(Kind::Forbidden, message))
    }

    /// Refuses what needs a permission in another account than the one that is acted in: only the admin account reaches
    /// into others without acting in them.
    pub fn require_account(&self, name: &str) -> Result<(), ServiceError> {
        if self.is_admin() || self.account.name == name {
            return Ok(());
        }
        Err(ServiceError::new(
            Kind::Forbidden,
            format!("Not authorized. Requires permissions: domain={name} action=* target=*"),
        ))
    }
}

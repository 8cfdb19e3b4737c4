//! Roles, what they permit, and who holds them.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::account::Account;
use crate::words::list;

/// A named set of permissions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RbacManagerRole {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<RbacManagerPermissionList>,
    /// Built in: neither changed nor deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub immutable: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
}

list! {
    /// What a role permits.
    RbacManagerPermissionList of RbacManagerPermission
}

/// One action on one kind of target.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RbacManagerPermission {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// `*` for every target of the domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

list! {
    /// All roles, without their permissions.
    RbacManagerRoleSummaryList of RbacManagerRoleSummary
}

/// A role in short.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RbacManagerRoleSummary {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

list! {
    /// Who holds a role.
    RbacManagerRoleMemberList of RbacManagerRoleMember
}

/// A user holding a role in one domain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct RbacManagerRoleMember {
    pub username: String,
    /// Older name of `domain_name`; one of the two is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_account: Option<String>,
    /// The account in which the role counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

list! {
    /// The caller's roles, per account.
    RbacManagerUserRoleListing of RbacManagerAccountRole
}

/// A role of the caller and the account it counts in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RbacManagerAccountRole {
    /// Older name of `domain_name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub roles: Option<RbacManagerRole>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Account>,
}

list! {
    /// Every role of one user.
    RbacManagerUserRoleMembership of RbacManagerRoleMembership
}

/// One role of one user.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RbacManagerRoleMembership {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// Older name of `domain_name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub for_account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
}

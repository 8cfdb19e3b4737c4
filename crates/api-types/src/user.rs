//! Users and their passwords.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::secret::Secret;
use crate::words::list;

/// Where a user's identity is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserType {
    Native,
    Saml,
}

/// How a user came to hold a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    Direct,
    GroupMembership,
    SsoGroupMembership,
}

/// What kind of secret a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialType {
    Password,
}

/// A person or program that may log in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub username: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<UserType>,
    /// Identity provider, account or service that the user came from.
    #[schema(default = json!(null))]
    pub source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
    /// Identity provider of a user who logs in through one.
    #[schema(default = json!(null))]
    pub idp_name: Option<String>,
    #[schema(default = json!(null))]
    pub password_last_updated: Option<Timestamp>,
    /// Every role the user holds, however it was given.
    #[serde(default)]
    pub unified_roles: Vec<UnifiedRoles>,
}

/// One role that a user holds in one domain.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UnifiedRoles {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_name: Option<String>,
    /// Account in which the role counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_name: Option<String>,
    /// User or group through which the role was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granter: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_type: Option<GrantType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_at: Option<Timestamp>,
}

/// Users with their number.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Users {
    #[serde(default)]
    pub items: Vec<User>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_rows: Option<u64>,
}

/// Asks for a new user in an account.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct UserCreationRequest {
    #[schema(pattern = r"^[a-zA-Z0-9][ a-zA-Z0-9@.!#$+=^_`~;:-]{1,126}[a-zA-Z0-9_]$")]
    #[garde(pattern(r"^[a-zA-Z0-9][ a-zA-Z0-9@.!#$+=^_`~;:-]{1,126}[a-zA-Z0-9_]$"))]
    pub username: String,
    /// Needed for native users alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Password, pattern = r".{6,128}$")]
    #[garde(pattern(r".{6,128}$"))]
    pub password: Option<Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_type: Option<UserType>,
    /// Needed for users of an identity provider alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_name: Option<String>,
}

/// A password as it is set; replies mask the value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct AccessCredential {
    #[serde(rename = "type")]
    pub kind: CredentialType,
    #[schema(value_type = String, format = Password)]
    pub value: Secret,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<String>,
}

list! {
    /// The credentials of a user, values masked.
    CredentialList of AccessCredential
}

//! Identity providers for SAML login.

use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::secret::Secret;
use crate::words::list;

/// How to trust one identity provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct RbacManagerSamlConfiguration {
    /// The key of the provider, part of its login path.
    #[schema(pattern = r"^[a-zA-Z0-9_-]+$")]
    #[garde(pattern(r"^[a-zA-Z0-9_-]+$"))]
    pub name: String,
    pub enabled: bool,
    /// How this service calls itself towards the provider.
    pub sp_entity_id: String,
    /// Where the provider posts its assertion.
    pub acs_url: String,
    /// Port in `acs_url` when the proxy in front uses another than 443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acs_https_port: Option<u16>,
    /// Where to read the provider's metadata; or else `idp_metadata_xml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_metadata_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_metadata_xml: Option<String>,
    /// Attribute of the assertion that holds the user's name; absent: the subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_username_attribute: Option<String>,
    /// Attribute that holds the account; absent: `default_account`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_account_attribute: Option<String>,
    /// Attribute that holds the role; absent: `default_role`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_role_attribute: Option<String>,
    /// Attribute that lists the user groups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idp_groups_attribute: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_account: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_role: Option<String>,
    /// Absent means yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = true)]
    pub require_signed_assertions: Option<bool>,
    /// Absent means yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = true)]
    pub require_signed_response: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
    /// Refuse users that were not created before. Absent means no.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(default = false)]
    pub require_existing_users: Option<bool>,
}

/// A user group tied to the provider.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SamlUserGroup {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_on: Option<Timestamp>,
}

/// The configuration as it is read, with the groups tied to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RbacManagerSamlConfigurationGet {
    #[serde(flatten)]
    pub configuration: RbacManagerSamlConfiguration,
    #[serde(default)]
    pub user_groups: Vec<SamlUserGroup>,
}

list! {
    /// The user groups tied to a provider.
    RbacManagerIdpUserGroups of RbacManagerIdpUserGroup
}

/// A user group tied to a provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RbacManagerIdpUserGroup {
    pub user_group_uuid: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_group_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mapped_on: Option<Timestamp>,
}

/// Ties groups to a provider.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema, Validate)]
#[garde(allow_unvalidated)]
pub struct RbacManagerIdpUserGroupPost {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_group_uuids: Option<Vec<Uuid>>,
}

/// The token that a login ends with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RbacManagerTokenResponse {
    #[schema(value_type = String, format = Password)]
    pub token: Secret,
}

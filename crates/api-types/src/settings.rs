//! What an account chose or was given; an endpoint of our own.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::secret::Secret;

/// Settings of an account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct AccountSettings {
    /// The key that the account's webhooks are signed with, `whsec_` and base64 (Standard Webhooks).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub webhook_secret: Option<Secret>,
}

//! The caller's own API keys.

use stopgate_api_types::api_key::{ApiKeyList, ApiKeyUpdate, UserApiKey};

use crate::{Client, ClientError, Reply};

impl Client {
    /// Lists keys, without their values.
    pub fn api_key_list(&self) -> Result<Reply<ApiKeyList>, ClientError> {
        self.get(&["user", "api-keys"]).reply()
    }

    /// Creates a key; this answer alone holds its value.
    pub fn api_key_add(&self, key: &UserApiKey) -> Result<Reply<UserApiKey>, ClientError> {
        self.post(&["user", "api-keys"]).json(key).reply()
    }

    /// One key.
    pub fn api_key_get(&self, name: &str) -> Result<Reply<UserApiKey>, ClientError> {
        self.get(&["user", "api-keys", name]).reply()
    }

    /// Renames, describes or revokes a key.
    pub fn api_key_update(&self, name: &str, update: &ApiKeyUpdate) -> Result<Reply<UserApiKey>, ClientError> {
        self.call(reqwest::Method::PATCH, &["user", "api-keys", name]).json(update).reply()
    }

    /// Deletes a key.
    pub fn api_key_delete(&self, name: &str) -> Result<(), ClientError> {
        self.delete(&["user", "api-keys", name]).done()
    }
}

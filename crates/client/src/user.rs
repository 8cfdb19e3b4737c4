//! Users and their credentials.

use stopgate_api_types::user::{AccessCredential, User, UserCreationRequest, Users};

use crate::{Client, ClientError, Reply};

impl Client {
    /// Who calls.
    pub fn user_current(&self) -> Result<Reply<User>, ClientError> {
        self.get(&["user"]).reply()
    }

    /// Users whose home is this account.
    pub fn user_list(&self, account: &str) -> Result<Reply<Vec<User>>, ClientError> {
        self.get(&["accounts", account, "users"]).reply()
    }

    /// Users of all accounts.
    pub fn user_list_all(&self) -> Result<Reply<Users>, ClientError> {
        self.get(&["accounts", "users"]).reply()
    }

    /// Creates a user.
    pub fn user_add(&self, account: &str, request: &UserCreationRequest) -> Result<Reply<User>, ClientError> {
        self.post(&["accounts", account, "users"]).json(request).reply()
    }

    /// One user.
    pub fn user_get(&self, account: &str, name: &str) -> Result<Reply<User>, ClientError> {
        self.get(&["accounts", account, "users", name]).reply()
    }

    /// Deletes a user.
    pub fn user_delete(&self, account: &str, name: &str) -> Result<(), ClientError> {
        self.delete(&["accounts", account, "users", name]).done()
    }

    /// Sets a user's password.
    pub fn user_credential_set(
        &self,
        account: &str,
        name: &str,
        credential: &AccessCredential,
    ) -> Result<(), ClientError> {
        self.post(&["accounts", account, "users", name, "credentials"]).json(credential).done()
    }

    /// Sets the caller's own password.
    pub fn own_credential_set(&self, credential: &AccessCredential) -> Result<(), ClientError> {
        self.post(&["user", "credentials"]).json(credential).done()
    }
}

//! Accounts.

use stopgate_api_types::account::{Account, AccountCreationRequest, AccountInfo, AccountList, AccountStatus};

use crate::{Client, ClientError, Reply};

impl Client {
    /// The account that calls act in.
    pub fn account_current(&self) -> Result<Reply<Account>, ClientError> {
        self.get(&["account"]).reply()
    }

    /// Lists accounts, all or those in a state.
    pub fn account_list(&self, state: Option<&str>) -> Result<Reply<AccountList>, ClientError> {
        self.get(&["accounts"]).query("state", state).reply()
    }

    /// Creates an account.
    pub fn account_add(&self, request: &AccountCreationRequest) -> Result<Reply<Account>, ClientError> {
        self.post(&["accounts"]).json(request).reply()
    }

    /// One account.
    pub fn account_get(&self, name: &str) -> Result<Reply<Account>, ClientError> {
        self.get(&["accounts", name]).reply()
    }

    /// Changes the e-mail address.
    pub fn account_update(&self, name: &str, info: &AccountInfo) -> Result<Reply<Account>, ClientError> {
        self.put(&["accounts", name]).json(info).reply()
    }

    /// Enables or disables an account.
    pub fn account_state(&self, name: &str, state: &AccountStatus) -> Result<Reply<AccountStatus>, ClientError> {
        self.put(&["accounts", name, "state"]).json(state).reply()
    }

    /// Deletes an account that is disabled.
    pub fn account_delete(&self, name: &str) -> Result<(), ClientError> {
        self.delete(&["accounts", name]).done()
    }
}

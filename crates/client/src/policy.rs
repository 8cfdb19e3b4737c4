//! Policies.

use serde_json::Value;
use stopgate_api_types::policy::{PolicyList, PolicyRecord};

use crate::{Client, ClientError, Reply};

impl Client {
    /// Lists policies; `detail` with their bodies.
    pub fn policy_list(&self, detail: bool) -> Result<Reply<PolicyList>, ClientError> {
        self.get(&["policies"]).flag("detail", detail).reply()
    }

    /// One policy by its id.
    pub fn policy_get(&self, id: &str, detail: bool) -> Result<Reply<PolicyRecord>, ClientError> {
        self.get(&["policies", id]).flag("detail", detail).reply()
    }

    /// Adds a policy. The body is sent as it is: which versions of the format are accepted is the server's matter.
    pub fn policy_add(&self, body: &Value) -> Result<Reply<PolicyRecord>, ClientError> {
        self.post(&["policies"]).json(body).reply()
    }

    /// Replaces a policy; `activate` makes it the one that images are evaluated with.
    pub fn policy_update(
        &self,
        id: &str,
        record: &PolicyRecord,
        activate: bool,
    ) -> Result<Reply<PolicyRecord>, ClientError> {
        let call = self.put(&["policies", id]);
        let call = if activate { call.flag("active", true) } else { call };
        call.json(record).reply()
    }

    /// Deletes a policy that is not active.
    pub fn policy_delete(&self, id: &str) -> Result<(), ClientError> {
        self.delete(&["policies", id]).done()
    }
}

//! The service itself: its state, versions, agents and clean-up.

use serde_json::Value;
use stopgate_api_types::integration::{Integration, IntegrationListResponse};
use stopgate_api_types::lifecycle::{ArtifactLifecyclePolicyList, ArtifactLifecyclePolicyResponse};
use stopgate_api_types::spec::GateSpecList;
use stopgate_api_types::system::{ServiceVersion, SystemStatusResponse};

use crate::{Client, ClientError, Reply};

const CLEAN_UP: &str = "artifact-lifecycle-policies";

impl Client {
    /// Versions of the API and of the service.
    pub fn version(&self) -> Result<Reply<ServiceVersion>, ClientError> {
        self.get(&["version"]).reply()
    }

    /// All services and how they are. Needs credentials.
    pub fn system_status(&self) -> Result<Reply<SystemStatusResponse>, ClientError> {
        self.get(&["system"]).reply()
    }

    /// Gates, triggers and parameters that policies may use.
    pub fn policy_spec(&self) -> Result<Reply<GateSpecList>, ClientError> {
        self.get(&["system", "policy-spec"]).reply()
    }

    /// Forgets a service that is gone.
    pub fn service_delete(&self, name: &str, host: &str) -> Result<(), ClientError> {
        self.delete(&["system", "services", name, host]).done()
    }

    /// Lists agents.
    pub fn integration_list(&self) -> Result<Reply<IntegrationListResponse>, ClientError> {
        self.get(&["system", "integrations"]).reply()
    }

    /// One agent.
    pub fn integration_get(&self, id: &str) -> Result<Reply<Integration>, ClientError> {
        self.get(&["system", "integrations", id]).reply()
    }

    /// Forgets an agent.
    pub fn integration_delete(&self, id: &str, force: bool) -> Result<(), ClientError> {
        self.delete(&["system", "integrations", id]).flag("force", force).done()
    }

    /// Lists clean-up policies.
    pub fn lifecycle_policy_list(&self) -> Result<Reply<ArtifactLifecyclePolicyList>, ClientError> {
        self.get(&["system", CLEAN_UP]).reply()
    }

    /// Adds a clean-up policy, sent as it is.
    pub fn lifecycle_policy_add(&self, policy: &Value) -> Result<Reply<ArtifactLifecyclePolicyResponse>, ClientError> {
        self.post(&["system", CLEAN_UP]).json(policy).reply()
    }

    /// One clean-up policy.
    pub fn lifecycle_policy_get(&self, id: &str) -> Result<Reply<ArtifactLifecyclePolicyResponse>, ClientError> {
        self.get(&["system", CLEAN_UP, id]).reply()
    }

    /// Replaces a clean-up policy.
    pub fn lifecycle_policy_update(
        &self,
        id: &str,
        policy: &Value,
    ) -> Result<Reply<ArtifactLifecyclePolicyResponse>, ClientError> {
        self.put(&["system", CLEAN_UP, id]).json(policy).reply()
    }

    /// Deletes a clean-up policy.
    pub fn lifecycle_policy_delete(&self, id: &str) -> Result<(), ClientError> {
        self.delete(&["system", CLEAN_UP, id]).done()
    }
}

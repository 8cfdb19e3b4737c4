//! Credentials of registries.

use stopgate_api_types::registry::{RegistryConfigurationList, RegistryConfigurationRequest};

use crate::{Client, ClientError, Reply};

impl Client {
    /// Lists registries; passwords are never told.
    pub fn registry_list(&self) -> Result<Reply<RegistryConfigurationList>, ClientError> {
        self.get(&["registries"]).reply()
    }

    /// One registry, in a list of its own.
    pub fn registry_get(&self, registry: &str) -> Result<Reply<RegistryConfigurationList>, ClientError> {
        self.get(&["registries", registry]).reply()
    }

    /// Adds credentials; `validate` tries them first.
    pub fn registry_add(
        &self,
        request: &RegistryConfigurationRequest,
        validate: bool,
    ) -> Result<Reply<RegistryConfigurationList>, ClientError> {
        self.post(&["registries"]).flag("validate", validate).json(request).reply()
    }

    /// Replaces credentials.
    pub fn registry_update(
        &self,
        registry: &str,
        request: &RegistryConfigurationRequest,
        validate: bool,
    ) -> Result<Reply<RegistryConfigurationList>, ClientError> {
        self.put(&["registries", registry]).flag("validate", validate).json(request).reply()
    }

    /// Deletes credentials.
    pub fn registry_delete(&self, registry: &str) -> Result<(), ClientError> {
        self.delete(&["registries", registry]).done()
    }
}

//! Subscriptions and watched repositories.

use stopgate_api_types::subscription::{SubscriptionList, SubscriptionRequest, SubscriptionUpdate};

use crate::{Client, ClientError, Reply};

/// How to watch a repository.
#[derive(Debug, Clone, Copy, Default)]
pub struct RepositoryOptions {
    /// Watch every tag for new images.
    pub auto_subscribe: bool,
    /// Only tell what would be added.
    pub dry_run: bool,
    /// Leave the tags that are there alone.
    pub exclude_existing_tags: bool,
}

impl Client {
    /// Lists subscriptions, all or those of a key or type.
    pub fn subscription_list(
        &self,
        key: Option<&str>,
        kind: Option<&str>,
    ) -> Result<Reply<SubscriptionList>, ClientError> {
        self.get(&["subscriptions"]).query("subscription_key", key).query("subscription_type", kind).reply()
    }

    /// Adds a subscription.
    pub fn subscription_add(&self, request: &SubscriptionRequest) -> Result<Reply<SubscriptionList>, ClientError> {
        self.post(&["subscriptions"]).json(request).reply()
    }

    /// Switches a subscription on or off.
    pub fn subscription_update(
        &self,
        id: &str,
        update: &SubscriptionUpdate,
    ) -> Result<Reply<SubscriptionList>, ClientError> {
        self.put(&["subscriptions", id]).json(update).reply()
    }

    /// Deletes a subscription.
    pub fn subscription_delete(&self, id: &str) -> Result<(), ClientError> {
        self.delete(&["subscriptions", id]).done()
    }

    /// Watches a repository and adds its tags.
    pub fn repository_add(
        &self,
        repository: &str,
        options: RepositoryOptions,
    ) -> Result<Reply<SubscriptionList>, ClientError> {
        self.post(&["repositories"])
            .query("repository", Some(repository))
            .flag("auto_subscribe", options.auto_subscribe)
            .flag("dry_run", options.dry_run)
            .flag("exclude_existing_tags", options.exclude_existing_tags)
            .reply()
    }
}

//! Subscriptions: what an account wants watched and told.

use stopgate_model::ImageReference;
use stopgate_store::subscription::{self, Subscription};

use crate::image::subscription_id;
use crate::{Caller, Service, ServiceError, clock};

/// The kinds there are.
const KINDS: [&str; 7] =
    ["tag_update", "policy_eval", "vuln_update", "analysis_update", "repo_update", "runtime_inventory", "alerts"];

impl Service {
    /// Subscribes; one that is there already becomes active.
    pub async fn subscribe(
        &self,
        caller: &Caller,
        topic: &str,
        kind: &str,
        value: Option<&str>,
    ) -> Result<Subscription, ServiceError> {
        if !KINDS.contains(&kind) {
            return Err(ServiceError::invalid(format!("`subscription_type`: expected one of {}", KINDS.join(", "))));
        }
        let topic = match kind {
            "runtime_inventory" => topic.to_owned(),
            "repo_update" => {
                let reference = parse(topic)?;
                format!("{}/{}", reference.registry, reference.repository)
            }
            _ => parse(topic)?.full_tag(),
        };
        let (account, now) = (caller.account_id(), clock::now());
        let new = Subscription {
            subscription_id: subscription_id(account, &topic, kind),
            account,
            topic,
            kind: kind.to_owned(),
            value: value.map(str::to_owned),
            active: true,
            checked_at: None,
            created_at: now,
            updated_at: now,
        };
        let tx = self.store().begin().await?;
        if !subscription::create(tx.db(), &new).await? {
            subscription::update(tx.db(), account, &new.subscription_id, value, true, now).await?;
        }
        let found = subscription::find(tx.db(), account, &new.subscription_id).await?;
        tx.commit().await?;
        found.ok_or_else(|| ServiceError::internal("a subscription was made and is not there"))
    }
}

fn parse(topic: &str) -> Result<ImageReference, ServiceError> {
    ImageReference::parse(topic).map_err(|error| ServiceError::invalid(format!("`subscription_key`: {error}")))
}

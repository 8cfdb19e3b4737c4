//! Selectors: which events an endpoint hears.

use stopgate_store::event::Event;
use stopgate_store::notify::{self, Selector};
use stopgate_store::{AccountId, Db};

use super::EndpointKind;
use crate::{Caller, Service, ServiceError, clock, pattern};

/// Selectors of one endpoint.
const SELECTORS: usize = 100;

/// Whose events are heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those of the endpoint's account.
    Account,
    /// Those of all accounts; for endpoints of the admin account.
    Global,
}

/// What a selector is to hear.
#[derive(Debug, Clone)]
pub struct NewSelector {
    /// Whose events.
    pub scope: Scope,
    /// `info`, `error` or `*`.
    pub level: String,
    /// What they are about, or `*`.
    pub resource_type: String,
    /// Their type; `*` stands for any part.
    pub kind: String,
}

impl Service {
    /// Selectors of an endpoint; all of the account's without one.
    pub async fn selectors(
        &self,
        caller: &Caller,
        endpoint: Option<(EndpointKind, &str)>,
    ) -> Result<Vec<Selector>, ServiceError> {
        let (db, account) = (self.store().read(), caller.account_id());
        let of = match endpoint {
            Some((kind, uuid)) => Some(self.found_endpoint(db, account, kind, uuid).await?.id),
            None => None,
        };
        Ok(notify::selectors(db, account, of).await?)
    }

    /// One selector.
    pub async fn selector(
        &self,
        caller: &Caller,
        (kind, endpoint): (EndpointKind, &str),
        uuid: &str,
    ) -> Result<Selector, ServiceError> {
        self.found_selector(self.store().read(), caller.account_id(), (kind, endpoint), uuid).await
    }

    async fn found_selector(
        &self,
        db: Db<'_>,
        account: AccountId,
        (kind, endpoint): (EndpointKind, &str),
        uuid: &str,
    ) -> Result<Selector, ServiceError> {
        let known = self.found_endpoint(db, account, kind, endpoint).await?;
        let all = notify::selectors(db, account, Some(known.id)).await?;
        all.into_iter().find(|selector| selector.uuid == uuid).ok_or_else(|| unknown(uuid))
    }

    /// Adds a selector, or changes the one with this id.
    pub async fn put_selector(
        &self,
        caller: &Caller,
        (kind, endpoint): (EndpointKind, &str),
        uuid: Option<&str>,
        new: &NewSelector,
    ) -> Result<Selector, ServiceError> {
        if new.scope == Scope::Global && !(caller.is_admin() && caller.account.kind == "admin") {
            return Err(ServiceError::invalid("`scope`: only the admin account hears `global` events"));
        }
        for (name, text) in [("resource_type", &new.resource_type), ("type", &new.kind)] {
            if text.is_empty() || text.len() > 200 || text.chars().any(char::is_control) {
                return Err(ServiceError::invalid(format!("`{name}`: expected 1 to 200 characters")));
            }
        }
        let account = caller.account_id();
        let tx = self.store().begin().await?;
        let known = self.found_endpoint(tx.db(), account, kind, endpoint).await?;
        let uuid = match uuid {
            Some(uuid) => self.found_selector(tx.db(), account, (kind, endpoint), uuid).await?.uuid,
            None if notify::selectors(tx.db(), account, Some(known.id)).await?.len() >= SELECTORS => {
                return Err(ServiceError::invalid(format!("the endpoint has {SELECTORS} selectors; delete one first")));
            }
            None => uuid::Uuid::new_v4().to_string(),
        };
        let selector = Selector {
            uuid,
            endpoint: known.id,
            endpoint_uuid: known.uuid,
            global: new.scope == Scope::Global,
            level: new.level.clone(),
            resource_type: new.resource_type.clone(),
            kind: new.kind.clone(),
        };
        notify::put_selector(tx.db(), &selector, clock::now()).await?;
        tx.commit().await?;
        Ok(selector)
    }

    /// Deletes a selector.
    pub async fn delete_selector(
        &self,
        caller: &Caller,
        (kind, endpoint): (EndpointKind, &str),
        uuid: &str,
    ) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        let known = self.found_endpoint(tx.db(), caller.account_id(), kind, endpoint).await?;
        if !notify::delete_selector(tx.db(), known.id, uuid).await? {
            return Err(unknown(uuid));
        }
        Ok(tx.commit().await?)
    }
}

fn unknown(uuid: &str) -> ServiceError {
    ServiceError::not_found(format!("the configuration has no selector `{uuid}`"))
}

/// Whether a selector of an endpoint of this account hears an event.
pub(super) fn hears(selector: &Selector, of: AccountId, event: &Event) -> bool {
    (selector.global || of == event.account)
        && (selector.level == "*" || selector.level.eq_ignore_ascii_case(&event.level))
        && (selector.resource_type == "*" || selector.resource_type == event.resource_type)
        && fits(&selector.kind, &event.kind)
}

/// Whether a pattern fits a type; one that ends in a dot stands for all that begins so.
fn fits(pattern: &str, kind: &str) -> bool {
    pattern::fits(pattern, kind) || (pattern.ends_with('.') && kind.starts_with(pattern))
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_of_types() {
        let kind = "user.checks.tag.policy_evaluation.update";
        for (pattern, expected) in [
            ("*", true),
            (kind, true),
            ("user.checks.*", true),
            ("user.checks.", true),
            ("user.checks", false),
            ("*.update", true),
            ("user.*.tag.*.update", true),
            ("user.*.image.*", false),
            ("system.*", false),
            ("user.checks.tag.policy_evaluation.updat", false),
            ("*update*update", false),
        ] {
            assert_eq!(fits(pattern, kind), expected, "{pattern}");
        }
    }
}

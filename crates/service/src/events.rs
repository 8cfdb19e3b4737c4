//! Writing down what happened, in the transaction in which it happened.

use serde_json::Value;
use stopgate_store::account::Account;
use stopgate_store::event::{self, Event};
use stopgate_store::{AccountId, Db};
use uuid::Uuid;

use crate::{Service, ServiceError, clock};

/// Something that is to be written down.
pub(crate) struct Happened<'a> {
    pub(crate) account: (AccountId, &'a str),
    pub(crate) kind: &'a str,
    pub(crate) resource: (&'a str, &'a str),
    pub(crate) message: String,
    pub(crate) details: Value,
    pub(crate) request_id: &'a str,
}

impl<'a> Happened<'a> {
    pub(crate) fn new(account: &'a Account, kind: &'a str, resource: (&'a str, &'a str), message: String) -> Self {
        let account = (account.id, account.name.as_str());
        Self { account, kind, resource, message, details: Value::Object(serde_json::Map::new()), request_id: "" }
    }

    pub(crate) fn details(self, details: Value) -> Self {
        Self { details, ..self }
    }

    pub(crate) fn request(self, request_id: &'a str) -> Self {
        Self { request_id, ..self }
    }
}

impl Service {
    /// Writes it down.
    pub(crate) async fn happened(&self, db: Db<'_>, what: Happened<'_>) -> Result<(), ServiceError> {
        // The published catalogue marks failures by their names.
        let level = if what.kind.ends_with("failed") || what.kind.ends_with("_fail") { "error" } else { "info" };
        let category = what.kind.split('.').next().unwrap_or("system").to_owned();
        let event = Event {
            uuid: Uuid::new_v4().simple().to_string(),
            account: what.account.0,
            account_name: what.account.1.to_owned(),
            kind: what.kind.to_owned(),
            level: level.to_owned(),
            category,
            resource_type: what.resource.0.to_owned(),
            resource_id: what.resource.1.to_owned(),
            message: what.message,
            details: what.details,
            request_id: what.request_id.to_owned(),
            host: self.options().host.clone(),
            at: clock::now(),
        };
        Ok(event::write(db, &event).await?)
    }
}

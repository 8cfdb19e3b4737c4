//! Agents: making themselves known, and telling how they fare.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use stopgate_store::integration::{self, IntegrationRow};
use uuid::Uuid;

use crate::events::Happened;
use crate::{Caller, Service, ServiceError, clock};

/// An agent that makes itself known.
#[derive(Debug, Clone)]
pub struct Registration {
    /// What its installation calls itself.
    pub registration_id: String,
    /// What the running replica calls itself.
    pub instance_id: String,
    /// What it does.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// All that it told.
    pub body: Value,
}

/// What is thought of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It made itself known, and has not reported since.
    Registered,
    /// It reports in time.
    Active,
    /// Its report is overdue.
    Inactive,
}

/// Seconds between two reports when an agent does not say.
const INTERVAL: u64 = 60;

/// Whether an agent reports in time: it may miss one report.
pub fn standing(agent: &IntegrationRow, now: Timestamp) -> Standing {
    let told = agent.body.get("health_report_interval").and_then(Value::as_u64).unwrap_or(INTERVAL);
    let heard = agent.seen_at.unwrap_or(agent.updated_at);
    if heard + Duration::from_secs(told.saturating_mul(2)) < now {
        Standing::Inactive
    } else if agent.health.is_none() {
        Standing::Registered
    } else {
        Standing::Active
    }
}

impl Service {
    /// Takes note of an agent; whether it was not known before.
    pub async fn register(&self, caller: &Caller, new: &Registration) -> Result<(IntegrationRow, bool), ServiceError> {
        let now = clock::now();
        let tx = self.store().begin().await?;
        let known = integration::registered(tx.db(), &new.registration_id, &new.kind).await?;
        if let Some(known) = &known {
            // A replica that was replaced falls silent; one that still reports keeps its name.
            let taken = known.instance_id != new.instance_id && standing(known, now) != Standing::Inactive;
            if known.account != caller.account_id() || taken {
                return Err(ServiceError::conflict(format!(
                    "another instance is registered as `{}`; it has to be silent for two of its report intervals first",
                    new.registration_id
                )));
            }
        }
        let row = IntegrationRow {
            uuid: known.as_ref().map_or_else(|| Uuid::new_v4().to_string(), |known| known.uuid.clone()),
            registration_id: new.registration_id.clone(),
            instance_id: new.instance_id.clone(),
            kind: new.kind.clone(),
            name: new.name.clone(),
            account: caller.account_id(),
            body: new.body.clone(),
            health: known.as_ref().and_then(|known| known.health.clone()),
            created_at: known.as_ref().map_or(now, |known| known.created_at),
            updated_at: now,
            seen_at: Some(now),
        };
        integration::put(tx.db(), &row).await?;
        if known.is_none() {
            let message = format!("the agent `{}` registered", new.name);
            let what =
                Happened::new(&caller.account, "user.integration.registered", ("integration", &row.uuid), message)
                    .details(json!({"type": new.kind, "registration_id": new.registration_id}))
                    .request(&caller.request_id);
            self.happened(tx.db(), what).await?;
        }
        tx.commit().await?;
        Ok((row, known.is_none()))
    }

    /// Agents of the account.
    pub async fn integrations(&self, caller: &Caller) -> Result<Vec<IntegrationRow>, ServiceError> {
        Ok(integration::list(self.store().read(), caller.account_id()).await?)
    }

    /// The agent with this id.
    pub async fn integration(&self, caller: &Caller, uuid: &str) -> Result<IntegrationRow, ServiceError> {
        let found = integration::find(self.store().read(), caller.account_id(), uuid).await?;
        found.ok_or_else(|| unknown(uuid))
    }

    /// Keeps an agent's health report.
    pub async fn take_health(&self, caller: &Caller, uuid: &str, report: &Value) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        if !integration::set_health(tx.db(), caller.account_id(), uuid, report, clock::now()).await? {
            return Err(unknown(uuid));
        }
        Ok(tx.commit().await?)
    }

    /// Forgets an agent; one that still reports only when that is forced.
    pub async fn delete_integration(&self, caller: &Caller, uuid: &str, force: bool) -> Result<(), ServiceError> {
        let known = self.integration(caller, uuid).await?;
        if standing(&known, clock::now()) == Standing::Active && !force {
            return Err(ServiceError::invalid(format!(
                "the agent `{}` still reports; stop it first, or delete it with `force=true`",
                known.name
            )));
        }
        let tx = self.store().begin().await?;
        integration::delete(tx.db(), caller.account_id(), uuid).await?;
        Ok(tx.commit().await?)
    }
}

fn unknown(uuid: &str) -> ServiceError {
    ServiceError::not_found(format!("there is no integration {uuid} in the account"))
}

//! Sending: a job for each event and endpoint, tried again for most of a day, always under the event's own id.

use std::collections::BTreeMap;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use stopgate_store::AccountId;
use stopgate_store::event::Event;
use stopgate_store::job::{self, Job};
use stopgate_store::notify::{self, Endpoint};

use super::{EndpointKind, address, apart, message};
use crate::{Caller, Service, ServiceError, clock};

/// The kind of the job.
pub(crate) const NOTIFY: &str = "notify";
/// How often sending is tried: with waits that double from two seconds, eighteen hours in all.
pub(super) const TRIES: i64 = 16;

/// How long to wait after so many tries.
pub(crate) fn wait_after(attempts: i64) -> Duration {
    Duration::from_secs(1 << attempts.clamp(0, 15))
}

/// How a try went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// Whether it arrived.
    pub arrived: bool,
    /// The status that came back, or why none did.
    pub answer: String,
}

impl Service {
    /// Does the job.
    pub(crate) async fn notify(&self, job: &Job) -> Result<(), ServiceError> {
        let number = |name: &str| job.body.get(name).and_then(Value::as_i64).unwrap_or_default();
        let (outbox, endpoint) = (number("outbox"), number("endpoint"));
        let db = self.store().read();
        let event = notify::waiting(db, outbox, endpoint).await?;
        let endpoint = notify::endpoint_of(db, job.account, endpoint).await?;
        let (Some(event), Some(endpoint)) = (event, endpoint) else {
            // Deleted meanwhile.
            let tx = self.store().begin().await?;
            job::complete(tx.db(), job).await?;
            return Ok(tx.commit().await?);
        };
        let tried = match EndpointKind::parse(&endpoint.kind) {
            Some(kind) => self.send_to(kind, &endpoint, &event).await,
            None => Err(ServiceError::internal(format!("there is no kind `{}` of endpoint", endpoint.kind))),
        };
        let tried = tried.unwrap_or_else(|error| Tried { arrived: false, answer: error.message });
        let failure = (!tried.arrived).then_some(tried.answer.as_str());
        let tx = self.store().begin().await?;
        let state = match failure {
            None => "delivered",
            Some(_) if job.attempts >= job.max_attempts => "failed",
            Some(_) => "waiting",
        };
        notify::sent(tx.db(), (outbox, endpoint.id), state, job.attempts, failure).await?;
        notify::went(tx.db(), endpoint.id, failure, clock::now()).await?;
        match failure {
            None => job::complete(tx.db(), job).await?,
            Some(failure) => {
                tx.commit().await?;
                return Err(ServiceError::invalid(format!("the event {} did not arrive: {failure}", event.uuid)));
            }
        }
        Ok(tx.commit().await?)
    }

    /// Writes down that nobody will try any more.
    pub(crate) async fn notification_lost(&self, job: &Job) -> Result<(), ServiceError> {
        let number = |name: &str| job.body.get(name).and_then(Value::as_i64).unwrap_or_default();
        let place = (number("outbox"), number("endpoint"));
        let tx = self.store().begin().await?;
        notify::sent(tx.db(), place, "failed", job.attempts, job.error.as_deref()).await?;
        Ok(tx.commit().await?)
    }

    /// Sends a sample to a stored endpoint.
    pub async fn try_endpoint(&self, caller: &Caller, kind: EndpointKind, uuid: &str) -> Result<Tried, ServiceError> {
        kind.must_deliver()?;
        let endpoint = self.found_endpoint(self.store().read(), caller.account_id(), kind, uuid).await?;
        let tried = self.send_to(kind, &endpoint, &self.sample(caller)).await?;
        let tx = self.store().begin().await?;
        let failure = (!tried.arrived).then_some(tried.answer.as_str());
        notify::went(tx.db(), endpoint.id, failure, clock::now()).await?;
        tx.commit().await?;
        Ok(tried)
    }

    /// Sends a sample to an endpoint that is not stored.
    pub async fn try_configuration(
        &self,
        caller: &Caller,
        kind: EndpointKind,
        configuration: Value,
    ) -> Result<Tried, ServiceError> {
        kind.must_deliver()?;
        let fields = apart(kind, configuration)?;
        let url = address(kind, &fields)?.to_owned();
        let secrets: BTreeMap<_, _> =
            fields.secret.into_iter().filter_map(|(name, text)| Some((name, text?))).collect();
        let target = Target { kind, url: &url, body: &Value::Object(fields.public), password: secrets.get("password") };
        self.send(caller.account_id(), &target, &self.sample(caller)).await
    }

    fn sample(&self, caller: &Caller) -> Event {
        Event {
            uuid: uuid::Uuid::new_v4().simple().to_string(),
            account: caller.account_id(),
            account_name: caller.account.name.clone(),
            kind: "system.test.random_wisdom".to_owned(),
            level: "info".to_owned(),
            category: "system".to_owned(),
            resource_type: "wisdom".to_owned(),
            resource_id: "test".to_owned(),
            message: "this is a test: events of this account arrive here".to_owned(),
            details: json!({}),
            request_id: caller.request_id.clone(),
            host: self.options().host.clone(),
            at: clock::now(),
        }
    }

    async fn send_to(&self, kind: EndpointKind, endpoint: &Endpoint, event: &Event) -> Result<Tried, ServiceError> {
        let secrets = self.secrets_of(self.store().read(), kind, endpoint).await?;
        let public = endpoint.body.get("url").and_then(Value::as_str);
        let url = public.or_else(|| secrets.get("url").map(ExposeSecret::expose_secret));
        let url = url.ok_or_else(|| ServiceError::invalid("the configuration has no `url`"))?;
        let target = Target { kind, url, body: &endpoint.body, password: secrets.get("password") };
        self.send(endpoint.account, &target, event).await
    }

    /// Sends an event. What went wrong on the way is a try that did not arrive, and says no secret.
    async fn send(&self, account: AccountId, target: &Target<'_>, event: &Event) -> Result<Tried, ServiceError> {
        let checked = match self.checked_url(target.url).await {
            Ok(checked) => checked,
            Err(error) => return Ok(Tried { arrived: false, answer: error.message }),
        };
        let word = |name: &str| target.body.get(name).and_then(Value::as_bool);
        let verify = word("verify_tls").or_else(|| word("verify_ssl")).unwrap_or(true);
        let ca_file = self.options().ca_file.as_deref();
        let client = stopgate_source::pinned_client(ca_file, !verify, &checked.host, &checked.addresses);
        let client = client.map_err(|error| ServiceError::invalid(error.to_string()))?;
        let body = message::body(target.kind, event).to_string();
        let mut request = client.post(checked.url).header("content-type", "application/json");
        if target.kind == EndpointKind::Webhook {
            let (key, seconds) = (self.webhook_secret(account).await?, clock::now().as_second());
            request = request
                .header("webhook-id", &event.uuid)
                .header("webhook-timestamp", seconds)
                .header("webhook-signature", message::signature(&key, &event.uuid, seconds, body.as_bytes())?);
            let username = target.body.get("username").and_then(Value::as_str).filter(|name| !name.is_empty());
            if let Some(username) = username {
                request = request.basic_auth(username, target.password.map(ExposeSecret::expose_secret));
            }
        }
        Ok(match request.body(body).send().await {
            // What it says beside the status is not told: it may be a page that only the server can see.
            Ok(answer) => {
                let status = answer.status();
                Tried { arrived: status.is_success(), answer: format!("it answers {}", status.as_u16()) }
            }
            Err(error) => Tried { arrived: false, answer: stopgate_source::http_reason(error) },
        })
    }
}

/// Where to send to.
struct Target<'a> {
    kind: EndpointKind,
    url: &'a str,
    body: &'a Value,
    password: Option<&'a SecretString>,
}

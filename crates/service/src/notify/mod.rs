//! Notifications: where an account wants its events sent, and which.
//!
//! All kinds of endpoint are one thing with another set of fields. What is secret among these lies in the vault.

mod deliver;
mod message;
mod relay;
mod selector;

pub use deliver::Tried;
pub use selector::{NewSelector, Scope};

pub(crate) use deliver::{NOTIFY, wait_after};

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value};
use stopgate_store::notify::{self, Endpoint};
use stopgate_store::{AccountId, Db, secret, setting};

use crate::error::Kind;
use crate::{Caller, Service, ServiceError, clock, vault};

/// A kind of endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointKind {
    /// Any server that takes JSON.
    Webhook,
    /// A channel of Slack.
    Slack,
    /// A channel of Microsoft Teams.
    Teams,
    /// Mail.
    Smtp,
    /// Issues on GitHub.
    Github,
    /// Issues in Jira.
    Jira,
}

impl EndpointKind {
    /// All of them.
    pub const ALL: [Self; 6] = [Self::Webhook, Self::Slack, Self::Teams, Self::Smtp, Self::Github, Self::Jira];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Slack => "slack",
            Self::Teams => "teams",
            Self::Smtp => "smtp",
            Self::Github => "github",
            Self::Jira => "jira",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether this server can send to it.
    pub const fn delivers(self) -> bool {
        matches!(self, Self::Webhook | Self::Slack | Self::Teams)
    }

    /// Fields that are never told again.
    const fn secrets(self) -> &'static [&'static str] {
        match self {
            Self::Slack | Self::Teams => &["url"],
            Self::Webhook | Self::Smtp | Self::Jira => &["password"],
            Self::Github => &["access_token"],
        }
    }

    fn must_deliver(self) -> Result<(), ServiceError> {
        if self.delivers() {
            return Ok(());
        }
        Err(ServiceError::new(
            Kind::NotImplemented,
            format!("this server does not send to `{}`: use `webhook`, `slack` or `teams`", self.name()),
        ))
    }

    fn setting(self) -> String {
        format!("notify.{}", self.name())
    }
}

/// What replies show in place of a secret.
const MASK: &str = "****";
/// Endpoints of an account and a kind.
const ENDPOINTS: usize = 100;
/// Characters of one field.
const LONGEST: usize = 2_000;

/// Fields of a configuration, public and secret ones apart.
struct Fields {
    public: Map<String, Value>,
    /// `None` takes a secret away.
    secret: Vec<(&'static str, Option<SecretString>)>,
}

/// Takes a configuration apart. A secret that is missing, or is what replies show for it, stays as it was.
fn apart(kind: EndpointKind, configuration: Value) -> Result<Fields, ServiceError> {
    let Value::Object(mut public) = configuration else {
        return Err(ServiceError::invalid("expected an object"));
    };
    for name in ["uuid", "created_at", "last_updated"] {
        public.remove(name);
    }
    let mut secret = Vec::new();
    for name in kind.secrets() {
        let Some(Value::String(text)) = public.remove(*name) else { continue };
        too_long(name, &text)?;
        if !text.ends_with(MASK) {
            secret.push((*name, Some(text).filter(|text| !text.is_empty()).map(SecretString::from)));
        }
    }
    for (name, value) in &public {
        if let Value::String(text) = value {
            too_long(name, text)?;
        }
    }
    Ok(Fields { public, secret })
}

fn too_long(name: &str, text: &str) -> Result<(), ServiceError> {
    if text.len() > LONGEST || text.chars().any(char::is_control) {
        return Err(ServiceError::invalid(format!(
            "`{name}`: expected at most {LONGEST} characters without control characters"
        )));
    }
    Ok(())
}

/// What is shown for a secret: of an address, its host.
fn masked(name: &str, text: &SecretString) -> String {
    if name != "url" {
        return MASK.to_owned();
    }
    match url::Url::parse(text.expose_secret()) {
        Ok(url) => format!("{}://{}/{MASK}", url.scheme(), url.host_str().unwrap_or_default()),
        Err(_) => format!("https://{MASK}"),
    }
}

impl Service {
    /// All kinds, whether each is switched on, and since when that holds.
    pub async fn endpoint_kinds(&self) -> Result<Vec<(EndpointKind, bool, Option<jiff::Timestamp>)>, ServiceError> {
        let mut all = Vec::new();
        for kind in EndpointKind::ALL {
            let chosen = setting::changed(self.store().read(), &kind.setting()).await?;
            let on = kind.delivers() && chosen.as_ref().is_none_or(|(value, _)| value == "on");
            all.push((kind, on, chosen.map(|(_, at)| at)));
        }
        Ok(all)
    }

    /// Switches a kind on or off for the whole installation.
    pub async fn switch_endpoint_kind(&self, kind: EndpointKind, on: bool) -> Result<jiff::Timestamp, ServiceError> {
        if on {
            kind.must_deliver()?;
        }
        let (tx, now) = (self.store().begin().await?, clock::now());
        setting::set(tx.db(), &kind.setting(), if on { "on" } else { "off" }, now).await?;
        tx.commit().await?;
        Ok(now)
    }

    /// Endpoints of a kind, as they are told.
    pub async fn endpoints(&self, caller: &Caller, kind: EndpointKind) -> Result<Vec<Value>, ServiceError> {
        let db = self.store().read();
        let mut all = Vec::new();
        for endpoint in notify::endpoints(db, caller.account_id(), kind.name()).await? {
            all.push(self.told_endpoint(db, kind, &endpoint).await?);
        }
        Ok(all)
    }

    /// One endpoint, as it is told.
    pub async fn endpoint(&self, caller: &Caller, kind: EndpointKind, uuid: &str) -> Result<Value, ServiceError> {
        let endpoint = self.found_endpoint(self.store().read(), caller.account_id(), kind, uuid).await?;
        self.told_endpoint(self.store().read(), kind, &endpoint).await
    }

    /// Adds an endpoint.
    pub async fn add_endpoint(
        &self,
        caller: &Caller,
        kind: EndpointKind,
        configuration: Value,
    ) -> Result<Value, ServiceError> {
        kind.must_deliver()?;
        let fields = apart(kind, configuration)?;
        self.checked_url(address(kind, &fields)?).await?;
        let (account, uuid, now) = (caller.account_id(), uuid::Uuid::new_v4().to_string(), clock::now());
        let tx = self.store().begin().await?;
        if notify::endpoints(tx.db(), account, kind.name()).await?.len() >= ENDPOINTS {
            return Err(ServiceError::invalid(format!(
                "the account has {ENDPOINTS} endpoints of this kind; delete one first"
            )));
        }
        notify::create_endpoint(tx.db(), account, kind.name(), &uuid, &Value::Object(fields.public), now).await?;
        self.keep_secrets(tx.db(), account, &uuid, fields.secret).await?;
        tx.commit().await?;
        self.endpoint(caller, kind, &uuid).await
    }

    /// Changes an endpoint.
    pub async fn update_endpoint(
        &self,
        caller: &Caller,
        kind: EndpointKind,
        uuid: &str,
        configuration: Value,
    ) -> Result<Value, ServiceError> {
        let account = caller.account_id();
        let known = self.found_endpoint(self.store().read(), account, kind, uuid).await?;
        let fields = apart(kind, configuration)?;
        if let Ok(address) = address(kind, &fields) {
            self.checked_url(address).await?;
        }
        let tx = self.store().begin().await?;
        notify::update_endpoint(tx.db(), known.id, &Value::Object(fields.public), clock::now()).await?;
        self.keep_secrets(tx.db(), account, uuid, fields.secret).await?;
        tx.commit().await?;
        self.endpoint(caller, kind, uuid).await
    }

    /// Deletes an endpoint with its secrets and selectors.
    pub async fn delete_endpoint(&self, caller: &Caller, kind: EndpointKind, uuid: &str) -> Result<(), ServiceError> {
        let account = caller.account_id();
        let tx = self.store().begin().await?;
        let known = self.found_endpoint(tx.db(), account, kind, uuid).await?;
        notify::delete_endpoint(tx.db(), known.id).await?;
        secret::delete(tx.db(), account, "notify_endpoint", uuid).await?;
        Ok(tx.commit().await?)
    }

    /// Whether the last delivery arrived; nothing when there was none yet.
    pub async fn endpoint_health(
        &self,
        caller: &Caller,
        kind: EndpointKind,
        uuid: &str,
    ) -> Result<Option<bool>, ServiceError> {
        let known = self.found_endpoint(self.store().read(), caller.account_id(), kind, uuid).await?;
        Ok(match (known.delivered_at, known.failed_at) {
            (None, None) => None,
            (delivered, failed) => Some(delivered >= failed),
        })
    }

    /// The key that an account's webhooks are signed with, made when it is needed first.
    pub async fn webhook_secret(&self, account: AccountId) -> Result<SecretString, ServiceError> {
        let name = vault::of_webhooks(account);
        if let Some(known) = self.vault().get(self.store().read(), &name).await? {
            return Ok(known);
        }
        let tx = self.store().begin().await?;
        self.vault().put_first(tx.db(), &name, &message::new_key()?).await?;
        let kept = self.vault().get(tx.db(), &name).await?;
        tx.commit().await?;
        kept.ok_or_else(|| ServiceError::internal("a key was made and is not there"))
    }

    async fn found_endpoint(
        &self,
        db: Db<'_>,
        account: AccountId,
        kind: EndpointKind,
        uuid: &str,
    ) -> Result<Endpoint, ServiceError> {
        let found = notify::endpoint(db, account, kind.name(), uuid).await?;
        found.ok_or_else(|| {
            ServiceError::not_found(format!("there is no {} configuration `{uuid}` in the account", kind.name()))
        })
    }

    async fn keep_secrets(
        &self,
        db: Db<'_>,
        account: AccountId,
        uuid: &str,
        secrets: Vec<(&'static str, Option<SecretString>)>,
    ) -> Result<(), ServiceError> {
        for (field, text) in secrets {
            let name = vault::of_endpoint(account, uuid, field);
            match text {
                Some(text) => self.vault().put(db, &name, &text).await?,
                None => secret::delete_field(db, &name).await?,
            }
        }
        Ok(())
    }

    async fn secrets_of(
        &self,
        db: Db<'_>,
        kind: EndpointKind,
        endpoint: &Endpoint,
    ) -> Result<BTreeMap<&'static str, SecretString>, ServiceError> {
        let mut all = BTreeMap::new();
        for field in kind.secrets() {
            let name = vault::of_endpoint(endpoint.account, &endpoint.uuid, field);
            if let Some(text) = self.vault().get(db, &name).await? {
                all.insert(*field, text);
            }
        }
        Ok(all)
    }

    async fn told_endpoint(&self, db: Db<'_>, kind: EndpointKind, endpoint: &Endpoint) -> Result<Value, ServiceError> {
        let mut told = endpoint.body.as_object().cloned().unwrap_or_default();
        told.insert("uuid".to_owned(), endpoint.uuid.clone().into());
        told.insert("created_at".to_owned(), endpoint.created_at.to_string().into());
        told.insert("last_updated".to_owned(), endpoint.updated_at.to_string().into());
        for field in kind.secrets() {
            let name = vault::of_endpoint(endpoint.account, &endpoint.uuid, field);
            // A secret whose key is lost is one still: it must be seen to be set again.
            let text = match self.vault().get(db, &name).await {
                Ok(Some(text)) => masked(field, &text),
                Ok(None) => continue,
                Err(_) => masked(field, &SecretString::default()),
            };
            told.insert((*field).to_owned(), text.into());
        }
        Ok(Value::Object(told))
    }
}

/// The address in the fields of an endpoint.
fn address(kind: EndpointKind, fields: &Fields) -> Result<&str, ServiceError> {
    let public = fields.public.get("url").and_then(Value::as_str);
    let hidden = fields.secret.iter().find(|(name, _)| *name == "url");
    let hidden = hidden.and_then(|(_, text)| text.as_ref()).map(ExposeSecret::expose_secret);
    public.or(hidden).ok_or_else(|| ServiceError::invalid(format!("`url` of a {} is missing", kind.name())))
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;
    use serde_json::json;

    use super::{EndpointKind, apart, masked};

    #[test]
    fn what_is_masked_stays_and_what_is_empty_goes() {
        let fields = |value| apart(EndpointKind::Webhook, value).unwrap();
        let new =
            fields(json!({"url": "https://a", "password": "x", "uuid": "1", "created_at": "2020-01-01T00:00:00Z"}));
        assert_eq!((new.public.len(), new.secret.len()), (1, 1));
        assert!(fields(json!({"url": "https://a", "password": "****"})).secret.is_empty());
        assert!(fields(json!({"url": "https://a"})).secret.is_empty());
        assert!(matches!(fields(json!({"url": "https://a", "password": ""})).secret.as_slice(), [("password", None)]));
        assert!(apart(EndpointKind::Webhook, json!({"username": "a\r\nb"})).is_err());
    }

    #[test]
    fn of_a_secret_address_the_host_is_shown() {
        let url = SecretString::from("https://hooks.example.org/services/T0/B0/secret");
        assert_eq!(masked("url", &url), "https://hooks.example.org/****");
        assert_eq!(masked("password", &SecretString::from("hunter2")), "****");
    }
}

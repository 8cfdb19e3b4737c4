//! Policies of an account: packs that every account has, policies of its own, and which one decides.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use stopgate_packs::{Flavour, RenderOptions};
use stopgate_store::policy::{self, NewPolicy, PolicyRow, Revision};
use stopgate_store::{AccountId, Db, StoreError};

use crate::events::Happened;
use crate::{Caller, Service, ServiceError, clock, library};

/// The pack that decides in a new account.
const DEFAULT_PACK: &str = "cis-docker";

/// What a policy is said to be from when nobody says otherwise.
const LOCAL: &str = "local";

/// The digest of a policy with its side-car.
fn revision(body: String, ext: Option<String>) -> Revision {
    let mut hasher = Sha256::new();
    hasher.update(body.as_bytes());
    if let Some(ext) = &ext {
        hasher.update([0]);
        hasher.update(ext.as_bytes());
    }
    Revision { digest: format!("sha256:{}", hex::encode(hasher.finalize())), body, ext }
}

/// Copies every pack and variant into an account; the default one decides. Packs that it has already stay as they are.
pub(crate) async fn install_packs(db: Db<'_>, account: AccountId, now: Timestamp) -> Result<(), ServiceError> {
    for pack in packs()? {
        let new = NewPolicy {
            policy_id: &pack.id,
            name: &pack.name,
            description: &pack.description,
            source: &pack.source,
            revision: &pack.revision,
            author: "stopgate",
        };
        if policy::find(db, account, &pack.id).await?.is_none() {
            policy::create(db, account, &new, now).await?;
        }
        if pack.pack == DEFAULT_PACK && policy::active(db, account).await?.is_none() {
            policy::activate(db, account, &pack.id, now).await?;
        }
    }
    Ok(())
}

/// A pack as a policy of an account.
struct PackPolicy {
    pack: String,
    id: String,
    name: String,
    description: String,
    source: String,
    revision: Revision,
}

fn packs() -> Result<Vec<PackPolicy>, ServiceError> {
    let mut all = Vec::new();
    for name in stopgate_packs::names().map_err(ServiceError::internal)? {
        let Some(selected) = stopgate_packs::find(&name).map_err(ServiceError::internal)? else { continue };
        let rendered = stopgate_packs::render(&selected, &RenderOptions::new(Flavour::Extended));
        let rendered = rendered.map_err(ServiceError::internal)?;
        let text = |key: &str| rendered.policy.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let rules: BTreeMap<String, Value> = rendered
            .controls_by_rule()
            .into_iter()
            .map(|(rule, controls)| (rule, json!({"controls": controls})))
            .collect();
        let ext = json!({"schema": "stopgate-policy-ext/1", "policy_id": text("id"), "rules": rules});
        all.push(PackPolicy {
            id: text("id"),
            name: text("name"),
            description: text("description"),
            source: format!("stopgate-pack/{name}@{}", selected.manifest.pack.version),
            revision: revision(rendered.policy.to_string(), Some(ext.to_string())),
            pack: name,
        });
    }
    Ok(all)
}

/// A policy document that was read and compiled.
struct Checked {
    id: String,
    name: String,
    description: String,
    revision: Revision,
}

/// Reads a policy document as it was sent; every error of it is told.
fn check(document: &Value, ext: Option<String>) -> Result<Checked, ServiceError> {
    let bytes = document.to_string();
    let parsed = stopgate_policy::parse(bytes.as_bytes(), stopgate_policy::ParseOptions::default());
    let refused = |errors: Vec<stopgate_policy::PolicyError>| {
        let told: Vec<Value> = errors.iter().map(|error| Value::from(error.to_string())).collect();
        let first = errors.first().map(ToString::to_string).unwrap_or_default();
        ServiceError::invalid(format!("Bundle failed validation: {first}")).with("validation_details", told)
    };
    let policy = parsed.map_err(refused)?.policy;
    // What is kept is the document in its present form, whatever form it was sent in.
    let revision = revision(policy.to_json(), ext);
    library::compile(&revision).map_err(refused)?;
    Ok(Checked {
        id: policy.id.clone(),
        name: policy.name.clone(),
        description: policy.description.clone().unwrap_or_default(),
        revision,
    })
}

impl Service {
    /// The policy with this id of its own, else the one with this name.
    pub async fn policy(&self, caller: &Caller, wanted: &str) -> Result<PolicyRow, ServiceError> {
        let db = self.store().read();
        if let Some(found) = policy::find(db, caller.account_id(), wanted).await? {
            return Ok(found);
        }
        let mut named = policy::list(db, caller.account_id()).await?.into_iter().filter(|policy| policy.name == wanted);
        named.next().ok_or_else(|| unknown(wanted))
    }

    /// The policy that decides: the one that is named, else the active one.
    pub async fn deciding(&self, account: AccountId, wanted: Option<&str>) -> Result<PolicyRow, ServiceError> {
        let db = self.store().read();
        let found = match wanted {
            Some(wanted) => policy::find(db, account, wanted).await?,
            None => policy::active(db, account).await?,
        };
        found.ok_or_else(|| match wanted {
            Some(wanted) => unknown(wanted),
            None => ServiceError::not_found("the account has no active policy; activate one"),
        })
    }

    /// All policies of the account.
    pub async fn policies(&self, caller: &Caller) -> Result<Vec<PolicyRow>, ServiceError> {
        Ok(policy::list(self.store().read(), caller.account_id()).await?)
    }

    /// The document of a policy.
    pub async fn policy_document(&self, row: &PolicyRow) -> Result<Value, ServiceError> {
        let revision = policy::revision(self.store().read(), &row.revision).await?;
        let revision =
            revision.ok_or_else(|| ServiceError::internal(format!("the policy {} is gone", row.revision)))?;
        serde_json::from_str(&revision.body).map_err(ServiceError::internal)
    }

    /// Adds a policy, which does not decide yet.
    pub async fn add_policy(&self, caller: &Caller, document: &Value) -> Result<PolicyRow, ServiceError> {
        let checked = check(document, None)?;
        let tx = self.store().begin().await?;
        let new = NewPolicy {
            policy_id: &checked.id,
            name: &checked.name,
            description: &checked.description,
            source: LOCAL,
            revision: &checked.revision,
            author: &caller.user.name,
        };
        match policy::create(tx.db(), caller.account_id(), &new, clock::now()).await {
            Err(StoreError::Duplicate) => {
                return Err(ServiceError::conflict(format!(
                    "there is already a policy with the id `{}`; change it with PUT, or give the new one another id",
                    checked.id
                )));
            }
            done => done?,
        }
        tx.commit().await?;
        self.policy(caller, &checked.id).await
    }

    /// Changes a policy, when there is a document, and lets it decide, when that is wanted.
    pub async fn update_policy(
        &self,
        caller: &Caller,
        policy_id: &str,
        document: Option<&Value>,
        activate: bool,
    ) -> Result<PolicyRow, ServiceError> {
        let now = clock::now();
        let account = caller.account_id();
        let checked = document.map(|document| check(document, None)).transpose()?;
        let tx = self.store().begin().await?;
        let known = policy::find(tx.db(), account, policy_id).await?.ok_or_else(|| unknown(policy_id))?;
        if let Some(checked) = checked {
            if checked.id != policy_id {
                return Err(ServiceError::invalid(format!(
                    "the document has the id `{}`: expected `{policy_id}`, as in the address",
                    checked.id
                )));
            }
            let stored = policy::revision(tx.db(), &known.revision).await?;
            // Clients send the whole record to activate it; what is the same stays the same, side-car included.
            if stored.is_none_or(|stored| stored.body != checked.revision.body) {
                let new = NewPolicy {
                    policy_id,
                    name: &checked.name,
                    description: &checked.description,
                    source: LOCAL,
                    revision: &checked.revision,
                    author: &caller.user.name,
                };
                policy::update(tx.db(), account, &new, now).await?;
                if known.active {
                    let message = format!("the active policy `{}` has changed", checked.name);
                    let resource = ("policy_bundle", policy_id);
                    let what = Happened::new(&caller.account, "user.policy.active.content_change", resource, message);
                    self.happened(tx.db(), what.request(&caller.request_id)).await?;
                }
            }
        }
        if activate && !known.active {
            policy::activate(tx.db(), account, policy_id, now).await?;
            let message = format!("`{}` is the active policy", known.name);
            let what =
                Happened::new(&caller.account, "user.policy.active.updated", ("policy_bundle", policy_id), message);
            self.happened(tx.db(), what.request(&caller.request_id)).await?;
        }
        if activate || known.active {
            self.evaluate_all(tx.db(), account).await?;
        }
        tx.commit().await?;
        self.wake();
        self.policy(caller, policy_id).await
    }

    /// Deletes a policy that does not decide.
    pub async fn delete_policy(&self, caller: &Caller, policy_id: &str) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        let known = policy::find(tx.db(), caller.account_id(), policy_id).await?.ok_or_else(|| unknown(policy_id))?;
        if known.active {
            return Err(ServiceError::invalid(format!(
                "the policy `{}` is active and cannot be deleted; activate another one first",
                known.name
            )));
        }
        policy::delete(tx.db(), caller.account_id(), policy_id).await?;
        Ok(tx.commit().await?)
    }
}

fn unknown(policy: &str) -> ServiceError {
    ServiceError::not_found(format!("there is no policy `{policy}` in the account"))
}

/// Gates, triggers and parameters, in the shape of `GET /system/policy-spec`.
pub fn spec() -> Value {
    stopgate_policy::policy_spec()
}

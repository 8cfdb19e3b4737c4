//! What agents report as running.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use stopgate_store::inventory::{self, InventoryRow};
use stopgate_store::{Db, account};

use crate::{Caller, Service, ServiceError, clock, configuration};

/// What one report of an agent holds beside the cluster's name.
#[derive(Debug, Clone)]
pub struct Reported {
    /// `container`, `namespace`, `node`, `pod`, `service` or `task`.
    pub resource: &'static str,
    /// Its id in the cluster.
    pub id: String,
    /// Its name in the cluster.
    pub name: String,
    /// What it is in: the namespace of a pod, the pod of a container.
    pub parent: Option<String>,
    /// The image that it runs, as the cluster names it.
    pub image_tag: Option<String>,
    /// The digest that the runtime tells for it.
    pub image_digest: Option<String>,
    /// What the agent told of it.
    pub body: Value,
}

/// What is not in a report counts as running for so long after it was reported last: big reports come in parts.
const PARTS: Duration = Duration::from_hours(1);

/// `sha256:...` of what runtimes tell: `docker-pullable://name@sha256:...` and the like.
fn digest(told: &str) -> Option<String> {
    let at = told.rfind("sha256:")?;
    told.get(at..).map(str::to_owned)
}

impl Service {
    /// Takes a report of one cluster, whole or in part.
    pub async fn take_inventory(
        &self,
        caller: &Caller,
        kind: &str,
        cluster: &str,
        reported: Vec<Reported>,
    ) -> Result<(), ServiceError> {
        let (account, now) = (caller.account_id(), clock::now());
        let tx = self.store().begin().await?;
        let mut contexts: BTreeMap<(&str, String), String> = BTreeMap::new();
        // A part of a report may be about pods and namespaces that an earlier part told of.
        for (resource, inside) in [("namespace", "pod"), ("pod", "container")] {
            let mut parents: Vec<&str> = reported
                .iter()
                .filter(|item| item.resource == inside)
                .filter_map(|item| item.parent.as_deref())
                .collect();
            parents.sort_unstable();
            parents.dedup();
            for (id, context) in inventory::contexts(tx.db(), account, (kind, cluster, resource), &parents).await? {
                contexts.insert((resource, id), context);
            }
        }
        let place = |contexts: &BTreeMap<(&str, String), String>, item: &Reported| {
            let parent = |sort| item.parent.as_ref().and_then(|id| contexts.get(&(sort, id.clone())).cloned());
            let found = match item.resource {
                "namespace" => Some(format!("{cluster}/{}", item.name)),
                "pod" => parent("namespace"),
                "container" => parent("pod"),
                _ => None,
            };
            found.unwrap_or_else(|| cluster.to_owned())
        };
        for sort in ["namespace", "pod"] {
            for item in reported.iter().filter(|item| item.resource == sort) {
                let context = place(&contexts, item);
                contexts.insert((sort, item.id.clone()), context);
            }
        }
        let mut rows: BTreeMap<(&str, String), InventoryRow> = BTreeMap::new();
        for item in reported {
            let row = InventoryRow {
                kind: kind.to_owned(),
                cluster: cluster.to_owned(),
                context: place(&contexts, &item),
                resource: item.resource.to_owned(),
                resource_id: item.id.clone(),
                name: item.name,
                image_tag: item.image_tag,
                image_digest: item.image_digest.as_deref().and_then(digest),
                body: item.body,
                seen_at: now,
            };
            rows.insert((item.resource, item.id), row);
        }
        let rows: Vec<InventoryRow> = rows.into_values().collect();
        inventory::put(tx.db(), account, &rows).await?;
        inventory::retire(tx.db(), account, kind, cluster, now - PARTS).await?;
        inventory::recount(tx.db(), account).await?;
        account::touch(tx.db(), account).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets what nobody has reported for long.
    pub(crate) async fn expire_inventory(&self, db: Db<'_>, now: Timestamp) -> Result<(), ServiceError> {
        let days = configuration::value(db, &configuration::INVENTORY_DAYS).await?.value;
        let before = now - jiff::SignedDuration::from_hours(days.saturating_mul(24));
        for account in inventory::expire(db, before).await? {
            inventory::recount(db, account).await?;
        }
        Ok(())
    }

    /// Forgets what runs in a context, or one image there.
    pub async fn forget_inventory(
        &self,
        caller: &Caller,
        kind: &str,
        context: &str,
        digest: Option<&str>,
    ) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        if inventory::delete(tx.db(), caller.account_id(), kind, context, digest).await? == 0 {
            return Err(ServiceError::not_found(format!("nothing is known to run in `{context}`")));
        }
        inventory::recount(tx.db(), caller.account_id()).await?;
        account::touch(tx.db(), caller.account_id()).await?;
        Ok(tx.commit().await?)
    }

    /// Forgets the namespaces of a cluster with what runs in them.
    pub async fn forget_namespaces(&self, caller: &Caller, cluster: &str) -> Result<(), ServiceError> {
        let tx = self.store().begin().await?;
        inventory::delete_namespaces(tx.db(), caller.account_id(), cluster).await?;
        inventory::recount(tx.db(), caller.account_id()).await?;
        account::touch(tx.db(), caller.account_id()).await?;
        Ok(tx.commit().await?)
    }
}

#[cfg(test)]
mod tests {
    use super::digest;

    #[test]
    fn digests_of_runtimes() {
        for (told, expected) in [
            ("sha256:aa", Some("sha256:aa")),
            ("docker-pullable://docker.io/nginx@sha256:aa", Some("sha256:aa")),
            ("unknown", None),
            ("", None),
        ] {
            assert_eq!(digest(told).as_deref(), expected, "{told}");
        }
    }
}

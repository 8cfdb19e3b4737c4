//! `anchorectl subscription`, and what repositories and inventories share with it.

use clap::{Args, Subcommand};
use serde_json::Value;
use stopgate_api_types::subscription::{
    Subscription as Record, SubscriptionList, SubscriptionRequest, SubscriptionUpdate,
};
use stopgate_client::{Client, Reply};
use stopgate_model::ImageReference;

use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, flag, table, text};
use crate::anchorectl::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Subscription {
    /// Switch a subscription on; one that is not there is added
    Activate(Named),
    /// Switch a subscription off
    Deactivate(Named),
    /// List subscriptions
    List(List),
    /// Show one subscription
    Get(Named),
    /// Delete a subscription
    #[command(visible_alias = "del")]
    Delete(Named),
}

/// A subscription: its key and type, in either order.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// A tag, a repository, or a cluster with namespace
    key: String,
    /// tag_update, policy_eval, vuln_update, analysis_update, repo_update, runtime_inventory or alerts
    #[arg(value_name = "TYPE")]
    kind: String,
}

/// Subscriptions.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only those of this key
    #[arg(short, long, env = "ANCHORECTL_SUBSCRIPTION_KEY")]
    key: Option<String>,
    /// Only those of this type
    #[arg(short = 't', long = "type", value_name = "TYPE", env = "ANCHORECTL_SUBSCRIPTION_TYPE")]
    kind: Option<String>,
}

const TYPES: [&str; 7] =
    ["tag_update", "policy_eval", "vuln_update", "analysis_update", "runtime_inventory", "repo_update", "alerts"];

impl Named {
    /// COMPAT: scripts write the two words in either order.
    fn sorted(&self) -> (String, &str) {
        let is_type = |word: &str| TYPES.contains(&word);
        let swapped = is_type(&self.key) && !is_type(&self.kind);
        let (key, kind) = if swapped { (&self.kind, self.key.as_str()) } else { (&self.key, self.kind.as_str()) };
        (full_key(key, kind), kind)
    }
}

/// A tag or repository with its registry; other keys as they are.
fn full_key(key: &str, kind: &str) -> String {
    match (ImageReference::parse(key), kind) {
        (Ok(reference), "repo_update") => format!("{}/{}", reference.registry, reference.repository),
        (Ok(reference), "tag_update" | "policy_eval" | "vuln_update" | "analysis_update") => reference.full_tag(),
        _ => key.to_owned(),
    }
}

pub(crate) fn run(session: &mut Session, command: &Subscription) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        Subscription::Activate(named) => {
            let (key, kind) = named.sorted();
            let reply = switch(&client, &key, kind, true)?;
            session.done("Activate subscription", "");
            session.print(&answer(reply))
        }
        Subscription::Deactivate(named) => {
            let (key, kind) = named.sorted();
            let reply = switch(&client, &key, kind, false)?;
            session.done("Deactivate subscription", "");
            session.print(&answer(reply))
        }
        Subscription::List(options) => {
            let reply = client.subscription_list(options.key.as_deref(), options.kind.as_deref())?;
            session.done("Fetched subscriptions", "");
            session.print(&listing(reply))
        }
        Subscription::Get(named) => {
            let (key, kind) = named.sorted();
            let (reply, _) = existing(&client, &key, kind)?;
            session.done("Fetched subscription", "");
            session.print(&answer(reply))
        }
        Subscription::Delete(named) => {
            let (key, kind) = named.sorted();
            let (_, id) = existing(&client, &key, kind)?;
            client.subscription_delete(&id)?;
            session.done("Deleted subscription", "");
            session.print(&Answer::new(Value::Null, String::new()).ids([id]))
        }
    }
}

/// Finds a subscription and its id.
pub(super) fn existing(client: &Client, key: &str, kind: &str) -> Result<(Reply<SubscriptionList>, String), Failure> {
    let reply = client.subscription_list(Some(key), Some(kind))?;
    match reply.value.0.first().and_then(|record| record.subscription_id.clone()) {
        Some(id) => Ok((reply, id)),
        None => Err(Failure::new(format!("there is no subscription of type `{kind}` for `{key}`"))),
    }
}

/// Switches a subscription; one that is to be active and is not there is added first.
pub(super) fn switch(client: &Client, key: &str, kind: &str, active: bool) -> Result<Reply<SubscriptionList>, Failure> {
    let found = client.subscription_list(Some(key), Some(kind))?.value.0;
    let mut id = found.first().and_then(|record| record.subscription_id.clone());
    if id.is_none() && active {
        let request = SubscriptionRequest {
            subscription_key: Some(key.to_owned()),
            subscription_type: Some(kind.to_owned()),
            subscription_value: None,
        };
        let added = client.subscription_add(&request)?.value.0;
        id = added.first().and_then(|record| record.subscription_id.clone());
    }
    let id = id.ok_or_else(|| Failure::new(format!("there is no subscription of type `{kind}` for `{key}`")))?;
    let update = SubscriptionUpdate {
        active: Some(active),
        subscription_value: found.first().and_then(|record| record.subscription_value.clone()),
    };
    Ok(client.subscription_update(&id, &update)?)
}

/// One subscription. The API wraps it in a list.
pub(super) fn answer(reply: Reply<SubscriptionList>) -> Answer {
    let record = reply.value.0.first().cloned().unwrap_or_default();
    let shown = block(&[
        ("Key", text(record.subscription_key.as_ref())),
        ("Type", text(record.subscription_type.as_ref())),
        ("Id", text(record.subscription_id.as_ref())),
        ("Active", flag(record.active)),
    ]);
    let json = reply.raw.get(0).cloned().unwrap_or_default();
    Answer::new(reply.raw, shown).json(json).ids(record.subscription_id)
}

/// Several subscriptions.
pub(super) fn listing(reply: Reply<SubscriptionList>) -> Answer {
    let row = |record: &Record| {
        vec![text(record.subscription_key.as_ref()), text(record.subscription_type.as_ref()), flag(record.active)]
    };
    let rows: Vec<Vec<String>> = reply.value.0.iter().map(row).collect();
    let ids: Vec<String> = reply.value.0.iter().filter_map(|record| record.subscription_id.clone()).collect();
    Answer::new(reply.raw, table(&["KEY", "TYPE", "ACTIVE"], &rows)).ids(ids)
}

#[cfg(test)]
mod tests {
    use super::Named;

    #[test]
    fn key_and_type_come_in_either_order() {
        for (key, kind, expected) in [
            ("app:1", "policy_eval", ("docker.io/app:1", "policy_eval")),
            ("policy_eval", "app:1", ("docker.io/app:1", "policy_eval")),
            ("host.example/team/app", "repo_update", ("host.example/team/app", "repo_update")),
            ("cluster/shop", "runtime_inventory", ("cluster/shop", "runtime_inventory")),
        ] {
            let named = Named { key: key.to_owned(), kind: kind.to_owned() };
            let (key, kind) = named.sorted();
            assert_eq!((key.as_str(), kind), expected);
        }
    }
}

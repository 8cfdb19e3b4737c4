//! `anchorectl policy`.

use clap::{Args, Subcommand};
use serde_json::Value;
use stopgate_api_types::policy::PolicyRecord;
use stopgate_client::{Client, Reply};

use super::document;
use crate::anchorectl::answer::Answer;
use crate::anchorectl::arguments::InputFile;
use crate::anchorectl::booleans::Boolean;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, table, time};
use crate::anchorectl::session::Session;

mod scan;
mod validate;

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// List policies
    List(List),
    /// Show one policy
    Get(Get),
    /// Add a policy; it is not active until it is activated
    Add(InputFile),
    /// Evaluate images with this policy from now on
    Activate {
        /// Name or id
        policy: String,
    },
    /// Replace a policy's body
    Update(Update),
    /// Whether a policy is valid, without a server; every error with its place
    Validate(validate::Validate),
    /// Evaluate an SBOM that the server does not keep
    Check(scan::Check),
    /// Delete a policy that is not active
    #[command(visible_alias = "del")]
    Delete {
        /// Name or id
        policy: String,
    },
}

/// Policies.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// With their bodies
    #[arg(long, default_value = "true", value_parser = Boolean, env = "ANCHORECTL_DETAIL")]
    detail: bool,
}

/// One policy.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Name or id
    policy: String,
    /// With its body
    #[arg(long, default_value = "true", value_parser = Boolean, env = "ANCHORECTL_POLICY_DETAIL")]
    detail: bool,
}

/// A policy to replace.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Name or id; without one the id of the document
    policy: Option<String>,
    #[command(flatten)]
    document: InputFile,
}

pub(crate) fn run(session: &mut Session, command: &Policy) -> Result<(), Failure> {
    match command {
        Policy::List(options) => list(session, options),
        Policy::Get(options) => {
            let client = session.client()?;
            let id = id_of(&client, &options.policy)?;
            let reply = client.policy_get(&id, options.detail)?;
            session.done("Fetched policy", &reply.value.name);
            session.print(&answer(&reply))
        }
        Policy::Add(file) => {
            let body = document(session, file.input.as_deref())?;
            let reply = session.client()?.policy_add(&body)?;
            session.done("Added policy", &reply.value.name);
            session.print(&answer(&reply))
        }
        Policy::Activate { policy } => activate(session, policy),
        Policy::Update(options) => update(session, options),
        Policy::Validate(options) => validate::run(session, options),
        Policy::Check(options) => scan::run(session, options),
        Policy::Delete { policy } => {
            let client = session.client()?;
            let id = id_of(&client, policy)?;
            client.policy_delete(&id)?;
            session.done("Deleted policy", policy);
            session.print(&Answer::new(Value::Null, String::new()).ids([id]))
        }
    }
}

fn list(session: &mut Session, options: &List) -> Result<(), Failure> {
    let reply = session.client()?.policy_list(options.detail)?;
    session.done("Fetched policies", "");
    let records = &reply.value.0;
    let row = |record: &PolicyRecord| {
        vec![record.name.clone(), record.policy_id.clone(), record.active.to_string(), time(record.last_updated)]
    };
    let rows: Vec<Vec<String>> = records.iter().map(row).collect();
    let ids: Vec<String> = records.iter().map(|record| record.policy_id.clone()).collect();
    session.print(&Answer::new(reply.raw, table(&["NAME", "POLICY ID", "ACTIVE", "UPDATED"], &rows)).ids(ids))
}

fn answer(reply: &Reply<PolicyRecord>) -> Answer {
    let record = &reply.value;
    let text = block(&[
        ("Name", record.name.clone()),
        ("Policy Id", record.policy_id.clone()),
        ("Active", record.active.to_string()),
        ("Updated", time(record.last_updated)),
    ]);
    Answer::new(reply.raw.clone(), text).ids([record.policy_id.clone()])
}

/// The full record goes back as it came, so that nothing of it is lost.
fn activate(session: &mut Session, policy: &str) -> Result<(), Failure> {
    let client = session.client()?;
    let id = id_of(&client, policy)?;
    let mut record = client.policy_get(&id, true)?.value;
    record.active = true;
    let reply = client.policy_update(&id, &record, true)?;
    session.done("Activate policy", &reply.value.name);
    session.print(&answer(&reply))
}

fn update(session: &mut Session, options: &Update) -> Result<(), Failure> {
    let body = document(session, options.document.input.as_deref())?;
    let named = options.policy.clone().or_else(|| body.get("id")?.as_str().map(str::to_owned));
    let named = named.ok_or_else(|| Failure::new("the document has no `id`: expected POLICY on the command line"))?;
    let client = session.client()?;
    let id = id_of(&client, &named)?;
    let mut record = client.policy_get(&id, false)?.value;
    if let Some(name) = body.get("name").and_then(Value::as_str) {
        name.clone_into(&mut record.name);
    }
    record.policy = Some(body);
    let reply = client.policy_update(&id, &record, record.active)?;
    session.done("Updated policy", &reply.value.name);
    session.print(&answer(&reply))
}

/// The id of a policy that is given by id or name.
pub(crate) fn id_of(client: &Client, policy: &str) -> Result<String, Failure> {
    let records = client.policy_list(false)?.value.0;
    if let Some(record) = records.iter().find(|record| record.policy_id == policy) {
        return Ok(record.policy_id.clone());
    }
    let mut named = records.iter().filter(|record| record.name == policy);
    match (named.next(), named.next()) {
        (Some(record), None) => Ok(record.policy_id.clone()),
        (Some(_), Some(_)) => {
            Err(Failure::new(format!("several policies are called `{policy}`: expected the id of one")))
        }
        (None, _) => Err(Failure::new(format!("there is no policy with the id or name `{policy}`"))),
    }
}

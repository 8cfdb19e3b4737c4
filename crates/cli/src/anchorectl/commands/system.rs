//! `anchorectl system`.

use clap::{Args, Subcommand};
use serde_json::Value;
use stopgate_api_types::integration::IntegrationSummary;
use stopgate_api_types::lifecycle::ArtifactLifecyclePolicyResponse;
use stopgate_api_types::system::Service;
use stopgate_client::Client;

use super::document;
use crate::anchorectl::answer::Answer;
use crate::anchorectl::arguments::InputFile;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, flag, table, text, time, word};
use crate::anchorectl::session::Session;

mod smoke;
mod waiting;

#[derive(Debug, Subcommand)]
pub(crate) enum System {
    /// Show all services and how they are
    Status,
    /// Wait until the service answers and has vulnerability data
    Wait(waiting::Wait),
    /// Try the service out
    #[command(subcommand)]
    SmokeTests(SmokeTests),
    /// Forget a service that is gone
    #[command(visible_alias = "del")]
    Delete {
        /// Name of the service
        service: String,
        /// Id of its host
        host_id: String,
    },
    /// Agents
    #[command(subcommand)]
    Integration(Integration),
    /// Roles
    #[command(subcommand)]
    Role(Role),
    /// Policies that clean images up
    #[command(subcommand)]
    ArtifactLifecyclePolicy(Lifecycle),
}

#[derive(Debug, Subcommand)]
pub(crate) enum SmokeTests {
    /// Run them; they use an account of their own and remove it
    Run,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Integration {
    /// List agents
    List,
    /// Show one agent
    Get {
        /// Id
        id: String,
    },
    /// Forget an agent
    #[command(visible_alias = "del")]
    Delete {
        /// Id
        id: String,
        /// Also when it is active
        #[arg(long, env = "ANCHORECTL_INTEGRATION_DELETE_FORCE")]
        force: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// List roles
    List,
    /// Show one role with its permissions
    Get {
        /// Name
        role: String,
    },
    /// List who has a role
    #[command(visible_alias = "members")]
    Member {
        /// Name
        role: String,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Lifecycle {
    /// Add a policy
    Add(InputFile),
    /// List policies
    List,
    /// Show one policy
    Get {
        /// Id
        id: String,
    },
    /// Replace a policy
    Update(Replace),
    /// Delete a policy
    #[command(visible_alias = "del")]
    Delete {
        /// Id
        id: String,
    },
}

/// A policy to replace.
#[derive(Debug, Args)]
pub(crate) struct Replace {
    /// Id
    id: String,
    #[command(flatten)]
    document: InputFile,
}

pub(crate) fn run(session: &mut Session, command: &System) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        System::Status => status(session, &client),
        System::Wait(options) => waiting::run(session, &client, options),
        System::SmokeTests(SmokeTests::Run) => smoke::run(session, &client),
        System::Delete { service, host_id } => {
            client.service_delete(service, host_id)?;
            session.done("Deleted service", service);
            session.print(&Answer::new(Value::Null, String::new()).ids([host_id.clone()]))
        }
        System::Integration(command) => integrations(session, &client, command),
        System::Role(command) => roles(session, &client, command),
        System::ArtifactLifecyclePolicy(command) => lifecycle(session, &client, command),
    }
}

fn status(session: &mut Session, client: &Client) -> Result<(), Failure> {
    let reply = client.system_status()?;
    session.done("Status system", "");
    let services = reply.value.service_states.map(|list| list.0).unwrap_or_default();
    let row = |service: &Service| {
        let detail = service.service_detail.as_ref();
        vec![
            text(service.service_name.as_ref()),
            text(service.host_id.as_ref()),
            text(service.base_url.as_ref()),
            flag(service.status),
            text(service.status_message.as_ref()),
            text(detail.and_then(|detail| detail.db_version.as_ref())),
            detail.and_then(|detail| detail.version.clone()).or_else(|| service.version.clone()).unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = services.iter().map(row).collect();
    let ids: Vec<String> = services.iter().filter_map(|service| service.host_id.clone()).collect();
    let heads = ["SERVICE", "HOST ID", "URL", "UP", "STATUS MESSAGE", "DB VERSION", "CODE VERSION"];
    session.print(&Answer::new(reply.raw, table(&heads, &rows)).ids(ids))
}

fn integrations(session: &mut Session, client: &Client, command: &Integration) -> Result<(), Failure> {
    let row = |agent: &IntegrationSummary| {
        let state = agent.integration_status.as_ref().map(|status| word(&status.state)).unwrap_or_default();
        vec![
            text(agent.name.as_ref()),
            agent.uuid.to_string(),
            agent.kind.as_str().to_owned(),
            state,
            time(agent.last_seen),
        ]
    };
    let heads = ["NAME", "UUID", "TYPE", "STATUS", "LAST SEEN"];
    match command {
        Integration::List => {
            let reply = client.integration_list()?;
            session.done("Fetched integrations", "");
            let agents = reply.value.items.map(|list| list.0).unwrap_or_default();
            let rows: Vec<Vec<String>> = agents.iter().map(row).collect();
            let ids: Vec<String> = agents.iter().map(|agent| agent.uuid.to_string()).collect();
            session.print(&Answer::new(reply.raw, table(&heads, &rows)).ids(ids))
        }
        Integration::Get { id } => {
            let reply = client.integration_get(id)?;
            session.done("Fetched integration", id);
            let lines: Vec<(&str, String)> =
                ["Name", "UUID", "Type", "Status", "Last Seen"].into_iter().zip(row(&reply.value.summary)).collect();
            session.print(&Answer::new(reply.raw, block(&lines)).ids([id.clone()]))
        }
        Integration::Delete { id, force } => {
            client.integration_delete(id, *force)?;
            session.done("Deleted integration", id);
            session.print(&Answer::new(Value::Null, String::new()).ids([id.clone()]))
        }
    }
}

fn roles(session: &mut Session, client: &Client, command: &Role) -> Result<(), Failure> {
    match command {
        Role::List => {
            let reply = client.role_list()?;
            session.done("Fetched roles", "");
            let roles = &reply.value.0;
            let rows: Vec<Vec<String>> =
                roles.iter().map(|role| vec![text(role.name.as_ref()), text(role.description.as_ref())]).collect();
            let ids: Vec<String> = roles.iter().filter_map(|role| role.name.clone()).collect();
            session.print(&Answer::new(reply.raw, table(&["NAME", "DESCRIPTION"], &rows)).ids(ids))
        }
        Role::Get { role } => {
            let reply = client.role_get(role)?;
            session.done("Fetched role", role);
            let permissions = reply.value.permissions.map(|list| list.0).unwrap_or_default();
            let rows: Vec<Vec<String>> = permissions
                .iter()
                .map(|permission| vec![text(permission.action.as_ref()), text(permission.target.as_ref())])
                .collect();
            let head = block(&[("Name", reply.value.name), ("Description", text(reply.value.description.as_ref()))]);
            let shown = format!("{head}\n{}", table(&["ACTION", "TARGET"], &rows));
            session.print(&Answer::new(reply.raw, shown).ids([role.clone()]))
        }
        Role::Member { role } => {
            let reply = client.role_members(role)?;
            session.done("Fetched role members", role);
            let members = &reply.value.0;
            let rows: Vec<Vec<String>> = members
                .iter()
                .map(|member| {
                    let domain = member.domain_name.as_ref().or(member.for_account.as_ref());
                    vec![member.username.clone(), text(domain), time(member.created_at)]
                })
                .collect();
            let ids: Vec<String> = members.iter().map(|member| member.username.clone()).collect();
            session.print(&Answer::new(reply.raw, table(&["USERNAME", "DOMAIN", "CREATED"], &rows)).ids(ids))
        }
    }
}

fn lifecycle(session: &mut Session, client: &Client, command: &Lifecycle) -> Result<(), Failure> {
    let (done, reply) = match command {
        Lifecycle::Add(file) => {
            let policy = document(session, file.input.as_deref())?;
            ("Added artifact-lifecycle-policy", client.lifecycle_policy_add(&policy)?)
        }
        Lifecycle::Get { id } => ("Fetched artifact-lifecycle-policy", client.lifecycle_policy_get(id)?),
        Lifecycle::Update(options) => {
            let policy = document(session, options.document.input.as_deref())?;
            ("Updated artifact-lifecycle-policy", client.lifecycle_policy_update(&options.id, &policy)?)
        }
        Lifecycle::Delete { id } => {
            client.lifecycle_policy_delete(id)?;
            session.done("Deleted artifact-lifecycle-policy", id);
            return session.print(&Answer::new(Value::Null, String::new()).ids([id.clone()]));
        }
        Lifecycle::List => {
            let reply = client.lifecycle_policy_list()?;
            session.done("Fetched artifact-lifecycle-policies", "");
            let rows: Vec<Vec<String>> = reply.value.items.iter().map(lifecycle_row).collect();
            let ids: Vec<String> = rows.iter().filter_map(|row| row.get(1).cloned()).collect();
            let heads = ["NAME", "UUID", "ACTION", "ENABLED", "UPDATED"];
            return session.print(&Answer::new(reply.raw, table(&heads, &rows)).ids(ids));
        }
    };
    session.done(done, &reply.value.name);
    let row = lifecycle_row(&reply.value);
    let id = row.get(1).cloned();
    let lines: Vec<(&str, String)> = ["Name", "UUID", "Action", "Enabled", "Updated"].into_iter().zip(row).collect();
    session.print(&Answer::new(reply.raw, block(&lines)).ids(id))
}

fn lifecycle_row(policy: &ArtifactLifecyclePolicyResponse) -> Vec<String> {
    vec![
        policy.name.clone(),
        policy.uuid.map(|id| id.to_string()).unwrap_or_default(),
        word(&policy.action),
        flag(policy.enabled),
        time(policy.updated_at),
    ]
}

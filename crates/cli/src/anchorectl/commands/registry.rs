//! `anchorectl registry`.

use clap::{Args, Subcommand};
use serde_json::Value;
use stopgate_api_types::registry::{RegistryConfiguration, RegistryConfigurationList, RegistryConfigurationRequest};
use stopgate_client::Reply;

use crate::anchorectl::answer::Answer;
use crate::anchorectl::booleans::Boolean;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, flag, table, text, time};
use crate::anchorectl::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Registry {
    /// Add credentials; the password comes from ANCHORECTL_REGISTRY_PASSWORD
    Add(Add),
    /// Change credentials; the password comes from ANCHORECTL_REGISTRY_PASSWORD
    Update(Update),
    /// Show one registry
    Get {
        /// HOST[:PORT][/PATH], which may end in `*`
        registry: String,
    },
    /// List registries
    List,
    /// Delete credentials
    #[command(visible_alias = "del")]
    Delete {
        /// HOST[:PORT][/PATH], which may end in `*`
        registry: String,
    },
}

/// Credentials to add.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// HOST[:PORT][/PATH], which may end in `*`
    registry: String,
    /// A name for people
    #[arg(long, env = "ANCHORECTL_REGISTRY_NAME")]
    name: Option<String>,
    /// Verify the registry's certificate
    #[arg(long, default_value = "true", value_parser = Boolean, env = "ANCHORECTL_REGISTRY_SECURE_CONNECTION")]
    secure_connection: bool,
    /// How to log in
    #[arg(long = "type", value_parser = ["docker_v2", "awsecr"], default_value = "docker_v2",
        env = "ANCHORECTL_REGISTRY_TYPE")]
    kind: String,
    /// User name
    #[arg(long, env = "ANCHORECTL_REGISTRY_USERNAME")]
    username: Option<String>,
    /// Try the credentials first
    #[arg(long, default_value = "true", value_parser = Boolean, env = "ANCHORECTL_REGISTRY_VALIDATE")]
    validate: bool,
}

/// Credentials to change; what is not given stays.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// HOST[:PORT][/PATH], which may end in `*`
    registry: String,
    /// A name for people
    #[arg(long, env = "ANCHORECTL_REGISTRY_NAME")]
    name: Option<String>,
    /// Verify the registry's certificate
    #[arg(long, value_parser = Boolean, env = "ANCHORECTL_REGISTRY_SECURE_CONNECTION")]
    secure_connection: Option<bool>,
    /// How to log in
    #[arg(long = "type", value_parser = ["docker_v2", "awsecr"], env = "ANCHORECTL_REGISTRY_TYPE")]
    kind: Option<String>,
    /// User name
    #[arg(long, env = "ANCHORECTL_REGISTRY_USERNAME")]
    username: Option<String>,
    /// Try the credentials first
    #[arg(long, default_value = "true", value_parser = Boolean, env = "ANCHORECTL_REGISTRY_VALIDATE")]
    validate: bool,
}

pub(crate) fn run(session: &mut Session, command: &Registry) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        Registry::Add(options) => {
            let request = RegistryConfigurationRequest {
                registry_user: options.username.clone(),
                registry_pass: password(session),
                registry_type: Some(options.kind.clone()),
                registry: Some(options.registry.clone()),
                registry_name: Some(options.name.clone().unwrap_or_else(|| options.registry.clone())),
                registry_verify: Some(options.secure_connection),
            };
            let reply = client.registry_add(&request, options.validate)?;
            session.done("Added registry", &options.registry);
            session.print(&answer(&reply))
        }
        Registry::Update(options) => {
            let known = client.registry_get(&options.registry)?.value.0.into_iter().next().unwrap_or_default();
            let request = RegistryConfigurationRequest {
                registry_user: options.username.clone().or(known.registry_user),
                registry_pass: password(session),
                registry_type: options.kind.clone().or(known.registry_type),
                registry: Some(options.registry.clone()),
                registry_name: options.name.clone().or(known.registry_name),
                registry_verify: options.secure_connection.or(known.registry_verify),
            };
            let reply = client.registry_update(&options.registry, &request, options.validate)?;
            session.done("Updated registry", &options.registry);
            session.print(&answer(&reply))
        }
        Registry::Get { registry } => {
            let reply = client.registry_get(registry)?;
            session.done("Fetched registry", registry);
            session.print(&answer(&reply))
        }
        Registry::List => {
            let reply = client.registry_list()?;
            session.done("Fetched registries", "");
            session.print(&listing(&reply))
        }
        Registry::Delete { registry } => {
            client.registry_delete(registry)?;
            session.done("Deleted registry", registry);
            session.print(&Answer::new(Value::Null, String::new()).ids([registry.clone()]))
        }
    }
}

/// A password on the command line would be seen by every user of the machine.
fn password(session: &Session) -> Option<stopgate_api_types::secret::Secret> {
    session.settings.get("ANCHORECTL_REGISTRY_PASSWORD").map(Into::into)
}

fn answer(reply: &Reply<RegistryConfigurationList>) -> Answer {
    let record = reply.value.0.first().cloned().unwrap_or_default();
    let shown = block(&[
        ("Registry", text(record.registry.as_ref())),
        ("Registry Name", text(record.registry_name.as_ref())),
        ("Registry Type", text(record.registry_type.as_ref())),
        ("Registry User", text(record.registry_user.as_ref())),
        ("Registry Verify", flag(record.registry_verify)),
        ("Created At", time(record.created_at)),
        ("Last Updated", time(record.last_updated)),
    ]);
    let json = reply.raw.get(0).cloned().unwrap_or_default();
    Answer::new(reply.raw.clone(), shown).json(json).ids(record.registry)
}

/// COMPAT: the head of the sixth column is misspelt in Anchore's client.
const HEADS: [&str; 7] =
    ["REGISTRY NAME", "REGISTRY TYPE", "REGISTRY USER", "REGISTRY VERIFY", "CREATED AT", "LAST UPATED", "REGISTRY"];

fn listing(reply: &Reply<RegistryConfigurationList>) -> Answer {
    let row = |record: &RegistryConfiguration| {
        vec![
            text(record.registry_name.as_ref()),
            text(record.registry_type.as_ref()),
            text(record.registry_user.as_ref()),
            flag(record.registry_verify),
            time(record.created_at),
            time(record.last_updated),
            text(record.registry.as_ref()),
        ]
    };
    let rows: Vec<Vec<String>> = reply.value.0.iter().map(row).collect();
    let ids: Vec<String> = reply.value.0.iter().filter_map(|record| record.registry.clone()).collect();
    Answer::new(reply.raw.clone(), table(&HEADS, &rows)).ids(ids)
}

//! `anchorectl application version`.

use clap::{Args, Subcommand};
use serde_json::Value;
use stopgate_api_types::application::ApplicationVersion;
use stopgate_client::{Client, Reply};

use super::{Name, application_id, vulnerabilities};
use crate::anchorectl::answer::Answer;
use crate::anchorectl::booleans::Boolean;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, table, text, time};
use crate::anchorectl::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Version {
    /// Create a version
    Add(Named),
    /// List the versions of an application
    List {
        /// Name or id of the application
        application: String,
    },
    /// Show one version
    Get(Named),
    /// Rename a version
    Update(Update),
    /// Delete a version
    #[command(visible_alias = "del")]
    Delete(Named),
    /// List the known vulnerabilities of all that belongs to a version
    #[command(visible_aliases = ["vulns", "vuln"])]
    Vulnerabilities(Vulnerabilities),
}

/// One version.
#[derive(Debug, Args)]
pub(crate) struct Named {
    /// APP@VERSION
    version: String,
}

/// A version to rename.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// APP@VERSION
    version: String,
    /// The new name
    #[arg(long, env = "ANCHORECTL_APPLICATION_VERSION_NAME")]
    name: Option<String>,
}

/// A version whose vulnerabilities are wanted.
#[derive(Debug, Args)]
pub(crate) struct Vulnerabilities {
    /// APP@VERSION
    version: String,
    /// Only what the vendor will not fix, or only the rest
    #[arg(long, value_parser = Boolean, env = "ANCHORECTL_WILL_NOT_FIX")]
    will_not_fix: Option<bool>,
}

pub(super) fn run(session: &mut Session, client: &Client, command: &Version) -> Result<(), Failure> {
    match command {
        Version::Add(named) => {
            let name = Name::parse(&named.version)?;
            let application = application_id(client, &name.application)?;
            let reply = client.application_version_add(&application, &version_of(&name.version))?;
            session.done("Added application version", &named.version);
            session.print(&answer(&reply.raw, &reply.value))
        }
        Version::List { application } => {
            let reply = client.application_version_list(&application_id(client, application)?)?;
            session.done("List application versions", application);
            let row = |version: &ApplicationVersion| {
                vec![
                    version.version_name.clone(),
                    text(version.application_version_id.as_ref()),
                    time(version.created_at),
                ]
            };
            let rows: Vec<Vec<String>> = reply.value.0.iter().map(row).collect();
            let ids: Vec<String> =
                reply.value.0.iter().filter_map(|version| version.application_version_id.clone()).collect();
            session.print(&Answer::new(reply.raw, table(&["NAME", "VERSION ID", "CREATED"], &rows)).ids(ids))
        }
        Version::Get(named) => {
            let found = Name::parse(&named.version)?.find(client)?;
            let Reply { value, raw } = client.application_version_list(&found.application)?;
            let at = value.0.iter().position(|version| version.application_version_id.as_ref() == Some(&found.version));
            let version = at.and_then(|at| Some((value.0.get(at)?, raw.get(at)?)));
            let (version, raw) =
                version.ok_or_else(|| Failure::new(format!("`{}` is no longer there", named.version)))?;
            session.done("Fetched application version", &named.version);
            session.print(&answer(raw, version))
        }
        Version::Update(options) => {
            let name = Name::parse(&options.version)?;
            let found = name.find(client)?;
            let change = version_of(options.name.as_ref().unwrap_or(&name.version));
            let reply = client.application_version_update(&found.application, &found.version, &change)?;
            session.done("Updated application version", &options.version);
            session.print(&answer(&reply.raw, &reply.value))
        }
        Version::Delete(named) => {
            let found = Name::parse(&named.version)?.find(client)?;
            client.application_version_delete(&found.application, &found.version)?;
            session.done("Deleted application version", &named.version);
            session.print(&Answer::new(Value::Null, String::new()).ids([found.version]))
        }
        Version::Vulnerabilities(options) => {
            let found = Name::parse(&options.version)?.find(client)?;
            let reply =
                client.application_version_vulnerabilities(&found.application, &found.version, options.will_not_fix)?;
            session
                .done("Fetched vulnerabilities", &format!("[{} vulnerabilities]", reply.value.vulnerabilities.len()));
            session.print(&vulnerabilities(reply))
        }
    }
}

fn version_of(name: &str) -> ApplicationVersion {
    ApplicationVersion {
        application_version_id: None,
        application_id: None,
        version_name: name.to_owned(),
        created_at: None,
        last_updated: None,
    }
}

fn answer(raw: &Value, version: &ApplicationVersion) -> Answer {
    let shown = block(&[
        ("Name", version.version_name.clone()),
        ("Version Id", text(version.application_version_id.as_ref())),
        ("Application Id", text(version.application_id.as_ref())),
        ("Created At", time(version.created_at)),
    ]);
    Answer::new(raw.clone(), shown).ids(version.application_version_id.clone())
}

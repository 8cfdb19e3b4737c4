//! `anchorectl application`, and how `-a app@version` finds what it names.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use stopgate_api_types::application::{
    Application as Record, ApplicationVersion, ApplicationVersionVulnerabilityReport, ArtifactAssociationRequest,
};
use stopgate_api_types::policy::ArtifactType;
use stopgate_client::{Client, Reply};

use super::shaped;
use crate::anchorectl::answer::Answer;
use crate::anchorectl::arguments::InputFile;
use crate::anchorectl::booleans::Boolean;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{block, flag, table, text, time};
use crate::anchorectl::session::Session;

mod artifact;
mod version;

pub(crate) use artifact::Artifact;
pub(crate) use version::Version;

#[derive(Debug, Subcommand)]
pub(crate) enum Application {
    /// Create an application
    Add(Add),
    /// List applications
    List(List),
    /// Show one application
    Get(Get),
    /// Change name or description
    Update(Update),
    /// Delete an application
    #[command(visible_alias = "del")]
    Delete {
        /// Name or id
        application: String,
    },
    /// Fetch the SBOM of a version
    Sbom(Sbom),
    /// What belongs to a version
    #[command(subcommand)]
    Artifact(Artifact),
    /// Versions
    #[command(subcommand)]
    Version(Version),
}

/// An application to create.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Name
    #[arg(required_unless_present = "input")]
    name: Option<String>,
    /// What it is
    #[arg(long, env = "ANCHORECTL_APPLICATION_DESCRIPTION")]
    description: Option<String>,
    #[command(flatten)]
    document: InputFile,
}

/// Applications.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// With their versions
    #[arg(long, default_value = "true", value_parser = Boolean, env = "ANCHORECTL_APPLICATION_INCLUDE_VERSIONS")]
    include_versions: bool,
}

/// One application.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// Name or id
    application: String,
    /// With its versions
    #[arg(long, default_value = "true", value_parser = Boolean, env = "ANCHORECTL_APPLICATION_INCLUDE_VERSIONS")]
    include_versions: bool,
}

/// An application to change.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Name or id
    application: String,
    /// What it is
    #[arg(long, env = "ANCHORECTL_APPLICATION_DESCRIPTION")]
    description: Option<String>,
    /// The new name
    #[arg(long, env = "ANCHORECTL_APPLICATION_NAME")]
    name: Option<String>,
    #[command(flatten)]
    document: InputFile,
}

/// The SBOM of a version.
#[derive(Debug, Args)]
pub(crate) struct Sbom {
    /// APP@VERSION
    version: String,
    /// Only of these (repeatable)
    #[arg(long = "type", value_parser = ["image", "source"])]
    kinds: Vec<String>,
}

pub(crate) fn run(session: &mut Session, command: &Application) -> Result<(), Failure> {
    let client = session.client()?;
    match command {
        Application::Add(options) => {
            let mut record: Record = match &options.document.input {
                Some(path) => shaped(session, Some(path))?,
                None => Record::default(),
            };
            record.name = options.name.clone().or(record.name);
            record.description = options.description.clone().or(record.description);
            let reply = client.application_add(&record)?;
            session.done("Added application", "");
            session.print(&answer(&reply))
        }
        Application::List(options) => {
            let reply = client.application_list(options.include_versions)?;
            session.done("List applications", "");
            let rows: Vec<Vec<String>> = reply.value.0.iter().map(row).collect();
            let ids: Vec<String> = reply.value.0.iter().filter_map(|record| record.application_id.clone()).collect();
            let heads = ["NAME", "APPLICATION ID", "VERSIONS", "DESCRIPTION"];
            session.print(&Answer::new(reply.raw, table(&heads, &rows)).ids(ids))
        }
        Application::Get(options) => {
            let id = application_id(&client, &options.application)?;
            let reply = client.application_get(&id, options.include_versions)?;
            session.done("Fetched application", &options.application);
            session.print(&answer(&reply))
        }
        Application::Update(options) => update(session, &client, options),
        Application::Delete { application } => {
            let id = application_id(&client, application)?;
            client.application_delete(&id)?;
            session.done("Deleted application", application);
            session.print(&Answer::new(Value::Null, String::new()).ids([id]))
        }
        Application::Sbom(options) => {
            let found = Name::parse(&options.version)?.find(&client)?;
            let bytes = client.application_version_sbom(&found.application, &found.version, &options.kinds)?;
            session.done("Fetched SBOM", &options.version);
            session.print_bytes(&bytes)?;
            session.print_bytes(b"\n")
        }
        Application::Artifact(command) => artifact::run(session, &client, command),
        Application::Version(command) => version::run(session, &client, command),
    }
}

fn update(session: &mut Session, client: &Client, options: &Update) -> Result<(), Failure> {
    let id = application_id(client, &options.application)?;
    let mut record: Record = if let Some(path) = &options.document.input {
        shaped(session, Some(path))?
    } else {
        let known = client.application_get(&id, false)?.value;
        Record { name: known.name, description: known.description, ..Record::default() }
    };
    record.name = options.name.clone().or(record.name);
    record.description = options.description.clone().or(record.description);
    let reply = client.application_update(&id, &record)?;
    session.done("Updated application", &options.application);
    session.print(&answer(&reply))
}

fn versions(record: &Record) -> String {
    let versions = record.application_versions.iter().flat_map(|list| &list.0);
    versions.map(|version| version.version_name.as_str()).collect::<Vec<_>>().join(", ")
}

fn row(record: &Record) -> Vec<String> {
    vec![
        text(record.name.as_ref()),
        text(record.application_id.as_ref()),
        versions(record),
        text(record.description.as_ref()),
    ]
}

fn answer(reply: &Reply<Record>) -> Answer {
    let record = &reply.value;
    let shown = block(&[
        ("Name", text(record.name.as_ref())),
        ("Application Id", text(record.application_id.as_ref())),
        ("Description", text(record.description.as_ref())),
        ("Versions", versions(record)),
        ("Created At", time(record.created_at)),
        ("Last Updated", time(record.last_updated)),
    ]);
    Answer::new(reply.raw.clone(), shown).ids(record.application_id.clone())
}

/// The id of an application that is given by id or name.
fn application_id(client: &Client, named: &str) -> Result<String, Failure> {
    let records = client.application_list(false)?.value.0;
    let by_id = records.iter().find(|record| record.application_id.as_deref() == Some(named));
    let found = by_id.or_else(|| records.iter().find(|record| record.name.as_deref() == Some(named)));
    let id = found.and_then(|record| record.application_id.clone());
    id.ok_or_else(|| Failure::new(format!("there is no application with the id or name `{named}`")))
}

/// `APP@VERSION`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    application: String,
    version: String,
}

impl Name {
    /// Reads it. A version may hold `@`, a name may not.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        match text.split_once('@') {
            Some((application, version)) if !application.is_empty() && !version.is_empty() => {
                Ok(Self { application: application.to_owned(), version: version.to_owned() })
            }
            _ => Err(Failure::new(format!("`{text}` is not a version of an application: expected APP@VERSION"))),
        }
    }

    /// Asks the server for the ids.
    pub(crate) fn find(&self, client: &Client) -> Result<Found, Failure> {
        let application = application_id(client, &self.application)?;
        let versions = client.application_version_list(&application)?.value.0;
        let is_it = |version: &&ApplicationVersion| {
            version.application_version_id.as_ref() == Some(&self.version) || version.version_name == self.version
        };
        let version = versions.iter().find(is_it).and_then(|version| version.application_version_id.clone());
        let version = version.ok_or_else(|| {
            Failure::new(format!("the application `{}` has no version `{}`", self.application, self.version))
        })?;
        Ok(Found { application, version })
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.application, self.version)
    }
}

/// Ids of an application and one of its versions.
pub(crate) struct Found {
    application: String,
    version: String,
}

impl Found {
    /// Adds an artifact to the version.
    pub(crate) fn add(&self, client: &Client, kind: &str, keys: &Value) -> Result<(), Failure> {
        let artifact_type = if kind == "source" { ArtifactType::Source } else { ArtifactType::Image };
        let request =
            ArtifactAssociationRequest { artifact_type, artifact_keys: keys.as_object().cloned().unwrap_or_default() };
        client.application_artifact_add(&self.application, &self.version, &request)?;
        Ok(())
    }
}

/// Vulnerabilities of a version: one row per place where one was found.
fn vulnerabilities(reply: Reply<ApplicationVersionVulnerabilityReport>) -> Answer {
    let mut rows = Vec::new();
    for vulnerability in &reply.value.vulnerabilities {
        let vendor = vulnerability.vendor_data.as_ref();
        let severity = vendor
            .and_then(|vendor| vendor.common.severity.clone())
            .or_else(|| vulnerability.nvd.first()?.common.severity.clone());
        for hit in &vulnerability.matches {
            let location = hit.location.as_ref();
            let package = location.and_then(|location| location.package.as_ref());
            let artifact = location.and_then(|location| location.artifact.as_ref());
            rows.push(vec![
                text(vulnerability.id.as_ref()),
                text(severity.as_ref()),
                text(package.and_then(|package| package.name.as_ref())),
                text(package.and_then(|package| package.version.as_ref())),
                hit.fix.clone().unwrap_or_else(|| "None".to_owned()),
                flag(vendor.and_then(|vendor| vendor.will_not_fix)),
                text(package.and_then(|package| package.kind.as_ref())),
                text(artifact.and_then(|artifact| artifact.id.as_ref())),
            ]);
        }
    }
    let heads = ["ID", "SEVERITY", "NAME", "VERSION", "FIX", "WILL NOT FIX", "TYPE", "ARTIFACT"];
    let json = json!(reply.raw.get("vulnerabilities"));
    let ids: Vec<String> = reply.value.vulnerabilities.iter().filter_map(|found| found.id.clone()).collect();
    Answer::new(reply.raw, table(&heads, &rows)).json(json).ids(ids)
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn a_version_of_an_application() {
        let name = Name::parse("shop@v1@rc").unwrap();
        assert_eq!((name.application.as_str(), name.version.as_str()), ("shop", "v1@rc"));
        for text in ["shop", "@v1", "shop@", ""] {
            assert!(Name::parse(text).is_err(), "{text}");
        }
    }
}

//! `anchorectl source add`: the SBOM of a revision is imported.

use std::path::PathBuf;

use clap::Args;
use stopgate_api_types::import::{SourceImportContents, SourceImportMetadata};
use stopgate_client::Client;

use super::name::SourceName;
use super::{answer, keys};
use crate::anchorectl::commands::{application, bundle};
use crate::anchorectl::failure::Failure;
use crate::anchorectl::session::Session;
use crate::anchorectl::wait;
use crate::clock;

/// A source revision to add.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// HOST/REPOSITORY@REVISION
    source: String,
    /// Add it to a version of an application
    #[arg(short, long, value_name = "APP@VERSION", env = "ANCHORECTL_SOURCE_APPLICATION")]
    application: Option<String>,
    /// Who wrote the change
    #[arg(long, env = "ANCHORECTL_SOURCE_AUTHOR")]
    author: Option<String>,
    /// The branch
    #[arg(short, long, env = "ANCHORECTL_SOURCE_BRANCH")]
    branch: Option<String>,
    /// Replace the revision when it is there
    #[arg(short, long, env = "ANCHORECTL_FORCE")]
    force: bool,
    /// The Syft SBOM, `-` for standard input
    #[arg(long, value_name = "FILE|-", env = "ANCHORECTL_SOURCE_FROM")]
    from: Option<PathBuf>,
    /// Fetch a result when the analysis is done (repeatable): source-metadata, sbom, content, vulnerability,
    /// policy-evaluation into FILE (KEY.json without one), or all into a folder
    #[arg(short, long, value_name = "KEY[=FILE]", env = "ANCHORECTL_SOURCE_GET")]
    get: Vec<String>,
    /// Wait until the analysis is done
    #[arg(short, long, env = "ANCHORECTL_SOURCE_WAIT")]
    wait: bool,
    /// Name of the workflow that built it
    #[arg(short = 'n', long, env = "ANCHORECTL_SOURCE_WORKFLOW_NAME")]
    workflow_name: Option<String>,
    /// When the workflow ran (RFC 3339)
    #[arg(short = 't', long, value_name = "TIME", env = "ANCHORECTL_SOURCE_WORKFLOW_TIMESTAMP")]
    workflow_timestamp: Option<String>,
}

pub(super) fn run(session: &mut Session, client: &Client, options: &Add) -> Result<(), Failure> {
    let wanted = bundle::Wanted::parse(&options.get, &bundle::SOURCE_KEYS)?;
    let application = options.application.as_deref().map(application::Name::parse).transpose()?;
    let name = SourceName::parse(&options.source)?;
    let SourceName::Revision { host, repository, revision } = &name else {
        return Err(Failure::new(format!("`{}` is not HOST/REPOSITORY@REVISION", options.source)));
    };
    let from = options.from.as_deref();
    let from = from.ok_or_else(|| Failure::new("there is no SBOM: --from names its file, `-` standard input"))?;
    let time = options.workflow_timestamp.as_deref().map(|time| clock::now(Some(time))).transpose()?;
    let sbom = session.read(from)?;
    if serde_json::from_slice::<serde::de::IgnoredAny>(&sbom).is_err() {
        return Err(Failure::new(format!("`{}` is not JSON: expected a Syft SBOM", from.display())));
    }
    if options.force
        && let Ok(id) = name.id(client)
    {
        client.source_delete(&id, true)?;
    }
    let operation = client.source_import_begin()?.value.uuid;
    let operation = operation.ok_or_else(|| Failure::new("the server opened an import without naming it"))?;
    let uploaded = client.source_import_sbom(operation, sbom.into())?.value.digest;
    let uploaded = uploaded.ok_or_else(|| Failure::new("the server gave no digest for the SBOM"))?;
    let metadata = SourceImportMetadata {
        ci_workflow_name: options.workflow_name.clone(),
        ci_workflow_execution_time: time,
        host: host.clone(),
        repository_name: repository.clone(),
        branch_name: options.branch.clone(),
        revision: revision.clone(),
        change_author: options.author.clone(),
        contents: SourceImportContents { sbom: uploaded },
    };
    let mut source = client.source_import_finish(operation, &metadata)?;
    session.done("Added Source", &name.to_string());
    let id = source.value.uuid.map(|id| id.to_string());
    let id = id.ok_or_else(|| Failure::new("the server's record of the source has no id"))?;
    if let Some(application) = &application {
        application.find(client)?.add(client, "source", &keys(&id))?;
        session.done("Added Source to application", &application.to_string());
    }
    if options.wait || !wanted.is_empty() {
        source = wait::for_source(session, client, &id)?;
        session.done("Analyzed Source", &name.to_string());
    }
    bundle::fetch_source(session, client, &wanted, &source, &id)?;
    session.print(&answer(&source))
}

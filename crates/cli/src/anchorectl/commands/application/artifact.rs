//! `anchorectl application artifact`.

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use stopgate_api_types::application::ArtifactListResponse;
use stopgate_client::Client;

use super::Name;
use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::{table, text};
use crate::anchorectl::session::Session;

#[derive(Debug, Subcommand)]
pub(crate) enum Artifact {
    /// Add an image or a source to a version
    Add(Add),
    /// List what belongs to a version
    List(List),
    /// Take an artifact out of a version
    Remove(Remove),
}

/// An artifact to add.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// APP@VERSION
    version: String,
    /// image or source
    #[arg(value_name = "TYPE", value_parser = ["image", "source"])]
    kind: String,
    /// Digest of the image, or id of the source
    artifact: String,
}

/// Artifacts.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// APP@VERSION
    version: String,
    /// Only of these (repeatable)
    #[arg(long = "type", value_parser = ["image", "source"])]
    kinds: Vec<String>,
}

/// An artifact to take out.
#[derive(Debug, Args)]
pub(crate) struct Remove {
    /// APP@VERSION
    version: String,
    /// Digest of the image, id of the source, or id of the association
    artifact: String,
}

pub(super) fn run(session: &mut Session, client: &Client, command: &Artifact) -> Result<(), Failure> {
    match command {
        Artifact::Add(options) => {
            let found = Name::parse(&options.version)?.find(client)?;
            let key = if options.kind == "source" { "uuid" } else { "image_digest" };
            found.add(client, &options.kind, &json!({key: options.artifact}))?;
            session.done("Added artifact", &options.artifact);
            let listed = client.application_artifact_list(&found.application, &found.version, &[])?;
            session.print(&answer(listed.raw, &listed.value))
        }
        Artifact::List(options) => {
            let found = Name::parse(&options.version)?.find(client)?;
            let listed = client.application_artifact_list(&found.application, &found.version, &options.kinds)?;
            session.done("List artifacts", "");
            session.print(&answer(listed.raw, &listed.value))
        }
        Artifact::Remove(options) => {
            let found = Name::parse(&options.version)?.find(client)?;
            let listed = client.application_artifact_list(&found.application, &found.version, &[])?.value;
            let association = rows(&listed).into_iter().find(|row| row.is(&options.artifact));
            let association = association.map(|row| row.association);
            let association = association.ok_or_else(|| {
                Failure::new(format!("`{}` does not belong to `{}`", options.artifact, options.version))
            })?;
            client.application_artifact_remove(&found.application, &found.version, &association)?;
            session.done("Removed artifact", &options.artifact);
            session.print(&Answer::new(Value::Null, String::new()).ids([association]))
        }
    }
}

struct Row {
    description: String,
    kind: &'static str,
    hash: String,
    association: String,
}

impl Row {
    fn is(&self, named: &str) -> bool {
        self.hash == named || self.association == named
    }
}

fn rows(listed: &ArtifactListResponse) -> Vec<Row> {
    let images = listed.associated_image_artifacts.iter().map(|item| {
        let image = item.image.as_ref();
        let distro = text(image.and_then(|image| image.distro.as_ref()));
        let version = text(image.and_then(|image| image.distro_version.as_ref()));
        let metadata = item.artifact_association_metadata.as_ref();
        Row {
            description: format!("{distro} {version}").trim().to_owned(),
            kind: "image",
            hash: text(image.and_then(|image| image.image_digest.as_ref())),
            association: text(metadata.and_then(|metadata| metadata.association_id.as_ref())),
        }
    });
    let sources = listed.associated_source_artifacts.iter().map(|item| {
        let source = item.source.as_ref();
        let part = |part: Option<&String>| text(part);
        let host = part(source.and_then(|source| source.host.as_ref()));
        let repository = part(source.and_then(|source| source.repository_name.as_ref()));
        let revision = part(source.and_then(|source| source.revision.as_ref()));
        let metadata = item.artifact_association_metadata.as_ref();
        Row {
            description: format!("{host}/{repository}@{revision}"),
            kind: "source",
            hash: source.and_then(|source| source.uuid).map(|id| id.to_string()).unwrap_or_default(),
            association: text(metadata.and_then(|metadata| metadata.association_id.as_ref())),
        }
    });
    images.chain(sources).collect()
}

fn answer(raw: Value, listed: &ArtifactListResponse) -> Answer {
    let rows = rows(listed);
    let ids: Vec<String> = rows.iter().map(|row| row.hash.clone()).collect();
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|row| vec![row.description, row.kind.to_owned(), row.hash]).collect();
    Answer::new(raw, table(&["DESCRIPTION", "TYPE", "HASH"], &rows)).ids(ids)
}

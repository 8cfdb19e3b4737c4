//! `anchorectl image content`.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use stopgate_api_types::search::RetrievedFile;
use stopgate_archive::write::{Entry, tar_of};
use stopgate_client::{Client, ClientError};

use crate::anchorectl::answer::Answer;
use crate::anchorectl::commands::content::{self, Part};
use crate::anchorectl::failure::Failure;
use crate::anchorectl::image_name::ImageName;
use crate::anchorectl::layout::lines;
use crate::anchorectl::session::Session;

/// An image whose content is wanted.
#[derive(Debug, Args)]
pub(crate) struct Content {
    /// The image
    image: String,
    /// List the kinds of content instead
    #[arg(short, long, env = "ANCHORECTL_AVAILABLE_TYPES")]
    available_types: bool,
    /// Write the files of type retrieved_files into this tar archive
    #[arg(long, value_name = "TAR", env = "ANCHORECTL_FILE")]
    file: Option<PathBuf>,
    /// Replace a file that exists
    #[arg(long, env = "ANCHORECTL_OVERWRITE")]
    overwrite: bool,
    /// Which content (repeatable); without it every kind that there is
    #[arg(short = 't', long = "type", value_name = "TYPE", env = "ANCHORECTL_CONTENT_TYPES")]
    kinds: Vec<String>,
}

pub(crate) fn run(session: &mut Session, options: &Content) -> Result<(), Failure> {
    let client = session.client()?;
    let digest = ImageName::parse(&options.image)?.digest(&client)?;
    if let Some(path) = &options.file {
        let files = client.image_retrieved_files(&digest)?.value.0;
        let bytes = archive(&files)?;
        session.done("Fetched content", &format!("[{} files]", files.len()));
        return session.write_file(path, &bytes, options.overwrite);
    }
    let mut kinds = options.kinds.clone();
    if options.available_types || kinds.is_empty() {
        let reply = client.image_content_types(&digest)?;
        let mut known = reply.value;
        known.sort_unstable();
        if options.available_types {
            return session.print(&Answer::new(reply.raw, lines(&known)).ids(known));
        }
        kinds = known;
    }
    let parts = kinds.iter().map(|kind| part(&client, &digest, kind)).collect::<Result<Vec<_>, _>>()?;
    session.done("Fetched content", &kinds.join(", "));
    session.print(&content::answer(parts))
}

pub(crate) fn part(client: &Client, digest: &str, kind: &str) -> Result<Part, ClientError> {
    Ok(match kind {
        "java" => {
            let reply = client.image_content_java(digest)?;
            Part::new(kind, reply.raw, &content::JAVA, content::java(&reply.value.content))
        }
        "files" => {
            let reply = client.image_content_files(digest)?;
            Part::new(kind, reply.raw, &content::FILES, content::files(&reply.value.content))
        }
        "malware" => {
            let reply = client.image_content_malware(digest)?;
            Part::new(kind, reply.raw, &content::MALWARE, content::malware(&reply.value.content))
        }
        "secret_search" => {
            let reply = client.image_secret_search(digest)?;
            Part::new(kind, reply.raw, &content::SEARCH, content::search(&reply.value.0))
        }
        "content_search" => {
            let reply = client.image_content_search(digest)?;
            Part::new(kind, reply.raw, &content::SEARCH, content::search(&reply.value.0))
        }
        "retrieved_files" => {
            let reply = client.image_retrieved_files(digest)?;
            Part::new(kind, reply.raw, &content::RETRIEVED, content::retrieved(&reply.value.0))
        }
        _ => {
            let reply = client.image_content(digest, kind)?;
            Part::new(kind, reply.raw, &content::PACKAGES, content::packages(&reply.value.content))
        }
    })
}

fn archive(files: &[RetrievedFile]) -> Result<Vec<u8>, Failure> {
    let mut entries = Vec::new();
    for file in files {
        let path = file.path.clone().unwrap_or_default();
        let content = file.b64_content.as_deref().unwrap_or_default();
        let content =
            STANDARD.decode(content).map_err(|_| Failure::new(format!("the content of `{path}` is not base64")))?;
        entries.push(Entry::file(path.trim_start_matches('/'), content));
    }
    Ok(tar_of(&entries))
}

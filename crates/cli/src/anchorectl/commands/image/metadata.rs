//! `anchorectl image metadata`.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::Value;

use crate::anchorectl::answer::{Answer, pretty};
use crate::anchorectl::failure::Failure;
use crate::anchorectl::image_name::ImageName;
use crate::anchorectl::session::Session;

/// An image whose documents are wanted.
#[derive(Debug, Args)]
pub(crate) struct Metadata {
    /// The image
    image: String,
    /// Write it to this file
    #[arg(long, value_name = "FILE", env = "ANCHORECTL_FILE")]
    file: Option<PathBuf>,
    /// Replace a file that exists
    #[arg(long, env = "ANCHORECTL_OVERWRITE")]
    overwrite: bool,
    /// Which document
    #[arg(short = 't', long = "type", value_parser = ["manifest", "docker_history", "dockerfile"],
        default_value = "manifest", env = "ANCHORECTL_METADATA_TYPE")]
    kind: String,
}

pub(crate) fn run(session: &mut Session, options: &Metadata) -> Result<(), Failure> {
    let client = session.client()?;
    let digest = ImageName::parse(&options.image)?.digest(&client)?;
    let reply = client.image_metadata(&digest, &options.kind)?;
    session.done("Fetched metadata", &options.kind);
    let shown = shown(reply.value.metadata.as_ref());
    match &options.file {
        Some(path) => session.write_file(path, shown.as_bytes(), options.overwrite),
        None => session.print(&Answer::new(reply.raw, shown).ids(reply.value.image_digest)),
    }
}

/// Manifest and Dockerfile come as base64, the history as a list.
fn shown(metadata: Option<&Value>) -> String {
    let decoded = |text: &str| String::from_utf8(STANDARD.decode(text).ok()?).ok();
    match metadata {
        None => String::new(),
        Some(Value::String(text)) => {
            let mut text = decoded(text).unwrap_or_else(|| text.clone());
            if !text.ends_with('\n') {
                text.push('\n');
            }
            text
        }
        Some(value) => pretty(value),
    }
}

//! `anchorectl image`.

mod add;
mod ancestors;
mod check;
mod content;
mod delete;
mod get;
mod import;
mod metadata;
mod vulnerabilities;

pub(crate) use get::answer;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::sbom::{SbomFile, Service};
use crate::anchorectl::failure::Failure;
use crate::anchorectl::image_name::ImageName;
use crate::anchorectl::session::Session;
use crate::anchorectl::wait;

#[derive(Debug, Subcommand)]
pub(crate) enum Image {
    /// Have an image analysed: by the server, or here with --from
    Add(add::Add),
    /// Evaluate an image; without -f the exit code is 0 also when it fails
    #[command(visible_alias = "evaluate")]
    Check(check::Check),
    /// List the known vulnerabilities of an image
    #[command(visible_aliases = ["vulns", "vuln"])]
    Vulnerabilities(vulnerabilities::Vulnerabilities),
    /// Show what the server knows of an image
    Get(get::Get),
    /// List images
    List(get::List),
    /// Fetch the SBOM of an image: syft-json, cyclonedx-json, cyclonedx-xml, spdx-json, spdx-tag-value, table
    Sbom(Sbom),
    /// List what an image is made of
    #[command(visible_alias = "contents")]
    Content(content::Content),
    /// Fetch the manifest, the history or the Dockerfile of an image
    Metadata(metadata::Metadata),
    /// List the base images of an image
    #[command(visible_alias = "ancestor")]
    Ancestors(ancestors::Ancestors),
    /// Delete images
    #[command(visible_alias = "del")]
    Delete(delete::Delete),
    /// Fetch what is known of the vulnerabilities of an image as a VEX document
    Vex(Vex),
    /// Wait until an image is analysed
    Wait {
        /// The image
        image: String,
    },
}

/// The VEX document of an image.
#[derive(Debug, Args)]
pub(crate) struct Vex {
    /// The image
    image: String,
    /// Which document
    #[arg(long, value_parser = ["openvex", "cyclonedx-json", "cyclonedx-xml"], default_value = "openvex",
        env = "ANCHORECTL_IMAGE_VEX_FORMAT")]
    format: String,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE", env = "ANCHORECTL_FILE")]
    file: Option<PathBuf>,
    /// Replace a file that exists
    #[arg(long, env = "ANCHORECTL_OVERWRITE")]
    overwrite: bool,
}

/// The SBOM of an image.
#[derive(Debug, Args)]
pub(crate) struct Sbom {
    /// The image
    image: String,
    /// Write it to this file
    #[arg(short, long, value_name = "FILE", env = "ANCHORECTL_FILE")]
    file: Option<PathBuf>,
    /// Replace a file that exists
    #[arg(long, env = "ANCHORECTL_OVERWRITE")]
    overwrite: bool,
}

pub(crate) fn run(session: &mut Session, command: &Image) -> Result<(), Failure> {
    match command {
        Image::Add(options) => add::run(session, options),
        Image::Check(options) => check::run(session, options),
        Image::Vulnerabilities(options) => vulnerabilities::run(session, options),
        Image::Get(options) => get::run(session, options),
        Image::List(options) => get::list(session, options),
        Image::Sbom(options) => sbom(session, options),
        Image::Content(options) => content::run(session, options),
        Image::Metadata(options) => metadata::run(session, options),
        Image::Ancestors(options) => ancestors::run(session, options),
        Image::Delete(options) => delete::run(session, options),
        Image::Vex(options) => vex(session, options),
        Image::Wait { image } => {
            let client = session.client()?;
            let digest = ImageName::parse(image)?.digest(&client)?;
            let image = wait::for_image(session, &client, &digest)?;
            session.done("Analyzed Image", &digest);
            session.print(&answer(&image))
        }
    }
}

fn sbom(session: &mut Session, options: &Sbom) -> Result<(), Failure> {
    let client = session.client()?;
    let digest = ImageName::parse(&options.image)?.digest(&client)?;
    let service: &Service<'_> = &|format| client.image_sbom(&digest, format);
    super::sbom::fetch(session, service, &SbomFile { path: options.file.as_deref(), overwrite: options.overwrite })
}

fn vex(session: &mut Session, options: &Vex) -> Result<(), Failure> {
    let client = session.client()?;
    let digest = ImageName::parse(&options.image)?.digest(&client)?;
    let bytes = client.image_vex(&digest, &options.format)?;
    session.done("Fetched VEX", &options.format);
    let file = options.file.as_deref().unwrap_or("-".as_ref());
    session.write_file(file, &bytes, options.overwrite)
}

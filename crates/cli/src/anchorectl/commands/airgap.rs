//! `anchorectl airgap`: data for a server without network, carried as a file.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::layout::block;
use crate::anchorectl::session::Session;
use crate::clock;

/// The feed that an upload becomes.
const FEED: &str = "vulnerabilities";
/// The data's address when nothing else is set.
const ADDRESS: &str = "https://grype.anchore.io/databases/v6/latest.json";

#[derive(Debug, Subcommand)]
pub(crate) enum Airgap {
    /// Vulnerability data
    #[command(subcommand)]
    Feed(Feed),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Feed {
    /// Fetch the public data into a file
    Download(Download),
    /// Send a file of data to the server
    Upload(Upload),
}

/// Where the data goes.
#[derive(Debug, Args)]
pub(crate) struct Download {
    /// The file
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "vulnerability-data.tar.zst",
        env = "ANCHORECTL_FEEDS_FILE"
    )]
    file: PathBuf,
    /// Accepted for scripts; the public data needs no key
    #[arg(short, long, env = "ANCHORECTL_API_KEY", hide = true)]
    key: Option<String>,
    /// Accepted for scripts; the public data needs no licence
    #[arg(short, long, env = "ANCHORECTL_LICENSE_FILE", hide = true)]
    license: Option<PathBuf>,
}

/// What is sent.
#[derive(Debug, Args)]
pub(crate) struct Upload {
    /// The file
    #[arg(short, long, value_name = "FILE", env = "ANCHORECTL_INPUT_FILE")]
    file: Option<PathBuf>,
    /// Accepted for scripts; the server decides whether it takes older data
    #[arg(long, env = "ANCHORECTL_FORCE", hide = true)]
    force: bool,
}

pub(crate) fn run(session: &mut Session, command: &Airgap) -> Result<(), Failure> {
    let Airgap::Feed(command) = command;
    match command {
        Feed::Download(options) => download(session, options),
        Feed::Upload(options) => upload(session, options),
    }
}

fn download(session: &mut Session, options: &Download) -> Result<(), Failure> {
    let url = session.settings.get("STOPGATE_DB_URL").unwrap_or_else(|| ADDRESS.to_owned());
    let global = session.local();
    let archive = crate::download::listing(&global, &url)?;
    let folder = options.file.parent().filter(|folder| !folder.as_os_str().is_empty()).map_or(".".as_ref(), |f| f);
    let fetched = crate::download::archive(&global, &archive, folder)?;
    let bytes = std::fs::read(fetched.path()).map_err(|error| Failure::new(format!("the data is gone: {error}")))?;
    let checksum = checksum(&bytes);
    if archive.checksum.as_ref().is_some_and(|expected| expected.to_string() != checksum) {
        return Err(Failure::new(format!("the data has the checksum `{checksum}`, which is not the announced one")));
    }
    session.write_file(&options.file, &bytes, true)?;
    session.done("Downloaded feed data", &options.file.display().to_string());
    let built = archive.built.unwrap_or_default();
    let text = block(&[
        ("File", options.file.display().to_string()),
        ("Built", built.clone()),
        ("Checksum", checksum.clone()),
    ]);
    let body = json!({"file": options.file.display().to_string(), "built": built, "checksum": checksum});
    session.print(&Answer::new(body, text))
}

fn upload(session: &mut Session, options: &Upload) -> Result<(), Failure> {
    let path = options.file.as_ref().ok_or_else(|| Failure::new("there is no data: --file names it"))?;
    let fail = |error: std::io::Error| Failure::new(format!("cannot read `{}`: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(fail)?;
    let checksum = checksum(&bytes);
    // COMPAT: the time is required, and only the data itself knows it; the server reads it from there.
    let built = clock::now(None)?.to_string();
    session.client()?.feed_upload(FEED, "6", &built, &checksum, &bytes)?;
    session.done("Uploaded feed data", &path.display().to_string());
    let text = block(&[("File", path.display().to_string()), ("Checksum", checksum.clone())]);
    session.print(&Answer::new(json!({"file": path.display().to_string(), "checksum": checksum}), text))
}

fn checksum(bytes: &[u8]) -> String {
    stopgate_model::Digest::sha256(&Sha256::digest(bytes).into()).to_string()
}

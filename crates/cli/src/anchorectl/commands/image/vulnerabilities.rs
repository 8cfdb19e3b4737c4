//! `anchorectl image vulnerabilities`.

use clap::Args;
use stopgate_client::VulnerabilityOptions;

use crate::anchorectl::answer::Answer;
use crate::anchorectl::commands::vulnerabilities::Reports;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::image_name::ImageName;
use crate::anchorectl::layout::lines;
use crate::anchorectl::session::Session;

/// An image whose vulnerabilities are wanted.
#[derive(Debug, Args)]
pub(crate) struct Vulnerabilities {
    /// The image
    image: String,
    /// List the kinds of report instead
    #[arg(short, long)]
    available_types: bool,
    /// With descriptions
    #[arg(long, env = "ANCHORECTL_VULNERABILITY_INCLUDE_DESCRIPTION")]
    include_description: bool,
    /// Match again although a result is stored
    #[arg(short, long, env = "ANCHORECTL_VULNERABILITY_REFRESH")]
    refresh: bool,
    /// Which packages (repeatable): all, os, non-os
    #[arg(short = 't', long = "type", value_parser = ["all", "os", "non-os"], env = "ANCHORECTL_VULNERABILITY_TYPE")]
    kinds: Vec<String>,
    /// Only what the vendor says it affects
    #[arg(long, env = "ANCHORECTL_VULNERABILITY_VENDOR_ONLY", value_parser = crate::anchorectl::booleans::Boolean)]
    vendor_only: Option<bool>,
}

pub(crate) fn run(session: &mut Session, options: &Vulnerabilities) -> Result<(), Failure> {
    let client = session.client()?;
    let digest = ImageName::parse(&options.image)?.digest(&client)?;
    if options.available_types {
        let reply = client.image_vulnerability_types(&digest)?;
        let mut kinds = reply.value;
        kinds.sort_unstable();
        return session.print(&Answer::new(reply.raw, lines(&kinds)).ids(kinds));
    }
    let wanted = VulnerabilityOptions {
        force_refresh: options.refresh,
        vendor_only: options.vendor_only,
        include_description: options.include_description,
    };
    let kinds = if options.kinds.is_empty() { vec!["all".to_owned()] } else { options.kinds.clone() };
    let replies =
        kinds.iter().map(|kind| client.image_vulnerabilities(&digest, kind, &wanted)).collect::<Result<Vec<_>, _>>()?;
    let (values, raw): (Vec<_>, Vec<_>) = replies.into_iter().map(|reply| (reply.value, reply.raw)).unzip();
    let found: Vec<_> = values.iter().flat_map(|report| &report.vulnerabilities).map(|record| &record.found).collect();
    session.done("Fetched vulnerabilities", &format!("[{} vulnerabilities]", found.len()));
    session.print(&Reports { raw, found, subject: Some(("image_digest", digest)) }.answer())
}

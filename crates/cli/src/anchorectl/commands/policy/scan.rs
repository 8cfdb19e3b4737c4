//! `anchorectl policy check`: a verdict about an SBOM that the server does not keep, as for a pull request.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use stopgate_api_types::evaluation::EvaluationStatus;
use stopgate_api_types::scan::ScanRequest;
use stopgate_client::Reply;

use super::id_of;
use crate::anchorectl::commands::{document, evaluation};
use crate::anchorectl::failure::Failure;
use crate::anchorectl::image_name::ImageName;
use crate::anchorectl::session::Session;

/// An SBOM to evaluate.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The Syft SBOM, `-` for standard input
    #[arg(long, value_name = "FILE|-", env = "ANCHORECTL_POLICY_CHECK_SBOM")]
    sbom: PathBuf,
    /// Evaluate under this tag
    #[arg(short, long, value_name = "TAG", env = "ANCHORECTL_IMAGE_TAG")]
    tag: String,
    /// Evaluate with this policy instead of the active one
    #[arg(short, long, value_name = "NAME|ID", env = "ANCHORECTL_POLICY")]
    policy: Option<String>,
    /// Show findings and what to do about them
    #[arg(long, env = "ANCHORECTL_IMAGE_CHECK_DETAIL")]
    detail: bool,
    /// Exit with 1 when it fails
    #[arg(short, long, env = "ANCHORECTL_FAIL_BASED_ON_RESULTS")]
    fail_based_on_results: bool,
}

pub(super) fn run(session: &mut Session, options: &Check) -> Result<(), Failure> {
    let tag = ImageName::parse(&options.tag)?.full_tag();
    let tag = tag.ok_or_else(|| Failure::new(format!("`{}` is no tag: expected REPOSITORY:TAG", options.tag)))?;
    let sbom = document(session, Some(&options.sbom))?;
    let client = session.client()?;
    let policy_id = options.policy.as_deref().map(|policy| id_of(&client, policy)).transpose()?;
    let request = ScanRequest { sbom: Some(sbom), ..ScanRequest::default() };
    let reply = client.scan(&request, &tag, policy_id.as_deref())?;
    let missing = || Failure::new("the server answered without an evaluation");
    let value = reply.value.policy_scan.ok_or_else(missing)?;
    let status = value.evaluations.first().map(|evaluation| evaluation.status).ok_or_else(missing)?;
    let raw = reply.raw.get("policy_scan").cloned().unwrap_or(Value::Null);
    let word = if status == EvaluationStatus::Pass { "[passed]" } else { "[failed]" };
    session.done("Evaluated against policy", &format!("{word:<11}{tag}"));
    session.print(&evaluation::answer(&Reply { value, raw }, options.detail))?;
    match status {
        EvaluationStatus::Fail if options.fail_based_on_results => Err(Failure::new("failed policies:")),
        _ => Ok(()),
    }
}

//! `anchorectl image check`.

use clap::Args;
use stopgate_api_types::evaluation::EvaluationStatus;
use stopgate_client::{CheckOptions, Client};

use crate::anchorectl::commands::{evaluation, policy};
use crate::anchorectl::failure::Failure;
use crate::anchorectl::image_name::{Found, ImageName};
use crate::anchorectl::session::Session;

/// An image to evaluate.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The image; its digest needs -t
    image: Option<String>,
    /// Show findings and what to do about them
    #[arg(long, env = "ANCHORECTL_IMAGE_CHECK_DETAIL")]
    detail: bool,
    /// Exit with 1 when the image fails
    #[arg(short, long, env = "ANCHORECTL_FAIL_BASED_ON_RESULTS")]
    fail_based_on_results: bool,
    /// Show earlier evaluations too
    #[arg(long, env = "ANCHORECTL_IMAGE_CHECK_HISTORY")]
    history: bool,
    /// Evaluate with this policy instead of the active one
    #[arg(short, long, value_name = "NAME|ID", env = "ANCHORECTL_POLICY")]
    policy: Option<String>,
    /// Evaluate under this tag
    #[arg(short, long, value_name = "TAG", env = "ANCHORECTL_IMAGE_TAG")]
    tag: Option<String>,
}

pub(crate) fn run(session: &mut Session, options: &Check) -> Result<(), Failure> {
    let tag = options.tag.as_deref().map(ImageName::parse).transpose()?;
    let name = match (&options.image, &tag) {
        (Some(image), _) => ImageName::parse(image)?,
        (None, Some(tag)) => tag.clone(),
        (None, None) => return Err(Failure::new("there is no image: expected IMAGE or --tag")),
    };
    let client = session.client()?;
    let policy_id = options.policy.as_deref().map(|policy| policy::id_of(&client, policy)).transpose()?;
    let (digest, tag) = subject(&client, &name, tag.as_ref())?;
    let check = CheckOptions {
        tag,
        policy_id,
        // These have a row per finding, so they cannot do without them.
        detail: options.detail || session.wants_findings(),
        history: options.history,
        base_digest: None,
    };
    let reply = client.image_check(&digest, &check)?;
    let latest = reply.value.evaluations.first();
    let status = latest.map(|evaluation| evaluation.status);
    let status = status.ok_or_else(|| Failure::new(format!("the server has no evaluation of `{}`", check.tag)))?;
    let word = if status == EvaluationStatus::Pass { "[passed]" } else { "[failed]" };
    session.done("Evaluated against policy", &format!("{word:<11}{}", check.tag));
    session.print(&evaluation::answer(&reply, options.detail))?;
    match status {
        EvaluationStatus::Fail if options.fail_based_on_results => Err(Failure::new("failed policies:")),
        _ => Ok(()),
    }
}

/// The digest, and the tag under which it is evaluated.
fn subject(client: &Client, name: &ImageName, tag: Option<&ImageName>) -> Result<(String, String), Failure> {
    let tag = tag.and_then(ImageName::full_tag);
    if let (ImageName::Digest(digest), Some(tag)) = (name, &tag) {
        return Ok((digest.clone(), tag.clone()));
    }
    if let ImageName::Digest(digest) = name {
        return Err(Failure::new(format!("`{digest}` is evaluated under a tag: --tag names it")));
    }
    let found = name.find(client, false)?;
    let tag = tag.or_else(|| found.tag.clone()).or_else(|| known_tag(&found, name));
    let tag = tag.ok_or_else(|| Failure::new(format!("`{name}` has no tag to evaluate it under: --tag names one")))?;
    Ok((found.digest, tag))
}

/// The newest tag of the image, in the repository of the name when that has one.
fn known_tag(found: &Found, name: &ImageName) -> Option<String> {
    let details = found.image.value.image_detail.iter().filter(|detail| match name {
        ImageName::Reference(reference) => {
            detail.registry.as_ref() == Some(&reference.registry) && detail.repo.as_ref() == Some(&reference.repository)
        }
        _ => true,
    });
    details.max_by_key(|detail| detail.tag_detected_at)?.full_tag.clone()
}

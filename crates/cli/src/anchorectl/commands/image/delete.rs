//! `anchorectl image delete`.

use clap::Args;
use serde_json::Value;
use stopgate_api_types::image::DeleteImageStatus;
use stopgate_client::ImageFilter;

use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::image_name::ImageName;
use crate::anchorectl::layout::{table, text, word};
use crate::anchorectl::session::Session;

/// Images to delete.
#[derive(Debug, Args)]
pub(crate) struct Delete {
    /// The images
    #[arg(value_name = "IMAGE", required_unless_present = "all")]
    images: Vec<String>,
    /// Every image of the account
    #[arg(short, long)]
    all: bool,
    /// Also images that subscriptions watch
    #[arg(short, long, env = "ANCHORECTL_IMAGE_DELETE_FORCE")]
    force: bool,
}

pub(crate) fn run(session: &mut Session, options: &Delete) -> Result<(), Failure> {
    let client = session.client()?;
    let digests = if options.all {
        let filter = ImageFilter { history: true, ..ImageFilter::default() };
        client.image_list(&filter)?.value.items.into_iter().filter_map(|image| image.image_digest).collect()
    } else {
        let names = options.images.iter().map(|image| ImageName::parse(image)).collect::<Result<Vec<_>, _>>()?;
        names.iter().map(|name| name.digest(&client)).collect::<Result<Vec<_>, _>>()?
    };
    let (results, raw) = match digests.as_slice() {
        [] => (Vec::new(), Value::Array(Vec::new())),
        [digest] => {
            let reply = client.image_delete(digest, options.force)?;
            (vec![reply.value], Value::Array(vec![reply.raw]))
        }
        several => {
            let reply = client.images_delete(several, options.force)?;
            (reply.value.0, reply.raw)
        }
    };
    session.done("Deleted images", "");
    let rows: Vec<Vec<String>> = results
        .iter()
        .map(|result| vec![result.image_digest.clone(), word(&result.status), text(result.detail.as_ref())])
        .collect();
    let ids: Vec<String> = results.iter().map(|result| result.image_digest.clone()).collect();
    session.print(&Answer::new(raw, table(&["DIGEST", "STATUS", "DETAIL"], &rows)).ids(ids))?;
    let failed: Vec<String> = results
        .iter()
        .filter(|result| result.status != DeleteImageStatus::Deleting)
        .map(|result| format!("`{}` was not deleted: {}", result.image_digest, word(&result.status)))
        .collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::several(failed)) }
}

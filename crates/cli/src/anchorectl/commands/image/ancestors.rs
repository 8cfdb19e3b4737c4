//! `anchorectl image ancestors`.

use clap::Args;
use serde_json::Value;

use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::image_name::ImageName;
use crate::anchorectl::layout::{table, text};
use crate::anchorectl::session::Session;

/// An image whose base images are wanted.
#[derive(Debug, Args)]
pub(crate) struct Ancestors {
    /// The image
    image: String,
    /// Only the one with the fewest layers
    #[arg(short, long, env = "ANCHORECTL_ANCESTOR_BASE")]
    base: bool,
    /// Only the one with the most layers
    #[arg(short, long, env = "ANCHORECTL_ANCESTOR_PARENT")]
    parent: bool,
}

pub(crate) fn run(session: &mut Session, options: &Ancestors) -> Result<(), Failure> {
    let client = session.client()?;
    let digest = ImageName::parse(&options.image)?.digest(&client)?;
    let reply = client.image_ancestors(&digest)?;
    let mut found: Vec<_> = reply.value.0.into_iter().zip(reply.raw.as_array().cloned().unwrap_or_default()).collect();
    found.sort_by_key(|(ancestor, _)| ancestor.layers.len());
    if options.base {
        found.truncate(1);
    } else if options.parent {
        found.drain(..found.len().saturating_sub(1));
    }
    session.done("Fetched ancestors", "");
    let rows: Vec<Vec<String>> = found
        .iter()
        .map(|(ancestor, _)| {
            vec![text(ancestor.image_digest.as_ref()), ancestor.layers.join("\n"), ancestor.tags.join("\n")]
        })
        .collect();
    let ids: Vec<String> = found.iter().filter_map(|(ancestor, _)| ancestor.image_digest.clone()).collect();
    let raw = Value::Array(found.into_iter().map(|(_, raw)| raw).collect());
    session.print(&Answer::new(raw, table(&["ANCESTOR IMAGE DIGEST", "LAYERS", "TAGS"], &rows)).ids(ids))
}

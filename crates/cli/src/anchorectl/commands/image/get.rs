//! `anchorectl image get` and `image list`.

use clap::Args;
use serde_json::Value;
use stopgate_api_types::image::{AnchoreImage, ImageDetail};
use stopgate_client::{ImageFilter, Reply};

use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::image_name::ImageName;
use crate::anchorectl::layout::{block, table, text, word};
use crate::anchorectl::session::Session;

/// One image.
#[derive(Debug, Args)]
pub(crate) struct Get {
    /// The image
    #[arg(required_unless_present = "digest")]
    image: Option<String>,
    /// Its digest, instead of a name
    #[arg(short = 'i', long, value_name = "DIGEST", env = "ANCHORECTL_IMAGE_DIGEST")]
    digest: Option<String>,
    /// Also images that the tag pointed at before
    #[arg(long, env = "ANCHORECTL_IMAGE_HISTORY")]
    history: bool,
}

/// Images.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only images in this state of analysis
    #[arg(short = 's', long, value_parser = ["not_analyzed", "analyzed", "analyzing", "analysis_failed"],
        env = "ANCHORECTL_IMAGE_ANALYSIS_STATUS")]
    analysis_status: Option<String>,
    /// Also images that no tag points at any more
    #[arg(long, env = "ANCHORECTL_IMAGE_HISTORY")]
    history: bool,
    /// Only images of this name
    #[arg(short, long, value_name = "IMAGE", env = "ANCHORECTL_IMAGE_NAME")]
    image: Option<String>,
    /// Only images in this state
    #[arg(long, value_parser = ["all", "active", "deleting"], default_value = "active", env = "ANCHORECTL_IMAGE_STATUS")]
    image_status: String,
}

pub(crate) fn run(session: &mut Session, options: &Get) -> Result<(), Failure> {
    let client = session.client()?;
    let name = options.digest.as_deref().filter(|_| options.image.is_none()).or(options.image.as_deref());
    let name = ImageName::parse(name.unwrap_or_default())?;
    let found = name.find(&client, options.history)?;
    session.done("Fetched image", found.tag.as_deref().unwrap_or(&found.digest));
    session.print(&answer(&found.image))
}

pub(crate) fn answer(image: &Reply<AnchoreImage>) -> Answer {
    let value = &image.value;
    let detail = value.image_detail.first();
    let lines = [
        ("Tag", text(detail.and_then(|detail| detail.full_tag.as_ref()))),
        ("Digest", text(value.image_digest.as_ref())),
        ("ParentDigest", text(value.parent_digest.as_ref())),
        ("ID", text(detail.and_then(|detail| detail.image_id.as_ref()))),
        ("Analysis", word(&value.analysis_status)),
        ("Status", word(&value.image_status)),
    ];
    Answer::new(image.raw.clone(), block(&lines)).ids(value.image_digest.clone())
}

pub(crate) fn list(session: &mut Session, options: &List) -> Result<(), Failure> {
    let name = options.image.as_deref().map(ImageName::parse).transpose()?;
    let mut filter = ImageFilter {
        image_status: Some(options.image_status.clone()),
        analysis_status: options.analysis_status.clone(),
        history: options.history,
        ..ImageFilter::default()
    };
    match &name {
        Some(ImageName::Id(id)) => filter.image_id = Some(id.clone()),
        Some(name) => filter.full_tag = name.full_tag(),
        None => {}
    }
    let mut reply = session.client()?.image_list(&filter)?;
    if let Some(ImageName::Digest(digest)) = &name {
        keep(&mut reply, |image| image.image_digest.as_ref() == Some(digest));
    }
    session.done("Fetched images", "");
    let rows: Vec<Vec<String>> = reply.value.items.iter().flat_map(rows).collect();
    let ids: Vec<String> = reply.value.items.iter().filter_map(|image| image.image_digest.clone()).collect();
    let text = table(&["TAG", "DIGEST", "ANALYSIS", "STATUS"], &rows);
    session.print(&Answer::new(reply.raw, text).ids(ids))
}

fn keep(reply: &mut Reply<stopgate_api_types::image::AnchoreImageList>, wanted: impl Fn(&AnchoreImage) -> bool) {
    let kept: Vec<bool> = reply.value.items.iter().map(&wanted).collect();
    reply.value.items.retain(wanted);
    if let Some(items) = reply.raw.get_mut("items").and_then(Value::as_array_mut) {
        let mut kept = kept.into_iter();
        items.retain(|_| kept.next().unwrap_or(false));
    }
}

/// One row per tag; an image without a tag has one all the same.
fn rows(image: &AnchoreImage) -> Vec<Vec<String>> {
    let row = |detail: Option<&ImageDetail>| {
        vec![
            text(detail.and_then(|detail| detail.full_tag.as_ref())),
            text(image.image_digest.as_ref()),
            word(&image.analysis_status),
            word(&image.image_status),
        ]
    };
    match image.image_detail.as_slice() {
        [] => vec![row(None)],
        details => details.iter().map(|detail| row(Some(detail))).collect(),
    }
}

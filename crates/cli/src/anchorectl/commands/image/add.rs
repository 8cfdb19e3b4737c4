//! `anchorectl image add`: pulled and analysed by the server, or analysed here and imported.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use serde_json::{Map, Value, json};
use stopgate_api_types::image::{
    AnchoreImage, ImageAnalysisRequest, ImageSource, RegistryDigestSource, RegistryTagSource,
};
use stopgate_client::{AddOptions, Client, Reply};
use stopgate_model::{ImageReference, limits};

use super::import;
use crate::anchorectl::answer::Answer;
use crate::anchorectl::commands::{application, bundle, pairs};
use crate::anchorectl::failure::Failure;
use crate::anchorectl::image_name::ImageName;
use crate::anchorectl::layout::{padded, text, word};
use crate::anchorectl::session::Session;
use crate::anchorectl::wait;
use crate::clock;

/// An image to analyse.
#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The image: [HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]
    pub(super) image: String,
    /// KEY=VALUE to keep with the image (repeatable)
    #[arg(long, value_name = "KEY=VALUE", env = "ANCHORECTL_IMAGE_ANNOTATION")]
    annotation: Vec<String>,
    /// Add it to a version of an application
    #[arg(short, long, value_name = "APP@VERSION", env = "ANCHORECTL_APPLICATION")]
    application: Option<String>,
    /// The Dockerfile of the image
    #[arg(short, long, value_name = "FILE", env = "ANCHORECTL_IMAGE_DOCKERFILE")]
    pub(super) dockerfile: Option<PathBuf>,
    /// Analyse it again although it is analysed
    #[arg(short, long, env = "ANCHORECTL_FORCE")]
    force: bool,
    /// Analyse it here: registry, docker, docker-archive:PATH, oci-archive:PATH, oci-dir:PATH, podman, the path of a
    /// Syft SBOM, or - for a Syft SBOM on standard input. Without it the server pulls the image
    #[arg(long, value_name = "SOURCE", env = "ANCHORECTL_IMAGE_FROM")]
    from: Option<String>,
    /// Fetch a result when the analysis is done (repeatable): image-metadata, sbom, sbomspdx, sbomcyclonedx, content,
    /// vulnerability, policy-evaluation into FILE (KEY.json without one), or all into a folder
    #[arg(short, long, value_name = "KEY[=FILE]", env = "ANCHORECTL_IMAGE_GET")]
    get: Vec<String>,
    /// Do not watch the tag for new images
    #[arg(short, long, env = "ANCHORECTL_IMAGE_NO_AUTO_SUBSCRIBE")]
    no_auto_subscribe: bool,
    /// Which image of an index, with --from registry: OS/ARCH[/VARIANT]
    #[arg(short, long, value_name = "OS/ARCH", env = "ANCHORECTL_IMAGE_PLATFORM")]
    pub(super) platform: Option<String>,
    /// Wait until the analysis is done
    #[arg(short, long, env = "ANCHORECTL_IMAGE_WAIT")]
    wait: bool,
}

impl Add {
    pub(super) fn options(&self) -> AddOptions {
        AddOptions { force: self.force, auto_subscribe: !self.no_auto_subscribe }
    }

    /// The pairs that are kept with the image; `None` when there are none.
    pub(super) fn annotations(&self) -> Result<Option<Map<String, Value>>, Failure> {
        let pairs: Map<String, Value> =
            pairs(&self.annotation)?.into_iter().map(|(key, value)| (key, Value::String(value))).collect();
        Ok((!pairs.is_empty()).then_some(pairs))
    }
}

pub(crate) fn run(session: &mut Session, options: &Add) -> Result<(), Failure> {
    // What is wrong with the command line is told before anything is sent.
    let wanted = bundle::Wanted::parse(&options.get, &bundle::IMAGE_KEYS)?;
    let application = options.application.as_deref().map(application::Name::parse).transpose()?;
    let ImageName::Reference(reference) = ImageName::parse(&options.image)? else {
        return Err(Failure::new(format!(
            "`{}` is no name that an image can be added under: expected [HOST/]REPOSITORY[:TAG][@DIGEST]",
            options.image
        )));
    };
    if reference.tag.is_none() {
        return Err(Failure::new(format!("`{reference}` has no tag to add it under: expected REPOSITORY:TAG@DIGEST")));
    }
    let dockerfile = match &options.dockerfile {
        Some(path) => Some(crate::sources::read_file(path, limits::METADATA_BYTES)?),
        None => None,
    };
    let client = session.client()?;
    let from = options.from.as_deref().filter(|from| !from.is_empty());
    let added = match from {
        None => pulled(&client, options, &reference, dockerfile.as_deref())?,
        Some(from) => {
            import::run(session, &client, options, &import::Import { origin: from, reference: &reference, dockerfile })?
        }
    };
    let digest = added.value.image_digest.clone();
    let digest = digest.ok_or_else(|| Failure::new("the server's record of the image has no digest"))?;
    session.done("Added Image", &reference.full_tag());
    if let Some(name) = &application {
        let version = name.find(&client)?;
        version.add(&client, "image", &json!({"image_digest": digest}))?;
        session.done("Added Image to application", &name.to_string());
    }
    let mut image = added;
    if options.wait || !wanted.is_empty() {
        image = wait::for_image(session, &client, &digest)?;
        session.done("Analyzed Image", &reference.full_tag());
    }
    bundle::fetch_image(session, &client, &wanted, &image, &digest)?;
    session.print(&answer(&image, &reference))
}

fn pulled(
    client: &Client,
    options: &Add,
    reference: &ImageReference,
    dockerfile: Option<&[u8]>,
) -> Result<Reply<AnchoreImage>, Failure> {
    let dockerfile = dockerfile.map(|content| STANDARD.encode(content));
    let source = match &reference.digest {
        None => ImageSource {
            tag: Some(RegistryTagSource { pull_string: reference.full_tag(), dockerfile }),
            ..ImageSource::default()
        },
        Some(digest) => ImageSource {
            digest: Some(RegistryDigestSource {
                pull_string: format!("{}/{}@{digest}", reference.registry, reference.repository),
                tag: reference.full_tag(),
                // COMPAT: with `force` the image must exist, and then its times are not the caller's to choose.
                creation_timestamp_override: if options.force { None } else { Some(clock::now(None)?) },
                dockerfile,
            }),
            ..ImageSource::default()
        },
    };
    let request = ImageAnalysisRequest {
        image_type: Some("docker".to_owned()),
        annotations: options.annotations()?,
        source: Some(source),
    };
    Ok(client.image_add(&request, options.options())?)
}

/// COMPAT: JSON is an array of one, as the only known reader of it expects. The text must stay valid YAML with one
/// line at its head, because a public pipeline replaces that line and parses the rest.
fn answer(image: &Reply<AnchoreImage>, reference: &ImageReference) -> Answer {
    let value = &image.value;
    let tag = reference.full_tag();
    let detail = value.image_detail.iter().find(|detail| detail.full_tag.as_ref() == Some(&tag));
    let detail = detail.or(value.image_detail.first());
    let analysis = word(&value.analysis_status).replace('_', "-");
    let mut lines = vec![
        ("status", format!("{analysis} ({})", word(&value.image_status))),
        ("tag", detail.and_then(|detail| detail.full_tag.clone()).unwrap_or(tag)),
        ("digest", text(value.image_digest.as_ref())),
        ("id", text(detail.and_then(|detail| detail.image_id.as_ref()))),
    ];
    let metadata = value.image_content.as_ref().and_then(|content| content.metadata.as_ref());
    if let Some(metadata) = metadata.filter(|_| analysis == "analyzed") {
        let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "unknown".to_owned());
        let distro =
            format!("{}@{} ({})", part(&metadata.distro), part(&metadata.distro_version), part(&metadata.arch));
        lines.push(("distro", distro));
        lines.extend(metadata.layer_count.map(|count| ("layers", count.to_string())));
    }
    Answer::new(image.raw.clone(), format!("Image:\n{}", padded("  ", 18, &lines)))
        .json(json!([image.raw]))
        .ids(value.image_digest.clone())
}

//! `image add --from`: an image is analysed here, or was elsewhere, and its parts are imported.

use std::path::Path;

use stopgate_api_types::image::{AnchoreImage, ImageAnalysisRequest, ImageSource};
use stopgate_api_types::import::{ImageImportManifest, ImportContentDigests};
use stopgate_client::{Client, ClientError, ImportPart, Reply};
use stopgate_model::ImageReference;
use stopgate_source::Scheme;
use uuid::Uuid;

use super::add::Add;
use crate::anchorectl::analysis::{self, Local, Parts};
use crate::anchorectl::failure::Failure;
use crate::anchorectl::session::Session;

/// What is imported, and under which name.
pub(super) struct Import<'a> {
    pub(super) origin: &'a str,
    pub(super) reference: &'a ImageReference,
    pub(super) dockerfile: Option<Vec<u8>>,
}

/// Where the parts come from.
#[derive(Debug, PartialEq, Eq)]
enum Origin {
    /// To be analysed: SCHEME:PATH-OR-REFERENCE.
    Source(String),
    /// A Syft document.
    Sbom(String),
}

pub(super) fn run(
    session: &mut Session,
    client: &Client,
    options: &Add,
    import: &Import<'_>,
) -> Result<Reply<AnchoreImage>, Failure> {
    let parts = match origin(import.origin, import.reference) {
        Origin::Sbom(path) => {
            let bytes = session.read(Path::new(&path))?;
            Parts::of_sbom(bytes, import.dockerfile.as_deref())?
        }
        Origin::Source(source) => {
            let local = Local {
                source: &source,
                platform: options.platform.as_deref(),
                dockerfile: options.dockerfile.clone(),
            };
            let analysed = analysis::image(session, &local)?;
            session.done("Analyzed Image locally", &format!("[{} packages]", analysed.artifact.packages.len()));
            Parts::of_analysis(&analysed, import.dockerfile.as_deref())?
        }
    };
    let operation = client.image_import_begin()?.value.uuid;
    let operation = operation.ok_or_else(|| Failure::new("the server opened an import without naming it"))?;
    let imported = upload(client, operation, &parts).and_then(|uploaded| {
        let request = request(options, import.reference, operation, &parts, &uploaded)?;
        Ok(client.image_add(&request, options.options())?)
    });
    match imported {
        Ok(image) => {
            session.done("Imported Image", &import.reference.full_tag());
            Ok(image)
        }
        Err(failure) => {
            // The operation would lie there until it expires; that giving it up fails too helps nobody.
            let _ = client.image_import_abandon(operation);
            Err(failure.while_doing("the import failed"))
        }
    }
}

/// COMPAT: `registry` and `docker` alone mean the image itself; with a colon what follows may be another name.
fn origin(from: &str, reference: &ImageReference) -> Origin {
    if from == "-" {
        return Origin::Sbom(from.to_owned());
    }
    let (scheme, target) = from.split_once(':').map_or((from, ""), |(scheme, target)| (scheme, target));
    match Scheme::parse(scheme) {
        Some(Scheme::Sbom) => Origin::Sbom(target.to_owned()),
        Some(_) if target.is_empty() => Origin::Source(format!("{scheme}:{reference}")),
        Some(_) => Origin::Source(from.to_owned()),
        None if is_archive(Path::new(from)) => Origin::Source(from.to_owned()),
        None => Origin::Sbom(from.to_owned()),
    }
}

/// A path without a scheme is an SBOM, unless it can only be an image.
fn is_archive(path: &Path) -> bool {
    let names = [".tar", ".tar.gz", ".tgz", ".tar.zst"];
    let text = path.to_string_lossy();
    path.is_dir() || names.iter().any(|name| text.ends_with(name))
}

/// Digests of the uploaded parts, by the server's reckoning.
#[derive(Default)]
struct Uploaded {
    parts: Vec<(ImportPart, String)>,
    analysis: Option<String>,
}

fn upload(client: &Client, operation: Uuid, parts: &Parts) -> Result<Uploaded, Failure> {
    let mut uploaded = Uploaded::default();
    for (part, media_type, bytes) in &parts.uploads {
        let reply = client.image_import_part(operation, *part, media_type, bytes.clone())?;
        let digest = reply.value.digest;
        let digest = digest.ok_or_else(|| Failure::new(format!("the server gave no digest for `{}`", part.path())))?;
        uploaded.parts.push((*part, digest));
    }
    if let Some(bytes) = &parts.analysis {
        let reply: Option<_> = client.image_import_analysis(operation, bytes.clone()).map_err(analysis_refused)?;
        uploaded.analysis = reply.and_then(|reply| reply.value.digest);
    }
    Ok(uploaded)
}

fn analysis_refused(error: ClientError) -> Failure {
    Failure::from(error).while_doing("the analysis document was refused")
}

fn request(
    options: &Add,
    reference: &ImageReference,
    operation: Uuid,
    parts: &Parts,
    uploaded: &Uploaded,
) -> Result<ImageAnalysisRequest, Failure> {
    let digest = |part: ImportPart| {
        uploaded.parts.iter().find(|(uploaded, _)| *uploaded == part).map(|(_, digest)| digest.clone())
    };
    let required =
        |part: ImportPart| digest(part).ok_or_else(|| Failure::new(format!("there is no `{}` to import", part.path())));
    let contents = ImportContentDigests {
        packages: required(ImportPart::Packages)?,
        image_config: required(ImportPart::ImageConfig)?,
        manifest: required(ImportPart::Manifest)?,
        parent_manifest: digest(ImportPart::ParentManifest),
        dockerfile: digest(ImportPart::Dockerfile),
        secret_searches: digest(ImportPart::SecretSearches),
        content_searches: digest(ImportPart::ContentSearches),
        file_contents: digest(ImportPart::FileContents),
        analysis: uploaded.analysis.clone(),
    };
    let manifest = ImageImportManifest {
        contents,
        tags: vec![reference.full_tag()],
        digest: parts.digest.clone(),
        parent_digest: parts.parent_digest.clone(),
        local_image_id: parts.image_id.clone(),
        operation_uuid: operation,
    };
    Ok(ImageAnalysisRequest {
        image_type: Some("docker".to_owned()),
        annotations: options.annotations()?,
        source: Some(ImageSource { import: Some(manifest), ..ImageSource::default() }),
    })
}

#[cfg(test)]
mod tests {
    use stopgate_model::ImageReference;

    use super::{Origin, origin};

    #[test]
    fn where_an_image_comes_from() {
        let reference = ImageReference::parse("repo.example/app:v1").unwrap();
        let source = |text: &str| Origin::Source(text.to_owned());
        let sbom = |text: &str| Origin::Sbom(text.to_owned());
        for (from, expected) in [
            ("registry", source("registry:repo.example/app:v1")),
            ("docker", source("docker:repo.example/app:v1")),
            ("docker:app:v1.0.0", source("docker:app:v1.0.0")),
            ("docker-archive:./x.tar", source("docker-archive:./x.tar")),
            ("./image.tar", source("./image.tar")),
            ("-", sbom("-")),
            ("sbom:x.json", sbom("x.json")),
            ("./sbom.json", sbom("./sbom.json")),
        ] {
            assert_eq!(origin(from, &reference), expected, "{from}");
        }
    }
}

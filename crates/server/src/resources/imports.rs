//! Imports of images and sources that were analysed elsewhere: operations, and the parts that are sent to them.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use axum::extract::{FromRequest, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde_json::{Map, Value};
use stopgate_api_types::import::{
    ImageImportContentSearchList, ImageImportFileContentList, ImageImportManifest, ImageImportOperation, ImageImports,
    ImportContentDigestList, ImportContentResponse, ImportStatus, SourceImportList, SourceImportMetadata,
    SourceImportOperation,
};
use stopgate_api_types::sbom::NativeSBOM;
use stopgate_api_types::source::SourceManifest;
use stopgate_service::import::{ImportedImage, Part, Subject};
use stopgate_service::permission::granted;
use stopgate_service::source::ImportedSource;
use stopgate_service::store::import::Operation;
use stopgate_service::{Kind, ServiceError};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery, body, check_digest, is_json};
use crate::routes::{Described, Input, Routes};
use crate::{App, resources};

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/imports/images", images)
        .post("/imports/images", open_image)
        .get("/imports/images/{operation_id}", image)
        .delete("/imports/images/{operation_id}", abandon_image)
        .get("/imports/images/{operation_id}/packages", sent::<Packages>)
        .post("/imports/images/{operation_id}/packages", send::<Packages>)
        .post("/imports/images/{operation_id}/sbom", send::<Sbom>)
        .get("/imports/images/{operation_id}/manifest", sent::<Manifest>)
        .post("/imports/images/{operation_id}/manifest", send::<Manifest>)
        .get("/imports/images/{operation_id}/parent-manifest", sent::<ParentManifest>)
        .post("/imports/images/{operation_id}/parent-manifest", send::<ParentManifest>)
        .get("/imports/images/{operation_id}/image-config", sent::<ImageConfig>)
        .post("/imports/images/{operation_id}/image-config", send::<ImageConfig>)
        .get("/imports/images/{operation_id}/dockerfile", sent::<Dockerfile>)
        .post("/imports/images/{operation_id}/dockerfile", send::<Dockerfile>)
        .get("/imports/images/{operation_id}/secret-searches", sent::<SecretSearches>)
        .post("/imports/images/{operation_id}/secret-searches", send::<SecretSearches>)
        .get("/imports/images/{operation_id}/content-searches", sent::<ContentSearches>)
        .post("/imports/images/{operation_id}/content-searches", send::<ContentSearches>)
        .get("/imports/images/{operation_id}/file-contents", sent::<FileContents>)
        .post("/imports/images/{operation_id}/file-contents", send::<FileContents>)
        .put("/x/imports/images/{operation_id}/analysis", send::<Analysis>)
        .get("/imports/sources", sources)
        .post("/imports/sources", open_source)
        .get("/imports/sources/{operation_id}", source)
        .delete("/imports/sources/{operation_id}", abandon_source)
        .get("/imports/sources/{operation_id}/sbom", sent_source)
        .post("/imports/sources/{operation_id}/sbom", send_source)
        .post("/imports/sources/{operation_id}/finalize", finalize);
}

/// A kind of part as a type: what a handler takes stands in its name.
trait PartKind: Send + 'static {
    const PART: Part;
    /// Whether a body of this type is taken.
    fn takes(headers: &HeaderMap) -> bool;
    /// Says what the body is.
    fn describe(operation: &mut Described);
}

macro_rules! kinds {
    ($($name:ident: $body:ty, $media_type:literal, $takes:expr);+ $(;)?) => {
        $(
            enum $name {}

            impl PartKind for $name {
                const PART: Part = Part::$name;

                fn takes(headers: &HeaderMap) -> bool {
                    ($takes)(headers)
                }

                fn describe(operation: &mut Described) {
                    operation.raw_body::<$body>($media_type);
                }
            }
        )+
    };
}

kinds! {
    Packages: NativeSBOM, "application/json", is_json;
    Sbom: NativeSBOM, "application/json", is_json;
    Manifest: Value, "application/vnd.oci.image.manifest.v1+json", is_manifest;
    ParentManifest: Value, "application/vnd.oci.image.index.v1+json", is_json;
    ImageConfig: Value, "application/json", is_json;
    Dockerfile: String, "text/plain", is_text;
    SecretSearches: ImageImportContentSearchList, "application/json", is_json;
    ContentSearches: ImageImportContentSearchList, "application/json", is_json;
    FileContents: ImageImportFileContentList, "application/json", is_json;
    Analysis: String, "application/zstd", |_: &HeaderMap| true;
}

fn media_type(headers: &HeaderMap) -> &str {
    headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// Signed manifests of the first version have a type of their own.
fn is_manifest(headers: &HeaderMap) -> bool {
    is_json(headers) || media_type(headers).starts_with("application/vnd.docker.distribution.manifest.v1+prettyjws")
}

fn is_text(headers: &HeaderMap) -> bool {
    let given = media_type(headers);
    given.is_empty() || given.starts_with("text/plain")
}

/// The bytes of a part as they were sent.
struct Sent<K> {
    media_type: String,
    bytes: Vec<u8>,
    kind: PhantomData<K>,
}

impl<K: PartKind> FromRequest<App> for Sent<K> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &App) -> Result<Self, ApiError> {
        if !K::takes(request.headers()) {
            let given: String = media_type(request.headers()).chars().take(100).collect();
            let message = format!("`{given}` is no type of the part `{}`", K::PART.name());
            return Err(ServiceError::new(Kind::Unsupported, message).into());
        }
        let media_type = media_type(request.headers()).to_owned();
        let bytes = body(request, app).await?.to_vec();
        Ok(Self { media_type, bytes, kind: PhantomData })
    }
}

impl<K: PartKind> Input for Sent<K> {
    fn describe(operation: &mut Described) {
        K::describe(operation);
        operation.statuses.extend([400, 404, 409, 413, 415]);
    }
}

fn status(state: &str) -> ImportStatus {
    match state {
        "queued" => ImportStatus::Queued,
        "processing" => ImportStatus::Processing,
        "complete" => ImportStatus::Complete,
        "failed" => ImportStatus::Failed,
        "expired" => ImportStatus::Expired,
        _ => ImportStatus::Pending,
    }
}

fn told(operation: &Operation) -> ImageImportOperation {
    ImageImportOperation {
        uuid: Uuid::parse_str(&operation.uuid).ok(),
        status: Some(status(&operation.state)),
        expires_at: Some(operation.expires_at),
        created_at: Some(operation.created_at),
    }
}

fn told_source(operation: &Operation) -> SourceImportOperation {
    SourceImportOperation {
        uuid: Uuid::parse_str(&operation.uuid).ok(),
        status: Some(status(&operation.state)),
        expires_at: Some(operation.expires_at),
        created_at: Some(operation.created_at),
        last_updated: Some(operation.updated_at),
    }
}

async fn images(call: Call<granted::ImportImage>) -> Result<Answer<ImageImports>, ApiError> {
    let all = call.service().imports(&call, Subject::Image).await?;
    Ok(Answer(ImageImports(all.iter().map(told).collect())))
}

async fn open_image(call: Call<granted::ImportImage>) -> Result<Answer<ImageImportOperation>, ApiError> {
    Ok(Answer(told(&call.service().open_import(&call, Subject::Image).await?)))
}

async fn image(
    call: Call<granted::ImportImage>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<ImageImportOperation>, ApiError> {
    Ok(Answer(told(&call.service().import(&call, Subject::Image, &id).await?)))
}

async fn abandon_image(
    call: Call<granted::ImportImage>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<ImageImportOperation>, ApiError> {
    Ok(Answer(told(&call.service().abandon_import(&call, Subject::Image, &id).await?)))
}

async fn sent<K: PartKind>(
    call: Call<granted::ImportImage>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<ImportContentDigestList>, ApiError> {
    let parts = call.service().import_parts(&call, (Subject::Image, &id, K::PART)).await?;
    Ok(Answer(ImportContentDigestList(parts.into_iter().map(|(digest, _)| digest).collect())))
}

async fn send<K: PartKind>(
    call: Call<granted::ImportImage>,
    ApiPath(id): ApiPath<String>,
    part: Sent<K>,
) -> Result<Answer<ImportContentResponse>, ApiError> {
    let place = (Subject::Image, id.as_str(), K::PART);
    let (digest, at) = call.service().add_import_part(&call, place, &part.media_type, part.bytes).await?;
    Ok(Answer(ImportContentResponse { digest: Some(digest), created_at: Some(at) }))
}

/// The last step of an import, as the body of `POST /images` says it.
pub(super) fn submitted(
    manifest: ImageImportManifest,
    annotations: Map<String, Value>,
    (force, auto_subscribe): (bool, bool),
) -> Result<ImportedImage, ServiceError> {
    check_digest(&manifest.digest)?;
    if let Some(parent) = &manifest.parent_digest {
        check_digest(parent)?;
    }
    let named = manifest.contents;
    let contents = [
        (Part::Packages, Some(named.packages)),
        (Part::ImageConfig, Some(named.image_config)),
        (Part::Manifest, Some(named.manifest)),
        (Part::ParentManifest, named.parent_manifest),
        (Part::Dockerfile, named.dockerfile),
        (Part::SecretSearches, named.secret_searches),
        (Part::ContentSearches, named.content_searches),
        (Part::FileContents, named.file_contents),
        (Part::Analysis, named.analysis),
    ];
    // Clients send what they have nothing for as an empty text.
    let contents = contents.into_iter().filter_map(|(part, digest)| Some((part, digest.filter(|d| !d.is_empty())?)));
    let contents: BTreeMap<Part, String> = contents.collect();
    for (part, name) in
        [(Part::Packages, "packages"), (Part::ImageConfig, "image_config"), (Part::Manifest, "manifest")]
    {
        if !contents.contains_key(&part) {
            return Err(ServiceError::invalid(format!("`contents.{name}`: expected the digest of a part")));
        }
    }
    Ok(ImportedImage {
        operation: manifest.operation_uuid.to_string(),
        digest: manifest.digest.to_ascii_lowercase(),
        parent_digest: manifest.parent_digest,
        tags: manifest.tags,
        contents,
        annotations,
        force,
        auto_subscribe,
    })
}

async fn sources(call: Call<granted::ImportSource>) -> Result<Answer<SourceImportList>, ApiError> {
    let all = call.service().imports(&call, Subject::Source).await?;
    Ok(Answer(SourceImportList(all.iter().map(told_source).collect())))
}

async fn open_source(call: Call<granted::ImportSource>) -> Result<Answer<SourceImportOperation>, ApiError> {
    Ok(Answer(told_source(&call.service().open_import(&call, Subject::Source).await?)))
}

async fn source(
    call: Call<granted::ImportSource>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<SourceImportOperation>, ApiError> {
    Ok(Answer(told_source(&call.service().import(&call, Subject::Source, &id).await?)))
}

async fn abandon_source(
    call: Call<granted::ImportSource>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<SourceImportOperation>, ApiError> {
    Ok(Answer(told_source(&call.service().abandon_import(&call, Subject::Source, &id).await?)))
}

/// The SBOM that was sent last. The published answer is one, not a list.
async fn sent_source(
    call: Call<granted::ImportSource>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<ImportContentResponse>, ApiError> {
    let parts = call.service().import_parts(&call, (Subject::Source, &id, Part::Sbom)).await?;
    let last = parts.into_iter().next_back();
    let (digest, created_at) = last.map_or((None, None), |(digest, at)| (Some(digest), Some(at)));
    Ok(Answer(ImportContentResponse { digest, created_at }))
}

async fn send_source(
    call: Call<granted::ImportSource>,
    ApiPath(id): ApiPath<String>,
    part: Sent<Sbom>,
) -> Result<Answer<ImportContentResponse>, ApiError> {
    let place = (Subject::Source, id.as_str(), Part::Sbom);
    let (digest, at) = call.service().add_import_part(&call, place, &part.media_type, part.bytes).await?;
    Ok(Answer(ImportContentResponse { digest: Some(digest), created_at: Some(at) }))
}

#[derive(Debug, serde::Deserialize, IntoParams)]
struct Finalizing {
    /// Replace what is known of the revision.
    force: Option<bool>,
}

async fn finalize(
    call: Call<granted::ImportSource>,
    ApiPath(id): ApiPath<String>,
    ApiQuery(how): ApiQuery<Finalizing>,
    ApiJson(about): ApiJson<SourceImportMetadata>,
) -> Result<Answer<SourceManifest>, ApiError> {
    let importing = ImportedSource {
        operation: id,
        host: about.host,
        repository: about.repository_name,
        revision: about.revision,
        sbom: about.contents.sbom,
        branch: about.branch_name,
        author: about.change_author,
        workflow: about.ci_workflow_name,
        workflow_at: about.ci_workflow_execution_time,
        force: how.force.unwrap_or(false),
    };
    let row = call.service().import_source(&call, &importing).await?;
    Ok(Answer(resources::sources::manifest(&row, &call.account.name)))
}

//! Images: adding, listing, deleting, ancestors, and the lists that the console shows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use stopgate_api_types::ancestor::{ImageAncestor, ImageAncestry};
use stopgate_api_types::image::{
    AnalysisEngine, AnalysisStatus, AnalysisStatusDetail, AnchoreImage, AnchoreImageList, DeleteImageResponse,
    DeleteImageResponseList, DeleteImageStatus, DockerfileMode, ImageAnalysisRequest, ImageContent,
    ImageContentMetadata, ImageDetail, ImageStatus, ServiceAnalysisReference,
};
use stopgate_api_types::summary::{AnchoreImageSummaryCounts, AnchoreImageTagSummary, AnchoreImageTagSummaryList};
use stopgate_service::image::{AddImage, AddSource, ImageView};
use stopgate_service::permission::granted;
use stopgate_service::store::image::{self as stored, AnalysisState, ImageFilter, StateChange};
use stopgate_service::store::tag::{self, TagFilter, TagOrder};
use stopgate_service::{Kind, ServiceError};
use utoipa::IntoParams;

use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiQuery, ImageDigest, check_digest, list as parts};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/images", list)
        .post("/images", add)
        .fails(501)
        .fails(409)
        .delete("/images", delete_many)
        .get("/images/{image_digest}", get)
        .delete("/images/{image_digest}", delete)
        .get("/images/{image_digest}/ancestors", ancestors)
        .get("/summaries/image-tags", tags)
        .get("/summaries/image-counts", counts);
}

pub(super) const fn status(state: AnalysisState) -> AnalysisStatus {
    match state {
        AnalysisState::NotAnalyzed => AnalysisStatus::NotAnalyzed,
        AnalysisState::Analyzing => AnalysisStatus::Analyzing,
        AnalysisState::Analyzed => AnalysisStatus::Analyzed,
        AnalysisState::Failed => AnalysisStatus::AnalysisFailed,
    }
}

pub(super) fn told(view: &ImageView, account: &str, changes: Option<&[StateChange]>) -> AnchoreImage {
    let image = &view.image;
    let dockerfile = image.dockerfile.as_ref().map(|text| STANDARD.encode(text));
    let metadata = view.artifact.as_ref().map(|artifact| ImageContentMetadata {
        arch: Some(artifact.architecture.clone()),
        distro: Some(artifact.distro.clone()),
        distro_version: Some(artifact.distro_version.clone()),
        extended_support: Some(false),
        dockerfile_mode: Some(if dockerfile.is_some() { DockerfileMode::Actual } else { DockerfileMode::Guessed }),
        image_size: u64::try_from(artifact.size).ok(),
        layer_count: Some(artifact.layers.lines().count() as u64),
    });
    let details = view.tags.iter().map(|tag| ImageDetail {
        created_at: Some(tag.created_at),
        last_updated: Some(image.updated_at),
        full_tag: Some(tag.full()),
        full_digest: Some(format!("{}/{}@{}", tag.registry, tag.repository, image.digest)),
        account_name: Some(account.to_owned()),
        image_id: Some(image.image_id.clone()),
        registry: Some(tag.registry.clone()),
        repo: Some(tag.repository.clone()),
        dockerfile: dockerfile.clone(),
        image_digest: Some(image.digest.clone()),
        tag: Some(tag.tag.clone()),
        tag_detected_at: Some(tag.detected_at),
    });
    let mut annotations = image.annotations.as_object().cloned().unwrap_or_default();
    if let Some(cause) = &image.cause {
        // The document has no field for it; notes are free, and whoever waits wants to know.
        annotations.insert("stopgate.io/analysis-error".to_owned(), cause.clone().into());
    }
    if let Some(who) = &image.imported_by {
        annotations.insert("stopgate.io/imported-by".to_owned(), who.clone().into());
    }
    AnchoreImage {
        image_content: Some(ImageContent { metadata }),
        image_detail: details.collect(),
        last_updated: Some(image.updated_at),
        created_at: Some(image.created_at),
        image_digest: Some(image.digest.clone()),
        parent_digest: Some(image.parent_digest.clone()),
        account_name: Some(account.to_owned()),
        annotations: Some(annotations),
        image_status: Some(ImageStatus::from(image.state.clone())),
        analysis_status: Some(status(image.analysis_state)),
        record_version: Some("1".to_owned()),
        analysis_status_detail: changes.map(|changes| changes.iter().map(change).collect()),
    }
}

fn change(change: &StateChange) -> AnalysisStatusDetail {
    AnalysisStatusDetail {
        from_status: change.from.clone(),
        to_status: change.to.clone(),
        timestamp: change.at,
        source: ServiceAnalysisReference {
            host_id: Some(change.host.clone()),
            service_name: Some("analyzer".to_owned()),
            analysis_engine: Some(AnalysisEngine::SyftNativePipeline),
            enterprise_version: None,
        },
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Filter {
    /// Digest of the configuration.
    image_id: Option<String>,
    /// Also what a tag named before.
    history: Option<bool>,
    /// `registry/repository:tag`.
    full_tag: Option<String>,
    /// `all`, `active` or `deleting`.
    image_status: Option<String>,
    /// `not_analyzed`, `analyzing`, `analyzed` or `analysis_failed`.
    analysis_status: Option<String>,
    /// Analysed at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    analyzed_since: Option<jiff::Timestamp>,
}

fn state_of(word: Option<&str>) -> Result<Option<&str>, ServiceError> {
    match word {
        None => Ok(Some("active")),
        Some("all") => Ok(None),
        Some(word @ ("active" | "deleting")) => Ok(Some(word)),
        Some(_) => Err(ServiceError::invalid("`image_status`: expected `all`, `active` or `deleting`")),
    }
}

fn analysis_of(word: &str) -> Result<AnalysisState, ServiceError> {
    AnalysisState::parse(word).ok_or_else(|| {
        ServiceError::invalid(
            "`analysis_status`: expected `not_analyzed`, `analyzing`, `analyzed` or `analysis_failed`",
        )
    })
}

async fn list(
    call: Call<granted::ListImages>,
    ApiQuery(asked): ApiQuery<Filter>,
) -> Result<Answer<AnchoreImageList>, ApiError> {
    let filter = ImageFilter {
        image_id: asked.image_id.as_deref().map(|id| id.trim_start_matches("sha256:")),
        state: state_of(asked.image_status.as_deref())?,
        analysis_state: asked.analysis_status.as_deref().map(analysis_of).transpose()?,
        analyzed_since: asked.analyzed_since,
        tag: None,
        history: asked.history.unwrap_or(false),
    };
    let views = match &asked.full_tag {
        Some(full_tag) => {
            let found = call.service().images_tagged(&call, full_tag, &filter).await?;
            if found.is_empty() {
                return Err(ServiceError::not_found(format!("there is no image `{full_tag}` in the account")).into());
            }
            found
        }
        None => call.service().images(&call, &filter).await?,
    };
    let items = views.iter().map(|view| told(view, &call.account.name, None)).collect();
    Ok(Answer(AnchoreImageList { items }))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Adding {
    /// Analyse it again when it is known.
    force: Option<bool>,
    /// Watch the tag for new images.
    auto_subscribe: Option<bool>,
}

async fn add(
    call: Call<granted::CreateImage>,
    ApiQuery(how): ApiQuery<Adding>,
    ApiJson(wanted): ApiJson<ImageAnalysisRequest>,
) -> Result<Answer<AnchoreImage>, ApiError> {
    let source = wanted.source.unwrap_or_default();
    let given = [source.tag.is_some(), source.digest.is_some(), source.archive.is_some(), source.import.is_some()];
    if given.iter().filter(|given| **given).count() != 1 {
        let message = "`source` holds exactly one of `tag`, `digest`, `import` and `archive`";
        return Err(ServiceError::invalid(message).into());
    }
    let force = how.force.unwrap_or(false);
    let auto_subscribe = how.auto_subscribe.unwrap_or(true);
    let annotations = wanted.annotations.unwrap_or_default();
    if let Some(manifest) = source.import {
        let importing = super::imports::submitted(manifest, annotations, (force, auto_subscribe))?;
        // What follows is the last step of the import, so who may do the others may do it.
        call.require(stopgate_service::permission::Permission::ImportImage)?;
        let view = call.service().import_image(&call, &importing).await?;
        return Ok(Answer(told(&view, &call.account.name, None)));
    }
    let (from, dockerfile) = match (source.tag, source.digest) {
        (Some(tag), _) => (AddSource::Tag { pull_string: tag.pull_string }, tag.dockerfile),
        (_, Some(digest)) => {
            let from = AddSource::Digest {
                pull_string: digest.pull_string,
                tag: digest.tag,
                detected_at: digest.creation_timestamp_override,
            };
            (from, digest.dockerfile)
        }
        _ => {
            let message = "archived analyses are not taken by this server yet: expected `tag`, `digest` or `import`";
            return Err(ServiceError::new(Kind::NotImplemented, message).into());
        }
    };
    let adding = AddImage { source: from, dockerfile, annotations, force, auto_subscribe, platform: None };
    let view = call.service().add_image(&call, &adding).await?;
    Ok(Answer(told(&view, &call.account.name, None)))
}

async fn get(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<AnchoreImage>, ApiError> {
    let view = call.service().image(&call, &digest).await?;
    let changes = call.service().image_states(&view.image).await?;
    Ok(Answer(told(&view, &call.account.name, Some(&changes))))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Deleting {
    /// Also while it is analysed, and with active subscriptions.
    force: Option<bool>,
}

async fn delete(
    call: Call<granted::DeleteImage>,
    ImageDigest(digest): ImageDigest,
    ApiQuery(how): ApiQuery<Deleting>,
) -> Result<Answer<DeleteImageResponse>, ApiError> {
    call.service().delete_image(&call, &digest, how.force.unwrap_or(false)).await?;
    Ok(Answer(DeleteImageResponse { image_digest: digest, status: DeleteImageStatus::Deleting, detail: None }))
}

#[derive(Debug, Deserialize, IntoParams)]
struct DeletingMany {
    /// Digests, joined by commas.
    image_digests: String,
    /// Also while they are analysed, and with active subscriptions.
    force: Option<bool>,
}

async fn delete_many(
    call: Call<granted::DeleteImage>,
    ApiQuery(which): ApiQuery<DeletingMany>,
) -> Result<Answer<DeleteImageResponseList>, ApiError> {
    let digests = parts(Some(&which.image_digests));
    for digest in &digests {
        check_digest(digest)?;
    }
    let mut all = Vec::new();
    for digest in digests {
        let deleted = call.service().delete_image(&call, digest, which.force.unwrap_or(false)).await;
        let (status, detail) = match deleted {
            Ok(()) => (DeleteImageStatus::Deleting, None),
            Err(error) if error.kind == Kind::NotFound => (DeleteImageStatus::NotFound, Some(error.message)),
            Err(error) => (DeleteImageStatus::DeleteFailed, Some(error.message)),
        };
        all.push(DeleteImageResponse { image_digest: digest.to_owned(), status, detail });
    }
    Ok(Answer(DeleteImageResponseList(all)))
}

async fn ancestors(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<ImageAncestry>, ApiError> {
    let found = call.service().ancestors(&call, &digest).await?;
    let base = found.first().map(|ancestor| ancestor.image.digest.clone());
    let of = |ancestor: &stopgate_service::image::AncestorView| ImageAncestor {
        image_digest: Some(ancestor.image.digest.clone()),
        parent_digest: Some(ancestor.image.parent_digest.clone()),
        tags: ancestor.tags.iter().map(tag::Tag::full).collect(),
        layers: ancestor.layers.clone(),
        user_marked_base: Some(false),
        chosen_base_image: Some(base.as_deref() == Some(ancestor.image.digest.as_str())),
    };
    Ok(Answer(ImageAncestry(found.iter().map(of).collect())))
}

#[derive(Debug, Deserialize, IntoParams)]
struct TagsAsked {
    /// `all`, `active` or `deleting`, joined by commas.
    image_status: Option<String>,
    /// States of analyses, joined by commas.
    analysis_status: Option<String>,
    /// Analysed at this time or later.
    #[param(value_type = Option<String>, format = DateTime)]
    analyzed_since: Option<jiff::Timestamp>,
    /// A registry.
    registry: Option<String>,
    /// A repository.
    repository: Option<String>,
    /// A tag.
    tag: Option<String>,
    /// Only what runs, or only what does not.
    runtime: Option<bool>,
    /// What to sort by: `full_tag`, `tag_detected_at`, `created_at`, `analyzed_at`, `image_digest`, `analysis_status`.
    order_by: Option<String>,
    /// Whether the largest comes first.
    order_by_descending: Option<String>,
    /// Part of a name.
    filter: Option<String>,
    /// Rows on a page.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Which page, from 1.
    #[param(minimum = 1)]
    page: Option<u64>,
}

/// Rows on a page, unless others are asked for.
const ROWS: u64 = 100;

async fn tags(
    call: Call<granted::ListImages>,
    ApiQuery(asked): ApiQuery<TagsAsked>,
) -> Result<Answer<AnchoreImageTagSummaryList>, ApiError> {
    let states = parts(Some(asked.image_status.as_deref().unwrap_or("active")));
    let states: Vec<&str> = if states.contains(&"all") { Vec::new() } else { states };
    for state in &states {
        state_of(Some(state))?;
    }
    let analysis = parts(asked.analysis_status.as_deref());
    let analysis: Vec<&str> = if analysis.contains(&"all") { Vec::new() } else { analysis };
    for state in &analysis {
        analysis_of(state)?;
    }
    let order = match parts(asked.order_by.as_deref()).first() {
        None | Some(&"full_tag") => TagOrder::Name,
        Some(&"tag_detected_at") => TagOrder::Detected,
        Some(&"created_at") => TagOrder::Created,
        Some(&"analyzed_at") => TagOrder::Analyzed,
        Some(&"image_digest") => TagOrder::Digest,
        Some(&"analysis_status") => TagOrder::AnalysisState,
        Some(_) => {
            let known = "`full_tag`, `tag_detected_at`, `created_at`, `analyzed_at`, `image_digest`, `analysis_status`";
            return Err(ServiceError::invalid(format!("`order_by`: expected one of {known}")).into());
        }
    };
    let descending = parts(asked.order_by_descending.as_deref()).first() == Some(&"true");
    let (limit, page) = (asked.limit.unwrap_or(ROWS), asked.page.unwrap_or(1));
    if limit == 0 || limit > 1_000 || page == 0 {
        return Err(ServiceError::invalid("`limit` is 1 to 1000, `page` begins at 1").into());
    }
    let filter = TagFilter {
        registry: asked.registry.as_deref(),
        repository: asked.repository.as_deref(),
        tag: asked.tag.as_deref(),
        part: asked.filter.as_deref(),
        states: &states,
        analysis_states: &analysis,
        analyzed_since: asked.analyzed_since,
        running: asked.runtime,
    };
    let db = call.service().store().read();
    let account = call.account_id();
    let offset = (page - 1).saturating_mul(limit);
    let rows = tag::rows(db, account, &filter, (order, descending), limit, offset).await?;
    let total = tag::count(db, account, &filter).await?;
    let of = |row: tag::TagRow| AnchoreImageTagSummary {
        full_tag: Some(row.tag.full()),
        image_digest: Some(row.digest),
        parent_digest: Some(row.parent_digest),
        image_id: Some(row.image_id),
        analysis_status: Some(row.analysis_state),
        created_at: Some(row.image_created_at.as_second()),
        analyzed_at: row.analyzed_at.map(jiff::Timestamp::as_second),
        tag_detected_at: Some(row.tag.detected_at.as_second()),
        image_status: Some(row.state),
    };
    Ok(Answer(AnchoreImageTagSummaryList {
        items: rows.into_iter().map(of).collect(),
        total_rows: u64::try_from(total).ok(),
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
struct CountsAsked {
    /// `all`, `active` or `deleting`.
    image_status: Option<String>,
}

async fn counts(
    call: Call<granted::ListImages>,
    ApiQuery(asked): ApiQuery<CountsAsked>,
) -> Result<Answer<AnchoreImageSummaryCounts>, ApiError> {
    let state = state_of(asked.image_status.as_deref())?;
    let counted = stored::counts(call.service().store().read(), call.account_id(), state).await?;
    let [tags, images, analyzed, analyzing, pending, failed] = counted.map(|n| u64::try_from(n).ok());
    Ok(Answer(AnchoreImageSummaryCounts { tags, images, analyzed, analyzing, pending, failed }))
}

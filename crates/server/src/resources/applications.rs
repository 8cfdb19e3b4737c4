//! Applications: their versions, what these are made of, and the sum of that.

use serde::Deserialize;
use serde_json::{Map, Value};
use stopgate_api_types::application::{
    Application, ApplicationList, ApplicationVersion, ApplicationVersionList, ApplicationVersionSbom,
    ApplicationVersionVulnerabilityReport, ArtifactAssociationMetadata, ArtifactAssociationRequest,
    ArtifactAssociationResponse, ArtifactListResponse, AssociatedImageArtifact, AssociatedSourceArtifact,
    ImageArtifact, MatchLocation, MatchedArtifact, MatchedPackage, ReportedApplication, ReportedArtifacts,
    ScoresByVersion, VersionVulnerability, VersionVulnerabilityMatch, VersionVulnerabilityNVD,
    VersionVulnerabilityReportImage, VersionVulnerabilityReportSource, VersionVulnerabilityVendor,
    VersionVulnerabilityVendorNVDCommon,
};
use stopgate_api_types::policy::ArtifactType;
use stopgate_model::FixState;
use stopgate_service::application::{PartView, What};
use stopgate_service::image::ImageView;
use stopgate_service::permission::granted;
use stopgate_service::store::application as stored;
use stopgate_service::vulnerability::Vulnerable;
use stopgate_service::{ServiceError, sbom};
use utoipa::IntoParams;

use super::sources;
use super::vulnerabilities::{group, severity, v2, v3};
use crate::answer::{Answer, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery, list as words};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    const VERSION: &str = "/applications/{application_id}/versions/{application_version_id}";
    routes
        .get("/applications", list)
        .post("/applications", create)
        .fails(409)
        .get("/applications/{application_id}", get)
        .put("/applications/{application_id}", update)
        .fails(409)
        .delete("/applications/{application_id}", delete)
        .get("/applications/{application_id}/versions", versions)
        .post("/applications/{application_id}/versions", create_version)
        .fails(409)
        .get(VERSION, get_version)
        .put(VERSION, update_version)
        .fails(409)
        .delete(VERSION, delete_version)
        .get("/applications/{application_id}/versions/{application_version_id}/artifacts", parts)
        .post("/applications/{application_id}/versions/{application_version_id}/artifacts", add_part)
        .delete(
            "/applications/{application_id}/versions/{application_version_id}/artifacts/{association_id}",
            remove_part,
        )
        .get("/applications/{application_id}/versions/{application_version_id}/sboms/native-json", sboms)
        .get("/applications/{application_id}/versions/{application_version_id}/vulnerabilities", vulnerabilities);
}

fn told(row: stored::Application, versions: Option<ApplicationVersionList>) -> Application {
    Application {
        application_id: Some(row.uuid),
        name: Some(row.name),
        description: row.description,
        application_versions: versions,
        created_at: Some(row.created_at),
        last_updated: Some(row.updated_at),
    }
}

fn told_version(row: stored::Version, application: &str) -> ApplicationVersion {
    ApplicationVersion {
        application_version_id: Some(row.uuid),
        application_id: Some(application.to_owned()),
        version_name: row.name,
        created_at: Some(row.created_at),
        last_updated: Some(row.updated_at),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Shown {
    /// With their versions.
    #[param(default = false)]
    include_versions: Option<bool>,
}

async fn whole<P>(call: &Call<P>, row: stored::Application, asked: &Shown) -> Result<Application, ApiError> {
    let mut all = None;
    if asked.include_versions.unwrap_or(false) {
        let versions = call.service().versions(&row).await?.into_iter();
        all = Some(ApplicationVersionList(versions.map(|version| told_version(version, &row.uuid)).collect()));
    }
    Ok(told(row, all))
}

async fn list(
    call: Call<granted::GetApplication>,
    ApiQuery(asked): ApiQuery<Shown>,
) -> Result<Answer<ApplicationList>, ApiError> {
    let mut all = Vec::new();
    for row in call.service().applications(&call).await? {
        all.push(whole(&call, row, &asked).await?);
    }
    Ok(Answer(ApplicationList(all)))
}

async fn create(
    call: Call<granted::CreateApplication>,
    ApiJson(new): ApiJson<Application>,
) -> Result<Answer<Application>, ApiError> {
    let name = new.name.ok_or_else(|| ServiceError::invalid("`name` is missing"))?;
    Ok(Answer(told(call.service().add_application(&call, &name, new.description.as_deref()).await?, None)))
}

async fn get(
    call: Call<granted::GetApplication>,
    ApiPath(id): ApiPath<String>,
    ApiQuery(asked): ApiQuery<Shown>,
) -> Result<Answer<Application>, ApiError> {
    let row = call.service().application(&call, &id).await?;
    Ok(Answer(whole(&call, row, &asked).await?))
}

async fn update(
    call: Call<granted::UpdateApplication>,
    ApiPath(id): ApiPath<String>,
    ApiJson(new): ApiJson<Application>,
) -> Result<Answer<Application>, ApiError> {
    let (name, description) = (new.name.as_deref(), new.description.as_deref());
    Ok(Answer(told(call.service().update_application(&call, &id, name, description).await?, None)))
}

async fn delete(call: Call<granted::DeleteApplication>, ApiPath(id): ApiPath<String>) -> Result<NoContent, ApiError> {
    call.service().delete_application(&call, &id).await?;
    Ok(NoContent)
}

async fn versions(
    call: Call<granted::GetApplication>,
    ApiPath(id): ApiPath<String>,
) -> Result<Answer<ApplicationVersionList>, ApiError> {
    let row = call.service().application(&call, &id).await?;
    let versions = call.service().versions(&row).await?.into_iter();
    Ok(Answer(ApplicationVersionList(versions.map(|version| told_version(version, &id)).collect())))
}

async fn create_version(
    call: Call<granted::CreateApplication>,
    ApiPath(id): ApiPath<String>,
    ApiJson(new): ApiJson<ApplicationVersion>,
) -> Result<Answer<ApplicationVersion>, ApiError> {
    Ok(Answer(told_version(call.service().add_version(&call, &id, &new.version_name).await?, &id)))
}

async fn get_version(
    call: Call<granted::GetApplication>,
    ApiPath((id, version)): ApiPath<(String, String)>,
) -> Result<Answer<ApplicationVersion>, ApiError> {
    let (_, row) = call.service().version(&call, &id, &version).await?;
    Ok(Answer(told_version(row, &id)))
}

async fn update_version(
    call: Call<granted::UpdateApplication>,
    ApiPath((id, version)): ApiPath<(String, String)>,
    ApiJson(new): ApiJson<ApplicationVersion>,
) -> Result<Answer<ApplicationVersion>, ApiError> {
    let row = call.service().rename_version(&call, &id, &version, &new.version_name).await?;
    Ok(Answer(told_version(row, &id)))
}

async fn delete_version(
    call: Call<granted::DeleteApplication>,
    ApiPath((id, version)): ApiPath<(String, String)>,
) -> Result<NoContent, ApiError> {
    call.service().delete_version(&call, &id, &version).await?;
    Ok(NoContent)
}

fn metadata(row: &stored::Association) -> ArtifactAssociationMetadata {
    ArtifactAssociationMetadata {
        association_id: Some(row.uuid.clone()),
        created_at: Some(row.created_at),
        last_updated: Some(row.updated_at),
    }
}

fn image(view: &ImageView, account: &str) -> ImageArtifact {
    ImageArtifact {
        account_name: Some(account.to_owned()),
        image_digest: Some(view.image.digest.clone()),
        distro: view.artifact.as_ref().map(|artifact| artifact.distro.clone()),
        distro_version: view.artifact.as_ref().map(|artifact| artifact.distro_version.clone()),
        analysis_status: Some(view.image.analysis_state.name().to_owned()),
        image_status: Some(view.image.state.clone()),
        analyzed_at: view.image.analyzed_at,
        created_at: Some(view.image.created_at),
        last_updated: Some(view.image.updated_at),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Sorts {
    /// `image` and `source`, joined by commas; both when there are none.
    artifact_types: Option<String>,
}

impl Sorts {
    /// Whether images are wanted, and whether sources are.
    fn wanted(&self) -> Result<(bool, bool), ServiceError> {
        let sorts = words(self.artifact_types.as_deref());
        if sorts.iter().any(|sort| !["image", "source"].contains(sort)) {
            return Err(ServiceError::invalid("`artifact_types`: expected `image` or `source`"));
        }
        let wants = |sort| sorts.is_empty() || sorts.contains(&sort);
        Ok((wants("image"), wants("source")))
    }
}

async fn parts(
    call: Call<granted::GetApplication>,
    ApiPath((id, version)): ApiPath<(String, String)>,
    ApiQuery(asked): ApiQuery<Sorts>,
) -> Result<Answer<ArtifactListResponse>, ApiError> {
    let (images, sources) = asked.wanted()?;
    let (_, version) = call.service().version(&call, &id, &version).await?;
    let mut all = ArtifactListResponse::default();
    for part in call.service().parts(&call, &version).await? {
        let tied = Some(metadata(&part.association));
        match &part.what {
            What::Image(view) if images => all.associated_image_artifacts.push(AssociatedImageArtifact {
                artifact_association_metadata: tied,
                image: Some(image(view, &call.account.name)),
            }),
            What::Source(row) if sources => all.associated_source_artifacts.push(AssociatedSourceArtifact {
                artifact_association_metadata: tied,
                source: Some(sources::told(row, &call.account.name)),
            }),
            _ => {}
        }
    }
    Ok(Answer(all))
}

async fn add_part(
    call: Call<granted::UpdateApplication>,
    ApiPath((id, version)): ApiPath<(String, String)>,
    ApiJson(new): ApiJson<ArtifactAssociationRequest>,
) -> Result<Answer<ArtifactAssociationResponse>, ApiError> {
    let (_, version) = call.service().version(&call, &id, &version).await?;
    let key = |name: &str| new.artifact_keys.get(name).and_then(Value::as_str);
    let (digest, uuid) = match new.artifact_type {
        ArtifactType::Image => (key("image_digest"), None),
        ArtifactType::Source => (None, key("source_id")),
    };
    let part = call.service().add_part(&call, &version, digest, uuid).await?;
    let tied = Some(metadata(&part.association));
    let answer = ArtifactAssociationResponse { artifact_association_metadata: tied, ..Default::default() };
    Ok(Answer(match &part.what {
        What::Image(view) => ArtifactAssociationResponse { image: Some(image(view, &call.account.name)), ..answer },
        What::Source(row) => {
            ArtifactAssociationResponse { source: Some(sources::told(row, &call.account.name)), ..answer }
        }
    }))
}

async fn remove_part(
    call: Call<granted::DeleteApplication>,
    ApiPath((id, version, association)): ApiPath<(String, String, String)>,
) -> Result<NoContent, ApiError> {
    let (_, version) = call.service().version(&call, &id, &version).await?;
    call.service().remove_part(&version, &association).await?;
    Ok(NoContent)
}

async fn sboms(
    call: Call<granted::GetApplication>,
    ApiPath((id, version)): ApiPath<(String, String)>,
    ApiQuery(asked): ApiQuery<Sorts>,
) -> Result<Answer<ApplicationVersionSbom>, ApiError> {
    let (images, sources) = asked.wanted()?;
    let (application, version) = call.service().version(&call, &id, &version).await?;
    let mut all = ApplicationVersionSbom { created_at: Some(crate::request::now()), ..Default::default() };
    for part in call.service().parts(&call, &version).await? {
        let into = match &part.what {
            What::Image(_) if images => &mut all.image_sboms,
            What::Source(_) if sources => &mut all.source_sboms,
            _ => continue,
        };
        let artifact = call.service().part_content(&call, &part).await?;
        let written = tokio::task::spawn_blocking(move || sbom::native(&artifact)).await;
        let written = written.map_err(ServiceError::internal)??;
        into.push(serde_json::from_slice::<Map<String, Value>>(&written).map_err(ServiceError::internal)?);
    }
    all.application_version = Some(told_version(version, &id));
    all.application = Some(told(application, None));
    Ok(Answer(all))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Fixing {
    /// Only what vendors will not fix, or only what they may; all without.
    will_not_fix: Option<bool>,
}

fn new_entry(found: &Vulnerable) -> VersionVulnerability {
    let known = &found.matched.vulnerability;
    let nvd = known.related.iter().filter(|related| related.namespace.starts_with("nvd"));
    let nvd = nvd.map(|related| VersionVulnerabilityNVD {
        common: VersionVulnerabilityVendorNVDCommon {
            cvss: Some(ScoresByVersion { cvss_v2: v2(&related.cvss), cvss_v3: v3(&related.cvss) }),
            description: Some(related.description.clone()),
            severity: None,
            url: Some(format!("https://nvd.nist.gov/vuln/detail/{}", related.id)),
        },
        id: Some(related.id.clone()),
    });
    VersionVulnerability {
        id: Some(known.id.clone()),
        nvd: nvd.collect(),
        vendor_data: Some(VersionVulnerabilityVendor {
            common: VersionVulnerabilityVendorNVDCommon {
                cvss: Some(ScoresByVersion { cvss_v2: v2(&known.cvss), cvss_v3: v3(&known.cvss) }),
                description: Some(known.description.clone()),
                severity: Some(severity(known.severity).to_owned()),
                url: Some(known.data_source.clone()),
            },
            feed: Some("vulnerabilities".to_owned()),
            group: Some(group(&known.namespace)),
            will_not_fix: Some(found.matched.fix.state == FixState::WontFix),
        }),
        matches: Vec::new(),
    }
}

fn place(found: &Vulnerable, artifact: &MatchedArtifact) -> VersionVulnerabilityMatch {
    let (package, fix) = (&found.package, &found.matched.fix);
    VersionVulnerabilityMatch {
        fix: Some(if fix.versions.is_empty() { "None".to_owned() } else { fix.versions.join(", ") }),
        location: Some(MatchLocation {
            artifact: Some(artifact.clone()),
            package: Some(MatchedPackage {
                name: Some(package.name.clone()),
                kind: Some(package.package_type.anchore().to_owned()),
                version: Some(package.version.clone()),
                location: package.primary_location().map(|location| location.path.clone()),
            }),
        }),
    }
}

fn named(part: &PartView, artifacts: &mut ReportedArtifacts) -> MatchedArtifact {
    match &part.what {
        What::Image(view) => {
            let digest = Some(view.image.digest.clone());
            artifacts.images.push(VersionVulnerabilityReportImage { image_digest: digest.clone() });
            MatchedArtifact { id: digest, kind: Some("image".to_owned()) }
        }
        What::Source(row) => {
            artifacts.sources.push(VersionVulnerabilityReportSource {
                uuid: row.uuid.parse().ok(),
                host: Some(row.host.clone()),
                repository_name: Some(row.repository.clone()),
                revision: Some(row.revision.clone()),
            });
            MatchedArtifact { id: Some(row.uuid.clone()), kind: Some("source".to_owned()) }
        }
    }
}

async fn vulnerabilities(
    call: Call<granted::GetApplication>,
    ApiPath((id, version)): ApiPath<(String, String)>,
    ApiQuery(asked): ApiQuery<Fixing>,
) -> Result<Answer<ApplicationVersionVulnerabilityReport>, ApiError> {
    let (application, version) = call.service().version(&call, &id, &version).await?;
    let mut artifacts = ReportedArtifacts::default();
    // What vendors say differs by namespace: an id is told once for each.
    let mut all: std::collections::BTreeMap<(String, String), VersionVulnerability> = std::collections::BTreeMap::new();
    for part in call.service().parts(&call, &version).await? {
        let artifact = named(&part, &mut artifacts);
        for found in call.service().part_vulnerabilities(&call, &part).await? {
            let refused = found.matched.fix.state == FixState::WontFix;
            if asked.will_not_fix.is_some_and(|wanted| wanted != refused) {
                continue;
            }
            let known = &found.matched.vulnerability;
            let entry = all.entry((known.id.clone(), known.namespace.clone())).or_insert_with(|| new_entry(&found));
            entry.matches.push(place(&found, &artifact));
        }
    }
    Ok(Answer(ApplicationVersionVulnerabilityReport {
        application: Some(ReportedApplication {
            id: Some(application.uuid),
            name: Some(application.name),
            version_name: Some(version.name),
            version_id: Some(version.uuid),
            artifacts: Some(artifacts),
        }),
        vulnerabilities: all.into_values().collect(),
    }))
}

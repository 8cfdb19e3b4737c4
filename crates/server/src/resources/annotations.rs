//! Notes about vulnerabilities of images.

use serde::Deserialize;
use serde_json::Value;
use stopgate_api_types::annotation::{
    PackageIdentifier, PackageVulnerabilityAnnotation, PackageVulnerabilityAnnotationResponseList,
    VulnerabilityAnnotation,
};
use stopgate_service::ServiceError;
use stopgate_service::annotation::Note;
use stopgate_service::permission::granted;
use stopgate_service::store::annotation::AnnotationRow;
use stopgate_service::vex::VexFormat;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::answer::{Answer, Created, NoContent};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiJson, ApiPath, ApiQuery, ImageDigest, check_digest};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/images/{image_digest}/vex/openvex", openvex)
        .get("/images/{image_digest}/vex/cyclonedx-json", cyclonedx)
        .get("/images/{image_digest}/vuln-annotations", list)
        .post("/images/{image_digest}/vuln-annotations", create)
        .get("/images/{image_digest}/vuln-annotations/{vuln_annotation_uuid}", get)
        .put("/images/{image_digest}/vuln-annotations/{vuln_annotation_uuid}", update)
        .delete("/images/{image_digest}/vuln-annotations/{vuln_annotation_uuid}", delete);
}

fn told(row: AnnotationRow) -> Result<PackageVulnerabilityAnnotation, ApiError> {
    let written: VulnerabilityAnnotation = serde_json::from_value(row.body).map_err(ServiceError::internal)?;
    Ok(PackageVulnerabilityAnnotation {
        annotation: VulnerabilityAnnotation {
            uuid: row.uuid.parse().ok(),
            vulnerability_id: row.vulnerability,
            author: Some(row.author),
            created_at: Some(row.created_at),
            updated_at: Some(row.updated_at),
            version: u64::try_from(row.version).ok(),
            ..written
        },
        package_identifier: row.package.map(|(name, version, kind)| PackageIdentifier { name, version, kind }),
    })
}

/// What is kept of a note: not what the server sets.
fn kept(written: VulnerabilityAnnotation) -> Result<Value, ApiError> {
    let kept = VulnerabilityAnnotation {
        uuid: None,
        author: None,
        created_at: None,
        updated_at: None,
        version: None,
        ..written
    };
    Ok(serde_json::to_value(kept).map_err(ServiceError::internal)?)
}

#[derive(Debug, Deserialize, IntoParams)]
struct Filter {
    /// Id of a vulnerability.
    vulnerability_id: Option<String>,
    /// Name of a package.
    package_name: Option<String>,
    /// Version of a package.
    package_version: Option<String>,
    /// Type of a package.
    package_type: Option<String>,
}

impl Filter {
    fn takes(&self, row: &AnnotationRow) -> bool {
        let same = |wanted: &Option<String>, own: Option<&String>| {
            wanted.as_ref().is_none_or(|wanted| own.is_some_and(|own| own == wanted))
        };
        let package = row.package.as_ref();
        same(&self.vulnerability_id, Some(&row.vulnerability))
            && same(&self.package_name, package.map(|package| &package.0))
            && same(&self.package_version, package.map(|package| &package.1))
            && same(&self.package_type, package.map(|package| &package.2))
    }
}

async fn list(
    call: Call<granted::ListVulnAnnotations>,
    ImageDigest(digest): ImageDigest,
    ApiQuery(filter): ApiQuery<Filter>,
) -> Result<Answer<PackageVulnerabilityAnnotationResponseList>, ApiError> {
    let (_, rows) = call.service().annotations(&call, &digest).await?;
    let items = rows.into_iter().filter(|row| filter.takes(row)).map(told).collect::<Result<_, _>>()?;
    Ok(Answer(PackageVulnerabilityAnnotationResponseList { items }))
}

async fn create(
    call: Call<granted::CreateVulnAnnotation>,
    ImageDigest(digest): ImageDigest,
    ApiJson(new): ApiJson<PackageVulnerabilityAnnotation>,
) -> Result<Created<PackageVulnerabilityAnnotation>, ApiError> {
    let note = Note {
        vulnerability: new.annotation.vulnerability_id.clone(),
        package: new.package_identifier.map(|package| (package.name, package.version, package.kind)),
        body: kept(new.annotation)?,
    };
    Ok(Created(told(call.service().annotate(&call, &digest, &note).await?)?))
}

async fn get(
    call: Call<granted::GetVulnAnnotation>,
    ApiPath((digest, uuid)): ApiPath<(String, Uuid)>,
) -> Result<Answer<PackageVulnerabilityAnnotation>, ApiError> {
    check_digest(&digest)?;
    let (_, row) = call.service().annotation(&call, &digest, &uuid.to_string()).await?;
    Ok(Answer(told(row)?))
}

async fn update(
    call: Call<granted::UpdateVulnAnnotation>,
    ApiPath((digest, uuid)): ApiPath<(String, Uuid)>,
    ApiJson(new): ApiJson<VulnerabilityAnnotation>,
) -> Result<Answer<PackageVulnerabilityAnnotation>, ApiError> {
    check_digest(&digest)?;
    let (_, known) = call.service().annotation(&call, &digest, &uuid.to_string()).await?;
    if new.vulnerability_id != known.vulnerability {
        let message = format!("`vulnerability_id`: this annotation is about `{}`", known.vulnerability);
        return Err(ServiceError::invalid(message).into());
    }
    let row = call.service().update_annotation(&call, &digest, &uuid.to_string(), kept(new)?).await?;
    Ok(Answer(told(row)?))
}

async fn delete(
    call: Call<granted::DeleteVulnAnnotation>,
    ApiPath((digest, uuid)): ApiPath<(String, Uuid)>,
) -> Result<NoContent, ApiError> {
    check_digest(&digest)?;
    call.service().delete_annotation(&call, &digest, &uuid.to_string()).await?;
    Ok(NoContent)
}

async fn openvex(
    call: Call<granted::ListVulnAnnotations>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<Value>, ApiError> {
    Ok(Answer(call.service().vex(&call, &digest, VexFormat::OpenVex).await?))
}

async fn cyclonedx(
    call: Call<granted::ListVulnAnnotations>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<Value>, ApiError> {
    Ok(Answer(call.service().vex(&call, &digest, VexFormat::CycloneDx).await?))
}

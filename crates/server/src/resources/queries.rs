//! Searches over all images, and over all vulnerability records.

use serde::Deserialize;
use stopgate_api_types::query::{
    ImageReference, ImageWithPackages, PackageReference, PaginatedImageList, PaginatedVulnerabilityList,
    PaginationProperties, StandaloneVulnerability, TagEntry, VulnerabilityReference,
};
use stopgate_model::PackageType;
use stopgate_service::ServiceError;
use stopgate_service::permission::granted;
use stopgate_service::search::{self, PackageWanted, RecordFound, RecordsWanted};
use utoipa::IntoParams;

use super::vulnerabilities;
use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiQuery, list};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/query/images/by-package", by_package).get("/query/vulnerabilities", records);
}

/// Ids that one question may name.
const IDS: usize = 1_000;

/// Number of a page, which is a text here, from 1.
fn page_of(text: Option<&str>) -> Result<u64, ServiceError> {
    let page = text.map_or(Ok(1), str::parse);
    page.ok()
        .filter(|page| *page > 0)
        .ok_or_else(|| ServiceError::invalid("`page`: expected the number of a page, from 1"))
}

/// Where a page stands. The key of the next one is never missing: one client would ask for ever.
fn pagination(page: u64, returned: usize, more: bool) -> PaginationProperties {
    PaginationProperties {
        page: Some(page.to_string()),
        next_page: Some(if more { page.saturating_add(1).to_string() } else { String::new() }),
        returned_count: Some(returned as u64),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Packages {
    /// Name of the package.
    name: String,
    /// Its type, as contents are told.
    package_type: Option<String>,
    /// Its version.
    version: Option<String>,
    /// Which page, from 1.
    page: Option<String>,
    /// Images on a page; 0 for all.
    limit: Option<u64>,
}

async fn by_package(
    call: Call<granted::ListImages>,
    ApiQuery(asked): ApiQuery<Packages>,
) -> Result<Answer<PaginatedImageList>, ApiError> {
    let page = page_of(asked.page.as_deref())?;
    let limit = asked.limit.filter(|limit| *limit > 0);
    let wanted =
        PackageWanted { name: &asked.name, version: asked.version.as_deref(), kind: asked.package_type.as_deref() };
    let offset = limit.map_or(0, |limit| (page - 1).saturating_mul(limit));
    let (found, more) = call.service().images_with_package(&call, &wanted, (limit, offset)).await?;
    // All images are one page.
    let found = if limit.is_none() && page > 1 { Vec::new() } else { found };
    let images: Vec<ImageWithPackages> = found.into_iter().map(with_packages).collect();
    Ok(Answer(PaginatedImageList { page: pagination(page, images.len(), more), images }))
}

fn with_packages(found: search::ImageWithPackages) -> ImageWithPackages {
    let tag = |tag: stopgate_service::store::tag::Tag| TagEntry {
        full_tag: Some(tag.full()),
        registry: Some(tag.registry),
        repo: Some(tag.repository),
        tag: Some(tag.tag),
        tag_detected_at: Some(tag.detected_at),
    };
    let package = |package: stopgate_service::store::content::Holder| PackageReference {
        name: Some(package.name),
        version: Some(package.version),
        kind: Some(PackageType::named(&package.kind).anchore().to_owned()),
        will_not_fix: None,
    };
    ImageWithPackages {
        image: Some(ImageReference {
            image_digest: Some(found.image.digest),
            image_id: Some(found.image.image_id),
            analyzed_at: found.image.analyzed_at,
            tag_history: found.tags.into_iter().map(tag).collect(),
        }),
        packages: found.packages.into_iter().map(package).collect(),
    }
}

#[derive(Debug, Deserialize, IntoParams)]
struct Records {
    /// Ids of records or aliases, joined by commas.
    id: String,
    /// Name of a package that they are about.
    affected_package: Option<String>,
    /// A version of it that they are about.
    affected_package_version: Option<String>,
    /// Which page, from 1.
    page: Option<String>,
    /// Records on a page; 0 for all.
    limit: Option<u64>,
    /// Namespaces, as `debian:12` or `nvdv2:cves`, joined by commas.
    namespace: Option<String>,
}

async fn records(
    call: Call<granted::Known>,
    ApiQuery(asked): ApiQuery<Records>,
) -> Result<Answer<PaginatedVulnerabilityList>, ApiError> {
    let page = page_of(asked.page.as_deref())?;
    let ids = list(Some(&asked.id));
    if ids.is_empty() || ids.len() > IDS {
        return Err(ServiceError::invalid(format!("`id`: expected 1 to {IDS} ids")).into());
    }
    if asked.affected_package_version.is_some() && asked.affected_package.is_none() {
        let message = "`affected_package_version` says nothing without `affected_package`";
        return Err(ServiceError::invalid(message).into());
    }
    let texts = |parts: Vec<&str>| parts.into_iter().map(str::to_owned).collect();
    let wanted = RecordsWanted {
        ids: texts(ids),
        namespaces: texts(list(asked.namespace.as_deref())),
        package: asked.affected_package,
        version: asked.affected_package_version,
    };
    let found = call.service().records(wanted).await?;
    let limit =
        asked.limit.filter(|limit| *limit > 0).map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let first = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(limit);
    let vulnerabilities: Vec<StandaloneVulnerability> = found.iter().skip(first).take(limit).map(told).collect();
    let more = first.saturating_add(limit) < found.len();
    Ok(Answer(PaginatedVulnerabilityList { page: pagination(page, vulnerabilities.len(), more), vulnerabilities }))
}

fn told(found: &RecordFound) -> StandaloneVulnerability {
    let record = &found.record;
    let urls = std::iter::once(&record.data_source).chain(&record.urls).filter(|url| !url.is_empty());
    let affected = found.affected.iter().map(|package| PackageReference {
        name: Some(package.name.clone()),
        version: package.versions.clone(),
        kind: Some(package.kind.clone()),
        will_not_fix: Some(package.will_not_fix),
    });
    StandaloneVulnerability {
        id: Some(record.id.clone()),
        namespace: Some(vulnerabilities::group(&record.namespace)),
        affected_packages: affected.collect(),
        severity: Some(vulnerabilities::severity_word(record.severity)),
        link: Some(record.data_source.clone()),
        nvd_data: Some(vulnerabilities::nvd(record, true)),
        vendor_data: Some(vulnerabilities::vendor(record)),
        description: Some(record.description.clone()),
        references: urls
            .map(|url| VulnerabilityReference {
                source: Some(record.provider.clone()),
                tags: Vec::new(),
                url: Some(url.clone()),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{page_of, pagination};

    #[test]
    fn pages_are_texts_and_end_with_an_empty_one() {
        assert_eq!(page_of(None).unwrap(), 1);
        assert_eq!(page_of(Some("3")).unwrap(), 3);
        assert!(page_of(Some("0")).is_err() && page_of(Some("x")).is_err());
        assert_eq!(pagination(1, 5, false).next_page.as_deref(), Some(""));
        assert_eq!(pagination(1, 5, true).next_page.as_deref(), Some("2"));
    }
}

//! Vulnerabilities of images.

use serde::Deserialize;
use stopgate_api_types::vulnerability::{
    CVSSV2Scores, CVSSV3Scores, ImagePackageVulnerability, ImagePackageVulnerabilityResponse, NvdDataList,
    NvdDataObject, PackageEPSS, PackageVulnerability, RecordType, VendorDataList, VendorDataObject, VulnerabilityType,
};
use stopgate_model::{Cvss, FixState, Severity};
use stopgate_service::permission::granted;
use stopgate_service::vulnerability::Vulnerable;
use stopgate_service::{Kind, ServiceError};
use utoipa::IntoParams;

use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiPath, ApiQuery, ImageDigest, check_digest};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes.get("/images/{image_digest}/vuln", types).get("/images/{image_digest}/vuln/{vuln_type}", get);
}

async fn types(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<Vec<VulnerabilityType>>, ApiError> {
    call.service().image(&call, &digest).await?;
    Ok(Answer(vec![VulnerabilityType::All, VulnerabilityType::Os, VulnerabilityType::NonOs]))
}

#[derive(Debug, Deserialize, IntoParams)]
struct Asked {
    /// Match again; matches are always those of the data in use.
    #[allow(dead_code, reason = "answers are always fresh")]
    force_refresh: Option<bool>,
    /// With texts.
    include_vuln_description: Option<bool>,
    /// Without what vendors will not fix.
    vendor_only: Option<bool>,
    /// The base image, to tell what comes from it.
    base_digest: Option<String>,
}

async fn get(
    call: Call<granted::GetImage>,
    ApiPath((digest, kind)): ApiPath<(String, String)>,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Answer<ImagePackageVulnerabilityResponse>, ApiError> {
    check_digest(&digest)?;
    if !["all", "os", "non-os"].contains(&kind.as_str()) {
        return Err(ServiceError::invalid("`vuln_type`: expected `all`, `os` or `non-os`").into());
    }
    if asked.base_digest.is_some() {
        let message = "`base_digest` is not taken by this server yet: ask without it";
        return Err(ServiceError::new(Kind::NotImplemented, message).into());
    }
    let (_, all) = call.service().vulnerabilities(&call, &digest).await?;
    let vendor_only = asked.vendor_only.unwrap_or(true);
    let wanted = all.iter().filter(|found| match kind.as_str() {
        "os" => found.package.package_type.is_os(),
        "non-os" => !found.package.package_type.is_os(),
        _ => true,
    });
    let told = wanted.filter(|found| !vendor_only || found.matched.fix.state != FixState::WontFix).map(|found| {
        ImagePackageVulnerability {
            found: told(found, asked.include_vuln_description.unwrap_or(false)),
            inherited_from_base: None,
        }
    });
    Ok(Answer(ImagePackageVulnerabilityResponse {
        image_digest: Some(digest),
        base_digest: None,
        base_image_problems: Vec::new(),
        vulnerability_type: Some(kind.clone()),
        extended_support: Some(false),
        vulnerabilities: told.collect(),
    }))
}

/// `debian:12` from `debian:distro:debian:12`, `github:go` from `github:language:go`, `nvd` from `nvd:cpe`.
pub(super) fn group(namespace: &str) -> String {
    let parts: Vec<&str> = namespace.split(':').collect();
    match parts.as_slice() {
        [_, "distro", distro, release] => format!("{distro}:{release}"),
        [source, "language", language] => format!("{source}:{language}"),
        [source, "cpe"] => (*source).to_owned(),
        _ => namespace.to_owned(),
    }
}

pub(super) const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Unknown => "Unknown",
        Severity::Negligible => "Negligible",
        Severity::Low => "Low",
        Severity::Medium => "Medium",
        Severity::High => "High",
        Severity::Critical => "Critical",
    }
}

fn v2(scores: &[Cvss]) -> Option<CVSSV2Scores> {
    scores.iter().find(|score| score.version.starts_with('2')).map(|score| CVSSV2Scores {
        base_score: Some(score.base),
        exploitability_score: score.exploitability,
        impact_score: score.impact,
    })
}

fn v3(scores: &[Cvss]) -> Option<CVSSV3Scores> {
    scores.iter().find(|score| score.version.starts_with('3')).map(|score| CVSSV3Scores {
        base_score: Some(score.base),
        exploitability_score: score.exploitability,
        impact_score: score.impact,
    })
}

pub(super) fn told(found: &Vulnerable, description: bool) -> PackageVulnerability {
    let (known, package, fix) = (&found.matched.vulnerability, &found.package, &found.matched.fix);
    let epss = known.epss.iter().map(|epss| PackageEPSS { epss: Some(epss.score), percentile: Some(epss.percentile) });
    let nvd =
        known.related.iter().filter(|related| related.namespace.starts_with("nvd")).map(|related| NvdDataObject {
            id: Some(related.id.clone()),
            description: description.then(|| related.description.clone()),
            kind: Some(RecordType::Primary),
            source: Some("nvd@nist.gov".to_owned()),
            cvss_v2: v2(&related.cvss),
            cvss_v3: v3(&related.cvss),
            is_kev: Some(known.kev.iter().any(|kev| kev.cve == related.id)),
            epss: None,
        });
    let nvd: Vec<NvdDataObject> = nvd.collect();
    let vendor = VendorDataObject {
        id: Some(known.id.clone()),
        kind: Some(RecordType::Primary),
        source: Some(known.provider.clone()),
        cvss_v2: v2(&known.cvss),
        cvss_v3: v3(&known.cvss),
    };
    let location = package.primary_location();
    let os = package.package_type.is_os();
    PackageVulnerability {
        vuln: Some(known.id.clone()),
        description: description.then(|| known.description.clone()),
        fix: Some(if fix.versions.is_empty() { "None".to_owned() } else { fix.versions.join(", ") }),
        severity: Some(severity(known.severity).to_owned()),
        package: Some(format!("{}-{}", package.name, package.version)),
        url: Some(known.data_source.clone()),
        feed: Some("vulnerabilities".to_owned()),
        feed_group: Some(group(&known.namespace)),
        package_name: Some(package.name.clone()),
        package_version: Some(package.version.clone()),
        package_type: Some(package.package_type.anchore().to_owned()),
        package_cpe: Some(package.cpes.first().map_or_else(|| "None".to_owned(), |cpe| cpe.text.clone())),
        package_path: Some(if os { "pkgdb".to_owned() } else { location.map_or_else(String::new, |l| l.path.clone()) }),
        purl: Some(package.purl.clone()),
        will_not_fix: Some(fix.state == FixState::WontFix),
        nvd_data: Some(NvdDataList(nvd)),
        vendor_data: Some(VendorDataList(vec![vendor])),
        detected_at: found.detected_at,
        fix_observed_at: found.fix_observed_at,
        suggested_fix_version: found.matched.suggested_version.clone(),
        is_kev: Some(!known.kev.is_empty()),
        epss: epss.collect(),
        annotation_status: None,
        annotation_uuid: None,
    }
}

#[cfg(test)]
mod tests {
    use super::group;

    #[test]
    fn groups_of_namespaces() {
        for (namespace, expected) in [
            ("debian:distro:debian:12", "debian:12"),
            ("github:language:go", "github:go"),
            ("nvd:cpe", "nvd"),
            ("own", "own"),
        ] {
            assert_eq!(group(namespace), expected);
        }
    }
}

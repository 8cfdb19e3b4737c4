//! Vulnerabilities of images.

use serde::Deserialize;
use serde_json::json;
use stopgate_api_types::vulnerability::{
    self, CVSSV2Scores, CVSSV3Scores, ImagePackageVulnerability, ImagePackageVulnerabilityResponse, NvdDataList,
    NvdDataObject, PackageEPSS, PackageVulnerability, RecordType, VendorDataList, VendorDataObject, VulnerabilityType,
};
use stopgate_model::{Cvss, FixState, Severity, Vulnerability};
use stopgate_service::ServiceError;
use stopgate_service::annotation::about;
use stopgate_service::permission::granted;
use stopgate_service::vulnerability::Vulnerable;
use utoipa::IntoParams;

use crate::answer::Answer;
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiPath, ApiQuery, ImageDigest, check_digest};
use crate::routes::Routes;

use super::evaluations::base;

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
    #[expect(dead_code, reason = "answers are always fresh")]
    force_refresh: Option<bool>,
    /// With texts.
    include_vuln_description: Option<bool>,
    /// Without what vendors will not fix.
    vendor_only: Option<bool>,
    /// Digest of the base image, or `auto` for the nearest, to tell what comes from it.
    base_digest: Option<String>,
}

async fn get(
    call: Call<granted::GetImage>,
    ApiPath((digest, kind)): ApiPath<(String, String)>,
    ApiQuery(asked): ApiQuery<Asked>,
) -> Result<Answer<ImagePackageVulnerabilityResponse>, ApiError> {
    check_digest(&digest)?;
    check_kind(&kind)?;
    let inherited = match asked.base_digest.as_deref() {
        Some(text) => Some(call.service().inherited(&call, &digest, &base(text)?).await?),
        None => None,
    };
    let known = inherited.as_ref().and_then(Option::as_ref);
    let (_, all) = call.service().vulnerabilities(&call, &digest).await?;
    let (_, notes) = call.service().annotations(&call, &digest).await?;
    let vendor_only = asked.vendor_only.unwrap_or(true);
    let wanted = all.iter().filter(|found| is_of(found, &kind));
    let told = wanted.filter(|found| !vendor_only || found.matched.fix.state != FixState::WontFix).map(|found| {
        let mut row = told(found, asked.include_vuln_description.unwrap_or(false));
        if let Some(note) = about(&notes, &found.matched, &found.package) {
            row.annotation_status = note.body.get("status").cloned().and_then(|word| serde_json::from_value(word).ok());
            row.annotation_uuid = note.uuid.parse().ok();
        }
        let place = (found.matched.vulnerability.id.clone(), found.package.purl.clone());
        ImagePackageVulnerability { found: row, inherited_from_base: known.map(|(_, known)| known.contains(&place)) }
    });
    let problem = || json!({"message": "no analysed image of the account is one that this image was built from"});
    let problems = if inherited.as_ref().is_some_and(Option::is_none) { vec![problem()] } else { Vec::new() };
    Ok(Answer(ImagePackageVulnerabilityResponse {
        image_digest: Some(digest),
        base_digest: known.map(|(digest, _)| digest.clone()),
        base_image_problems: problems.into_iter().filter_map(|problem| problem.as_object().cloned()).collect(),
        vulnerability_type: Some(kind.clone()),
        extended_support: Some(false),
        vulnerabilities: told.collect(),
    }))
}

/// Refuses what is no kind of vulnerability.
pub(super) fn check_kind(kind: &str) -> Result<(), ServiceError> {
    if ["all", "os", "non-os"].contains(&kind) {
        return Ok(());
    }
    Err(ServiceError::invalid("`vuln_type`: expected `all`, `os` or `non-os`"))
}

/// Whether it is one of this kind.
pub(super) fn is_of(found: &Vulnerable, kind: &str) -> bool {
    match kind {
        "os" => found.package.package_type.is_os(),
        "non-os" => !found.package.package_type.is_os(),
        _ => true,
    }
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

pub(super) fn v2(scores: &[Cvss]) -> Option<CVSSV2Scores> {
    scores.iter().find(|score| score.version.starts_with('2')).map(|score| CVSSV2Scores {
        base_score: Some(score.base),
        exploitability_score: score.exploitability,
        impact_score: score.impact,
    })
}

pub(super) fn v3(scores: &[Cvss]) -> Option<CVSSV3Scores> {
    scores.iter().find(|score| score.version.starts_with('3')).map(|score| CVSSV3Scores {
        base_score: Some(score.base),
        exploitability_score: score.exploitability,
        impact_score: score.impact,
    })
}

/// The word for a severity, as records apart from packages have it.
pub(super) const fn severity_word(severity: Severity) -> vulnerability::Severity {
    match severity {
        Severity::Unknown => vulnerability::Severity::Unknown,
        Severity::Negligible => vulnerability::Severity::Negligible,
        Severity::Low => vulnerability::Severity::Low,
        Severity::Medium => vulnerability::Severity::Medium,
        Severity::High => vulnerability::Severity::High,
        Severity::Critical => vulnerability::Severity::Critical,
    }
}

/// What NVD says of the CVEs of a record.
pub(super) fn nvd(known: &Vulnerability, description: bool) -> NvdDataList {
    let of = |id: &str, text: &str, cvss: &[Cvss]| NvdDataObject {
        id: Some(id.to_owned()),
        description: description.then(|| text.to_owned()),
        kind: Some(RecordType::Primary),
        source: Some("nvd@nist.gov".to_owned()),
        cvss_v2: v2(cvss),
        cvss_v3: v3(cvss),
        is_kev: Some(known.kev.iter().any(|kev| kev.cve == id)),
        epss: None,
    };
    let own = (known.provider == "nvd").then(|| of(&known.id, &known.description, &known.cvss));
    let related = known.related.iter().filter(|related| related.namespace.starts_with("nvd"));
    let related = related.map(|related| of(&related.id, &related.description, &related.cvss));
    NvdDataList(own.into_iter().chain(related).collect())
}

/// What the record's own provider says.
pub(super) fn vendor(known: &Vulnerability) -> VendorDataList {
    VendorDataList(vec![VendorDataObject {
        id: Some(known.id.clone()),
        kind: Some(RecordType::Primary),
        source: Some(known.provider.clone()),
        cvss_v2: v2(&known.cvss),
        cvss_v3: v3(&known.cvss),
    }])
}

pub(super) fn told(found: &Vulnerable, description: bool) -> PackageVulnerability {
    let (known, package, fix) = (&found.matched.vulnerability, &found.package, &found.matched.fix);
    let epss = known.epss.iter().map(|epss| PackageEPSS { epss: Some(epss.score), percentile: Some(epss.percentile) });
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
        nvd_data: Some(nvd(known, description)),
        vendor_data: Some(vendor(known)),
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

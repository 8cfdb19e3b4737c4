//! What an image holds: packages by type, files, searches, metadata, SBOM documents.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use stopgate_api_types::content::{
    ContentCount, ContentFilesResponse, ContentJavaPackageResponse, ContentMalwareResponse, ContentPackageResponse,
    FilesContent, ImageContentSummary, JavaPackageContent, LicenseReviewItem, LicenseReviewPackage,
    LicenseReviewPackageLicense, LicenseReviewResponse, LicenseSource, MalwareFinding, MalwareScan, MetadataResponse,
    PackageContent,
};
use stopgate_api_types::search::{
    FileContentSearchList, FileContentSearchResult, RegexContentMatch, RetrievedFile, RetrievedFileList,
};
use stopgate_model::{Artifact, Package, SearchHit};
use stopgate_service::permission::granted;
use stopgate_service::{ServiceError, sbom};

use crate::answer::{Answer, Written};
use crate::call::Call;
use crate::error::ApiError;
use crate::extract::{ApiPath, ImageDigest, check_digest};
use crate::routes::Routes;

pub(super) fn routes(routes: &mut Routes) {
    routes
        .get("/images/{image_digest}/content", types)
        .get("/images/{image_digest}/content-summary", summary)
        .get("/images/{image_digest}/content/files", files)
        .get("/images/{image_digest}/content/java", java)
        .get("/images/{image_digest}/content/licenses", licenses)
        .get("/images/{image_digest}/content/malware", malware)
        .get("/images/{image_digest}/content/{content_type}", packages)
        .get("/images/{image_digest}/metadata", metadata_types)
        .get("/images/{image_digest}/metadata/{metadata_type}", metadata)
        .get("/images/{image_digest}/artifacts/secret-search", secrets)
        .get("/images/{image_digest}/artifacts/file-content-search", searches)
        .get("/images/{image_digest}/artifacts/retrieved-files", retrieved)
        .get("/images/{image_digest}/sboms/native-json", native)
        .get("/images/{image_digest}/sboms/cyclonedx-json", cyclonedx)
        .get("/images/{image_digest}/sboms/spdx-json", spdx);
}

/// Types of packages that always have a name, whether there are any or not.
pub(super) const ALWAYS: [&str; 8] = ["binary", "gem", "go", "java", "npm", "nuget", "os", "python"];
/// What is told beside packages.
const OTHERS: [&str; 5] = ["content_search", "files", "malware", "retrieved_files", "secret_search"];

/// The type under which a package is listed: all of a distribution's packages together.
pub(super) fn listed_as(package: &Package) -> String {
    if package.package_type.is_os() { "os".to_owned() } else { package.package_type.anchore().to_lowercase() }
}

fn all_types(artifact: &Artifact) -> Vec<String> {
    let mut all: Vec<String> = artifact.packages.iter().map(listed_as).collect();
    all.extend(ALWAYS.iter().chain(&OTHERS).map(|name| (*name).to_owned()));
    all.sort();
    all.dedup();
    all
}

async fn types(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<Vec<String>>, ApiError> {
    let (_, artifact) = call.service().content(&call, &digest).await?;
    Ok(Answer(all_types(&artifact)))
}

async fn summary(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<ImageContentSummary>, ApiError> {
    let (_, artifact) = call.service().content(&call, &digest).await?;
    let hits = |hits: &Option<Vec<SearchHit>>| hits.as_ref().map_or(0, Vec::len);
    let count = |name: &str| match name {
        "files" => artifact.files.as_ref().map_or(0, stopgate_model::FileIndex::len),
        "secret_search" => hits(&artifact.secrets),
        "content_search" => hits(&artifact.content),
        "retrieved_files" => artifact.retrieved.as_ref().map_or(0, Vec::len),
        "malware" => artifact.documents.malware.iter().flatten().map(|scan| scan.findings.len()).sum(),
        name => artifact.packages.iter().filter(|package| listed_as(package) == name).count(),
    };
    let items = all_types(&artifact)
        .into_iter()
        .map(|name| ContentCount {
            count: Some(count(&name) as u64),
            display_name: Some(name.replace('_', " ")),
            content_type: Some(name),
        })
        .collect();
    Ok(Answer(ImageContentSummary { items }))
}

async fn files(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<ContentFilesResponse>, ApiError> {
    let (_, artifact) = call.service().content(&call, &digest).await?;
    let Some(index) = &artifact.files else {
        return Err(ServiceError::not_found("the files of this image were not collected").into());
    };
    let content = index
        .iter()
        .map(|entry| FilesContent {
            filename: Some(entry.path.to_owned()),
            gid: Some(u64::from(entry.gid)),
            linkdest: entry.link.map(str::to_owned),
            mode: Some(format!("{:#o}", entry.st_mode()).replace("0o", "0")),
            sha256: entry.sha256.map(hex::encode),
            size: Some(entry.size),
            kind: Some(kind(entry.kind).to_owned()),
            uid: Some(u64::from(entry.uid)),
        })
        .collect();
    Ok(Answer(ContentFilesResponse { image_digest: Some(digest), content_type: Some("files".to_owned()), content }))
}

const fn kind(kind: stopgate_model::FileKind) -> &'static str {
    use stopgate_model::FileKind;
    match kind {
        FileKind::Directory => "dir",
        FileKind::Symlink => "slink",
        FileKind::HardLink => "hlink",
        FileKind::Regular => "file",
        _ => "other",
    }
}

fn licenses_of(package: &Package) -> Vec<String> {
    package.licenses.iter().map(|license| license.value.clone()).collect()
}

fn location(package: &Package) -> String {
    if package.package_type.is_os() {
        return "pkgdb".to_owned();
    }
    package.primary_location().map_or_else(String::new, |location| location.path.clone())
}

fn details(package: &Package) -> Option<serde_json::Map<String, Value>> {
    let value: Value = serde_json::from_str(&package.details.as_ref()?.json).ok()?;
    value.as_object().cloned()
}

pub(super) fn told(package: &Package) -> PackageContent {
    let metadata = details(package);
    let text = |names: &[&str]| {
        let found = names.iter().find_map(|name| metadata.as_ref()?.get(*name).cloned());
        found.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    PackageContent {
        package: Some(package.name.clone()),
        version: Some(package.version.clone()),
        size: Some(text(&["installedSize", "size"]).unwrap_or_else(|| "N/A".to_owned())),
        kind: Some(package.package_type.anchore().to_uppercase()),
        origin: Some(text(&["maintainer", "vendor", "author"]).unwrap_or_else(|| "N/A".to_owned())),
        licenses: licenses_of(package),
        location: Some(location(package)),
        cpes: package.cpes.iter().map(|cpe| cpe.text.clone()).collect(),
        metadata_type: package.details.as_ref().map(|details| details.type_name.clone()),
        metadata,
        purl: Some(package.purl.clone()),
    }
}

async fn packages(
    call: Call<granted::GetImage>,
    ApiPath((digest, wanted)): ApiPath<(String, String)>,
) -> Result<Answer<ContentPackageResponse>, ApiError> {
    check_digest(&digest)?;
    let (_, artifact) = call.service().content(&call, &digest).await?;
    let known = all_types(&artifact);
    if !known.contains(&wanted) {
        return Err(ServiceError::invalid(format!("`content_type`: expected one of {}", known.join(", "))).into());
    }
    let content = artifact.packages.iter().filter(|package| listed_as(package) == wanted).map(told).collect();
    Ok(Answer(ContentPackageResponse { image_digest: Some(digest), content_type: Some(wanted), content }))
}

async fn java(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<ContentJavaPackageResponse>, ApiError> {
    let (_, artifact) = call.service().content(&call, &digest).await?;
    let of = |package: &Package| {
        let metadata = details(package);
        let main = |name: &str| {
            let manifest = metadata.as_ref()?.get("manifest")?.get("main")?;
            let entries = manifest.as_array()?.iter();
            entries.filter(|entry| entry["key"] == name).find_map(|entry| entry["value"].as_str().map(str::to_owned))
        };
        let properties = metadata.as_ref().and_then(|metadata| metadata.get("pomProperties"));
        let maven = properties.and_then(|properties| properties["version"].as_str().map(str::to_owned));
        let missing = || Some("N/A".to_owned());
        JavaPackageContent {
            package: Some(package.name.clone()),
            implementation_version: main("Implementation-Version").or_else(missing),
            specification_version: main("Specification-Version").or_else(missing),
            maven_version: maven.or_else(missing),
            location: Some(location(package)),
            kind: Some("JAVA-JAR".to_owned()),
            origin: main("Specification-Vendor").or_else(|| main("Implementation-Vendor")).or_else(missing),
            licenses: licenses_of(package),
            cpes: package.cpes.iter().map(|cpe| cpe.text.clone()).collect(),
            purl: Some(package.purl.clone()),
            version: Some(package.version.clone()),
        }
    };
    let content = artifact.packages.iter().filter(|package| listed_as(package) == "java").map(of).collect();
    Ok(Answer(ContentJavaPackageResponse {
        image_digest: Some(digest),
        content_type: Some("java".to_owned()),
        content,
    }))
}

async fn licenses(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<LicenseReviewResponse>, ApiError> {
    let (_, artifact) = call.service().content(&call, &digest).await?;
    let of = |package: &Package| LicenseReviewItem {
        package: Some(LicenseReviewPackage {
            name: Some(package.name.clone()),
            version: Some(package.version.clone()),
            kind: Some(package.package_type.anchore().to_owned()),
            purl: Some(package.purl.clone()),
        }),
        licenses: package
            .licenses
            .iter()
            .map(|license| LicenseReviewPackageLicense {
                license_id: (!license.spdx.is_empty()).then(|| license.spdx.clone()),
                license_name: Some(license.value.clone()),
                license_text: None,
                license_header: None,
                license_url: license.urls.first().cloned(),
                source: Some(LicenseSource::Sbom),
            })
            .collect(),
    };
    Ok(Answer(LicenseReviewResponse { items: artifact.packages.iter().map(of).collect() }))
}

async fn malware(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<ContentMalwareResponse>, ApiError> {
    let (_, artifact) = call.service().content(&call, &digest).await?;
    let content = artifact
        .documents
        .malware
        .iter()
        .flatten()
        .map(|scan| MalwareScan {
            enabled: Some(true),
            scanner: Some(scan.scanner.clone()),
            metadata: json!({"db_version": scan.database}).as_object().cloned(),
            findings: scan
                .findings
                .iter()
                .map(|found| MalwareFinding {
                    path: Some(found.path.clone()),
                    signature: Some(found.signature.clone()),
                })
                .collect(),
        })
        .collect();
    Ok(Answer(ContentMalwareResponse { image_digest: Some(digest), content_type: Some("malware".to_owned()), content }))
}

async fn metadata_types(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<Vec<String>>, ApiError> {
    call.service().image(&call, &digest).await?;
    Ok(Answer(METADATA.iter().map(|name| (*name).to_owned()).collect()))
}

const METADATA: [&str; 3] = ["manifest", "docker_history", "dockerfile"];

async fn metadata(
    call: Call<granted::GetImage>,
    ApiPath((digest, wanted)): ApiPath<(String, String)>,
) -> Result<Answer<MetadataResponse>, ApiError> {
    check_digest(&digest)?;
    if !METADATA.contains(&wanted.as_str()) {
        return Err(ServiceError::invalid(format!("`metadata_type`: expected one of {}", METADATA.join(", "))).into());
    }
    let (view, artifact) = call.service().content(&call, &digest).await?;
    // All three are told in base64, as text.
    let text = match wanted.as_str() {
        "manifest" => view.image.manifest.clone().unwrap_or_default(),
        "dockerfile" => artifact.dockerfile.as_ref().map(|dockerfile| dockerfile.text.clone()).unwrap_or_default(),
        _ => {
            let history = artifact.config.as_ref().and_then(|config| config.history.as_ref());
            let entries: Vec<Value> = history
                .into_iter()
                .flatten()
                .map(|entry| {
                    json!({"Created": entry.created, "CreatedBy": entry.created_by, "Comment": entry.comment,
                           "empty_layer": entry.empty_layer})
                })
                .collect();
            Value::Array(entries).to_string()
        }
    };
    Ok(Answer(MetadataResponse {
        image_digest: Some(digest),
        metadata_type: Some(wanted.clone()),
        metadata: Some(Value::String(STANDARD.encode(text))),
    }))
}

fn hits(hits: Option<&Vec<SearchHit>>) -> Vec<FileContentSearchResult> {
    let mut all: Vec<FileContentSearchResult> = Vec::new();
    for hit in hits.into_iter().flatten() {
        let found = RegexContentMatch {
            name: Some(hit.name.clone()),
            regex: Some(hit.pattern.clone()),
            lines: hit.lines.iter().map(|line| u64::from(*line)).collect(),
        };
        match all.iter_mut().find(|known| known.path.as_deref() == Some(hit.path.as_str())) {
            Some(known) => known.matches.push(found),
            None => all.push(FileContentSearchResult { path: Some(hit.path.clone()), matches: vec![found] }),
        }
    }
    all
}

async fn secrets(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<FileContentSearchList>, ApiError> {
    let (_, artifact) = call.service().content(&call, &digest).await?;
    Ok(Answer(FileContentSearchList::from(hits(artifact.secrets.as_ref()))))
}

async fn searches(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<FileContentSearchList>, ApiError> {
    let (_, artifact) = call.service().content(&call, &digest).await?;
    Ok(Answer(FileContentSearchList::from(hits(artifact.content.as_ref()))))
}

async fn retrieved(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Answer<RetrievedFileList>, ApiError> {
    let (_, artifact) = call.service().content(&call, &digest).await?;
    // Password hashes are kept for the policy, which is no reason to hand them out.
    let shown = artifact.retrieved.iter().flatten().filter(|file| file.path != "/etc/shadow");
    let all = shown
        .map(|file| RetrievedFile { path: Some(file.path.clone()), b64_content: Some(STANDARD.encode(&file.content)) });
    Ok(Answer(RetrievedFileList(all.collect())))
}

async fn document(
    call: &Call<granted::GetImage>,
    digest: &str,
    write: fn(&Artifact) -> Result<Vec<u8>, ServiceError>,
) -> Result<Written<Value>, ApiError> {
    let (_, artifact) = call.service().content(call, digest).await?;
    let written = tokio::task::spawn_blocking(move || write(&artifact)).await.map_err(ServiceError::internal)??;
    Ok(Written::new(written))
}

async fn native(call: Call<granted::GetImage>, ImageDigest(digest): ImageDigest) -> Result<Written<Value>, ApiError> {
    document(&call, &digest, sbom::native).await
}

async fn cyclonedx(
    call: Call<granted::GetImage>,
    ImageDigest(digest): ImageDigest,
) -> Result<Written<Value>, ApiError> {
    document(&call, &digest, sbom::cyclonedx).await
}

async fn spdx(call: Call<granted::GetImage>, ImageDigest(digest): ImageDigest) -> Result<Written<Value>, ApiError> {
    document(&call, &digest, sbom::spdx).await
}

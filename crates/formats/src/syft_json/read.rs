//! Reads the document: today's schema and all that came before it.
//!
//! Broken elements are gaps. A document of a newer model is read as far as it can be, with a gap that says so.
//! `files` becomes the file tree only when the document says that it lists every file; a partial list
//! would make policies believe that the other files are not there.

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{
    Analyzer, Artifact, Cpe, Details, Digest, Distro, Element, EvidenceKind, License, LicenseKind, Location, Package,
    PackageType, Relationship, RelationshipKind,
};

use super::read_source;
use super::{metadata, read_files};
use crate::FormatError;
use crate::elements::{self, Broken, Ids};
use crate::error::bounded;

pub(super) const FORMAT: &str = "syft-json";
const MODEL: u32 = 16;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(borrow)]
    artifacts: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    artifact_relationships: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    files: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    distro: Option<&'a RawValue>,
    #[serde(borrow)]
    descriptor: Option<&'a RawValue>,
    #[serde(borrow)]
    schema: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct Descriptor<'a> {
    pub(super) name: Option<String>,
    version: Option<String>,
    #[serde(borrow)]
    pub(super) configuration: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Schema {
    version: Option<String>,
}

/// Reads an artifact from syft-json.
pub fn read(bytes: &[u8]) -> Result<Artifact, FormatError> {
    let text = bounded(FORMAT, bytes)?;
    let document: Document<'_> =
        serde_json::from_str(text).map_err(|source| FormatError::Json { format: FORMAT, source })?;
    let Some(artifacts) = document.artifacts else {
        return Err(FormatError::invalid(FORMAT, "it has no `artifacts`: expected a list of packages"));
    };
    let mut broken = Broken::default();
    let descriptor: Descriptor<'_> =
        document.descriptor.and_then(|raw| broken.read("descriptor", 0, raw)).unwrap_or_default();
    let schema: Schema = document.schema.and_then(|raw| broken.read("schema", 0, raw)).unwrap_or_default();
    let schema = schema.version.unwrap_or_default();
    if schema.split('.').next().and_then(|model| model.parse::<u32>().ok()).is_some_and(|model| model > MODEL) {
        broken.add(format!("the document has the newer schema {schema}: parts that {MODEL} does not know are missing"));
    }
    let source = read_source::read(document.source, &mut broken);
    let mut ids = Ids::default();
    let artifacts = broken.within_limit(artifacts);
    let mut packages: Vec<Package> =
        artifacts.into_iter().enumerate().filter_map(|(at, raw)| package(raw, at, &mut ids, &mut broken)).collect();
    let edges = document.artifact_relationships.unwrap_or_default();
    let mut relationships: Vec<_> = edges
        .into_iter()
        .enumerate()
        .filter_map(|(at, raw)| relationship(raw, at, &ids, &source.id, &mut broken))
        .collect();
    let listed = document.files.unwrap_or_default();
    let old_modes = schema == "1.0.0" && descriptor.name.as_deref() == Some("anchorectl");
    let files = read_files::read(listed, &descriptor, old_modes, &source, &mut broken);
    let distro = document.distro.and_then(|raw| distro(raw, &mut broken)).or_else(|| elements::distro_of(&packages));
    if let Some(gap) = elements::distro_gap(&packages, distro.as_ref()) {
        broken.gap(gap);
    }
    elements::sort(&mut packages, &mut relationships);
    Ok(Artifact {
        source,
        config: None,
        distro,
        packages,
        relationships,
        files,
        dockerfile: None,
        secrets: None,
        retrieved: None,
        gaps: broken.finish(),
        analyzer: Analyzer {
            name: descriptor.name.unwrap_or_default(),
            version: descriptor.version.unwrap_or_default(),
        },
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawPackage<'a> {
    id: Option<String>,
    name: Option<String>,
    version: Option<String>,
    #[serde(rename = "type")]
    package_type: Option<String>,
    found_by: Option<String>,
    #[serde(borrow)]
    locations: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    licenses: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    cpes: Option<Vec<&'a RawValue>>,
    purl: Option<String>,
    metadata_type: Option<String>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

fn package(raw: &RawValue, at: usize, ids: &mut Ids, broken: &mut Broken) -> Option<Package> {
    let raw: RawPackage<'_> = broken.read("package", at, raw)?;
    let type_name = raw.package_type.unwrap_or_default();
    let mut package =
        Package::new(PackageType::named(&type_name), raw.name.unwrap_or_default(), raw.version.unwrap_or_default());
    package.purl = raw.purl.unwrap_or_default();
    package.found_by = raw.found_by.unwrap_or_default();
    package.locations =
        raw.locations.unwrap_or_default().into_iter().filter_map(|raw| location(raw, at, broken)).collect();
    package.locations.sort_by_key(|location| location.evidence);
    package.licenses =
        raw.licenses.unwrap_or_default().into_iter().filter_map(|raw| license(raw, at, broken)).collect();
    package.cpes = raw.cpes.unwrap_or_default().into_iter().filter_map(|raw| cpe(raw, at, broken)).collect();
    let type_name = raw.metadata_type.unwrap_or_default();
    let type_name = metadata::current_name(&type_name, &package.locations);
    if let Some(raw) = raw.metadata {
        metadata::fill(&mut package, type_name, raw);
        package.details = Some(Details { type_name: type_name.to_owned(), json: raw.get().to_owned() });
    }
    elements::fill_from_purl(&mut package);
    if package.package_type.id().is_empty() {
        package.package_type = PackageType::UNKNOWN;
    }
    if package.name.is_empty() {
        broken.add(format!("package {at} of the document has no name"));
        return None;
    }
    package.id = ids.assign(&raw.id.unwrap_or_default(), &package);
    Some(package)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLocation {
    path: Option<String>,
    #[serde(rename = "layerID")]
    layer_id: Option<String>,
    access_path: Option<String>,
    // Named so before schema 15.
    virtual_path: Option<String>,
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Annotations {
    evidence: Option<String>,
}

fn location(raw: &RawValue, at: usize, broken: &mut Broken) -> Option<Location> {
    let raw: RawLocation = broken.read("a location of package", at, raw)?;
    let path = rooted(raw.path.filter(|path| !path.is_empty())?);
    let layer = raw.layer_id.filter(|layer| !layer.is_empty()).and_then(|layer| match Digest::parse(&layer) {
        Ok(layer) => Some(layer),
        Err(error) => {
            broken.add(format!("the layer of a location of package {at} of the document is unknown: {error}"));
            None
        }
    });
    let access_path = raw.access_path.or(raw.virtual_path).filter(|path| !path.is_empty()).map(rooted);
    let evidence = match raw.annotations.and_then(|annotations| annotations.evidence).as_deref() {
        Some("primary") => EvidenceKind::Primary,
        // syft: whatever is not said to prove the package adds to it.
        _ => EvidenceKind::Supporting,
    };
    Some(Location { access_path: access_path.unwrap_or_else(|| path.clone()), path, layer, evidence })
}

// Documents of directories before schema 11 have paths relative to the root.
pub(super) fn rooted(path: String) -> String {
    if path.starts_with('/') { path } else { format!("/{path}") }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLicense<'a> {
    value: Option<String>,
    spdx_expression: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    urls: Option<Vec<String>>,
    #[serde(borrow)]
    locations: Option<Vec<&'a RawValue>>,
}

fn license(raw: &RawValue, at: usize, broken: &mut Broken) -> Option<License> {
    if raw.get().starts_with('"') {
        let value: String = broken.read("a licence of package", at, raw)?;
        let spdx = if spdx::Expression::parse(&value).is_ok() { value.clone() } else { String::new() };
        return Some(License { value, spdx, kind: LicenseKind::Declared, urls: Vec::new(), locations: Vec::new() });
    }
    let raw: RawLicense<'_> = broken.read("a licence of package", at, raw)?;
    Some(License {
        value: raw.value.unwrap_or_default(),
        spdx: raw.spdx_expression.unwrap_or_default(),
        kind: if raw.kind.as_deref() == Some("concluded") { LicenseKind::Concluded } else { LicenseKind::Declared },
        urls: raw.urls.unwrap_or_default(),
        locations: raw.locations.unwrap_or_default().into_iter().filter_map(|raw| location(raw, at, broken)).collect(),
    })
}

#[derive(Deserialize)]
struct RawCpe {
    cpe: String,
    source: Option<String>,
}

fn cpe(raw: &RawValue, at: usize, broken: &mut Broken) -> Option<Cpe> {
    if raw.get().starts_with('"') {
        return broken.read("a CPE of package", at, raw).map(|text| Cpe { text, source: String::new() });
    }
    let raw: RawCpe = broken.read("a CPE of package", at, raw)?;
    Some(Cpe { text: raw.cpe, source: raw.source.unwrap_or_default() })
}

#[derive(Deserialize)]
struct RawRelationship {
    parent: String,
    child: String,
    #[serde(rename = "type")]
    kind: String,
    metadata: Option<RelationshipMetadata>,
}

#[derive(Deserialize)]
struct RelationshipMetadata {
    files: Option<Vec<String>>,
}

fn relationship(raw: &RawValue, at: usize, ids: &Ids, source: &str, broken: &mut Broken) -> Option<Relationship> {
    let raw: RawRelationship = broken.read("relationship", at, raw)?;
    let child_is_file = ids.get(&raw.child).is_none();
    let kind = match raw.kind.as_str() {
        // These follow from the packages themselves.
        "evident-by" => return None,
        "contains" if child_is_file || raw.parent == source => return None,
        "ownership-by-file-overlap" => {
            let mut files = raw.metadata.and_then(|metadata| metadata.files).unwrap_or_default();
            files.sort_unstable();
            RelationshipKind::OwnershipByFileOverlap(files)
        }
        // As syft does: build-dependency-of and the like say so too.
        name if name.contains("dependency-of") => RelationshipKind::DependencyOf,
        name => RelationshipKind::Other(name.to_owned()),
    };
    let element = |id: &str| if id == source { Element::Source } else { ids.element(id) };
    Some(Relationship { from: element(&raw.parent), to: element(&raw.child), kind })
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "camelCase")]
struct RawDistro<'a> {
    pretty_name: Option<String>,
    name: Option<String>,
    id: Option<String>,
    #[serde(borrow)]
    id_like: Option<&'a RawValue>,
    version: Option<String>,
    #[serde(rename = "versionID")]
    version_id: Option<String>,
    version_codename: Option<String>,
    #[serde(rename = "buildID")]
    build_id: Option<String>,
    #[serde(rename = "imageID")]
    image_id: Option<String>,
    image_version: Option<String>,
    variant: Option<String>,
    #[serde(rename = "variantID")]
    variant_id: Option<String>,
    #[serde(rename = "homeURL")]
    home_url: Option<String>,
    #[serde(rename = "supportURL")]
    support_url: Option<String>,
    #[serde(rename = "bugReportURL")]
    bug_report_url: Option<String>,
    #[serde(rename = "privacyPolicyURL")]
    privacy_policy_url: Option<String>,
    cpe_name: Option<String>,
    support_end: Option<String>,
    extended_support: Option<bool>,
}

fn distro(raw: &RawValue, broken: &mut Broken) -> Option<Distro> {
    if raw.get() == "null" {
        return None;
    }
    let raw: RawDistro<'_> = broken.read("distribution", 0, raw)?;
    let id_like = raw.id_like.map(|raw| {
        serde_json::from_str::<Vec<String>>(raw.get())
            .or_else(|_| serde_json::from_str::<String>(raw.get()).map(|text| split(&text)))
            .unwrap_or_default()
    });
    let mut distro = Distro {
        id: raw.id.unwrap_or_default(),
        id_like: id_like.unwrap_or_default(),
        name: raw.name.unwrap_or_default(),
        pretty_name: raw.pretty_name.unwrap_or_default(),
        version: raw.version.unwrap_or_default(),
        version_id: raw.version_id.unwrap_or_default(),
        version_codename: raw.version_codename.unwrap_or_default(),
        build_id: raw.build_id.unwrap_or_default(),
        image_id: raw.image_id.unwrap_or_default(),
        image_version: raw.image_version.unwrap_or_default(),
        variant: raw.variant.unwrap_or_default(),
        variant_id: raw.variant_id.unwrap_or_default(),
        home_url: raw.home_url.unwrap_or_default(),
        support_url: raw.support_url.unwrap_or_default(),
        bug_report_url: raw.bug_report_url.unwrap_or_default(),
        privacy_policy_url: raw.privacy_policy_url.unwrap_or_default(),
        cpe_name: raw.cpe_name.unwrap_or_default(),
        support_end: raw.support_end.unwrap_or_default(),
        extended_support: raw.extended_support.unwrap_or_default(),
    };
    if distro == Distro::default() {
        return None;
    }
    // Before schema 2 `name` was the id and `version` the version id.
    if distro.id.is_empty() && !distro.name.contains(' ') {
        distro.id = distro.name.to_ascii_lowercase();
        if distro.version_id.is_empty() {
            distro.version_id.clone_from(&distro.version);
        }
    }
    Some(distro)
}

fn split(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

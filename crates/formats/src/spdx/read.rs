//! Reads SPDX 2.x JSON: packages with their package URLs, CPEs and licences. Files and snippets are passed over.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{
    Analyzer, Artifact, Cpe, Digest, DigestAlgorithm, Distro, Documents, Element, EvidenceKind, License, LicenseKind,
    Location, Package, PackageType, Purl, Relationship, RelationshipKind, SbomHead, SourceDescription, SourceKind,
};

use crate::FormatError;
use crate::elements::{self, Broken, Ids, Others, Packages};
use crate::error::bounded;

const FORMAT: &str = "SPDX";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    spdx_version: Option<String>,
    name: Option<String>,
    comment: Option<String>,
    #[serde(rename = "documentNamespace")]
    namespace: Option<String>,
    #[serde(rename = "documentDescribes")]
    describes: Option<Vec<String>>,
    #[serde(borrow)]
    creation_info: Option<&'a RawValue>,
    #[serde(borrow)]
    packages: Option<Packages<'a>>,
    #[serde(borrow)]
    relationships: Option<Others<'a>>,
    #[serde(borrow)]
    has_extracted_licensing_infos: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(rename = "SPDXID")]
    id: Option<String>,
    name: Option<String>,
    version_info: Option<String>,
    primary_package_purpose: Option<String>,
    description: Option<String>,
    source_info: Option<String>,
    license_declared: Option<String>,
    license_concluded: Option<String>,
    checksums: Option<Vec<Checksum>>,
    external_refs: Option<Vec<External>>,
    supplier: Option<serde_json::Value>,
}

impl Row {
    /// Whether somebody is named who supplies it.
    fn is_supplied(&self) -> bool {
        let supplier = self.supplier.as_ref().and_then(serde_json::Value::as_str);
        supplier.is_some_and(|supplier| !matches!(supplier.trim(), "" | "NOASSERTION"))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: String,
    checksum_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct External {
    reference_type: Option<String>,
    reference_locator: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Edge {
    spdx_element_id: String,
    related_spdx_element: String,
    relationship_type: String,
    comment: Option<String>,
}

/// Reads an artifact from SPDX 2.x JSON.
pub fn read(bytes: &[u8]) -> Result<Artifact, FormatError> {
    read_text(bounded(FORMAT, bytes)?)
}

/// Reads a text whose size and depth are within limits.
pub(crate) fn read_text(text: &str) -> Result<Artifact, FormatError> {
    let document: Document<'_> =
        serde_json::from_str(text).map_err(|source| FormatError::Json { format: FORMAT, source })?;
    let version = document.spdx_version.unwrap_or_default();
    if !version.starts_with("SPDX-2.") {
        return Err(FormatError::version(FORMAT, &version, "SPDX-2.2 or SPDX-2.3"));
    }
    let mut broken = Broken::default();
    // The gaps of a document of ours, one a line.
    for gap in document.comment.iter().flat_map(|comment| comment.lines()).filter_map(elements::named_gap) {
        broken.gap(gap);
    }
    let rows = broken.packages(document.packages);
    let rows: Vec<Row> =
        rows.into_iter().enumerate().filter_map(|(at, raw)| broken.object("package", at, raw)).collect();
    let edges = broken.others("relationships", document.relationships);
    let edges: Vec<Edge> =
        edges.into_iter().enumerate().filter_map(|(at, raw)| broken.object("relationship", at, raw)).collect();
    let described = document.describes.unwrap_or_default();
    let root = root(&rows, &edges, &described);
    let texts = document.has_extracted_licensing_infos.map(extracted).unwrap_or_default();
    let (mut ids, mut packages, mut distro) = (Ids::default(), Vec::new(), None);
    let mut supplied = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        if Some(at) == root {
            continue;
        }
        if is_operating_system(row) {
            distro = distro.or_else(|| operating_system(row));
        } else if let Some(package) = package(row, at, &texts, &mut ids, &mut broken) {
            if row.is_supplied() {
                supplied.push(package.id);
            }
            packages.push(package);
        }
    }
    supplied.sort_unstable();
    let mut relationships: Vec<_> = edges.iter().filter_map(|edge| relationship(edge, &ids)).collect();
    let distro = distro.or_else(|| elements::distro_of(&packages));
    if let Some(gap) = elements::distro_gap(&packages, distro.as_ref()) {
        broken.gap(gap);
    }
    elements::sort(&mut packages, &mut relationships);
    let root = root.and_then(|at| rows.get(at));
    let name = root.and_then(|row| row.name.clone()).or(document.name).unwrap_or_default();
    Ok(Artifact {
        source: SourceDescription {
            id: document.namespace.unwrap_or_else(|| name.clone()),
            user_input: name.clone(),
            name,
            version: root.and_then(|row| row.version_info.clone()).unwrap_or_default(),
            kind: SourceKind::Other {
                type_name: root.and_then(|row| row.primary_package_purpose.clone()).unwrap_or_default(),
                json: String::new(),
            },
        },
        config: None,
        distro,
        packages,
        relationships,
        files: None,
        dockerfile: None,
        secrets: None,
        hidden_secrets: None,
        config_secrets: None,
        content: None,
        retrieved: None,
        documents: Documents::default(),
        gaps: broken.finish(),
        analyzer: document.creation_info.map_or_else(unknown, analyzer),
        sbom: Some(SbomHead { supplied, ..document.creation_info.map(head).unwrap_or_default() }),
    })
}

const fn unknown() -> Analyzer {
    Analyzer { name: String::new(), version: String::new() }
}

/// Who made the document, and when.
fn head(raw: &RawValue) -> SbomHead {
    #[derive(Deserialize, Default)]
    #[serde(default)]
    struct Creation {
        creators: Vec<String>,
        created: String,
        comment: String,
    }
    let creation: Creation = serde_json::from_str(raw.get()).unwrap_or_default();
    let person = |creator: &String| creator.starts_with("Person:") || creator.starts_with("Organization:");
    SbomHead {
        authors: creation.creators.into_iter().filter(person).collect(),
        created: creation.created,
        contexts: Some(creation.comment).filter(|comment| !comment.trim().is_empty()).into_iter().collect(),
        supplied: Vec::new(),
    }
}

/// The tool among the creators, `Tool: NAME-VERSION`.
fn analyzer(raw: &RawValue) -> Analyzer {
    #[derive(Deserialize)]
    struct Creation {
        creators: Option<Vec<String>>,
    }
    let creators = serde_json::from_str::<Creation>(raw.get()).ok().and_then(|creation| creation.creators);
    let creators = creators.unwrap_or_default();
    let Some(tool) = creators.iter().find_map(|creator| creator.strip_prefix("Tool:")) else { return unknown() };
    let (name, version) = tool.trim().split_once('-').unwrap_or((tool.trim(), ""));
    Analyzer { name: name.to_owned(), version: version.to_owned() }
}

/// The package that stands for what the document describes: the only one described, unless it is itself a
/// package like the others.
fn root(rows: &[Row], edges: &[Edge], described: &[String]) -> Option<usize> {
    let mut ids: HashSet<&str> = described.iter().map(String::as_str).collect();
    ids.extend(
        edges
            .iter()
            .filter(|edge| edge.relationship_type == "DESCRIBES")
            .map(|edge| edge.related_spdx_element.as_str()),
    );
    let mut found = rows.iter().enumerate().filter(|(_, row)| row.id.as_deref().is_some_and(|id| ids.contains(id)));
    let (at, row) = found.next()?;
    let purl = purl(row).and_then(|purl| Purl::parse(purl).ok());
    if row.id.as_deref().is_some_and(|id| id.starts_with("SPDXRef-DocumentRoot")) {
        return Some(at);
    }
    let purpose = row.primary_package_purpose.as_deref();
    let stands_for_all = matches!(purpose, Some("CONTAINER" | "SOURCE" | "FILE" | "DEVICE" | "FIRMWARE"))
        || purl.is_none_or(|purl| matches!(purl.package_type.as_str(), "oci" | "docker" | "github" | "generic"));
    (found.next().is_none() && rows.len() > 1 && stands_for_all).then_some(at)
}

fn purl(row: &Row) -> Option<&str> {
    let mut all = row.external_refs.iter().flatten();
    all.find(|external| external.reference_type.as_deref() == Some("purl"))?.reference_locator.as_deref()
}

fn is_operating_system(row: &Row) -> bool {
    matches!(row.primary_package_purpose.as_deref(), Some("OPERATING_SYSTEM" | "OPERATING-SYSTEM"))
        && purl(row).is_none()
}

fn operating_system(row: &Row) -> Option<Distro> {
    Some(Distro {
        id: row.name.as_deref()?.to_ascii_lowercase(),
        version_id: row.version_info.clone().unwrap_or_default(),
        pretty_name: row.description.clone().unwrap_or_default(),
        ..Distro::default()
    })
}

/// Texts of licences that are not of the SPDX list, by their ids.
fn extracted(raw: &RawValue) -> HashMap<String, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Info {
        license_id: String,
        extracted_text: Option<String>,
        name: Option<String>,
    }
    let infos: Vec<Info> = serde_json::from_str(raw.get()).unwrap_or_default();
    let text = |info: Info| {
        let text = info.extracted_text.filter(|text| text != "NOASSERTION").or(info.name)?;
        Some((info.license_id, text))
    };
    infos.into_iter().filter_map(text).collect()
}

fn package(
    row: &Row,
    at: usize,
    texts: &HashMap<String, String>,
    ids: &mut Ids,
    broken: &mut Broken,
) -> Option<Package> {
    let purl = purl(row).unwrap_or_default();
    let parsed = Purl::parse(purl).ok();
    let package_type = parsed.as_ref().map_or(PackageType::UNKNOWN, elements::type_of);
    let name = row.name.clone().filter(|name| !name.is_empty()).or_else(|| parsed.as_ref().map(elements::name_of));
    let Some(name) = name else {
        broken.add(format!("package {at} of the document has no name"));
        return None;
    };
    let mut package = Package::new(package_type, name, row.version_info.clone().unwrap_or_default());
    purl.clone_into(&mut package.purl);
    for external in row.external_refs.iter().flatten() {
        if let (Some("cpe23Type" | "cpe22Type"), Some(text)) =
            (&external.reference_type.as_deref(), &external.reference_locator)
        {
            package.cpes.push(Cpe { text: text.clone(), source: String::new() });
        }
    }
    for (text, kind) in
        [(&row.license_declared, LicenseKind::Declared), (&row.license_concluded, LicenseKind::Concluded)]
    {
        package.licenses.extend(text.as_deref().and_then(|text| license(text, kind, texts)));
    }
    let digest = |sum: &Checksum| Digest::new(DigestAlgorithm::parse(&sum.algorithm)?, &sum.checksum_value);
    package.digests = row.checksums.iter().flatten().filter_map(digest).collect();
    package.locations = row.source_info.as_deref().map(locations).unwrap_or_default();
    elements::fill_from_purl(&mut package);
    let id = row.id.as_deref().unwrap_or_default();
    package.id = ids.assign(id, id.rsplit('-').next().unwrap_or_default(), &package);
    Some(package)
}

fn license(text: &str, kind: LicenseKind, texts: &HashMap<String, String>) -> Option<License> {
    if matches!(text, "" | "NOASSERTION" | "NONE") {
        return None;
    }
    let (value, spdx) = match texts.get(text) {
        Some(said) => (said.clone(), String::new()),
        None => (text.to_owned(), text.to_owned()),
    };
    Some(License { value, spdx, kind, urls: Vec::new(), locations: Vec::new() })
}

/// syft and we write `acquired package info from …: PATH, PATH`.
fn locations(info: &str) -> Vec<Location> {
    let Some((_, paths)) = info.split_once(": ") else { return Vec::new() };
    let place = |(at, path): (usize, &str)| Location {
        path: path.to_owned(),
        access_path: path.to_owned(),
        layer: None,
        evidence: if at == 0 { EvidenceKind::Primary } else { EvidenceKind::Supporting },
    };
    paths.split(", ").filter(|path| path.starts_with('/')).enumerate().map(place).collect()
}

fn relationship(edge: &Edge, ids: &Ids) -> Option<Relationship> {
    let (a, b) = (edge.spdx_element_id.as_str(), edge.related_spdx_element.as_str());
    let owns = edge.comment.as_deref().is_some_and(|comment| comment.starts_with("ownership-by-file-overlap"));
    match edge.relationship_type.as_str() {
        "DEPENDS_ON" => elements::dependency(ids, b, a),
        kind if kind.ends_with("DEPENDENCY_OF") => elements::dependency(ids, a, b),
        "OTHER" if owns => Some(Relationship {
            from: Element::Package(ids.get(a)?),
            to: Element::Package(ids.get(b)?),
            kind: RelationshipKind::OwnershipByFileOverlap(Vec::new()),
        }),
        "CONTAINS" => Some(Relationship {
            from: Element::Package(ids.get(a)?),
            to: Element::Package(ids.get(b)?),
            kind: RelationshipKind::Other("contains".to_owned()),
        }),
        _ => None,
    }
}

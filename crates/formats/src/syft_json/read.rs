//! Reads the document, also as older versions of syft wrote it (schemas 1 to 16): CPEs and licences as plain
//! strings, `source.target`, other names of metadata. A broken element is a gap; the rest is read.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;
use stopgate_model::{
    Analyzer, Artifact, Digest, DigestAlgorithm, Distro, Element, Gap, GapCode, ImageReference, ImageSource, LayerInfo,
    Package, PackageId, Relationship, RelationshipKind, SourceDescription, SourceKind, limits,
};

use super::read_package;
use crate::FormatError;
use crate::error::bounded;

const FORMAT: &str = "syft-json";

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    artifacts: Vec<&'a RawValue>,
    #[serde(borrow, default, rename = "artifactRelationships")]
    relationships: Vec<&'a RawValue>,
    #[serde(borrow, default)]
    source: Option<&'a RawValue>,
    #[serde(borrow, default)]
    distro: Option<&'a RawValue>,
    #[serde(default)]
    descriptor: Option<Descriptor>,
    #[serde(default)]
    schema: Option<Schema>,
}

#[derive(Deserialize, Default)]
struct Descriptor {
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
}

#[derive(Deserialize, Default)]
struct Schema {
    #[serde(default)]
    version: String,
}

/// Reads an artifact from syft-json.
pub fn read(bytes: &[u8]) -> Result<Artifact, FormatError> {
    let text = bounded(FORMAT, bytes)?;
    let document: Document<'_> =
        serde_json::from_str(text).map_err(|source| FormatError::Json { format: FORMAT, source })?;
    if let Some(schema) = &document.schema {
        let model = schema.version.split('.').next().and_then(|number| number.parse::<u32>().ok());
        if model.is_some_and(|model| model > 16) {
            return Err(FormatError::version(FORMAT, &schema.version, "16 or older"));
        }
    }
    let mut gaps = Vec::new();
    let (packages, ids) = packages(&document.artifacts, &mut gaps);
    let relationships = relationships(&document.relationships, &ids, &mut gaps);
    let descriptor = document.descriptor.unwrap_or_default();
    let mut artifact = Artifact {
        source: source(document.source, &mut gaps),
        config: None,
        distro: distro(document.distro, &mut gaps),
        packages,
        relationships,
        files: None,
        dockerfile: None,
        secrets: None,
        retrieved: None,
        gaps,
        analyzer: Analyzer { name: descriptor.name, version: descriptor.version },
    };
    artifact.gaps.sort();
    Ok(artifact)
}

fn broken(what: &str, position: usize, error: &serde_json::Error) -> Gap {
    Gap::new(GapCode::SbomElementUnreadable, format!("`{what}[{position}]` cannot be read: {error}"))
}

/// Packages, and the ids that the document gave them.
fn packages(rows: &[&RawValue], gaps: &mut Vec<Gap>) -> (Vec<Package>, HashMap<String, PackageId>) {
    let limit = limits::SBOM_PACKAGES as usize;
    if rows.len() > limit {
        let message = "the document has more packages than are read";
        gaps.push(Gap::new(GapCode::SbomPackages, message).limited(limits::SBOM_PACKAGES, rows.len() as u64));
    }
    let mut packages = Vec::with_capacity(rows.len().min(limit));
    let mut ids = HashMap::new();
    for (position, row) in rows.iter().take(limit).enumerate() {
        match read_package::read(row, position) {
            Ok((package, id)) => {
                ids.insert(id, package.id);
                packages.push(package);
            }
            Err(error) => gaps.push(broken("artifacts", position, &error)),
        }
    }
    packages.sort_by(|a, b| {
        (&a.name, &a.version, &a.package_type, a.id).cmp(&(&b.name, &b.version, &b.package_type, b.id))
    });
    (packages, ids)
}

#[derive(Deserialize)]
struct Edge<'a> {
    parent: String,
    child: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Overlap {
    #[serde(default)]
    files: Vec<String>,
}

/// Edges between packages. Those that follow from the packages themselves are not kept.
fn relationships(rows: &[&RawValue], ids: &HashMap<String, PackageId>, gaps: &mut Vec<Gap>) -> Vec<Relationship> {
    let mut edges = Vec::new();
    for (position, row) in rows.iter().enumerate() {
        let edge: Edge<'_> = match serde_json::from_str(row.get()) {
            Ok(edge) => edge,
            Err(error) => {
                gaps.push(broken("artifactRelationships", position, &error));
                continue;
            }
        };
        let kind = match edge.kind.as_str() {
            "contains" | "evident-by" => continue,
            "dependency-of" => RelationshipKind::DependencyOf,
            "ownership-by-file-overlap" => {
                let files = edge.metadata.and_then(|raw| serde_json::from_str::<Overlap>(raw.get()).ok());
                RelationshipKind::OwnershipByFileOverlap(files.unwrap_or_default().files)
            }
            _ => RelationshipKind::Other(edge.kind),
        };
        let end = |id: String| match ids.get(&id) {
            Some(package) => Element::Package(*package),
            None => Element::Foreign(id),
        };
        edges.push(Relationship { from: end(edge.parent), to: end(edge.child), kind });
    }
    edges.sort();
    edges.dedup();
    edges
}

#[derive(Deserialize)]
struct Source<'a> {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    version: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(borrow, default)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow, default)]
    target: Option<&'a RawValue>,
}

fn source(raw: Option<&RawValue>, gaps: &mut Vec<Gap>) -> SourceDescription {
    let source = raw.map(|raw| serde_json::from_str::<Source<'_>>(raw.get()));
    let source = match source {
        Some(Ok(source)) => source,
        Some(Err(error)) => {
            gaps.push(Gap::new(GapCode::SbomElementUnreadable, format!("`source` cannot be read: {error}")));
            return nothing_known();
        }
        None => return nothing_known(),
    };
    // Before schema 9 the metadata stood in `target`, which for a folder is its path.
    let metadata = source.metadata.or(source.target).map_or("null", RawValue::get);
    let kind = kind(&source.kind, metadata, gaps);
    SourceDescription { id: source.id, name: source.name, version: source.version, user_input: String::new(), kind }
}

fn nothing_known() -> SourceDescription {
    SourceDescription {
        id: String::new(),
        name: String::new(),
        version: String::new(),
        user_input: String::new(),
        kind: SourceKind::Other { type_name: String::new(), json: "null".to_owned() },
    }
}

fn kind(name: &str, metadata: &str, gaps: &mut Vec<Gap>) -> SourceKind {
    let other = || SourceKind::Other { type_name: name.to_owned(), json: metadata.to_owned() };
    match name {
        "image" => match serde_json::from_str::<Image>(metadata) {
            Ok(image) => image.model().map_or_else(other, |image| SourceKind::Image(Box::new(image))),
            Err(error) => {
                let message = format!("`source.metadata` cannot be read as an image: {error}");
                gaps.push(Gap::new(GapCode::SbomElementUnreadable, message));
                other()
            }
        },
        "directory" | "file" => {
            let path = serde_json::from_str::<Place>(metadata).map(|place| place.path);
            let Ok(path) = path.or_else(|_| serde_json::from_str::<String>(metadata)) else { return other() };
            if name == "directory" {
                SourceKind::Directory { path }
            } else {
                SourceKind::File { path, digests: Vec::new() }
            }
        }
        _ => other(),
    }
}

#[derive(Deserialize)]
struct Place {
    #[serde(default)]
    path: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Image {
    user_input: String,
    #[serde(rename = "imageID")]
    image_id: String,
    manifest_digest: String,
    media_type: String,
    tags: Vec<String>,
    image_size: u64,
    layers: Vec<Layer>,
    manifest: Option<String>,
    config: Option<String>,
    repo_digests: Vec<String>,
    architecture: String,
    architecture_variant: String,
    os: String,
    annotations: std::collections::BTreeMap<String, String>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Layer {
    media_type: String,
    digest: String,
    size: u64,
}

impl Image {
    /// `None` when the digests that make an image are missing or no digests.
    fn model(self) -> Option<ImageSource> {
        let bytes = |text: Option<String>| text.and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
        let layers = self.layers.into_iter().map(|layer| {
            Some(LayerInfo {
                diff_id: Digest::parse(&layer.digest).ok()?,
                digest: None,
                media_type: layer.media_type,
                size: layer.size,
            })
        });
        let image_id =
            Digest::parse(&self.image_id).ok().or_else(|| Digest::new(DigestAlgorithm::Sha256, &self.image_id))?;
        let named = self.tags.first().or(self.repo_digests.first()).and_then(|name| ImageReference::parse(name).ok());
        let input = self.user_input.rsplit_once(':').is_none_or(|(scheme, _)| !scheme.ends_with("archive"));
        let input = input.then(|| ImageReference::parse(&self.user_input).ok()).flatten();
        Some(ImageSource {
            reference: named.or(input).unwrap_or_else(ImageReference::bare),
            tags: self.tags,
            repo_digests: self.repo_digests,
            manifest_digest: Digest::parse(&self.manifest_digest).unwrap_or_else(|_| image_id.clone()),
            image_id,
            manifest_is_local: false,
            media_type: self.media_type,
            size: self.image_size,
            layers: layers.collect::<Option<Vec<_>>>()?,
            manifest: bytes(self.manifest),
            config: bytes(self.config),
            architecture: self.architecture,
            variant: self.architecture_variant,
            os: self.os,
            annotations: self.annotations.into_iter().collect(),
        })
    }
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct RawDistro {
    pretty_name: String,
    name: String,
    id: String,
    id_like: IdLike,
    version: String,
    #[serde(rename = "versionID")]
    version_id: String,
    version_codename: String,
    #[serde(rename = "buildID")]
    build_id: String,
    #[serde(rename = "imageID")]
    image_id: String,
    image_version: String,
    variant: String,
    #[serde(rename = "variantID")]
    variant_id: String,
    #[serde(rename = "homeURL")]
    home_url: String,
    #[serde(rename = "supportURL")]
    support_url: String,
    #[serde(rename = "bugReportURL")]
    bug_report_url: String,
    #[serde(rename = "privacyPolicyURL")]
    privacy_policy_url: String,
    cpe_name: String,
    support_end: String,
    extended_support: bool,
}

/// A list, one word, or nothing: all three are in use.
#[derive(Deserialize)]
#[serde(untagged)]
enum IdLike {
    List(Vec<String>),
    Words(String),
    Nothing(()),
}

impl Default for IdLike {
    fn default() -> Self {
        Self::Nothing(())
    }
}

fn distro(raw: Option<&RawValue>, gaps: &mut Vec<Gap>) -> Option<Distro> {
    let raw = match serde_json::from_str::<Option<RawDistro>>(raw?.get()) {
        Ok(raw) => raw?,
        Err(error) => {
            gaps.push(Gap::new(GapCode::SbomElementUnreadable, format!("`distro` cannot be read: {error}")));
            return None;
        }
    };
    if raw.id.is_empty() && raw.name.is_empty() {
        return None;
    }
    // Old documents have only `name`, which then is the id.
    let id = if raw.id.is_empty() { raw.name.to_lowercase() } else { raw.id };
    let version_id = if raw.version_id.is_empty() { raw.version.clone() } else { raw.version_id };
    Some(Distro {
        id,
        id_like: match raw.id_like {
            IdLike::List(list) => list,
            IdLike::Words(words) => words.split_whitespace().map(str::to_owned).collect(),
            IdLike::Nothing(()) => Vec::new(),
        },
        name: raw.name,
        pretty_name: raw.pretty_name,
        version: raw.version,
        version_id,
        version_codename: raw.version_codename,
        build_id: raw.build_id,
        image_id: raw.image_id,
        image_version: raw.image_version,
        variant: raw.variant,
        variant_id: raw.variant_id,
        home_url: raw.home_url,
        support_url: raw.support_url,
        bug_report_url: raw.bug_report_url,
        privacy_policy_url: raw.privacy_policy_url,
        cpe_name: raw.cpe_name,
        support_end: raw.support_end,
        extended_support: raw.extended_support,
    })
}

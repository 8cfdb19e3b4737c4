//! What a component of the document says, for both renderings.

use stopgate_model::{Artifact, Digest, Distro, Package, PackageType, SourceKind};

use super::Version;
use crate::sbom_parts::{Stated, image_purl, is_cpe, joined, stated, supplier, valid_purl};

/// A component, its fields in the order of the schema.
#[derive(Default)]
pub(super) struct Component<'a> {
    pub(super) reference: String,
    pub(super) kind: &'static str,
    pub(super) author: Option<String>,
    pub(super) publisher: Option<String>,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    pub(super) description: &'a str,
    pub(super) hashes: &'a [Digest],
    pub(super) licenses: Licenses<'a>,
    pub(super) cpe: Option<&'a str>,
    pub(super) purl: Option<String>,
    /// Tag id, which is the name, and version.
    pub(super) swid: bool,
    pub(super) properties: Vec<(String, String)>,
}

/// Either one expression, or names and ids of the SPDX list: never both.
#[derive(Default)]
pub(super) enum Licenses<'a> {
    #[default]
    None,
    Expression(String),
    Listed(Vec<Listed<'a>>),
}

pub(super) enum Listed<'a> {
    Id(&'a str),
    Name(&'a str),
}

impl<'a> Component<'a> {
    /// What the document is about.
    pub(super) fn root(artifact: &'a Artifact) -> Self {
        let source = &artifact.source;
        let is_image = matches!(source.kind, SourceKind::Image(_));
        Self {
            reference: root_reference(artifact).to_owned(),
            kind: if is_image { "container" } else { "file" },
            name: &source.name,
            version: &source.version,
            purl: image_purl(artifact),
            ..Self::default()
        }
    }

    pub(super) fn package(package: &'a Package, version: Version) -> Self {
        let purl = valid_purl(&package.purl);
        let cpe = package.cpes.iter().position(|cpe| is_cpe(&cpe.text));
        let mut properties = properties(package, cpe);
        if purl.is_none() && !package.purl.is_empty() {
            properties.push(("stopgate:purl".to_owned(), package.purl.clone()));
        }
        let supplier = supplier(package);
        let (publisher, author) = if package.package_type.is_os() { (supplier, None) } else { (None, supplier) };
        Self {
            reference: reference(package),
            kind: kind(&package.package_type, version),
            author,
            publisher,
            name: &package.name,
            version: &package.version,
            hashes: &package.digests,
            licenses: licenses(package),
            cpe: cpe.and_then(|at| package.cpes.get(at)).map(|cpe| cpe.text.as_str()),
            purl,
            properties,
            ..Self::default()
        }
    }

    pub(super) fn operating_system(distro: &'a Distro) -> Self {
        let mut properties = Vec::new();
        for (at, like) in distro.id_like.iter().enumerate() {
            properties.push((format!("syft:distro:idLike:{at}"), like.clone()));
        }
        for (name, value) in [
            ("extendedSupport", if distro.extended_support { "true" } else { "false" }),
            ("id", &distro.id),
            ("prettyName", &distro.pretty_name),
            ("versionCodename", &distro.version_codename),
            ("versionID", &distro.version_id),
        ] {
            if !value.is_empty() {
                properties.push((format!("syft:distro:{name}"), value.to_owned()));
            }
        }
        Self {
            reference: format!("os:{}@{}", distro.id, distro.version_id),
            kind: "operating-system",
            name: &distro.id,
            version: &distro.version_id,
            description: &distro.pretty_name,
            swid: true,
            properties,
            ..Self::default()
        }
    }
}

/// How the document refers to what it is about.
pub(super) fn root_reference(artifact: &Artifact) -> &str {
    if artifact.source.id.is_empty() { "root" } else { &artifact.source.id }
}

/// The package URL with the package's id, so that equal packages at two places stay two; else the id.
pub(super) fn reference(package: &Package) -> String {
    let Some(purl) = valid_purl(&package.purl) else { return package.id.to_string() };
    let (start, subpath) = purl.split_once('#').map_or((purl.as_str(), None), |(start, rest)| (start, Some(rest)));
    let lead = if start.contains('?') { '&' } else { '?' };
    let subpath = subpath.map(|subpath| format!("#{subpath}")).unwrap_or_default();
    format!("{start}{lead}package-id={}{subpath}", package.id)
}

/// Properties of the document itself: what the image is called, and gaps.
pub(super) fn document_properties(artifact: &Artifact) -> Vec<(String, String)> {
    let mut properties = Vec::new();
    if let Some(image) = artifact.source.image() {
        properties.extend(image.tags.iter().map(|tag| ("stopgate:image:tag".to_owned(), tag.clone())));
        properties.push(("stopgate:image:id".to_owned(), image.image_id.to_string()));
    }
    for gap in &artifact.gaps {
        let path = gap.path.as_deref().map(|path| format!("{path}: ")).unwrap_or_default();
        let text = format!("{} ({}): {path}{}", gap.code, gap.class.name(), gap.message);
        properties.push(("stopgate:gap".to_owned(), text));
    }
    properties
}

fn kind(package_type: &PackageType, version: Version) -> &'static str {
    match package_type.id() {
        "binary" | "linux-kernel" | "apple-app-bundle" => "application",
        "model" if version >= Version::V1_5 => "machine-learning-model",
        _ => "library",
    }
}

fn licenses(package: &Package) -> Licenses<'_> {
    let stated = stated(package.licenses.iter());
    if stated.is_empty() {
        return Licenses::None;
    }
    let plain = stated.iter().all(|stated| matches!(stated, Stated::Id(_)));
    match joined(&stated, |_| None) {
        Some(expression) if !plain => Licenses::Expression(expression),
        _ => Licenses::Listed(
            stated
                .into_iter()
                .map(|stated| match stated {
                    Stated::Id(id) => Listed::Id(id),
                    Stated::Expression(text) | Stated::Name(text) => Listed::Name(text),
                })
                .collect(),
        ),
    }
}

/// syft's names, so that what reads syft's documents reads ours.
fn properties(package: &Package, cpe: Option<usize>) -> Vec<(String, String)> {
    let mut properties = Vec::new();
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            properties.push((name.to_owned(), value.to_owned()));
        }
    };
    add("syft:package:foundBy", &package.found_by);
    add("syft:package:language", package.package_type.language());
    add("syft:package:type", package.package_type.id());
    add("syft:package:metadataType", package.details.as_ref().map_or("", |details| &details.type_name));
    for (at, other) in package.cpes.iter().enumerate() {
        if Some(at) != cpe {
            add("syft:cpe23", &other.text);
        }
    }
    for (at, location) in package.locations.iter().enumerate() {
        if let Some(layer) = &location.layer {
            add(&format!("syft:location:{at}:layerID"), &layer.to_string());
        }
        add(&format!("syft:location:{at}:path"), &location.path);
    }
    if let Some(label) = &package.modularity {
        add("syft:metadata:modularityLabel", label);
    }
    properties
}

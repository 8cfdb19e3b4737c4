//! What a package of the document says, for both renderings.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use stopgate_model::{
    Artifact, DigestAlgorithm, Distro, Element, LicenseKind, Package, PackageId, RelationshipKind, SourceKind,
};

use crate::Producer;
use crate::sbom_parts::{Stated, image_purl, is_cpe, joined, stated, supplier, valid_purl};

/// Nothing is claimed.
pub(super) const NONE: &str = "NOASSERTION";

/// Licences that are not of the SPDX list: id and the text that the package has.
pub(super) type Extracted = BTreeMap<String, String>;

/// The head of a document.
pub(super) struct Head {
    pub(super) name: String,
    pub(super) namespace: String,
    pub(super) creator: String,
    pub(super) created: String,
    pub(super) license_list: &'static str,
    /// Gaps, one a line; empty when there are none.
    pub(super) comment: String,
}

/// A package of the document.
pub(super) struct Described {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) version: String,
    pub(super) supplier: String,
    pub(super) source_info: String,
    pub(super) description: String,
    pub(super) purpose: &'static str,
    pub(super) concluded: String,
    pub(super) declared: String,
    pub(super) checksums: BTreeMap<String, String>,
    /// Category, type, locator.
    pub(super) references: Vec<(&'static str, &'static str, String)>,
}

impl Head {
    /// `id` makes the namespace unique.
    pub(super) fn of(artifact: &Artifact, producer: &Producer<'_>, id: &str) -> Self {
        let name = document_name(artifact);
        let own = artifact.config.as_ref().map(|config| config.created.as_str());
        Self {
            namespace: format!(
                "{}/spdxdocs/{}-{id}",
                env!("CARGO_PKG_REPOSITORY"),
                utf8_percent_encode(&name, NON_ALPHANUMERIC)
            ),
            name,
            creator: one_line(&format!("Tool: {}-{}", producer.name, producer.version)),
            created: created(producer.created.or(own).unwrap_or_default()),
            license_list: spdx::identifiers::VERSION.rsplit_once('.').map_or("3", |(minor, _)| minor),
            comment: comment(artifact),
        }
    }
}

fn document_name(artifact: &Artifact) -> String {
    let name = &artifact.source.name;
    one_line(if name.is_empty() { "artifact" } else { name })
}

fn comment(artifact: &Artifact) -> String {
    if artifact.gaps.is_empty() {
        return String::new();
    }
    let mut text = "parts of the artifact could not be read:".to_owned();
    for gap in &artifact.gaps {
        let path = gap.path.as_deref().map(|path| format!("{path}: ")).unwrap_or_default();
        text.push('\n');
        text.push_str(&one_line(&format!("{} ({}): {path}{}", gap.code, gap.class.name(), gap.message)));
    }
    text
}

impl Described {
    fn new(id: String, name: &str, version: &str, purpose: &'static str) -> Self {
        Self {
            id,
            name: one_line(name),
            version: one_line(version),
            supplier: NONE.to_owned(),
            source_info: String::new(),
            description: String::new(),
            purpose,
            concluded: NONE.to_owned(),
            declared: NONE.to_owned(),
            checksums: BTreeMap::new(),
            references: Vec::new(),
        }
    }

    /// What the document describes.
    pub(super) fn root(artifact: &Artifact) -> Self {
        let purpose = match &artifact.source.kind {
            SourceKind::Image(_) => "CONTAINER",
            SourceKind::File { .. } => "FILE",
            SourceKind::Directory { .. } | SourceKind::Other { .. } => "APPLICATION",
        };
        let mut root = Self::new(root_id(artifact), &document_name(artifact), &artifact.source.version, purpose);
        if let Some(image) = artifact.source.image()
            && image.manifest_digest.algorithm() == DigestAlgorithm::Sha256
        {
            root.checksums.insert("SHA256".to_owned(), image.manifest_digest.hex().to_owned());
        }
        root.references.extend(image_purl(artifact).map(|purl| ("PACKAGE-MANAGER", "purl", purl)));
        root
    }

    pub(super) fn operating_system(distro: &Distro) -> Self {
        let name = if distro.id.is_empty() { "unknown" } else { &distro.id };
        let mut described = Self::new(operating_system_id(distro), name, &distro.version_id, "OPERATING_SYSTEM");
        described.description = one_line(&distro.pretty_name);
        described
    }

    /// A package; licences that it names and SPDX does not know go to `extracted`.
    pub(super) fn package(package: &Package, extracted: &mut Extracted) -> Self {
        let application = matches!(package.package_type.id(), "binary" | "linux-kernel" | "apple-app-bundle");
        let purpose = if application { "APPLICATION" } else { "LIBRARY" };
        let mut described = Self::new(package_id(package), &package.name, &package.version, purpose);
        described.supplier = actor(package);
        let paths: Vec<String> = package.locations.iter().map(|location| one_line(&location.path)).collect();
        if !paths.is_empty() {
            described.source_info = format!("acquired package info from: {}", paths.join(", "));
        }
        described.concluded = license(package, LicenseKind::Concluded, extracted);
        described.declared = license(package, LicenseKind::Declared, extracted);
        for digest in &package.digests {
            described.checksums.insert(digest.algorithm().name().to_ascii_uppercase(), digest.hex().to_owned());
        }
        let cpes = package.cpes.iter().filter(|cpe| is_cpe(&cpe.text));
        described.references.extend(cpes.map(|cpe| ("SECURITY", "cpe23Type", cpe.text.clone())));
        described.references.extend(valid_purl(&package.purl).map(|purl| ("PACKAGE-MANAGER", "purl", purl)));
        described
    }
}

/// Every edge of the document: from, kind, to, comment.
pub(super) fn for_each_edge(artifact: &Artifact, mut each: impl FnMut(&str, &str, &str, &str)) {
    let root = root_id(artifact);
    each("SPDXRef-DOCUMENT", "DESCRIBES", &root, "");
    if let Some(distro) = &artifact.distro {
        each(&root, "CONTAINS", &operating_system_id(distro), "");
    }
    let ids: BTreeMap<PackageId, String> =
        artifact.packages.iter().map(|package| (package.id, package_id(package))).collect();
    for id in ids.values() {
        each(&root, "CONTAINS", id, "");
    }
    for edge in &artifact.relationships {
        let (Element::Package(from), Element::Package(to)) = (&edge.from, &edge.to) else { continue };
        let (Some(from), Some(to)) = (ids.get(from), ids.get(to)) else { continue };
        match &edge.kind {
            RelationshipKind::DependencyOf => each(from, "DEPENDENCY_OF", to, ""),
            RelationshipKind::OwnershipByFileOverlap(_) => {
                each(
                    from,
                    "OTHER",
                    to,
                    "ownership-by-file-overlap: the first package owns files that prove the second",
                );
            }
            RelationshipKind::Other(name) => each(from, "OTHER", to, &one_line(name)),
        }
    }
}

fn root_id(artifact: &Artifact) -> String {
    let kind = match &artifact.source.kind {
        SourceKind::Image(_) => "Image",
        SourceKind::Directory { .. } => "Directory",
        SourceKind::File { .. } => "File",
        SourceKind::Other { .. } => "Other",
    };
    format!("SPDXRef-DocumentRoot-{kind}-{}", sanitized(&artifact.source.name))
}

fn license(package: &Package, kind: LicenseKind, extracted: &mut Extracted) -> String {
    let stated = stated(package.licenses.iter().filter(|license| license.kind == kind));
    for stated in &stated {
        extract(stated, extracted);
    }
    joined(&stated, |text| Some(license_ref(text))).unwrap_or_else(|| NONE.to_owned())
}

/// Every `LicenseRef-` that a document uses must be explained in it.
fn extract(stated: &Stated<'_>, extracted: &mut Extracted) {
    match stated {
        Stated::Id(_) => {}
        Stated::Name(text) => {
            extracted.insert(license_ref(text), (*text).to_owned());
        }
        Stated::Expression(text) => {
            let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '.');
            for word in words.filter(|word| word.starts_with("LicenseRef-")) {
                extracted.entry(word.to_owned()).or_insert_with(|| NONE.to_owned());
            }
        }
    }
}

fn operating_system_id(distro: &Distro) -> String {
    format!("SPDXRef-OperatingSystem-{}", sanitized(&distro.id))
}

fn package_id(package: &Package) -> String {
    let (kind, name) = (sanitized(package.package_type.id()), sanitized(&package.name));
    format!("SPDXRef-Package-{kind}-{name}-{}", package.id)
}

/// Letters, digits, `.` and `-` (SPDX 2.3, 3.2).
fn sanitized(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).take(200).collect()
}

/// `LicenseRef-` and the text where it may stand in an id, else its hash.
fn license_ref(text: &str) -> String {
    if text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) {
        return format!("LicenseRef-{text}");
    }
    format!("LicenseRef-{}", hex::encode(Sha256::digest(text)))
}

/// `Organization: …` or, with an address, `Person: NAME (ADDRESS)`.
fn actor(package: &Package) -> String {
    let Some(text) = supplier(package) else { return NONE.to_owned() };
    let text = one_line(&text).replace(['(', ')'], " ");
    let (name, address) = match text.split_once('<') {
        Some((name, rest)) => (name.trim(), rest.split('>').next().unwrap_or_default().trim()),
        None => (text.trim(), ""),
    };
    match (name.is_empty(), address.contains('@') && !address.contains(' ')) {
        (true, _) => NONE.to_owned(),
        (false, true) => format!("Person: {name} ({address})"),
        (false, false) => format!("Organization: {name}"),
    }
}

/// Names stand on one line in SPDX; control characters become blanks.
pub(super) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// `YYYY-MM-DDThh:mm:ssZ` (SPDX 2.3, 6.9); the epoch when there is no time.
fn created(text: &str) -> String {
    let time = text.parse::<Timestamp>().unwrap_or(Timestamp::UNIX_EPOCH);
    time.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::{created, license_ref, sanitized};

    #[test]
    fn ids_hold_only_what_they_may() {
        assert_eq!(sanitized("a_b/c+é.d"), "a-b-c--.d");
        assert_eq!(license_ref("GPL"), "LicenseRef-GPL");
        assert_eq!(license_ref("BSD or MIT").len(), "LicenseRef-".len() + 64);
    }

    #[test]
    fn times_are_cut_to_seconds_in_utc() {
        assert_eq!(created("2024-05-01T12:00:00.123456789+02:00"), "2024-05-01T10:00:00Z");
        assert_eq!(created(""), "1970-01-01T00:00:00Z");
    }
}

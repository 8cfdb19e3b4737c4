//! Writes the document.

use std::collections::BTreeMap;
use std::io::{self, Write};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest as _, Sha256};
use stopgate_model::{
    Artifact, DigestAlgorithm, Distro, Element, LicenseKind, Package, PackageId, RelationshipKind, SourceKind,
};

use crate::Producer;
use crate::json::JsonWriter;
use crate::sbom_parts::{Stated, content_id, image_purl, is_cpe, joined, stated, supplier, valid_purl};

const NONE: &str = "NOASSERTION";

/// Writes an artifact as an SPDX 2.3 JSON document.
pub fn write(artifact: &Artifact, producer: &Producer<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = Document { artifact, producer };
    let id = content_id(|hash| document.write("", hash))?;
    document.write(&id.to_string(), out)
}

struct Document<'a> {
    artifact: &'a Artifact,
    producer: &'a Producer<'a>,
}

/// Licences that are not of the SPDX list: id and the text that the package has.
type Extracted = BTreeMap<String, String>;

impl Document<'_> {
    fn write(&self, id: &str, out: &mut dyn Write) -> io::Result<()> {
        let source = &self.artifact.source;
        let name = one_line(if source.name.is_empty() { "artifact" } else { &source.name });
        let mut extracted = Extracted::new();
        let mut w = JsonWriter::new(out);
        w.object(|w| {
            w.text_field("spdxVersion", "SPDX-2.3");
            w.text_field("dataLicense", "CC0-1.0");
            w.text_field("SPDXID", "SPDXRef-DOCUMENT");
            w.text_field("name", &name);
            let encoded = utf8_percent_encode(&name, NON_ALPHANUMERIC);
            w.key("documentNamespace").shown(format_args!("{}/spdxdocs/{encoded}-{id}", env!("CARGO_PKG_REPOSITORY")));
            w.key("creationInfo").object(|w| self.creation(w));
            if !self.artifact.gaps.is_empty() {
                w.text_field("comment", &self.gaps());
            }
            w.key("packages").array(|w| {
                w.object(|w| self.root(w, &name));
                if let Some(distro) = &self.artifact.distro {
                    w.object(|w| operating_system(w, distro));
                }
                for package in &self.artifact.packages {
                    w.object(|w| package_fields(w, package, &mut extracted));
                }
            });
            if !extracted.is_empty() {
                w.key("hasExtractedLicensingInfos").list(&extracted, |w, (id, text)| {
                    w.object(|w| {
                        w.text_field("licenseId", id);
                        w.text_field("extractedText", text);
                        w.text_field("name", &one_line(text));
                    });
                });
            }
            w.key("relationships").array(|w| self.relationships(w));
        });
        w.newline();
        w.finish().map(drop)
    }

    fn creation(&self, w: &mut JsonWriter<'_>) {
        w.text_field("licenseListVersion", spdx::identifiers::VERSION.rsplit_once('.').map_or("3", |(minor, _)| minor));
        w.key("creators").array(|w| w.shown(format_args!("Tool: {}-{}", self.producer.name, self.producer.version)));
        let own = self.artifact.config.as_ref().map(|config| config.created.as_str());
        w.text_field("created", &created(self.producer.created.or(own).unwrap_or_default()));
    }

    fn gaps(&self) -> String {
        let gap = |gap: &stopgate_model::Gap| {
            let path = gap.path.as_deref().map(|path| format!("{path}: ")).unwrap_or_default();
            one_line(&format!("{} ({}): {path}{}", gap.code, gap.class.name(), gap.message))
        };
        let lines: Vec<String> = self.artifact.gaps.iter().map(gap).collect();
        format!("parts of the artifact could not be read:\n{}", lines.join("\n"))
    }

    fn root_id(&self) -> String {
        let kind = match &self.artifact.source.kind {
            SourceKind::Image(_) => "Image",
            SourceKind::Directory { .. } => "Directory",
            SourceKind::File { .. } => "File",
            SourceKind::Other { .. } => "Other",
        };
        format!("SPDXRef-DocumentRoot-{kind}-{}", sanitized(&self.artifact.source.name))
    }

    fn root(&self, w: &mut JsonWriter<'_>, name: &str) {
        let source = &self.artifact.source;
        w.text_field("name", name);
        w.text_field("SPDXID", &self.root_id());
        w.text_unless_empty("versionInfo", &one_line(&source.version));
        w.text_field("supplier", NONE);
        w.text_field("downloadLocation", NONE);
        w.key("filesAnalyzed").boolean(false);
        if let Some(image) = source.image().filter(|image| image.manifest_digest.algorithm() == DigestAlgorithm::Sha256)
        {
            w.key("checksums").array(|w| {
                w.object(|w| {
                    w.text_field("algorithm", "SHA256");
                    w.text_field("checksumValue", image.manifest_digest.hex());
                });
            });
        }
        for field in ["licenseConcluded", "licenseDeclared", "copyrightText"] {
            w.text_field(field, NONE);
        }
        if let Some(purl) = image_purl(self.artifact) {
            w.key("externalRefs").array(|w| w.object(|w| external(w, "PACKAGE-MANAGER", "purl", &purl)));
        }
        w.text_field(
            "primaryPackagePurpose",
            match &source.kind {
                SourceKind::Image(_) => "CONTAINER",
                SourceKind::File { .. } => "FILE",
                SourceKind::Directory { .. } | SourceKind::Other { .. } => "APPLICATION",
            },
        );
    }

    fn relationships(&self, w: &mut JsonWriter<'_>) {
        let root = self.root_id();
        let mut row = |from: &str, to: &str, kind: &str, comment: &str| {
            w.object(|w| {
                w.text_field("spdxElementId", from);
                w.text_field("relatedSpdxElement", to);
                w.text_field("relationshipType", kind);
                w.text_unless_empty("comment", comment);
            });
        };
        row("SPDXRef-DOCUMENT", &root, "DESCRIBES", "");
        if let Some(distro) = &self.artifact.distro {
            row(&root, &operating_system_id(distro), "CONTAINS", "");
        }
        let ids: BTreeMap<PackageId, String> =
            self.artifact.packages.iter().map(|package| (package.id, package_id(package))).collect();
        for id in ids.values() {
            row(&root, id, "CONTAINS", "");
        }
        for edge in &self.artifact.relationships {
            let (Element::Package(from), Element::Package(to)) = (&edge.from, &edge.to) else { continue };
            let (Some(from), Some(to)) = (ids.get(from), ids.get(to)) else { continue };
            match &edge.kind {
                RelationshipKind::DependencyOf => row(from, to, "DEPENDENCY_OF", ""),
                RelationshipKind::OwnershipByFileOverlap(_) => row(
                    from,
                    to,
                    "OTHER",
                    "ownership-by-file-overlap: the first package owns files that prove the second",
                ),
                RelationshipKind::Other(name) => row(from, to, "OTHER", name),
            }
        }
    }
}

fn package_fields(w: &mut JsonWriter<'_>, package: &Package, extracted: &mut Extracted) {
    w.text_field("name", &one_line(&package.name));
    w.text_field("SPDXID", &package_id(package));
    w.text_unless_empty("versionInfo", &one_line(&package.version));
    w.text_field("supplier", &actor(package));
    w.text_field("downloadLocation", NONE);
    w.key("filesAnalyzed").boolean(false);
    let checksums = package.digests.iter().map(|digest| (digest.algorithm().name().to_ascii_uppercase(), digest.hex()));
    let checksums: BTreeMap<String, &str> = checksums.collect();
    if !checksums.is_empty() {
        w.key("checksums").list(checksums, |w, (algorithm, value)| {
            w.object(|w| {
                w.text_field("algorithm", &algorithm);
                w.text_field("checksumValue", value);
            });
        });
    }
    let paths: Vec<String> = package.locations.iter().map(|location| one_line(&location.path)).collect();
    if !paths.is_empty() {
        w.text_field("sourceInfo", &format!("acquired package info from: {}", paths.join(", ")));
    }
    for (field, kind) in [("licenseConcluded", LicenseKind::Concluded), ("licenseDeclared", LicenseKind::Declared)] {
        let stated = stated(package.licenses.iter().filter(|license| license.kind == kind));
        for stated in &stated {
            extract(stated, extracted);
        }
        let expression = joined(&stated, |text| Some(license_ref(text)));
        w.text_field(field, expression.as_deref().unwrap_or(NONE));
    }
    w.text_field("copyrightText", NONE);
    external_references(w, package);
    let application = matches!(package.package_type.id(), "binary" | "linux-kernel" | "apple-app-bundle");
    w.text_field("primaryPackagePurpose", if application { "APPLICATION" } else { "LIBRARY" });
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

fn external_references(w: &mut JsonWriter<'_>, package: &Package) {
    let cpes: Vec<&str> = package.cpes.iter().map(|cpe| cpe.text.as_str()).filter(|text| is_cpe(text)).collect();
    let purl = valid_purl(&package.purl);
    if cpes.is_empty() && purl.is_none() {
        return;
    }
    w.key("externalRefs").array(|w| {
        for cpe in cpes {
            w.object(|w| external(w, "SECURITY", "cpe23Type", cpe));
        }
        if let Some(purl) = purl {
            w.object(|w| external(w, "PACKAGE-MANAGER", "purl", &purl));
        }
    });
}

fn external(w: &mut JsonWriter<'_>, category: &str, kind: &str, locator: &str) {
    w.text_field("referenceCategory", category);
    w.text_field("referenceType", kind);
    w.text_field("referenceLocator", locator);
}

fn operating_system_id(distro: &Distro) -> String {
    format!("SPDXRef-OperatingSystem-{}", sanitized(&distro.id))
}

fn operating_system(w: &mut JsonWriter<'_>, distro: &Distro) {
    w.text_field("name", &one_line(if distro.id.is_empty() { "unknown" } else { &distro.id }));
    w.text_field("SPDXID", &operating_system_id(distro));
    w.text_unless_empty("versionInfo", &one_line(&distro.version_id));
    w.text_field("supplier", NONE);
    w.text_field("downloadLocation", NONE);
    w.key("filesAnalyzed").boolean(false);
    for field in ["licenseConcluded", "licenseDeclared", "copyrightText"] {
        w.text_field(field, NONE);
    }
    w.text_field("primaryPackagePurpose", "OPERATING_SYSTEM");
    w.text_unless_empty("description", &one_line(&distro.pretty_name));
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
fn one_line(text: &str) -> String {
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

//! Writes the document.

use std::collections::HashMap;
use std::io::{self, Write};

use stopgate_model::{
    Artifact, Digest, DigestAlgorithm, Distro, GapClass, Package, PackageId, PackageType, SourceKind,
};

use super::Version;
use crate::Producer;
use crate::json::JsonWriter;
use crate::sbom_parts::{Dependencies, Stated, content_id, image_purl, is_cpe, joined, stated, supplier, valid_purl};

/// Writes an artifact as a CycloneDX JSON document.
pub fn write(artifact: &Artifact, version: Version, producer: &Producer<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = Document { artifact, version, producer };
    let serial = content_id(|hash| document.write("", hash))?;
    document.write(&format!("urn:uuid:{serial}"), out)
}

struct Document<'a> {
    artifact: &'a Artifact,
    version: Version,
    producer: &'a Producer<'a>,
}

impl Document<'_> {
    fn write(&self, serial: &str, out: &mut dyn Write) -> io::Result<()> {
        let references: HashMap<PackageId, String> =
            self.artifact.packages.iter().map(|package| (package.id, reference(package))).collect();
        let mut w = JsonWriter::new(out);
        w.object(|w| {
            w.key("$schema").shown(format_args!("http://cyclonedx.org/schema/bom-{}.schema.json", self.version.name()));
            w.text_field("bomFormat", "CycloneDX");
            w.text_field("specVersion", self.version.name());
            w.text_field("serialNumber", serial);
            w.key("version").number(1_u64);
            w.key("metadata").object(|w| self.metadata(w));
            w.key("components").array(|w| {
                for package in &self.artifact.packages {
                    w.object(|w| self.component(w, package, references.get(&package.id)));
                }
                if let Some(distro) = &self.artifact.distro {
                    w.object(|w| operating_system(w, distro));
                }
            });
            w.key("dependencies").array(|w| self.dependencies(w, &references));
            w.key("compositions").array(|w| {
                let whole = self.artifact.gaps.iter().all(|gap| gap.class == GapClass::Note);
                w.object(|w| {
                    w.text_field("aggregate", if whole { "unknown" } else { "incomplete" });
                    w.texts_field("assemblies", [self.root()]);
                });
            });
        });
        w.newline();
        w.finish().map(drop)
    }

    fn root(&self) -> &str {
        if self.artifact.source.id.is_empty() { "root" } else { &self.artifact.source.id }
    }

    fn metadata(&self, w: &mut JsonWriter<'_>) {
        let source = &self.artifact.source;
        w.text_unless_empty("timestamp", self.producer.created.unwrap_or_default());
        let tool = |w: &mut JsonWriter<'_>| {
            w.text_field("name", self.producer.name);
            w.text_field("version", self.producer.version);
        };
        if self.version >= Version::V1_5 {
            w.key("tools").object(|w| {
                w.key("components").array(|w| {
                    w.object(|w| {
                        w.text_field("type", "application");
                        tool(w);
                    });
                });
            });
        } else {
            w.key("tools").array(|w| w.object(tool));
        }
        w.key("component").object(|w| {
            let is_image = matches!(source.kind, SourceKind::Image(_));
            w.text_field("bom-ref", self.root());
            w.text_field("type", if is_image { "container" } else { "file" });
            w.text_field("name", &source.name);
            w.text_unless_empty("version", &source.version);
            w.text_unless_empty("purl", &image_purl(self.artifact).unwrap_or_default());
        });
        let mut properties: Vec<(&str, String)> = Vec::new();
        if let Some(image) = source.image() {
            properties.extend(image.tags.iter().map(|tag| ("stopgate:image:tag", tag.clone())));
            properties.push(("stopgate:image:id", image.image_id.to_string()));
        }
        for gap in &self.artifact.gaps {
            let path = gap.path.as_deref().map(|path| format!("{path}: ")).unwrap_or_default();
            properties.push(("stopgate:gap", format!("{} ({}): {path}{}", gap.code, gap.class.name(), gap.message)));
        }
        properties_field(w, &properties);
    }

    fn component(&self, w: &mut JsonWriter<'_>, package: &Package, reference: Option<&String>) {
        let purl = valid_purl(&package.purl);
        let cpe = package.cpes.iter().position(|cpe| is_cpe(&cpe.text));
        w.text_field("bom-ref", reference.map_or("", String::as_str));
        w.text_field("type", self.component_type(&package.package_type));
        if let Some(supplier) = supplier(package) {
            w.text_field(if package.package_type.is_os() { "publisher" } else { "author" }, &supplier);
        }
        w.text_field("name", &package.name);
        w.text_field("version", &package.version);
        if !package.digests.is_empty() {
            w.key("hashes").list(&package.digests, |w, digest| w.object(|w| hash(w, digest)));
        }
        Self::licenses(w, package);
        if let Some(cpe) = cpe.and_then(|at| package.cpes.get(at)) {
            w.text_field("cpe", &cpe.text);
        }
        if let Some(purl) = &purl {
            w.text_field("purl", purl);
        }
        let mut properties = properties(package, cpe);
        if purl.is_none() && !package.purl.is_empty() {
            properties.push(("stopgate:purl".to_owned(), package.purl.clone()));
        }
        properties_field(w, &properties);
    }

    fn component_type(&self, package_type: &PackageType) -> &'static str {
        match package_type.id() {
            "binary" | "linux-kernel" | "apple-app-bundle" => "application",
            "model" if self.version >= Version::V1_5 => "machine-learning-model",
            _ => "library",
        }
    }

    fn licenses(w: &mut JsonWriter<'_>, package: &Package) {
        let stated = stated(package.licenses.iter());
        if stated.is_empty() {
            return;
        }
        let plain = stated.iter().all(|stated| matches!(stated, Stated::Id(_)));
        let expression = if plain { None } else { joined(&stated, |_| None) };
        w.key("licenses").array(|w| match expression {
            Some(expression) => w.object(|w| w.text_field("expression", &expression)),
            None => {
                for stated in &stated {
                    w.object(|w| {
                        w.key("license").object(|w| match stated {
                            Stated::Id(id) => w.text_field("id", id),
                            Stated::Expression(text) | Stated::Name(text) => w.text_field("name", text),
                        });
                    });
                }
            }
        });
    }

    fn dependencies(&self, w: &mut JsonWriter<'_>, references: &HashMap<PackageId, String>) {
        let dependencies = Dependencies::of(self.artifact);
        let mut row = |reference: &str, needs: &mut dyn Iterator<Item = &PackageId>| {
            w.object(|w| {
                w.text_field("ref", reference);
                let mut needs: Vec<&String> = needs.filter_map(|id| references.get(id)).collect();
                needs.sort();
                needs.dedup();
                w.texts_field("dependsOn", needs);
            });
        };
        row(self.root(), &mut dependencies.top.iter());
        for (id, needs) in &dependencies.of {
            if let Some(reference) = references.get(id) {
                row(reference, &mut needs.iter());
            }
        }
    }
}

/// The package URL with the package's id, so that equal packages at two places stay two; else the id.
fn reference(package: &Package) -> String {
    let Some(purl) = valid_purl(&package.purl) else { return package.id.to_string() };
    let (start, subpath) = purl.split_once('#').map_or((purl.as_str(), None), |(start, rest)| (start, Some(rest)));
    let lead = if start.contains('?') { '&' } else { '?' };
    let subpath = subpath.map(|subpath| format!("#{subpath}")).unwrap_or_default();
    format!("{start}{lead}package-id={}{subpath}", package.id)
}

fn hash(w: &mut JsonWriter<'_>, digest: &Digest) {
    w.text_field(
        "alg",
        match digest.algorithm() {
            DigestAlgorithm::Md5 => "MD5",
            DigestAlgorithm::Sha1 => "SHA-1",
            DigestAlgorithm::Sha256 => "SHA-256",
            DigestAlgorithm::Sha384 => "SHA-384",
            DigestAlgorithm::Sha512 => "SHA-512",
        },
    );
    w.text_field("content", digest.hex());
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

fn properties_field<T: AsRef<str>>(w: &mut JsonWriter<'_>, properties: &[(T, String)]) {
    if !properties.is_empty() {
        w.key("properties").list(properties, |w, (name, value)| {
            w.object(|w| {
                w.text_field("name", name.as_ref());
                w.text_field("value", value);
            });
        });
    }
}

fn operating_system(w: &mut JsonWriter<'_>, distro: &Distro) {
    w.key("bom-ref").shown(format_args!("os:{}@{}", distro.id, distro.version_id));
    w.text_field("type", "operating-system");
    w.text_field("name", &distro.id);
    w.text_field("version", &distro.version_id);
    w.text_unless_empty("description", &distro.pretty_name);
    w.key("swid").object(|w| {
        w.text_field("tagId", &distro.id);
        w.text_field("name", &distro.id);
        w.text_field("version", &distro.version_id);
    });
    let mut properties: Vec<(String, String)> = Vec::new();
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
    properties_field(w, &properties);
}

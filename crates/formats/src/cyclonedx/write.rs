//! Writes the document as JSON.

use std::collections::HashMap;
use std::io::{self, Write};

use stopgate_model::{Artifact, GapClass, PackageId};

use super::component::{Component, Licenses, Listed, document_properties, reference, root_reference};
use super::{Version, algorithm};
use crate::Producer;
use crate::json::JsonWriter;
use crate::sbom_parts::{Dependencies, content_id};

/// Writes an artifact as a CycloneDX JSON document.
pub fn write(artifact: &Artifact, version: Version, producer: &Producer<'_>, out: &mut dyn Write) -> io::Result<()> {
    let serial = content_id(|hash| document(artifact, version, producer, "", hash))?;
    document(artifact, version, producer, &format!("urn:uuid:{serial}"), out)
}

fn document(
    artifact: &Artifact,
    version: Version,
    producer: &Producer<'_>,
    serial: &str,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut w = JsonWriter::new(out);
    w.object(|w| {
        w.key("$schema").shown(format_args!("http://cyclonedx.org/schema/bom-{}.schema.json", version.name()));
        w.text_field("bomFormat", "CycloneDX");
        w.text_field("specVersion", version.name());
        w.text_field("serialNumber", serial);
        w.key("version").number(1_u64);
        w.key("metadata").object(|w| metadata(w, artifact, version, producer));
        w.key("components").array(|w| {
            for package in &artifact.packages {
                w.object(|w| component(w, &Component::package(package, version)));
            }
            if let Some(distro) = &artifact.distro {
                w.object(|w| component(w, &Component::operating_system(distro)));
            }
        });
        w.key("dependencies").array(|w| dependencies(w, artifact));
        w.key("compositions").array(|w| {
            w.object(|w| {
                w.text_field("aggregate", aggregate(artifact));
                w.texts_field("assemblies", [root_reference(artifact)]);
            });
        });
    });
    w.newline();
    w.finish().map(drop)
}

/// Nobody can say that an SBOM is complete, only that it is not.
pub(super) fn aggregate(artifact: &Artifact) -> &'static str {
    let whole = artifact.gaps.iter().all(|gap| gap.class == GapClass::Note);
    if whole { "unknown" } else { "incomplete" }
}

fn metadata(w: &mut JsonWriter<'_>, artifact: &Artifact, version: Version, producer: &Producer<'_>) {
    w.text_unless_empty("timestamp", producer.created.unwrap_or_default());
    let tool = |w: &mut JsonWriter<'_>| {
        w.text_field("name", producer.name);
        w.text_field("version", producer.version);
    };
    if version >= Version::V1_5 {
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
    w.key("component").object(|w| component(w, &Component::root(artifact)));
    properties(w, &document_properties(artifact));
}

fn component(w: &mut JsonWriter<'_>, component: &Component<'_>) {
    w.text_field("bom-ref", &component.reference);
    w.text_field("type", component.kind);
    w.text_unless_empty("author", component.author.as_deref().unwrap_or_default());
    w.text_unless_empty("publisher", component.publisher.as_deref().unwrap_or_default());
    w.text_field("name", component.name);
    w.text_field("version", component.version);
    w.text_unless_empty("description", component.description);
    if !component.hashes.is_empty() {
        w.key("hashes").list(component.hashes, |w, digest| {
            w.object(|w| {
                w.text_field("alg", algorithm(digest.algorithm()));
                w.text_field("content", digest.hex());
            });
        });
    }
    match &component.licenses {
        Licenses::None => {}
        Licenses::Expression(expression) => {
            w.key("licenses").array(|w| w.object(|w| w.text_field("expression", expression)));
        }
        Licenses::Listed(listed) => w.key("licenses").list(listed, |w, license| {
            w.object(|w| {
                w.key("license").object(|w| match license {
                    Listed::Id(id) => w.text_field("id", id),
                    Listed::Name(name) => w.text_field("name", name),
                });
            });
        }),
    }
    w.text_unless_empty("cpe", component.cpe.unwrap_or_default());
    w.text_unless_empty("purl", component.purl.as_deref().unwrap_or_default());
    if component.swid {
        w.key("swid").object(|w| {
            w.text_field("tagId", component.name);
            w.text_field("name", component.name);
            w.text_field("version", component.version);
        });
    }
    properties(w, &component.properties);
}

fn properties(w: &mut JsonWriter<'_>, properties: &[(String, String)]) {
    if !properties.is_empty() {
        w.key("properties").list(properties, |w, (name, value)| {
            w.object(|w| {
                w.text_field("name", name);
                w.text_field("value", value);
            });
        });
    }
}

fn dependencies(w: &mut JsonWriter<'_>, artifact: &Artifact) {
    for_each_dependency(artifact, |from, needs| {
        w.object(|w| {
            w.text_field("ref", from);
            w.texts_field("dependsOn", needs);
        });
    });
}

/// Each element that needs others, with the references of those, sorted.
pub(super) fn for_each_dependency(artifact: &Artifact, mut each: impl FnMut(&str, &[&String])) {
    let references: HashMap<PackageId, String> =
        artifact.packages.iter().map(|package| (package.id, reference(package))).collect();
    let dependencies = Dependencies::of(artifact);
    let mut row = |from: &str, needs: &mut dyn Iterator<Item = &PackageId>| {
        let mut needs: Vec<&String> = needs.filter_map(|id| references.get(id)).collect();
        needs.sort();
        needs.dedup();
        each(from, &needs);
    };
    row(root_reference(artifact), &mut dependencies.top.iter());
    for (id, needs) in &dependencies.of {
        if let Some(from) = references.get(id) {
            row(from, &mut needs.iter());
        }
    }
}

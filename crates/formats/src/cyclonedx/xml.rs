//! Writes the document as XML.

use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use stopgate_model::Artifact;

use super::component::{Component, Licenses, Listed, document_properties, root_reference};
use super::write::{aggregate, for_each_dependency};
use super::{Version, algorithm};
use crate::Producer;
use crate::sbom_parts::content_id;
use crate::xml::clean;

type Xml<'o> = Writer<&'o mut dyn Write>;

/// Writes an artifact as a CycloneDX XML document.
pub fn write_xml(
    artifact: &Artifact,
    version: Version,
    producer: &Producer<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
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
    let mut out = io::BufWriter::new(out);
    let mut w = Writer::new(&mut out as &mut dyn Write);
    w.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let namespace = format!("http://cyclonedx.org/schema/bom/{}", version.name());
    let bom = w.create_element("bom").with_attributes([
        ("xmlns", namespace.as_str()),
        ("serialNumber", serial),
        ("version", "1"),
    ]);
    bom.write_inner_content(|w| {
        w.create_element("metadata").write_inner_content(|w| metadata(w, artifact, version, producer))?;
        w.create_element("components").write_inner_content(|w| {
            for package in &artifact.packages {
                component(w, &Component::package(package, version))?;
            }
            artifact.distro.iter().try_for_each(|distro| component(w, &Component::operating_system(distro)))
        })?;
        w.create_element("dependencies").write_inner_content(|w| dependencies(w, artifact))?;
        w.create_element("compositions").write_inner_content(|w| {
            w.create_element("composition").write_inner_content(|w| {
                text(w, "aggregate", aggregate(artifact))?;
                w.create_element("assemblies").write_inner_content(|w| {
                    let root = clean(root_reference(artifact));
                    w.create_element("assembly").with_attribute(("ref", root.as_str())).write_empty().map(drop)
                })?;
                Ok(())
            })?;
            Ok(())
        })?;
        Ok(())
    })?;
    drop(w);
    out.write_all(b"\n")?;
    out.flush()
}

fn text(w: &mut Xml<'_>, name: &str, value: &str) -> io::Result<()> {
    w.create_element(name).write_text_content(BytesText::new(&clean(value))).map(drop)
}

fn text_unless_empty(w: &mut Xml<'_>, name: &str, value: &str) -> io::Result<()> {
    if value.is_empty() { Ok(()) } else { text(w, name, value) }
}

fn metadata(w: &mut Xml<'_>, artifact: &Artifact, version: Version, producer: &Producer<'_>) -> io::Result<()> {
    text_unless_empty(w, "timestamp", producer.created.unwrap_or_default())?;
    w.create_element("tools").write_inner_content(|w| {
        let tool = |w: &mut Xml<'_>| {
            text(w, "name", producer.name)?;
            text(w, "version", producer.version)
        };
        if version >= Version::V1_5 {
            w.create_element("components").write_inner_content(|w| {
                let component = w.create_element("component").with_attribute(("type", "application"));
                component.write_inner_content(tool).map(drop)
            })?;
        } else {
            w.create_element("tool").write_inner_content(tool)?;
        }
        Ok(())
    })?;
    component(w, &Component::root(artifact))?;
    properties(w, &document_properties(artifact))
}

fn component(w: &mut Xml<'_>, component: &Component<'_>) -> io::Result<()> {
    let reference = clean(&component.reference);
    let element = w.create_element("component").with_attributes([("type", component.kind), ("bom-ref", &reference)]);
    element.write_inner_content(|w| {
        text_unless_empty(w, "author", component.author.as_deref().unwrap_or_default())?;
        text_unless_empty(w, "publisher", component.publisher.as_deref().unwrap_or_default())?;
        text(w, "name", component.name)?;
        text(w, "version", component.version)?;
        text_unless_empty(w, "description", component.description)?;
        if !component.hashes.is_empty() {
            w.create_element("hashes").write_inner_content(|w| {
                for digest in component.hashes {
                    let hash = w.create_element("hash").with_attribute(("alg", algorithm(digest.algorithm())));
                    hash.write_text_content(BytesText::new(digest.hex()))?;
                }
                Ok(())
            })?;
        }
        licenses(w, &component.licenses)?;
        text_unless_empty(w, "cpe", component.cpe.unwrap_or_default())?;
        text_unless_empty(w, "purl", component.purl.as_deref().unwrap_or_default())?;
        if component.swid {
            let (name, version) = (clean(component.name), clean(component.version));
            let swid = [("tagId", name.as_str()), ("name", name.as_str()), ("version", version.as_str())];
            w.create_element("swid").with_attributes(swid).write_empty()?;
        }
        properties(w, &component.properties)
    })?;
    Ok(())
}

fn licenses(w: &mut Xml<'_>, licenses: &Licenses<'_>) -> io::Result<()> {
    match licenses {
        Licenses::None => Ok(()),
        Licenses::Expression(expression) => {
            w.create_element("licenses").write_inner_content(|w| text(w, "expression", expression)).map(drop)
        }
        Licenses::Listed(listed) => w
            .create_element("licenses")
            .write_inner_content(|w| {
                for license in listed {
                    w.create_element("license").write_inner_content(|w| match license {
                        Listed::Id(id) => text(w, "id", id),
                        Listed::Name(name) => text(w, "name", name),
                    })?;
                }
                Ok(())
            })
            .map(drop),
    }
}

fn properties(w: &mut Xml<'_>, properties: &[(String, String)]) -> io::Result<()> {
    if properties.is_empty() {
        return Ok(());
    }
    w.create_element("properties")
        .write_inner_content(|w| {
            for (name, value) in properties {
                let property = w.create_element("property").with_attribute(("name", clean(name).as_str()));
                property.write_text_content(BytesText::new(&clean(value)))?;
            }
            Ok(())
        })
        .map(drop)
}

fn dependencies(w: &mut Xml<'_>, artifact: &Artifact) -> io::Result<()> {
    let mut result = Ok(());
    for_each_dependency(artifact, |from, needs| {
        if result.is_err() {
            return;
        }
        let element = w.create_element("dependency").with_attribute(("ref", clean(from).as_str()));
        let written = element.write_inner_content(|w| {
            for need in needs {
                w.create_element("dependency").with_attribute(("ref", need.as_str())).write_empty()?;
            }
            Ok(())
        });
        result = written.map(drop);
    });
    result
}

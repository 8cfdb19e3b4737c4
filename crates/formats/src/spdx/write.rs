//! Writes the document as JSON.

use std::io::{self, Write};

use stopgate_model::Artifact;

use super::element::{Described, Extracted, Head, NONE, for_each_edge, one_line};
use crate::Producer;
use crate::json::JsonWriter;
use crate::sbom_parts::content_id;

/// Writes an artifact as an SPDX 2.3 JSON document.
pub fn write(artifact: &Artifact, producer: &Producer<'_>, out: &mut dyn Write) -> io::Result<()> {
    let id = content_id(|hash| document(artifact, producer, "", hash))?;
    document(artifact, producer, &id.to_string(), out)
}

fn document(artifact: &Artifact, producer: &Producer<'_>, id: &str, out: &mut dyn Write) -> io::Result<()> {
    let head = Head::of(artifact, producer, id);
    let mut extracted = Extracted::new();
    let mut w = JsonWriter::new(out);
    w.object(|w| {
        w.text_field("spdxVersion", "SPDX-2.3");
        w.text_field("dataLicense", "CC0-1.0");
        w.text_field("SPDXID", "SPDXRef-DOCUMENT");
        w.text_field("name", &head.name);
        w.text_field("documentNamespace", &head.namespace);
        w.key("creationInfo").object(|w| {
            w.text_field("licenseListVersion", head.license_list);
            w.texts_field("creators", [&head.creator]);
            w.text_field("created", &head.created);
        });
        w.text_unless_empty("comment", &head.comment);
        w.key("packages").array(|w| {
            package(w, &Described::root(artifact));
            if let Some(distro) = &artifact.distro {
                package(w, &Described::operating_system(distro));
            }
            for found in &artifact.packages {
                package(w, &Described::package(found, &mut extracted));
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
        w.key("relationships").array(|w| {
            for_each_edge(artifact, |from, kind, to, comment| {
                w.object(|w| {
                    w.text_field("spdxElementId", from);
                    w.text_field("relatedSpdxElement", to);
                    w.text_field("relationshipType", kind);
                    w.text_unless_empty("comment", comment);
                });
            });
        });
    });
    w.newline();
    w.finish().map(drop)
}

fn package(w: &mut JsonWriter<'_>, package: &Described) {
    w.object(|w| {
        w.text_field("name", &package.name);
        w.text_field("SPDXID", &package.id);
        w.text_unless_empty("versionInfo", &package.version);
        w.text_field("supplier", &package.supplier);
        w.text_field("downloadLocation", NONE);
        w.key("filesAnalyzed").boolean(false);
        if !package.checksums.is_empty() {
            w.key("checksums").list(&package.checksums, |w, (algorithm, value)| {
                w.object(|w| {
                    w.text_field("algorithm", algorithm);
                    w.text_field("checksumValue", value);
                });
            });
        }
        w.text_unless_empty("sourceInfo", &package.source_info);
        w.text_field("licenseConcluded", &package.concluded);
        w.text_field("licenseDeclared", &package.declared);
        w.text_field("copyrightText", NONE);
        w.text_unless_empty("description", &package.description);
        if !package.references.is_empty() {
            w.key("externalRefs").list(&package.references, |w, (category, kind, locator)| {
                w.object(|w| {
                    w.text_field("referenceCategory", category);
                    w.text_field("referenceType", kind);
                    w.text_field("referenceLocator", locator);
                });
            });
        }
        w.text_field("primaryPackagePurpose", package.purpose);
    });
}

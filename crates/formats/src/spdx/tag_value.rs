//! Writes the document as tag-value text.

use std::io::{self, BufWriter, Write};

use stopgate_model::Artifact;

use super::element::{Described, Extracted, Head, NONE, for_each_edge, one_line};
use crate::Producer;
use crate::sbom_parts::content_id;

/// Writes an artifact as an SPDX 2.3 tag-value document.
pub fn write_tag_value(artifact: &Artifact, producer: &Producer<'_>, out: &mut dyn Write) -> io::Result<()> {
    let id = content_id(|hash| document(artifact, producer, "", hash))?;
    document(artifact, producer, &id.to_string(), out)
}

fn document(artifact: &Artifact, producer: &Producer<'_>, id: &str, out: &mut dyn Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    let head = Head::of(artifact, producer, id);
    let mut extracted = Extracted::new();
    writeln!(out, "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\nSPDXID: SPDXRef-DOCUMENT")?;
    writeln!(out, "DocumentName: {}\nDocumentNamespace: {}", head.name, head.namespace)?;
    if !head.comment.is_empty() {
        writeln!(out, "DocumentComment: {}", lines(&head.comment))?;
    }
    writeln!(out, "LicenseListVersion: {}\nCreator: {}\nCreated: {}", head.license_list, head.creator, head.created)?;
    package(&mut out, &Described::root(artifact))?;
    if let Some(distro) = &artifact.distro {
        package(&mut out, &Described::operating_system(distro))?;
    }
    for found in &artifact.packages {
        package(&mut out, &Described::package(found, &mut extracted))?;
    }
    for (id, text) in &extracted {
        writeln!(out, "\nLicenseID: {id}\nExtractedText: {}\nLicenseName: {}", lines(text), name(text))?;
    }
    writeln!(out)?;
    let mut result = Ok(());
    for_each_edge(artifact, |from, kind, to, comment| {
        if result.is_ok() {
            result = writeln!(out, "Relationship: {from} {kind} {to}").and_then(|()| {
                if comment.is_empty() { Ok(()) } else { writeln!(out, "RelationshipComment: {}", lines(comment)) }
            });
        }
    });
    result?;
    out.flush()
}

/// Text that may have several lines; nothing inside may end it.
fn lines(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    format!("<text>{}</text>", text.replace("</text>", "< /text>"))
}

/// Text on one line, never empty.
fn name(text: &str) -> String {
    let line = one_line(text);
    if line.trim().is_empty() { NONE.to_owned() } else { line }
}

fn package(out: &mut impl Write, package: &Described) -> io::Result<()> {
    writeln!(out, "\nPackageName: {}\nSPDXID: {}", name(&package.name), package.id)?;
    if !package.version.trim().is_empty() {
        writeln!(out, "PackageVersion: {}", package.version)?;
    }
    writeln!(out, "PackageSupplier: {}", package.supplier)?;
    writeln!(out, "PackageDownloadLocation: {NONE}\nFilesAnalyzed: false")?;
    for (algorithm, value) in &package.checksums {
        writeln!(out, "PackageChecksum: {algorithm}: {value}")?;
    }
    if !package.source_info.is_empty() {
        writeln!(out, "PackageSourceInfo: {}", lines(&package.source_info))?;
    }
    writeln!(out, "PackageLicenseConcluded: {}", package.concluded)?;
    writeln!(out, "PackageLicenseDeclared: {}", package.declared)?;
    writeln!(out, "PackageCopyrightText: {NONE}")?;
    if !package.description.is_empty() {
        writeln!(out, "PackageDescription: {}", lines(&package.description))?;
    }
    for (category, kind, locator) in &package.references {
        writeln!(out, "ExternalRef: {category} {kind} {locator}")?;
    }
    // Tag-value spells the purpose with a dash.
    writeln!(out, "PrimaryPackagePurpose: {}", package.purpose.replace('_', "-"))
}

//! SBOMs of the server: three kinds as it sends them, the others made of its native one.

use std::path::Path;

use bytes::Bytes;
use stopgate_client::ClientError;
use stopgate_formats::{cyclonedx, spdx, syft_json};

use crate::anchorectl::failure::Failure;
use crate::anchorectl::format::{Format, SbomFormat};
use crate::anchorectl::session::Session;
use crate::{engine, render};

/// Asks for one of the kinds that the server has.
pub(super) type Service<'a> = dyn Fn(&str) -> Result<Bytes, ClientError> + 'a;

/// Where an SBOM is to go.
pub(super) struct SbomFile<'a> {
    /// `None`: standard output.
    pub(super) path: Option<&'a Path>,
    pub(super) overwrite: bool,
}

/// Fetches an SBOM in the wanted kind and writes it.
pub(super) fn fetch(session: &mut Session, service: &Service<'_>, file: &SbomFile<'_>) -> Result<(), Failure> {
    // `-o text` is a table only when somebody asks for it; without `-o` an SBOM is a document.
    let format = match session.format {
        Format::Sbom(format) => format,
        _ if session.wants_text() => SbomFormat::Table,
        _ => SbomFormat::Syft,
    };
    let bytes = match format {
        SbomFormat::Syft => service("native-json")?,
        SbomFormat::CycloneDxJson => service("cyclonedx-json")?,
        SbomFormat::SpdxJson => service("spdx-json")?,
        SbomFormat::CycloneDxXml | SbomFormat::SpdxTagValue | SbomFormat::Table => {
            converted(&service("native-json")?, format)?
        }
    };
    session.done("Fetched SBOM", "");
    if let Some(path) = file.path {
        return session.write_file(path, &bytes, file.overwrite);
    }
    session.print_bytes(&bytes)?;
    if bytes.ends_with(b"\n") { Ok(()) } else { session.print_bytes(b"\n") }
}

fn converted(native: &[u8], format: SbomFormat) -> Result<Bytes, Failure> {
    let fail = |what: String| Failure::new(format!("the server's SBOM cannot be converted: {what}"));
    let artifact = syft_json::read(native).map_err(|error| fail(error.to_string()))?;
    let producer = engine::producer(None);
    let mut out = Vec::new();
    let written = match format {
        SbomFormat::CycloneDxXml => cyclonedx::write_xml(&artifact, cyclonedx::Version::default(), &producer, &mut out),
        SbomFormat::SpdxTagValue => spdx::write_tag_value(&artifact, &producer, &mut out),
        _ => render::packages_table(&artifact, &mut out),
    };
    written.map_err(|error| fail(error.to_string()))?;
    Ok(out.into())
}

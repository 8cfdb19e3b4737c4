//! `stopgate sbom`: what a source is made of.

use stopgate_formats::{analysis, cyclonedx, spdx, syft_json};

use crate::arguments::{Global, Sbom};
use crate::failure::Failure;
use crate::output::{wanted, write_all};
use crate::progress::Progress;
use crate::sources::Demands;
use crate::{engine, render, sources};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    SyftJson,
    CycloneDx,
    CycloneDxXml,
    Spdx,
    SpdxTagValue,
    Analysis,
    Table,
}

const FORMATS: &[(&str, Format)] = &[
    ("syft-json", Format::SyftJson),
    ("json", Format::SyftJson),
    ("cyclonedx-json", Format::CycloneDx),
    ("cyclonedx-xml", Format::CycloneDxXml),
    ("spdx-json", Format::Spdx),
    ("spdx-tag-value", Format::SpdxTagValue),
    ("analysis", Format::Analysis),
    ("table", Format::Table),
];

pub(crate) fn run(global: &Global, options: &Sbom) -> Result<u8, Failure> {
    let outputs = wanted(&options.output, FORMATS, Format::Table)?;
    let progress = Progress::new(global);
    // What is kept to be decided upon later must hold all that a policy may ask for.
    let verify = outputs.iter().any(|output| output.format == Format::Analysis);
    let demands = Demands { verify, ..Demands::default() };
    let artifact = sources::demanded(global, &options.source, &progress, demands)?;
    progress.finish();
    write_all(&outputs, |format, out| match format {
        Format::SyftJson => syft_json::write(&artifact, out),
        Format::CycloneDx => cyclonedx::write(&artifact, cyclonedx::Version::default(), &engine::producer(None), out),
        Format::CycloneDxXml => {
            cyclonedx::write_xml(&artifact, cyclonedx::Version::default(), &engine::producer(None), out)
        }
        Format::Spdx => spdx::write(&artifact, &engine::producer(None), out),
        Format::SpdxTagValue => spdx::write_tag_value(&artifact, &engine::producer(None), out),
        Format::Analysis => analysis::write(&artifact, out),
        Format::Table => render::packages_table(&artifact, out),
    })?;
    sources::say_gaps(global, &artifact.gaps);
    Ok(0)
}

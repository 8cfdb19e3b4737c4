//! `anchorectl syft ARGS…`: the rest of the line goes to the embedded scanner, which understands syft's common options.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;

use clap::Parser;

use crate::anchorectl::failure::Failure;
use crate::anchorectl::session::Io;
use crate::anchorectl::settings::Settings;
use crate::arguments::{Global, ProgressMode, SourceArguments, When};
use crate::progress::Progress;
use crate::sources::Demands;
use crate::{engine, output, render, sources};

/// Makes an SBOM.
#[derive(Debug, Parser)]
#[command(name = "anchorectl syft", version)]
struct Syft {
    /// SCHEME:PATH, PATH or REFERENCE
    source: String,
    /// FORMAT[=FILE] (repeatable): syft-json, cyclonedx-json, cyclonedx-xml, spdx-json, spdx-tag-value, table
    #[arg(short, long, value_name = "FORMAT[=FILE]")]
    output: Vec<String>,
    /// Name of the source, instead of its own
    #[arg(long, alias = "name")]
    source_name: Option<String>,
    /// Version of the source, instead of its own
    #[arg(long)]
    source_version: Option<String>,
    /// Which image of an index: OS/ARCH[/VARIANT]
    #[arg(long)]
    platform: Option<String>,
    /// Where the image comes from: registry, docker, podman
    #[arg(long)]
    from: Option<String>,
    /// Accepted; layers are always seen as the squashed image
    #[arg(short, long, hide = true)]
    scope: Option<String>,
    /// Accepted; the scanner has no configuration of its own
    #[arg(short, long, hide = true)]
    config: Option<String>,
    /// Accepted; nothing but the result is printed
    #[arg(short, long)]
    quiet: bool,
    /// Accepted
    #[arg(short, long, action = clap::ArgAction::Count, hide = true)]
    verbose: u8,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    Syft,
    CycloneDxJson,
    CycloneDxXml,
    SpdxJson,
    SpdxTagValue,
    Table,
}

const KINDS: &[(&str, Kind)] = &[
    ("syft-json", Kind::Syft),
    ("json", Kind::Syft),
    ("cyclonedx-json", Kind::CycloneDxJson),
    ("cyclonedx-xml", Kind::CycloneDxXml),
    ("cyclonedx", Kind::CycloneDxXml),
    ("spdx-json", Kind::SpdxJson),
    ("spdx-tag-value", Kind::SpdxTagValue),
    ("table", Kind::Table),
    ("syft-table", Kind::Table),
    ("text", Kind::Table),
];

/// The rest of the line, when the command is this one.
pub(crate) fn arguments(arguments: &[OsString]) -> Option<&[OsString]> {
    let (first, rest) = arguments.get(1..)?.split_first()?;
    (first == OsStr::new("syft")).then_some(rest)
}

pub(crate) fn run(arguments: &[OsString], settings: &Settings, io: &mut Io<'_>) -> Result<(), Failure> {
    // syft's own `scan` is a word in front of the source.
    let rest = arguments.iter().skip_while(|word| ["scan", "packages"].iter().any(|name| *word == OsStr::new(name)));
    let options = match Syft::try_parse_from(std::iter::once(OsString::from("anchorectl syft")).chain(rest.cloned())) {
        Ok(options) => options,
        Err(error) if !error.use_stderr() => {
            let _ = write!(io.out, "{}", error.render());
            return Ok(());
        }
        Err(error) => return Err(Failure::usage(&error)),
    };
    let outputs = output::wanted(&options.output, KINDS, Kind::Table)?;
    let source = match &options.from {
        Some(from) if !options.source.contains("://") => format!("{from}:{}", options.source),
        _ => options.source.clone(),
    };
    let source = SourceArguments {
        platform: options.platform.clone(),
        insecure_skip_tls_verify: settings.flag("ANCHORECTL_HTTP_TLS_INSECURE")?,
        ..SourceArguments::of(source)
    };
    let global = Global {
        quiet: true,
        verbose: 0,
        color: When::Never,
        progress: ProgressMode::None,
        offline: false,
        ca_file: None,
    };
    let mut artifact =
        sources::cached_in(&global, &source, &Progress::silent(), Demands::default(), io.layers.clone())?.artifact;
    if let Some(name) = &options.source_name {
        artifact.source.name.clone_from(name);
    }
    if let Some(version) = &options.source_version {
        artifact.source.version.clone_from(version);
    }
    let producer = engine::producer(None);
    for wanted in &outputs {
        let write = |out: &mut dyn std::io::Write| match wanted.format {
            Kind::Syft => stopgate_formats::syft_json::write(&artifact, out),
            Kind::CycloneDxJson => stopgate_formats::cyclonedx::write(
                &artifact,
                stopgate_formats::cyclonedx::Version::default(),
                &producer,
                out,
            ),
            Kind::CycloneDxXml => stopgate_formats::cyclonedx::write_xml(
                &artifact,
                stopgate_formats::cyclonedx::Version::default(),
                &producer,
                out,
            ),
            Kind::SpdxJson => stopgate_formats::spdx::write(&artifact, &producer, out),
            Kind::SpdxTagValue => stopgate_formats::spdx::write_tag_value(&artifact, &producer, out),
            Kind::Table => render::packages_table(&artifact, out),
        };
        match &wanted.file {
            None => {
                let mut bytes = Vec::new();
                write(&mut bytes).map_err(|error| Failure::new(format!("the SBOM cannot be written: {error}")))?;
                crate::anchorectl::answer::write(&mut io.out, &bytes)?;
            }
            Some(_) => output::write_all(std::slice::from_ref(wanted), |_, out| write(out))?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    #[test]
    fn the_rest_of_the_line_belongs_to_the_scanner() {
        let words = |text: &str| text.split(' ').map(OsString::from).collect::<Vec<_>>();
        assert_eq!(super::arguments(&words("anchorectl syft -o json .")), Some(words("-o json .").as_slice()));
        assert_eq!(super::arguments(&words("anchorectl image add syft")), None);
        assert_eq!(super::arguments(&words("anchorectl")), None);
    }
}

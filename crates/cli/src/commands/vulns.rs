//! `stopgate vulns`: the known vulnerabilities of a source, in grype's shapes.

use stopgate_formats::{grype_json, sarif};
use stopgate_model::FixState;

use crate::arguments::{Global, Vulns};
use crate::failure::Failure;
use crate::output::{wanted, write_all};
use crate::progress::Progress;
use crate::{clock, engine, render, sources};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Table,
    Json,
    Sarif,
}

const FORMATS: &[(&str, Format)] = &[("table", Format::Table), ("json", Format::Json), ("sarif", Format::Sarif)];

pub(crate) fn run(global: &Global, options: &Vulns) -> Result<u8, Failure> {
    let outputs = wanted(&options.output, FORMATS, Format::Table)?;
    let progress = Progress::new(global);
    let database = sources::database()?.ok_or_else(sources::no_data)?;
    let artifact = sources::artifact(global, &options.source, &progress)?;
    progress.step("matching vulnerabilities");
    let mut report = sources::matches(&artifact, &database);
    if options.only_fixed {
        report.matches.retain(|hit| hit.fix.state == FixState::Fixed);
    }
    progress.finish();
    let style = render::Style::new(global.colours_stdout());
    let now = clock::now(None)?.to_string();
    let producer = engine::producer(Some(&now));
    write_all(&outputs, |format, out| match format {
        Format::Table => render::vulnerabilities_table(&artifact, &report, style, out),
        Format::Json => grype_json::write(&artifact, &report, &producer, out),
        Format::Sarif => sarif::write_matches(&artifact, &report, &producer, out),
    })?;
    let gaps: Vec<_> = artifact.gaps.iter().chain(&report.gaps).cloned().collect();
    sources::say_gaps(global, &gaps);
    let worst = report.matches.iter().map(|hit| hit.vulnerability.severity).max();
    Ok(u8::from(options.fail_on.is_some_and(|limit| worst >= Some(limit))))
}

//! `stopgate check`: may it pass, why not, what to do.

use stopgate_formats::{check_json, csv, junit, sarif};

use crate::arguments::{Check, Global};
use crate::clock;
use crate::decision::{Decision, Origin, data, ground};
use crate::failure::Failure;
use crate::output::{Wanted, wanted, write_all};
use crate::render::{self, Style};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Json,
    Csv,
    Sarif,
    Junit,
    Markdown,
}

const FORMATS: &[(&str, Format)] = &[
    ("text", Format::Text),
    ("json", Format::Json),
    ("csv", Format::Csv),
    ("sarif", Format::Sarif),
    ("junit", Format::Junit),
    ("markdown", Format::Markdown),
];

pub(crate) fn run(global: &Global, options: &Check) -> Result<u8, Failure> {
    let outputs = wanted(&options.output, FORMATS, Format::Text)?;
    let deciding = &options.deciding;
    let now = clock::now(deciding.as_of.as_deref())?;
    let loaded = Origin::of(&deciding.policy)?.load_valid()?;
    let database = data(deciding.advisories.as_deref(), now)?;
    let ground = ground(global, &options.source, deciding, &loaded, database.as_ref(), now)?;
    let decision = Decision::make(ground, loaded)?;
    write(&decision, &outputs, options.detail, Style::new(global.colours_stdout()))?;
    Ok(decision.verdict().exit_code)
}

fn write(decision: &Decision<'_>, outputs: &[Wanted<Format>], detail: bool, style: Style) -> Result<(), Failure> {
    let document = decision.loaded.policy.to_json();
    let report = decision.report(&document);
    write_all(outputs, |format, out| match format {
        // A file gets no colours.
        Format::Text => render::check_text(&report, &decision.controls(), detail, style, out),
        Format::Json => check_json::write(&report, out),
        Format::Csv => csv::write(&report, out),
        Format::Sarif => sarif::write_check(&report, out),
        Format::Junit => junit::write(&report, out),
        Format::Markdown => render::check_markdown(&report, out),
    })
}

//! `stopgate check`: may it pass, why not, what to do.

use stopgate_formats::{check_json, csv, junit, sarif};
use stopgate_model::{Artifact, CheckReport, FixPlan};

use crate::arguments::{Check, Global, SourceArguments};
use crate::clock;
use crate::decision::{Decision, Origin, data, ground};
use crate::failure::Failure;
use crate::output::{Wanted, wanted, write_all};
use crate::progress::Progress;
use crate::render::{self, Style};
use crate::sources;

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
    let plan = if options.fix_plan { Some(decision.fix_plan(&candidates(global, options)?)) } else { None };
    let output = Output { decision: &decision, plan: plan.as_ref(), detail: options.detail };
    output.write(&outputs, Style::new(global.colours_stdout()))?;
    Ok(decision.verdict().exit_code)
}

/// Base images that the plan may build on.
fn candidates(global: &Global, options: &Check) -> Result<Vec<(String, Artifact)>, Failure> {
    if !options.base_candidate.is_empty() && options.deciding.base.is_empty() {
        return Err(Failure::new("`--base-candidate` needs the image's own base: expected `--base SOURCE`"));
    }
    let progress = Progress::new(global);
    let open = |name: &String| {
        let source = SourceArguments { source: name.clone(), dockerfile: None, tag: None, ..options.source.clone() };
        Ok((name.clone(), sources::artifact(global, &source, &progress)?))
    };
    let opened = options.base_candidate.iter().map(open).collect();
    progress.finish();
    opened
}

/// What is written of a decision.
struct Output<'a> {
    decision: &'a Decision<'a>,
    plan: Option<&'a FixPlan>,
    detail: bool,
}

impl Output<'_> {
    fn write(&self, outputs: &[Wanted<Format>], style: Style) -> Result<(), Failure> {
        let document = self.decision.loaded.policy.to_json();
        let report = CheckReport { plan: self.plan, ..self.decision.report(&document) };
        write_all(outputs, |format, out| match format {
            // A file gets no colours.
            Format::Text => render::check_text(&report, &self.decision.controls(), self.detail, style, out),
            Format::Json => check_json::write(&report, out),
            Format::Csv => csv::write(&report, out),
            Format::Sarif => sarif::write_check(&report, out),
            Format::Junit => junit::write(&report, out),
            Format::Markdown => render::check_markdown(&report, out),
        })
    }
}

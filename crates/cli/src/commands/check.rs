//! `stopgate check`: may it pass, why not, what to do.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use stopgate_formats::{check_json, csv, junit, sarif};
use stopgate_model::{
    Artifact, CheckReport, ControlResult, Evaluation, ImageReference, MatchReport, PolicyIdentity, Verdict,
};
use stopgate_packs::{Flavour, Inputs, RenderedPack, control_states};
use stopgate_policy::{EvalContext, ParseOptions, Policy};
use stopgate_vulndb::Database;

use crate::arguments::{Check, Global};
use crate::failure::Failure;
use crate::output::{Wanted, wanted, write_all};
use crate::progress::Progress;
use crate::render::{self, Style};
use crate::{clock, engine, sources};

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
    let now = clock::now(options.as_of.as_deref())?;
    let policy = load_policy(&options.policy, &options.param)?;
    let progress = Progress::new(global);
    let database = match &options.advisories {
        Some(folder) => Some(sources::advisories(folder, now)?),
        None => sources::database()?,
    };
    let artifact = sources::artifact(global, &options.source, &progress)?;
    let from_sbom = sources::is_document(&options.source)?;
    let tag = sources::tag(&options.source, &artifact)?;
    progress.step("evaluating the policy");
    let checked = Checked::new(artifact, database.as_ref(), policy, &tag, now, options.strict_names, from_sbom);
    progress.finish();
    checked.write(&outputs, options.detail, Style::new(global.colours_stdout()))?;
    Ok(checked.verdict().exit_code)
}

/// A policy, and the pack that it was rendered from.
pub(crate) struct Loaded {
    policy: Policy,
    identity: PolicyIdentity,
    pack: Option<RenderedPack>,
}

/// Loads a pack by id, or a policy from a file.
pub(crate) fn load_policy(name: &str, params: &[String]) -> Result<Loaded, Failure> {
    let values = parameters(params)?;
    let (document, origin, pack) = match stopgate_packs::find(name) {
        Some(pack) => {
            let manifest = pack.manifest().map_err(|error| Failure::of(&error))?;
            let rendered = stopgate_packs::render(&manifest, &values, Flavour::Extended, &has_trigger)
                .map_err(|error| Failure::of(&error))?;
            (rendered.policy.to_string().into_bytes(), rendered.title.clone(), Some(rendered))
        }
        None => (read_policy(name)?, name.to_owned(), None),
    };
    let policy =
        stopgate_policy::parse(&document, ParseOptions::default()).map_err(|errors| invalid(name, &errors))?.policy;
    let identity =
        PolicyIdentity { id: policy.id.clone(), name: policy.name.clone(), digest: policy.digest().clone(), origin };
    Ok(Loaded { policy, identity, pack })
}

/// Whether this version runs a trigger.
fn has_trigger(gate: &str, trigger: &str) -> bool {
    stopgate_policy::TRIGGERS.iter().any(|known| known.info().gate == gate && known.info().name == trigger)
}

fn parameters(params: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    params
        .iter()
        .map(|param| match param.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
            None => Err(Failure::new(format!("`--param {param}` has no value: expected KEY=VALUE"))),
        })
        .collect()
}

fn read_policy(name: &str) -> Result<Vec<u8>, Failure> {
    let path = Path::new(name);
    if !path.exists() {
        let packs: Vec<_> = stopgate_packs::PACKS.iter().map(|pack| pack.id).collect();
        return Err(Failure::new(format!(
            "there is no policy `{name}`: expected a file, or one of the packs {}",
            packs.join(", ")
        )));
    }
    sources::read_file(path, stopgate_model::limits::POLICY_BYTES)
}

/// Errors of a policy that are named one by one.
const SHOWN_ERRORS: usize = 50;

fn invalid(name: &str, errors: &[stopgate_policy::PolicyError]) -> Failure {
    let count = errors.len();
    let plural = if count == 1 { "" } else { "s" };
    let mut failure = Failure::new(format!("the policy `{name}` is not valid: {count} error{plural}"));
    for error in errors.iter().take(SHOWN_ERRORS) {
        failure = failure.help(match &error.help {
            Some(help) => format!("{error} ({help})"),
            None => error.to_string(),
        });
    }
    if count > SHOWN_ERRORS {
        failure = failure.help(format!("and {} more", count - SHOWN_ERRORS));
    }
    failure
}

/// A verdict with all that it rests on.
pub(crate) struct Checked {
    artifact: Artifact,
    loaded: Loaded,
    matches: Option<MatchReport>,
    evaluation: Evaluation,
    gaps: Vec<stopgate_model::Gap>,
}

impl Checked {
    /// Matches and evaluates.
    pub(crate) fn new(
        artifact: Artifact,
        database: Option<&Database>,
        loaded: Loaded,
        tag: &ImageReference,
        now: Timestamp,
        strict_names: bool,
        from_sbom: bool,
    ) -> Self {
        let matches = database.map(|database| sources::matches(&artifact, database));
        let mut context = EvalContext::new(&artifact, tag, now, engine::engine());
        context.matches = matches.as_ref();
        context.strict_names = strict_names;
        context.from_sbom = from_sbom;
        let mut evaluation = stopgate_policy::evaluate(&loaded.policy, &context);
        if let Some(pack) = &loaded.pack {
            for finding in &mut evaluation.findings {
                let set = finding.rule_id.replace("-src-r", "-r");
                finding.controls = pack.controls_of(&set).map(str::to_owned).collect();
            }
        }
        let mut gaps = artifact.gaps.clone();
        gaps.extend(matches.iter().flat_map(|report| report.gaps.iter().cloned()));
        gaps.sort();
        gaps.dedup();
        Self { artifact, loaded, matches, evaluation, gaps }
    }

    pub(crate) fn verdict(&self) -> Verdict {
        Verdict::of(&self.evaluation)
    }

    fn controls(&self) -> Vec<ControlResult> {
        let inputs = Inputs::of(&self.artifact, self.matches.as_ref());
        self.loaded.pack.as_ref().map(|pack| control_states(pack, &self.evaluation, &inputs)).unwrap_or_default()
    }

    fn write(&self, outputs: &[Wanted<Format>], detail: bool, style: Style) -> Result<(), Failure> {
        let document = self.loaded.policy.to_json();
        let report = self.report(&document);
        write_all(outputs, |format, out| match format {
            // A file gets no colours.
            Format::Text => render::check_text(&report, &self.controls(), detail, style, out),
            Format::Json => check_json::write(&report, out),
            Format::Csv => csv::write(&report, out),
            Format::Sarif => sarif::write_check(&report, out),
            Format::Junit => junit::write(&report, out),
            Format::Markdown => render::check_markdown(&report, out),
        })
    }

    /// The verdict as text.
    pub(crate) fn text(&self, detail: bool, style: Style, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        let document = self.loaded.policy.to_json();
        render::check_text(&self.report(&document), &self.controls(), detail, style, out)
    }

    fn report<'a>(&'a self, policy_json: &'a str) -> CheckReport<'a> {
        CheckReport {
            verdict: self.verdict(),
            artifact: &self.artifact,
            policy: &self.loaded.identity,
            policy_json,
            data: self.matches.as_ref().map(|report| &report.data),
            evaluation: &self.evaluation,
            gaps: &self.gaps,
        }
    }
}

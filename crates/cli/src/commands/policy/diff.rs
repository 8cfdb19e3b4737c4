//! `stopgate policy diff`: whether a changed policy is stricter or looser, with a case that shows it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stopgate_policy::{Answer, ChangeKind, DiffOptions, DiffReport, Direction, Doubt, Witness};

use crate::cases;
use crate::clock;
use crate::decision::Origin;
use crate::failure::{Failure, printable};
use crate::output::{wanted, write_all};
use crate::packs;

#[derive(Debug, Clone, Copy)]
enum Format {
    Text,
    Json,
}

const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("json", Format::Json)];

pub(super) struct Options<'a> {
    pub(super) old: Origin,
    pub(super) new: Origin,
    pub(super) as_of: Option<&'a str>,
    /// Folder for the cases.
    pub(super) witness: Option<&'a Path>,
    pub(super) output: &'a [String],
}

/// Exit codes: equal or stricter, looser or incomparable, undecided.
const NO_LOOSER: u8 = 0;
const LOOSER: u8 = 1;
const UNDECIDED: u8 = 2;

pub(super) fn run(options: &Options<'_>) -> Result<u8, Failure> {
    let outputs = wanted(options.output, FORMATS, Format::Text)?;
    let (old, new) = (options.old.load_valid()?, options.new.load_valid()?);
    let as_of = clock::now(options.as_of)?;
    let report = stopgate_policy::diff(&old.policy, &new.policy, &DiffOptions { as_of, strict_names: false });
    let written = match options.witness {
        Some(folder) => write_cases(folder, options, &report)?,
        None => Vec::new(),
    };
    write_all(&outputs, |format, out| match format {
        Format::Text => text(options, &report, &written, out),
        Format::Json => writeln!(out, "{:#}", document(&report, &written)),
    })?;
    Ok(match report.answer {
        Answer::Equal | Answer::Stricter { .. } => NO_LOOSER,
        Answer::Looser | Answer::Incomparable => LOOSER,
        Answer::Undecided => UNDECIDED,
    })
}

/// A case that was written.
struct Written {
    folder: PathBuf,
    /// What its files cannot say.
    left_out: Vec<String>,
}

/// One case for each direction that a witness refutes, about the policy that stops it.
fn write_cases(folder: &Path, options: &Options<'_>, report: &DiffReport) -> Result<Vec<Written>, Failure> {
    let mut written = Vec::new();
    for (name, direction, origin) in
        [("only-old-stops", &report.forward, &options.old), ("only-new-stops", &report.backward, &options.new)]
    {
        let Some(witness) = direction.witness() else { continue };
        let folder = folder.join(name);
        let subject = cases::Subject {
            policy: absolute(&origin.name)?,
            ext: origin.ext.as_ref().map(|ext| absolute(&ext.display().to_string())).transpose()?,
            params: &origin.values,
            decision: "stop",
            evaluation: None,
        };
        let left_out = cases::write(&folder, witness, &subject)?;
        written.push(Written { folder, left_out });
    }
    Ok(written)
}

/// A pack's id, or the path of a file that is found from every folder.
fn absolute(name: &str) -> Result<String, Failure> {
    if packs::find(name)?.is_some() {
        return Ok(name.to_owned());
    }
    let path = std::path::absolute(name).map_err(|error| Failure::new(format!("cannot find `{name}`: {error}")))?;
    Ok(path.display().to_string())
}

fn text(options: &Options<'_>, report: &DiffReport, written: &[Written], out: &mut dyn Write) -> io::Result<()> {
    let (old, new) = (printable(&options.old.name), printable(&options.new.name));
    let sentence = match report.answer {
        Answer::Equal => format!("equal: {old} and {new} stop the same"),
        Answer::Stricter { equality_excluded: true } => {
            format!("stricter: {new} stops whatever {old} stops, and more")
        }
        Answer::Stricter { equality_excluded: false } => {
            format!("stricter: {new} stops whatever {old} stops; whether more could not be told")
        }
        Answer::Looser => format!("looser: {new} passes something that {old} stops"),
        Answer::Incomparable => format!("incomparable: each of {old} and {new} stops something that the other passes"),
        Answer::Undecided => "undecided: neither a proof nor a case against it was found".to_owned(),
    };
    writeln!(out, "{sentence}")?;
    for change in &report.changes {
        writeln!(out, "  {} {}: {}", kind(change.kind), printable(&change.what), printable(&change.text))?;
    }
    for (stops, passes, direction) in [(&old, &new, &report.forward), (&new, &old, &report.backward)] {
        match direction {
            Direction::Proved => {}
            Direction::Refuted(witness) => witness_text(stops, passes, witness, out)?,
            Direction::Undecided(doubts) => doubts.iter().try_for_each(|doubt| doubt_text(stops, doubt, out))?,
        }
    }
    for case in written {
        let folder = printable(&case.folder.display().to_string());
        writeln!(out, "written: {folder}; replay it with `stopgate policy test {folder}`")?;
        case.left_out.iter().try_for_each(|what| writeln!(out, "  the files do not say {what}"))?;
    }
    Ok(())
}

const fn kind(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::Loosened => "loosened",
        ChangeKind::Tightened => "tightened",
        ChangeKind::Changed => "changed",
    }
}

fn witness_text(stops: &str, passes: &str, witness: &Witness, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\nonly {stops} stops: {}", printable(&witness.stopped_by))?;
    writeln!(out, "  tag {}, as of {}", printable(&witness.tag.to_string()), witness.as_of)?;
    for package in &witness.artifact.packages {
        writeln!(
            out,
            "  package {} {} ({})",
            printable(&package.name),
            printable(&package.version),
            package.package_type
        )?;
    }
    for matched in &witness.matches.matches {
        let record = &matched.vulnerability;
        writeln!(out, "  vulnerability {}, {}", printable(&record.id), record.severity)?;
    }
    for file in witness.artifact.files.iter().flat_map(stopgate_model::FileIndex::iter).take(10) {
        writeln!(out, "  file {} with mode {:o}", printable(file.path), file.mode)?;
    }
    if let Some(config) = &witness.artifact.config {
        writeln!(out, "  user `{}`, ports {}", printable(&config.user), printable(&config.exposed_ports.join(", ")))?;
    }
    for line in witness.artifact.dockerfile.iter().flat_map(|file| &file.instructions) {
        writeln!(out, "  Dockerfile: {} {}", line.keyword, printable(&line.arguments))?;
    }
    writeln!(out, "  {passes} does not stop it")
}

fn doubt_text(stops: &str, doubt: &Doubt, out: &mut dyn Write) -> io::Result<()> {
    let rules = if doubt.rules.is_empty() { String::new() } else { format!(" ({})", doubt.rules.join(", ")) };
    writeln!(
        out,
        "\nnot told whether something that {stops} stops passes, at {}{}: {}",
        printable(&doubt.place),
        printable(&rules),
        printable(&doubt.reason)
    )
}

fn document(report: &DiffReport, written: &[Written]) -> Value {
    let changes: Vec<Value> = report
        .changes
        .iter()
        .map(|change| json!({"kind": kind(change.kind), "what": change.what, "text": change.text}))
        .collect();
    let cases: Vec<Value> = written
        .iter()
        .map(|case| json!({"folder": case.folder.display().to_string(), "left_out": case.left_out}))
        .collect();
    let excluded = !matches!(report.answer, Answer::Stricter { equality_excluded: false } | Answer::Equal);
    json!({
        "schema": "stopgate-policy-diff/1",
        "answer": report.answer.name(),
        "equality_excluded": excluded,
        "new_stops_all_that_old_stops": direction(&report.forward),
        "old_stops_all_that_new_stops": direction(&report.backward),
        "changes": changes,
        "cases": cases,
    })
}

fn direction(direction: &Direction) -> Value {
    match direction {
        Direction::Proved => json!({"state": "proved"}),
        Direction::Refuted(witness) => json!({
            "state": "refuted",
            "witness": {
                "tag": witness.tag.to_string(), "as_of": witness.as_of.to_string(),
                "stopped_by": witness.stopped_by,
                "old_decision": witness.old_decision.name(), "new_decision": witness.new_decision.name(),
                "advisories": witness.advisories,
            },
        }),
        Direction::Undecided(doubts) => {
            let doubts: Vec<Value> = doubts
                .iter()
                .map(|doubt| json!({"place": doubt.place, "rules": doubt.rules, "reason": doubt.reason}))
                .collect();
            json!({"state": "undecided", "doubts": doubts})
        }
    }
}

//! `stopgate policy simulate`: what a draft would change for artifacts that were analysed before, by rule.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stopgate_formats::analysis;
use stopgate_model::{Action, Artifact, Decision, Engine, Evaluation, limits};
use stopgate_policy::{EvalContext, Policy};
use stopgate_vulndb::Database;

use super::FOUND;
use crate::arguments::{PolicyCommand, SourceArguments};
use crate::clock;
use crate::decision::{Origin, data};
use crate::failure::{Failure, printable};
use crate::output::{wanted, write_all};
use crate::sources;

#[derive(Debug, Clone, Copy)]
enum Format {
    Text,
    Json,
}

const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("json", Format::Json)];

pub(super) fn run(command: &PolicyCommand) -> Result<u8, Failure> {
    let PolicyCommand::Simulate { policy, against, against_ext, artifacts, advisories, as_of, output } = command else {
        return Err(Failure::new("there is nothing to simulate"));
    };
    let outputs = wanted(output, FORMATS, Format::Text)?;
    let draft = Origin::of_file(policy)?.load_valid()?.policy;
    let current = Origin { ext: against_ext.clone(), ..Origin::named(against) }.load_valid()?.policy;
    let now = clock::now(as_of.as_deref())?;
    let database = data(advisories.as_deref(), now)?;
    let mut changes = Changes::default();
    for path in documents(artifacts)? {
        let artifact = read(&path)?;
        let tag = sources::tag(&SourceArguments::of(String::new()), &artifact)?;
        let matches = database.as_ref().map(|database: &Database| sources::matches(&artifact, database));
        let evaluate = |policy: &Policy| {
            let mut context = EvalContext::new(&artifact, &tag, now, Engine::own());
            context.matches = matches.as_ref();
            stopgate_policy::evaluate(policy, &context)
        };
        changes.add(path.display().to_string(), &evaluate(&current), &evaluate(&draft));
    }
    write_all(&outputs, |format, out| match format {
        Format::Text => changes.text(out),
        Format::Json => writeln!(out, "{:#}", changes.json()),
    })?;
    Ok(if changes.newly_failing().next().is_some() { FOUND } else { 0 })
}

/// The analysis documents of a folder, sorted.
fn documents(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let unreadable =
        |what: &dyn std::fmt::Display| Failure::new(format!("cannot read the folder `{}`: {what}", folder.display()));
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| unreadable(&error))? {
        let path = entry.map_err(|error| unreadable(&error))?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "json" || extension == "zst") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        return Err(unreadable(&"it has no analysis document (`*.json`, `*.json.zst`)")
            .help("`stopgate sbom IMAGE -o analysis=FILE` writes one"));
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Artifact, Failure> {
    let bytes = sources::read_file(path, limits::SBOM_BYTES)?;
    analysis::read(&bytes).map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))
}

/// One artifact under both policies.
struct Change {
    name: String,
    tag: String,
    before: Decision,
    after: Decision,
    /// Rules of the draft that stop it now, or rules in use that no longer do, with the number of findings.
    rules: BTreeMap<String, usize>,
}

#[derive(Default)]
struct Changes {
    all: Vec<Change>,
}

impl Changes {
    fn add(&mut self, name: String, before: &Evaluation, after: &Evaluation) {
        let (stops_before, stops_after) = (stops(before), stops(after));
        let rules = match (before.decision, after.decision) {
            (Decision::Pass, Decision::Pass) => BTreeMap::new(),
            (_, Decision::Pass) => stops_before,
            _ => stops_after,
        };
        let tag = after.evaluated_tag.clone();
        self.all.push(Change { name, tag, before: before.decision, after: after.decision, rules });
    }

    fn changed(&self) -> impl Iterator<Item = &Change> {
        self.all.iter().filter(|change| change.before != change.after)
    }

    /// What passes now and would not any more.
    fn newly_failing(&self) -> impl Iterator<Item = &Change> {
        self.changed().filter(|change| change.before == Decision::Pass)
    }

    /// How many artifacts each rule of the draft would newly stop.
    fn by_rule(&self) -> BTreeMap<&str, usize> {
        let mut counts = BTreeMap::new();
        for rule in self.newly_failing().flat_map(|change| change.rules.keys()) {
            *counts.entry(rule.as_str()).or_insert(0) += 1;
        }
        counts
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for change in self.changed() {
            let rules: Vec<String> = change.rules.iter().map(|(rule, count)| format!("{rule} ({count})")).collect();
            writeln!(
                out,
                "{} -> {}  {} {}{}",
                change.before.name(),
                change.after.name(),
                printable(&change.name),
                printable(&change.tag),
                if rules.is_empty() { String::new() } else { format!(": {}", printable(&rules.join(", "))) }
            )?;
        }
        for (rule, count) in self.by_rule() {
            writeln!(out, "rule {} would newly stop {count}", printable(rule))?;
        }
        let fixed = self.changed().filter(|change| change.after == Decision::Pass).count();
        writeln!(
            out,
            "{} artifacts: {} newly failing, {fixed} newly passing, {} unchanged",
            self.all.len(),
            self.newly_failing().count(),
            self.all.len() - self.changed().count()
        )
    }

    fn json(&self) -> Value {
        let artifacts: Vec<Value> = self
            .all
            .iter()
            .map(|change| {
                json!({"artifact": change.name, "tag": change.tag, "before": change.before.name(),
                       "after": change.after.name(), "rules": change.rules})
            })
            .collect();
        json!({
            "schema": "stopgate-policy-simulate/1",
            "artifacts": artifacts,
            "newly_failing": self.newly_failing().count(),
            "newly_passing": self.changed().filter(|change| change.after == Decision::Pass).count(),
            "by_rule": self.by_rule(),
        })
    }
}

/// Rules that stop, with the number of their findings.
fn stops(evaluation: &Evaluation) -> BTreeMap<String, usize> {
    let mut rules = BTreeMap::new();
    for finding in evaluation.findings.iter().filter(|finding| finding.action == Action::Stop) {
        *rules.entry(finding.rule_id.clone()).or_insert(0) += 1;
    }
    rules
}

//! `stopgate policy test`: runs cases, compares what came out with what was expected, and says which rules no
//! case makes fire.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::json;
use stopgate_formats::junit_cases::{self, CaseResult};
use stopgate_policy::Policy;

use super::FOUND;
use crate::arguments::Global;
use crate::cases::{self, Outcome};
use crate::failure::{Failure, printable};
use crate::output::{wanted, write_all};
use crate::progress::Progress;

#[derive(Debug, Clone, Copy)]
enum Format {
    Text,
    Json,
    Junit,
}

const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("json", Format::Json), ("junit", Format::Junit)];

pub(super) struct Options<'a> {
    pub(super) cases: &'a [PathBuf],
    pub(super) policy: Option<&'a str>,
    /// Whether a rule that no case makes fire is a failure.
    pub(super) coverage: bool,
    pub(super) output: &'a [String],
}

pub(super) fn run(global: &Global, options: &Options<'_>) -> Result<u8, Failure> {
    let outputs = wanted(options.output, FORMATS, Format::Text)?;
    let folders = cases::find(options.cases)?;
    let progress = Progress::new(global);
    let mut results = Results::default();
    for folder in folders {
        let name = folder.display().to_string();
        progress.step(&format!("running {name}"));
        results.add(name, cases::run(&folder, options.policy));
    }
    progress.finish();
    write_all(&outputs, |format, out| match format {
        Format::Text => results.text(out),
        Format::Json => results.json(out),
        Format::Junit => junit_cases::write("policy tests", &results.cases, out),
    })?;
    let uncovered = options.coverage && results.uncovered().next().is_some();
    Ok(if results.failed() > 0 || uncovered { FOUND } else { 0 })
}

#[derive(Default)]
struct Results {
    cases: Vec<CaseResult>,
    /// Rules of each policy, by policy id: whether a case made them fire.
    rules: BTreeMap<String, BTreeMap<String, bool>>,
}

impl Results {
    fn add(&mut self, name: String, outcome: Result<Outcome, Failure>) {
        let (failures, error) = match outcome {
            Ok(outcome) => {
                self.cover(&outcome);
                (outcome.differences, None)
            }
            Err(failure) => (Vec::new(), Some(failure.sentence())),
        };
        self.cases.push(CaseResult { name, failures, error });
    }

    fn cover(&mut self, outcome: &Outcome) {
        let rules = self.rules.entry(outcome.policy.id.clone()).or_default();
        for rule in mapped_rules(&outcome.policy) {
            rules.entry(rule.to_owned()).or_insert(false);
        }
        for finding in &outcome.evaluation.findings {
            rules.insert(finding.rule_id.clone(), true);
        }
    }

    fn failed(&self) -> usize {
        self.cases.iter().filter(|case| !case.passed()).count()
    }

    /// Policy and rule of each rule that no case makes fire.
    fn uncovered(&self) -> impl Iterator<Item = (&str, &str)> {
        let rules = self.rules.iter().flat_map(|(policy, rules)| rules.iter().map(move |rule| (policy, rule)));
        rules.filter(|(_, (_, fired))| !**fired).map(|(policy, (rule, _))| (policy.as_str(), rule.as_str()))
    }

    fn text(&self, out: &mut dyn Write) -> io::Result<()> {
        for case in &self.cases {
            let word = if case.passed() { "ok" } else { "FAILED" };
            writeln!(out, "{word:6}  {}", printable(&case.name))?;
            for failure in case.failures.iter().chain(&case.error) {
                writeln!(out, "        {}", printable(failure))?;
            }
        }
        let rules: usize = self.rules.values().map(BTreeMap::len).sum();
        let uncovered: Vec<_> = self.uncovered().collect();
        writeln!(out, "\n{} passed, {} failed", self.cases.len() - self.failed(), self.failed())?;
        writeln!(out, "{} of {rules} rules fire in a case", rules - uncovered.len())?;
        for (policy, rule) in uncovered {
            writeln!(out, "  never fires: {} of {}", printable(rule), printable(policy))?;
        }
        Ok(())
    }

    fn json(&self, out: &mut dyn Write) -> io::Result<()> {
        let cases: Vec<_> = self
            .cases
            .iter()
            .map(|case| {
                json!({"name": case.name, "passed": case.passed(), "failures": case.failures, "error": case.error})
            })
            .collect();
        let uncovered: Vec<_> =
            self.uncovered().map(|(policy, rule)| json!({"policy_id": policy, "rule_id": rule})).collect();
        let rules: usize = self.rules.values().map(BTreeMap::len).sum();
        let document = json!({"schema": "stopgate-policy-test/1", "passed": self.failed() == 0, "cases": cases,
            "coverage": {"rules": rules, "covered": rules - uncovered.len(), "never_fires": uncovered}});
        writeln!(out, "{document:#}")
    }
}

/// Ids of the rules that some mapping uses.
fn mapped_rules(policy: &Policy) -> BTreeSet<&str> {
    let mappings = policy.mappings.iter().chain(&policy.source_mappings).chain(&policy.sbom_mappings);
    let used: BTreeSet<&str> = mappings.flat_map(|mapping| mapping.rule_set_ids.iter().map(String::as_str)).collect();
    let sets = policy.rule_sets.iter().filter(|set| used.contains(set.id.as_str()));
    sets.flat_map(|set| set.rules.iter().map(|rule| rule.id.as_str())).collect()
}

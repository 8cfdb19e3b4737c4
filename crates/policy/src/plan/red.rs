//! What stops an artifact, in parts: a finding that names several packages is as many parts, so that it is known
//! which of them a step ends.

use std::collections::{BTreeMap, BTreeSet};

use stopgate_model::{Action, Decision, Evaluation, Evidence, Finding, PackageId, ProblemKind};

use super::remedies::{self, Part};
use super::site::Site;

/// A part of what stops the artifact. The same before and after steps.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Unit {
    rule_set: String,
    rule: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum What {
    /// A package, under one vulnerability or as such.
    Package(PackageId, String),
    /// A finding, by its fingerprint, and the line that it is about.
    Finding(String, Option<u32>),
    /// The rule itself: it could not be run.
    Broken,
    /// The verdict as a whole.
    Verdict,
}

/// Something that steps change and parts rest on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Key {
    /// A package of the artifact.
    Package(PackageId),
    /// All packages of a name, whether there are any or not.
    Name(String),
    Path(String),
    /// The instructions of one kind, and what they set.
    Keyword(String),
    Label(String),
    /// A line of the Dockerfile.
    Line(u32),
    Account(String),
}

/// Where a part comes from, and what it rests on.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// Position of the finding in the evaluation; `None` when no finding but the policy itself stops.
    pub(super) finding: Option<usize>,
    /// Only steps that change one of these can end it; `None`: any step may.
    pub(super) keys: Option<Vec<Key>>,
}

/// Everything that stops an artifact.
#[derive(Debug, Clone, Default)]
pub(super) struct Red {
    pub(super) units: BTreeMap<Unit, Source>,
}

impl Red {
    pub(super) fn of(site: &Site<'_>, evaluation: &Evaluation) -> Self {
        let mut red = Self::default();
        if evaluation.decision != Decision::Stop {
            return red;
        }
        for (position, finding) in evaluation.findings.iter().enumerate() {
            if finding.action == Action::Stop {
                red.add(site, position, finding);
            }
        }
        red.add_broken(site, evaluation);
        if red.units.is_empty() {
            red.put(Unit { rule_set: String::new(), rule: String::new(), what: What::Verdict }, None, None);
        }
        red
    }

    fn put(&mut self, unit: Unit, finding: Option<usize>, keys: Option<Vec<Key>>) {
        self.units.entry(unit).or_insert(Source { finding, keys });
    }

    fn add(&mut self, site: &Site<'_>, position: usize, finding: &Finding) {
        let part = remedies::part_of(site, finding);
        let unit = |what| Unit { rule_set: finding.rule_set_id.clone(), rule: finding.rule_id.clone(), what };
        let packages = packages_of(finding);
        if part == Part::Package && !packages.is_empty() {
            for (id, vulnerability) in packages {
                let keys = vec![Key::Package(id)];
                self.put(unit(What::Package(id, vulnerability.to_owned())), Some(position), Some(keys));
            }
            return;
        }
        let line = finding.evidence.iter().find_map(|evidence| match evidence {
            Evidence::DockerfileLine { line, .. } => Some(*line),
            _ => None,
        });
        let keys = remedies::keys_of(part, site, finding);
        self.put(unit(What::Finding(finding.fingerprint.clone(), line)), Some(position), keys);
    }

    /// A rule that could not be run counts as its action, and no finding shows it.
    fn add_broken(&mut self, site: &Site<'_>, evaluation: &Evaluation) {
        let broken = evaluation.problems.iter().filter(|problem| problem.kind == ProblemKind::TriggerEvaluationError);
        let broken: BTreeSet<&str> = broken.filter_map(|problem| problem.rule_id.as_deref()).collect();
        for set in &site.policy.rule_sets {
            let stopping = set.rules.iter().filter(|rule| {
                broken.contains(rule.id.as_str()) && rule.effective_action(site.context.now).0 == Some(Action::Stop)
            });
            for rule in stopping {
                let unit = Unit { rule_set: set.id.clone(), rule: rule.id.clone(), what: What::Broken };
                self.put(unit, None, None);
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.units.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    /// Whether every part is one of these.
    pub(super) fn is_within(&self, allowed: &BTreeSet<Unit>) -> bool {
        self.units.keys().all(|unit| allowed.contains(unit))
    }

    pub(super) fn names(&self) -> BTreeSet<Unit> {
        self.units.keys().cloned().collect()
    }
}

impl Unit {
    /// The package and the vulnerability that it is about.
    pub(super) fn package(&self) -> Option<(PackageId, &str)> {
        match &self.what {
            What::Package(id, vulnerability) => Some((*id, vulnerability)),
            _ => None,
        }
    }

    pub(super) fn rule(&self) -> &str {
        &self.rule
    }

    pub(super) const fn is_broken_rule(&self) -> bool {
        matches!(self.what, What::Broken)
    }
}

/// The packages of a finding, each with the vulnerability that stands before it; without one an empty text.
pub(super) fn packages_of(finding: &Finding) -> Vec<(PackageId, &str)> {
    let mut vulnerability = "";
    let mut packages = Vec::new();
    for evidence in &finding.evidence {
        match evidence {
            Evidence::Vulnerability { id, .. } => vulnerability = id,
            Evidence::Package { id, .. } => packages.push((*id, vulnerability)),
            _ => {}
        }
    }
    packages
}

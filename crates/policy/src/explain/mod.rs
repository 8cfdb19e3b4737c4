//! Why something fired, and why something did not: for a vulnerability, a finding or a rule, each rule that could
//! have spoken says what it asked and what it saw.

mod rules;

use stopgate_model::{Condition, Evaluation, Evidence, Finding, RemovedReason};

use crate::document::Policy;
use crate::engine::scene::{MatchView, Scene};
use crate::engine::{EvalContext, mapping_of};

pub use rules::RuleState;

/// What was asked about, and what there is to say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// As it was asked.
    pub subject: String,
    /// Name of the mapping that the artifact meets; without one no rule is run.
    pub mapping: Option<String>,
    /// Positions, in the evaluation's findings, of those that it is about.
    pub findings: Vec<usize>,
    /// Matches of the vulnerability.
    pub matches: Vec<MatchExplanation>,
    /// The rule, when a rule was asked about.
    pub rule: Option<RuleState>,
}

/// One match of a vulnerability.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchExplanation {
    /// The record's own id.
    pub vulnerability: String,
    /// Package, as `name version (type)`.
    pub package: String,
    /// Primary location.
    pub path: Option<String>,
    /// Why the match does not count; `None` when it does.
    pub removed: Option<String>,
    /// What each rule of the mapped rule sets says that decides matches.
    pub rules: Vec<MatchRule>,
}

/// What one rule says of one match.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchRule {
    /// Rule.
    pub rule_id: String,
    /// `gate.trigger`.
    pub trigger: String,
    /// Position of the finding that it made of the match.
    pub finding: Option<usize>,
    /// Conditions that the match does not meet, with what was seen.
    pub unmet: Vec<Condition>,
    /// Why the rule was not run at all.
    pub not_run: Option<String>,
}

impl Explanation {
    /// Whether nothing of the artifact, its matches and its policy bears this name.
    pub fn is_empty(&self) -> bool {
        self.findings.is_empty() && self.matches.is_empty() && self.rule.is_none()
    }
}

/// Explains a vulnerability id, trigger id, fingerprint, path or rule id.
pub fn explain(policy: &Policy, context: &EvalContext<'_>, evaluation: &Evaluation, subject: &str) -> Explanation {
    let scene = Scene::of_policy(context, policy);
    let mapping = mapping_of(policy, context).ok().flatten();
    let rules = rules::mapped(policy, mapping);
    let mut matches: Vec<MatchExplanation> = Vec::new();
    for view in scene.matches_of(subject) {
        let vex =
            view.vex.as_ref().map(|by| format!("a VEX statement of `{}` says `{}`", by.document, by.status.name()));
        let told = rules.iter().filter_map(|rule| match_rule(rule, &scene, view, evaluation)).collect();
        matches.push(explained(view, vex, told));
    }
    matches.extend(removed(&scene, subject));
    let about = |(position, finding): (usize, &Finding)| is_about(finding, subject).then_some(position);
    Explanation {
        subject: subject.to_owned(),
        mapping: mapping.map(|mapping| mapping.name.clone()),
        findings: evaluation.findings.iter().enumerate().filter_map(about).collect(),
        matches,
        rule: rules::state(policy, &rules, &scene, evaluation, subject),
    }
}

fn explained(view: &MatchView<'_>, removed: Option<String>, rules: Vec<MatchRule>) -> MatchExplanation {
    let package = view.package;
    MatchExplanation {
        vulnerability: view.id().to_owned(),
        package: format!("{} {} ({})", package.name, package.version, package.package_type),
        path: view.path().map(str::to_owned),
        removed,
        rules,
    }
}

fn match_rule<'a>(
    rule: &rules::MappedRule<'_>,
    scene: &Scene<'a>,
    view: &MatchView<'a>,
    evaluation: &Evaluation,
) -> Option<MatchRule> {
    let trigger = rule.rule.trigger()?;
    let unmet = trigger.refusals(scene, view)?;
    let (id, name) = (view.id(), &view.package.purl);
    let finding = evaluation.findings.iter().position(|finding| {
        let shows = |wanted: &dyn Fn(&Evidence) -> bool| finding.evidence.iter().any(wanted);
        finding.rule_id == rule.rule.id
            && shows(&|evidence| matches!(evidence, Evidence::Vulnerability { id: own, .. } if own == id))
            && shows(&|evidence| matches!(evidence, Evidence::Package { purl, .. } if purl == name))
    });
    Some(MatchRule {
        rule_id: rule.rule.id.clone(),
        trigger: format!("{}.{}", rule.rule.gate, rule.rule.trigger),
        finding,
        unmet: if finding.is_some() { Vec::new() } else { unmet },
        not_run: rules::not_run(rule.rule, scene),
    })
}

/// Matches that do not count for another reason than VEX.
fn removed<'a>(scene: &'a Scene<'_>, subject: &'a str) -> impl Iterator<Item = MatchExplanation> + 'a {
    let report = scene.context.matches;
    let all = report.map_or(&[][..], |report| report.removed.as_slice()).iter();
    let of_subject = move |id: &String| id == subject;
    all.filter_map(move |removed| {
        let record = &removed.matched.vulnerability;
        let named = of_subject(&record.id)
            || record.aliases.iter().any(of_subject)
            || record.related.iter().any(|related| related.id == subject);
        let reason = match &removed.reason {
            RemovedReason::Vex { .. } => return None,
            RemovedReason::Evidence(text) | RemovedReason::Rule(text) => text.clone(),
            RemovedReason::OwnedByDistroPackage(_) => {
                "a package of the distribution owns this one, and its own record decides".to_owned()
            }
        };
        let package = scene.artifact().packages.iter().find(|package| package.id == removed.matched.package)?;
        named.then(|| MatchExplanation {
            vulnerability: record.id.clone(),
            package: format!("{} {} ({})", package.name, package.version, package.package_type),
            path: package.primary_location().map(|location| location.path.clone()),
            removed: Some(reason),
            rules: Vec::new(),
        })
    })
}

fn is_about(finding: &Finding, subject: &str) -> bool {
    let named = [&finding.trigger_id, &finding.fingerprint, &finding.rule_id].into_iter().any(|id| id == subject);
    named
        || finding.legacy_ids.iter().any(|id| id == subject)
        || finding.evidence.iter().any(|evidence| match evidence {
            Evidence::Vulnerability { id, aliases, .. } => {
                id == subject || aliases.iter().any(|alias| alias == subject)
            }
            Evidence::Package { name, purl, .. } => name == subject || purl == subject,
            Evidence::File { path, .. } => path == subject,
            Evidence::DockerfileLine { .. } | Evidence::Config { .. } | Evidence::Data { .. } | Evidence::Due(_) => {
                false
            }
        })
}

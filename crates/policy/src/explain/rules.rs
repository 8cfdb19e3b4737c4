//! What became of a rule: whether it is mapped, was run, and what it read.

use stopgate_model::Evaluation;

use crate::document::{Mapping, Policy, Rule};
use crate::engine::scene::Scene;
use crate::trigger::{BoundTrigger, Presence};

/// A rule of a mapped rule set.
pub(super) struct MappedRule<'p> {
    pub(super) rule: &'p Rule,
}

/// A rule that was asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleState {
    /// Id.
    pub rule_id: String,
    /// `gate.trigger`.
    pub trigger: String,
    /// Whether the artifact's mapping names its rule set.
    pub mapped: bool,
    /// Number of its findings.
    pub findings: usize,
    /// Each input that it reads, with `present`, `empty` or `missing`.
    pub reads: Vec<(String, &'static str)>,
    /// Why it was not run.
    pub not_run: Option<String>,
    /// What the evaluation tells of it.
    pub problems: Vec<String>,
}

/// The rules that the mapping leads to, in the order in which they run.
pub(super) fn mapped<'p>(policy: &'p Policy, mapping: Option<&Mapping>) -> Vec<MappedRule<'p>> {
    let ids = mapping.map_or(&[][..], |mapping| &mapping.rule_set_ids);
    let sets = ids.iter().filter_map(|id| policy.rule_sets.iter().find(|set| set.id == *id));
    sets.flat_map(|set| &set.rules).map(|rule| MappedRule { rule }).collect()
}

/// Why a mapped rule was not run.
pub(super) fn not_run(rule: &Rule, scene: &Scene<'_>) -> Option<String> {
    let Some(trigger) = rule.trigger() else {
        return Some(format!("`{}.{}` is at the end of its life", rule.gate, rule.trigger));
    };
    if rule.effective_action(scene.context.now).0.is_none() {
        return Some("its mode is off".to_owned());
    }
    if let Some(fault) = trigger.faults().into_iter().next() {
        return Some(fault);
    }
    let missing = trigger.needs().into_iter().find(|need| scene.presence(need) == Presence::Missing);
    missing.map(|need| need.missing())
}

/// The state of the rule of this id.
pub(super) fn state(
    policy: &Policy,
    mapped: &[MappedRule<'_>],
    scene: &Scene<'_>,
    evaluation: &Evaluation,
    id: &str,
) -> Option<RuleState> {
    let rule = policy.rule_sets.iter().flat_map(|set| &set.rules).find(|rule| rule.id == id)?;
    let needs = rule.trigger().map(BoundTrigger::needs).unwrap_or_default();
    let presence = |presence| match presence {
        Presence::Present => "present",
        Presence::Empty => "empty",
        Presence::Missing => "missing",
    };
    let told = evaluation.problems.iter().filter(|problem| problem.rule_id.as_deref() == Some(id));
    let is_mapped = mapped.iter().any(|mapped| mapped.rule.id == id);
    Some(RuleState {
        rule_id: id.to_owned(),
        trigger: format!("{}.{}", rule.gate, rule.trigger),
        mapped: is_mapped,
        findings: evaluation.findings.iter().filter(|finding| finding.rule_id == id).count(),
        reads: needs.iter().map(|need| (need.name(), presence(scene.presence(need)))).collect(),
        not_run: if is_mapped {
            not_run(rule, scene)
        } else {
            Some("no rule set of the artifact's mapping has it".to_owned())
        },
        problems: told.map(|problem| problem.details.clone()).collect(),
    })
}

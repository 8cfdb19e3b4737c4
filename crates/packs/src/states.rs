//! States of controls: what findings say, and whether the inputs that would have shown a breach were there.
//!
//! Absence triggers and old data mark a prerequisite as missing; they are no findings of a control. The first state
//! that applies counts: not satisfied, error, not assessed, accepted, not applicable, inherently met, in part,
//! satisfied.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use stopgate_model::{Action, ControlResult, ControlState, Evaluation, ProblemKind};
use stopgate_policy::{EvalContext, Policy};

use crate::inputs::{Inputs, is_absence};
use crate::{AssessClass, Condition, RenderedControl, RenderedPack, RenderedRule};

/// The state of each control of a pack under an evaluation of its policy.
pub fn control_states(
    pack: &RenderedPack,
    policy: &Policy,
    evaluation: &Evaluation,
    context: &EvalContext<'_>,
) -> Vec<ControlResult> {
    let inputs = Inputs::of(pack, evaluation, context);
    let (sets, off, counts) = (mapped(evaluation), off(policy, context), counts(evaluation));
    let course = Course { pack, evaluation, context, inputs, sets, off, counts };
    pack.controls.iter().map(|rendered| course.control(rendered)).collect()
}

/// Rule sets of the mapping that matched.
fn mapped(evaluation: &Evaluation) -> BTreeSet<String> {
    let mapping = evaluation.mapping.as_ref().and_then(|mapping| serde_json::from_str::<Value>(&mapping.json).ok());
    let ids = mapping.as_ref().and_then(|mapping| mapping.get("rule_set_ids")?.as_array());
    ids.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Rules that a side-car turns off.
fn off<'p>(policy: &'p Policy, context: &EvalContext<'_>) -> BTreeSet<&'p str> {
    let rules = policy.rule_sets.iter().flat_map(|set| &set.rules);
    rules.filter(|rule| rule.effective_action(context.now).0.is_none()).map(|rule| rule.id.as_str()).collect()
}

/// Findings by rule; what absence triggers say is none.
fn counts(evaluation: &Evaluation) -> BTreeMap<&str, Counts> {
    let mut all: BTreeMap<&str, Counts> = BTreeMap::new();
    for finding in evaluation.findings.iter().filter(|finding| !is_absence(&finding.gate, &finding.trigger)) {
        let counts = all.entry(finding.rule_id.as_str()).or_default();
        match (finding.allowlist.is_some(), finding.rule_action) {
            (_, Action::Go) => {}
            (true, Action::Stop | Action::Warn) => counts.accepted += 1,
            (false, Action::Stop) => counts.stops += 1,
            (false, Action::Warn) => counts.warnings += 1,
        }
    }
    all
}

/// One evaluation of a pack.
struct Course<'a> {
    pack: &'a RenderedPack,
    evaluation: &'a Evaluation,
    context: &'a EvalContext<'a>,
    inputs: Inputs<'a>,
    sets: BTreeSet<String>,
    off: BTreeSet<&'a str>,
    counts: BTreeMap<&'a str, Counts>,
}

/// Findings of a rule or control.
#[derive(Clone, Copy, Default)]
struct Counts {
    stops: usize,
    warnings: usize,
    accepted: usize,
}

impl Course<'_> {
    fn control(&self, rendered: &RenderedControl) -> ControlResult {
        let rules = self.rules(rendered);
        let counts = self.counts(&rules);
        let (state, reason) = self.state(rendered, &rules, &counts);
        ControlResult {
            id: rendered.control.id.clone(),
            title: rendered.named.title.clone(),
            class: rendered.control.assess.class(),
            oscal_id: rendered.named.oscal.as_ref().map(|oscal| oscal.control_id.clone()).unwrap_or_default(),
            objective_ids: rendered.named.oscal.as_ref().map(|oscal| oscal.objective_ids.clone()).unwrap_or_default(),
            state,
            reason,
            rule_ids: rules.iter().map(|rule| rule.id.clone()).collect(),
            stops: counts.stops,
            warnings: counts.warnings,
            accepted: counts.accepted,
            not_assessed: rendered.control.not_assessed.clone(),
        }
    }

    /// The rules of a control that counted: those of the mapping, without those that are off.
    fn rules(&self, rendered: &RenderedControl) -> Vec<&RenderedRule> {
        let counts = |rule: &&RenderedRule| self.sets.contains(&rule.rule_set_id) && !self.off.contains(&*rule.id);
        let ids: BTreeSet<&str> = rendered.rule_ids.iter().map(String::as_str).collect();
        self.pack.rules.iter().filter(|rule| ids.contains(&*rule.id)).filter(counts).collect()
    }

    fn counts(&self, rules: &[&RenderedRule]) -> Counts {
        let of_rules = rules.iter().filter_map(|rule| self.counts.get(rule.id.as_str()));
        of_rules.fold(Counts::default(), |sum, counts| Counts {
            stops: sum.stops + counts.stops,
            warnings: sum.warnings + counts.warnings,
            accepted: sum.accepted + counts.accepted,
        })
    }

    fn state(&self, rendered: &RenderedControl, rules: &[&RenderedRule], counts: &Counts) -> (ControlState, String) {
        let control = &rendered.control;
        if counts.stops + counts.warnings > 0 {
            return (ControlState::NotSatisfied, format!("{} stop, {} warn", counts.stops, counts.warnings));
        }
        if let Some(details) = self.problem(rules, ProblemKind::TriggerEvaluationError) {
            return (ControlState::Error, details);
        }
        if let Some(reason) = self.unassessed(rendered, rules) {
            return (ControlState::NotAssessed, reason);
        }
        if counts.accepted > 0 {
            return (ControlState::Accepted, format!("{} accepted", counts.accepted));
        }
        if let Some(condition) = control.not_applicable.iter().find(|condition| self.holds(**condition)) {
            return (ControlState::NotApplicable, condition.meaning().to_owned());
        }
        if !control.inherently_met.is_empty() && control.inherently_met.iter().all(|condition| self.holds(*condition)) {
            let meanings: Vec<&str> = control.inherently_met.iter().map(|condition| condition.meaning()).collect();
            return (ControlState::InherentlyMet, meanings.join("; "));
        }
        match self.remainder(rendered, rules) {
            Some(reason) => (ControlState::SatisfiedInPart, reason),
            None => (ControlState::Satisfied, String::new()),
        }
    }

    /// Why nothing can be said of a control.
    fn unassessed(&self, rendered: &RenderedControl, rules: &[&RenderedRule]) -> Option<String> {
        let control = &rendered.control;
        if control.assess == AssessClass::None {
            return Some(control.not_assessed.clone());
        }
        if rules.is_empty() {
            return Some(self.without_rules(rendered));
        }
        if let Some(reason) = self.inputs.lacking(&control.prerequisites, rules) {
            return Some(reason);
        }
        let mut deciding = rules.iter().filter(|rule| !is_absence(&rule.gate, &rule.trigger)).peekable();
        deciding.peek()?;
        let first = self.problem(rules, ProblemKind::DataUnavailable)?;
        deciding.all(|rule| self.problem(&[rule], ProblemKind::DataUnavailable).is_some()).then_some(first)
    }

    fn without_rules(&self, rendered: &RenderedControl) -> String {
        let off = rendered.rule_ids.iter().any(|id| self.off.contains(id.as_str()));
        let text = match rendered.left_out.first() {
            Some(left_out) if rendered.rule_ids.is_empty() => &left_out.reason,
            _ if self.evaluation.mapping.is_none() => "no mapping of the policy matched",
            _ if off => "its rules are off",
            _ => "its rules do not look at such a source",
        };
        text.to_owned()
    }

    /// What keeps a control without findings from being satisfied as a whole.
    fn remainder(&self, rendered: &RenderedControl, rules: &[&RenderedRule]) -> Option<String> {
        let control = &rendered.control;
        if let Some(left_out) = rendered.left_out.first() {
            return Some(left_out.reason.clone());
        }
        if rendered.rule_ids.iter().any(|id| self.off.contains(id.as_str())) {
            return Some("a rule of it is off".to_owned());
        }
        for kind in [ProblemKind::DataUnavailable, ProblemKind::AnalysisGap] {
            if let Some(details) = self.problem(rules, kind) {
                return Some(details);
            }
        }
        let served: BTreeSet<&str> = rules.iter().map(|rule| rule.library.as_str()).collect();
        if self.pack.rules_of(rendered).any(|rule| !served.contains(rule.library.as_str())) {
            return Some("some of its rules do not look at such a source".to_owned());
        }
        if let Some(gap) = self.inputs.partial_gap(&control.prerequisites) {
            return Some(gap.message.clone());
        }
        (control.assess != AssessClass::Full).then(|| control.not_assessed.clone())
    }

    /// The first problem of a kind that one of these rules has.
    fn problem(&self, rules: &[&RenderedRule], kind: ProblemKind) -> Option<String> {
        let of_rules = |id: &String| rules.iter().any(|rule| rule.id == *id);
        let mut problems = self.evaluation.problems.iter().filter(|problem| problem.kind == kind);
        problems.find(|problem| problem.rule_id.as_ref().is_some_and(of_rules)).map(|problem| problem.details.clone())
    }

    /// What an SBOM does not list may be there all the same.
    fn holds(&self, condition: Condition) -> bool {
        !self.context.from_sbom && condition.holds(self.context.artifact)
    }
}

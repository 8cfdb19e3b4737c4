//! Evaluation: mapping, rule sets, rules, allowlists, verdict. Pure: the same policy and context give
//! the same bytes.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use stopgate_model::{Action, Evaluation, Finding, Problem, ProblemKind, ProblemSeverity, Remediation};

use super::mapping;
use super::scene::{EvalContext, Scene};
use super::verdict::{self, Ground};
use crate::document::policy::{Allowlist, Bound, Mapping, Policy, Rule, RuleSet};
use crate::regexes::Fault;
use crate::trigger::{BoundTrigger, Hit, Hits, Need, Presence, State, TriggerInfo};

/// Evaluates a policy on an artifact.
pub fn evaluate(policy: &Policy, context: &EvalContext<'_>) -> Evaluation {
    let scene = Scene::new(context);
    let mut ground = Ground::default();
    let denied = look_up(&mut ground, mapping::find_image(&policy.denied_images, context));
    let allowed = look_up(&mut ground, mapping::find_image(&policy.allowed_images, context));
    let mapping = look_up(&mut ground, mapping::find(policy, context));
    let mut run = Run::new(&scene, policy, mapping);
    if let Some(mapping) = mapping {
        for set in mapping.rule_sets.iter().filter_map(|index| policy.rule_sets.get(*index)) {
            run.rule_set(set);
        }
    }
    run.result(&mut ground);
    verdict::conclude(policy, &scene, ground, &verdict::Lists { mapping, allowed, denied })
}

/// A pattern that fails leaves unknown what it would have matched.
fn look_up<T>(ground: &mut Ground, found: Result<Option<T>, Fault>) -> Option<T> {
    found.unwrap_or_else(|fault| {
        ground.problems.push(Problem {
            severity: ProblemSeverity::Error,
            kind: ProblemKind::TriggerEvaluationError,
            rule_id: None,
            details: format!("a mapping or image list could not be decided: {fault}"),
        });
        ground.undecided_lists = true;
        None
    })
}

/// The rules of one evaluation.
struct Run<'s, 'a> {
    scene: &'s Scene<'a>,
    allowlists: Vec<&'s Allowlist>,
    /// Inputs whose absence a mapped rule reports with its own action.
    absences: Vec<Need>,
    findings: Vec<Finding>,
    problems: Vec<Problem>,
    missing: BTreeMap<Need, Vec<String>>,
    broken: Action,
    until: Option<Timestamp>,
}

impl<'s, 'a> Run<'s, 'a> {
    fn new(scene: &'s Scene<'a>, policy: &'s Policy, mapping: Option<&Mapping>) -> Self {
        let sets = mapping.map_or(&[][..], |mapping| &mapping.rule_sets);
        let rules = sets.iter().filter_map(|index| policy.rule_sets.get(*index)).flat_map(|set| &set.rules);
        let absences =
            rules.filter(|rule| rule.state() == State::Active).filter_map(|rule| rule.trigger()?.absence()).collect();
        let lists = mapping.map_or(&[][..], |mapping| &mapping.allowlists);
        Self {
            scene,
            allowlists: lists.iter().filter_map(|index| policy.allowlists.get(*index)).collect(),
            absences,
            findings: Vec::new(),
            problems: Vec::new(),
            missing: BTreeMap::new(),
            broken: Action::Go,
            until: None,
        }
    }

    fn result(self, ground: &mut Ground) {
        ground.policy_action = self.findings.iter().map(|finding| finding.action).fold(self.broken, Action::max);
        ground.findings = self.findings;
        ground.problems.extend(self.problems);
        ground.missing = self.missing;
        ground.until = self.until;
    }

    /// Rules grouped by gate in the order in which gates first appear.
    fn rule_set(&mut self, set: &RuleSet) {
        let mut gates: Vec<&str> = Vec::new();
        for rule in &set.rules {
            if !gates.contains(&rule.gate.as_str()) {
                gates.push(&rule.gate);
            }
        }
        for gate in gates {
            for rule in set.rules.iter().filter(|rule| rule.gate == gate) {
                self.rule(set, rule);
            }
        }
    }

    fn rule(&mut self, set: &RuleSet, rule: &Rule) {
        let (trigger, info) = match &rule.bound {
            Bound::Runs { trigger, info } => (trigger.as_ref(), *info),
            Bound::EndOfLife { superseded_by } => {
                let instead = superseded_by.map_or(String::new(), |name| format!(": use gate `{name}` instead"));
                let text =
                    format!("`{}.{}` is at the end of its life and was not run{instead}", rule.gate, rule.trigger);
                self.problem(ProblemSeverity::Warn, ProblemKind::EndOfLifedError, rule, &text);
                return;
            }
        };
        if info.state == State::Deprecated {
            let text = format!("`{}.{}` is deprecated", rule.gate, rule.trigger);
            self.problem(ProblemSeverity::Warn, ProblemKind::DeprecationWarning, rule, &text);
        }
        if let Some(fault) = trigger.faults().into_iter().next() {
            self.break_rule(rule, &fault);
            return;
        }
        let needs = trigger.needs();
        let absent: Vec<Need> =
            needs.into_iter().filter(|need| self.scene.presence(need) == Presence::Missing).collect();
        if !absent.is_empty() {
            self.miss(rule, absent);
            return;
        }
        let mut hits = self.guarded(rule, trigger);
        for note in hits.take_notes() {
            self.problem(ProblemSeverity::Warn, ProblemKind::AnalysisGap, rule, &note);
        }
        self.note_until(hits.until);
        for hit in hits.found {
            let finding = self.finding(set, rule, info, hit);
            self.findings.push(finding);
        }
        self.miss(rule, hits.missing);
    }

    /// Runs a trigger; neither its failure nor its panic reaches the other rules.
    fn guarded(&mut self, rule: &Rule, trigger: &dyn BoundTrigger) -> Hits {
        let mut hits = Hits::of_rule(&rule.id);
        let outcome = catch_unwind(AssertUnwindSafe(|| trigger.run(self.scene, &mut hits)));
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => self.break_rule(rule, &fault.0),
            Err(_) => self.break_rule(rule, "the trigger failed in a way that it should not"),
        }
        hits
    }

    fn problem(&mut self, severity: ProblemSeverity, kind: ProblemKind, rule: &Rule, details: &str) {
        let details = format!("rule `{}`: {details}", rule.id);
        self.problems.push(Problem { severity, kind, rule_id: Some(rule.id.clone()), details });
    }

    /// A rule that cannot run, or not to its end, counts as its own action.
    fn break_rule(&mut self, rule: &Rule, fault: &str) {
        self.broken = self.broken.max(rule.action);
        let text = format!("it could not be run and counts as {}: {fault}", rule.action);
        self.problem(ProblemSeverity::Error, ProblemKind::TriggerEvaluationError, rule, &text);
    }

    /// A rule whose input is missing was not checked; a STOP rule leaves the verdict open unless a
    /// mapped rule reports the absence itself.
    fn miss(&mut self, rule: &Rule, needs: Vec<Need>) {
        for need in needs {
            let covered = self.absences.iter().any(|absence| absence.covers(&need));
            let open = rule.action == Action::Stop && !covered;
            let severity = if open { ProblemSeverity::Error } else { ProblemSeverity::Warn };
            let text = format!("it was not checked: {}", need.missing());
            self.problem(severity, ProblemKind::DataUnavailable, rule, &text);
            if open {
                let rules = self.missing.entry(need).or_default();
                if rules.last() != Some(&rule.id) {
                    rules.push(rule.id.clone());
                }
            }
        }
    }

    fn note_until(&mut self, time: Option<Timestamp>) {
        if let Some(time) = time.filter(|time| *time > self.scene.context.now) {
            self.until = Some(self.until.map_or(time, |earlier| earlier.min(time)));
        }
    }

    fn finding(&mut self, set: &RuleSet, rule: &Rule, info: &TriggerInfo, hit: Hit) -> Finding {
        let now = self.scene.context.now;
        let accepted = self.allowlists.iter().find_map(|list| list.accepts(info.gate, &hit.id, &hit.legacy_ids, now));
        self.note_until(accepted.as_ref().and_then(|(_, expiry)| *expiry));
        let allowlist = accepted.map(|(matched, _)| matched);
        let inherited_from_base = self
            .scene
            .context
            .base
            .map(|base| base.findings.contains(&(info.gate.to_owned(), info.name.to_owned(), hit.id.clone())));
        let recommendation = rule.recommendation.clone().unwrap_or_default();
        let advice = || Remediation::Advice { text: recommendation.clone() };
        Finding {
            fingerprint: hit.fingerprint(info),
            trigger_id: hit.id,
            legacy_ids: hit.legacy_ids,
            gate: info.gate.to_owned(),
            trigger: info.name.to_owned(),
            message: hit.message,
            action: if allowlist.is_some() { Action::Go } else { rule.action },
            rule_action: rule.action,
            rule_id: rule.id.clone(),
            rule_set_id: set.id.clone(),
            rule_set_name: set.name.clone(),
            remediation: hit.remediation.or_else(|| (!recommendation.is_empty()).then(advice)),
            recommendation,
            allowlist,
            exception: None,
            inherited_from_base,
            is_new: None,
            first_seen: None,
            due: None,
            severity: hit.severity,
            controls: Vec::new(),
            evidence: hit.evidence,
            explain: hit.explain,
        }
    }
}

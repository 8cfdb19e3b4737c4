//! Evaluation: mapping, rule sets, rules, allowlists, verdict. Pure: the same policy and context give
//! the same bytes.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use jiff::Timestamp;
use stopgate_model::{Action, Evaluation, Finding, Problem, ProblemKind, ProblemSeverity, Remediation};

use super::exceptions::Exceptions;
use super::grace::{Past, Standing};
use super::mapping;
use super::scene::{EvalContext, Scene};
use super::verdict::{self, Ground};
use crate::document::policy::{Allowlist, Bound, Mapping, Policy, Rule, RuleSet};
use crate::regexes::Fault;
use crate::trigger::hit::AcceptedBy;
use crate::trigger::{BoundTrigger, Hit, Hits, Need, Presence, State, TriggerInfo};

/// Evaluates a policy on an artifact.
pub fn evaluate(policy: &Policy, context: &EvalContext<'_>) -> Evaluation {
    let scene = Scene::of_policy(context, policy);
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
    exceptions: Exceptions<'s>,
}

/// A rule as it counts now.
#[derive(Clone, Copy)]
struct InForce<'s> {
    set: &'s RuleSet,
    rule: &'s Rule,
    /// Its action, or what the side-car leaves of it at this time.
    action: Action,
}

impl<'s, 'a> Run<'s, 'a> {
    fn new(scene: &'s Scene<'a>, policy: &'s Policy, mapping: Option<&Mapping>) -> Self {
        let sets = mapping.map_or(&[][..], |mapping| &mapping.rule_sets);
        let rules = sets.iter().filter_map(|index| policy.rule_sets.get(*index)).flat_map(|set| &set.rules);
        let now = scene.context.now;
        let runs = |rule: &&Rule| rule.state() == State::Active && rule.effective_action(now).0.is_some();
        let absences = rules.filter(runs).filter_map(|rule| rule.trigger()?.absence()).collect();
        let exceptions = policy.extension.as_ref().map_or(&[][..], |extension| &extension.exceptions);
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
            exceptions: Exceptions::new(exceptions, &policy.exceptions),
        }
    }

    fn result(self, ground: &mut Ground) {
        ground.policy_action = self.findings.iter().map(|finding| finding.action).fold(self.broken, Action::max);
        ground.findings = self.findings;
        ground.problems.extend(self.problems);
        ground.missing = self.missing;
        ground.until = self.until;
        ground.exceptions = self.exceptions.reports(self.scene.context.now);
    }

    /// Rules grouped by gate in the order in which gates first appear.
    fn rule_set(&mut self, set: &'s RuleSet) {
        let mut gates: Vec<&str> = Vec::new();
        for rule in &set.rules {
            if !gates.contains(&rule.gate.as_str()) {
                gates.push(&rule.gate);
            }
        }
        for gate in gates {
            for rule in set.rules.iter().filter(|rule| rule.gate == gate) {
                let (action, until) = rule.effective_action(self.scene.context.now);
                self.note_until(until);
                if let Some(action) = action {
                    self.rule(InForce { set, rule, action });
                }
            }
        }
    }

    fn rule(&mut self, force: InForce<'_>) {
        let rule = force.rule;
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
            self.break_rule(force, &fault);
            return;
        }
        let needs = trigger.needs();
        let absent: Vec<Need> =
            needs.into_iter().filter(|need| self.scene.presence(need) == Presence::Missing).collect();
        if !absent.is_empty() {
            self.miss(force, absent);
            return;
        }
        let mut hits = self.guarded(force, trigger);
        for note in hits.take_notes() {
            self.problem(ProblemSeverity::Warn, ProblemKind::AnalysisGap, rule, &note);
        }
        self.note_until(hits.until);
        for hit in hits.found {
            let finding = self.finding(force, info, hit);
            self.findings.push(finding);
        }
        self.miss(force, hits.missing);
    }

    /// Runs a trigger; neither its failure nor its panic reaches the other rules.
    fn guarded(&mut self, force: InForce<'_>, trigger: &dyn BoundTrigger) -> Hits {
        let mut hits = Hits::of_rule(&force.rule.id);
        let outcome = catch_unwind(AssertUnwindSafe(|| trigger.run(self.scene, &mut hits)));
        match outcome {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => self.break_rule(force, &fault.0),
            Err(_) => self.break_rule(force, "the trigger failed in a way that it should not"),
        }
        hits
    }

    fn problem(&mut self, severity: ProblemSeverity, kind: ProblemKind, rule: &Rule, details: &str) {
        let details = format!("rule `{}`: {details}", rule.id);
        self.problems.push(Problem { severity, kind, rule_id: Some(rule.id.clone()), details });
    }

    /// A rule that cannot run, or not to its end, counts as its own action.
    fn break_rule(&mut self, force: InForce<'_>, fault: &str) {
        self.broken = self.broken.max(force.action);
        let text = format!("it could not be run and counts as {}: {fault}", force.action);
        self.problem(ProblemSeverity::Error, ProblemKind::TriggerEvaluationError, force.rule, &text);
    }

    /// A rule whose input is missing was not checked; a STOP rule leaves the verdict open unless a
    /// mapped rule reports the absence itself.
    fn miss(&mut self, force: InForce<'_>, needs: Vec<Need>) {
        let InForce { rule, action, .. } = force;
        for need in needs {
            let covered = self.absences.iter().any(|absence| absence.covers(&need));
            let open = action == Action::Stop && !covered;
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

    fn finding(&mut self, force: InForce<'_>, info: &TriggerInfo, hit: Hit) -> Finding {
        let InForce { set, rule, action } = force;
        let context = self.scene.context;
        let fingerprint = hit.fingerprint(info);
        let past = Past::of(context.history, &hit, &fingerprint, context.now);
        let action = if hit.warning { action.min(Action::Warn) } else { action };
        let (action, due) = self.standing(force, action, past, &hit);
        let inherited_from_base = context
            .base
            .map(|base| base.findings.contains(&(info.gate.to_owned(), info.name.to_owned(), hit.id.clone())));
        let recommendation = rule.recommendation.clone().unwrap_or_default();
        let advice = || Remediation::Advice { text: recommendation.clone() };
        let (aliases, vex) = (hit.aliases, hit.accepted);
        let mut finding = Finding {
            fingerprint,
            trigger_id: hit.id,
            legacy_ids: hit.legacy_ids,
            gate: info.gate.to_owned(),
            trigger: info.name.to_owned(),
            message: hit.message,
            action,
            rule_action: rule.action,
            rule_id: rule.id.clone(),
            rule_set_id: set.id.clone(),
            rule_set_name: set.name.clone(),
            remediation: hit.remediation.or_else(|| (!recommendation.is_empty()).then(advice)),
            recommendation,
            allowlist: None,
            exception: None,
            inherited_from_base,
            is_new: past.is_new,
            first_seen: past.first_seen.map(|time| time.to_string()),
            due: due.map(|time| time.to_string()),
            severity: hit.severity,
            controls: rule.extension.controls.clone(),
            evidence: hit.evidence,
            explain: hit.explain,
        };
        self.accept(&mut finding, &aliases, vex.as_ref());
        finding
    }

    /// The action that counts for a finding under its rule's grace period, and when the rule's own will.
    fn standing(&mut self, force: InForce<'_>, action: Action, past: Past, hit: &Hit) -> (Action, Option<Timestamp>) {
        let Some(grace) = force.rule.extension.old else { return (action, None) };
        let warned = action.min(Action::Warn);
        match grace.standing(past, hit, self.scene.context.now) {
            Standing::Full => (action, None),
            Standing::Warn => (warned, None),
            Standing::WarnUntil(due) => {
                self.note_until(Some(due));
                (warned, Some(due))
            }
            Standing::Unknown(need) => {
                self.miss(force, vec![need]);
                (warned, None)
            }
        }
    }

    /// Accepts a finding: a VEX statement, else the first allowlist item that matches, else the first exception.
    fn accept(&mut self, finding: &mut Finding, aliases: &[String], vex: Option<&AcceptedBy>) {
        let context = self.scene.context;
        let listed = self
            .allowlists
            .iter()
            .find_map(|list| list.accepts(&finding.gate, &finding.trigger_id, &finding.legacy_ids, context.now));
        if let Some(statement) = vex {
            finding.allowlist = Some(statement.allowlist_match());
        } else if let Some((matched, expiry)) = listed {
            self.note_until(expiry);
            finding.allowlist = Some(matched);
        } else {
            let aliases: Vec<&str> = aliases.iter().map(String::as_str).collect();
            let Some((listed, matched, end)) = self.exceptions.accept(finding, &aliases, context) else { return };
            self.note_until(Some(end));
            finding.allowlist = Some(listed);
            finding.exception = Some(matched);
        }
        finding.action = Action::Go;
        finding.due = None;
    }
}

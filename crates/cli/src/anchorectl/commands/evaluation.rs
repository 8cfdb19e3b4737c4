//! Evaluations for people, programs and spreadsheets.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use stopgate_api_types::evaluation::{
    PolicyEvaluation, PolicyEvaluationDetails, PolicyEvaluationFinding, PolicyEvaluationProblem,
    PolicyEvaluationRemediation, PolicyEvaluationResult,
};
use stopgate_client::Reply;

use crate::anchorectl::answer::{Answer, Rows};
use crate::anchorectl::layout::{block, table, text, time, word};
use crate::failure::printable;

/// The answer of `image check`.
pub(super) fn answer(reply: &Reply<PolicyEvaluation>, detail: bool) -> Answer {
    let value = &reply.value;
    let mut shown = String::new();
    for (at, evaluation) in value.evaluations.iter().enumerate() {
        if at > 0 {
            shown.push('\n');
        }
        shown.push_str(&evaluation_text(value, evaluation, detail));
    }
    let ids = value.image_digest.clone();
    Answer::new(reply.raw.clone(), shown)
        .json(without_absent_details(&reply.raw))
        .ids(ids)
        .csv(rows(value))
        .legacy(legacy(value))
}

fn evaluation_text(value: &PolicyEvaluation, evaluation: &PolicyEvaluationResult, detail: bool) -> String {
    // Scripts look for `^Evaluation` and take the second word: one space, lower case.
    let mut shown = block(&[
        ("Tag", text(value.evaluated_tag.as_ref())),
        ("Digest", text(value.image_digest.as_ref())),
        ("Policy ID", text(value.policy_id.as_ref())),
        ("Last Evaluation", time(Some(evaluation.evaluation_time))),
        ("Evaluation", word(&evaluation.status)),
        ("Final Action", word(&evaluation.final_action)),
        ("Reason", word(&evaluation.final_action_reason)),
    ]);
    shown.push_str(&problems(&evaluation.evaluation_problems));
    if let Some(details) = evaluation.details.as_ref().filter(|_| detail) {
        shown.push_str("\nPolicy Evaluation Details:\n");
        let rows: Vec<Finding> = details.findings.iter().map(Finding::of).collect();
        shown.push_str(&findings(&rows));
        shown.push_str(&remediation(details));
    }
    shown
}

/// What kept the evaluation from being complete: a person must see it, whatever the verdict.
pub(super) fn problems(problems: &[PolicyEvaluationProblem]) -> String {
    if problems.is_empty() {
        return String::new();
    }
    let mut shown = "Problems:\n".to_owned();
    for problem in problems {
        let line = format!("{}: {}", problem.problem_type, problem.details);
        let _ = writeln!(shown, "  {}: {}", word(&problem.severity), printable(&line));
    }
    shown
}

/// A row of the table of findings.
pub(super) struct Finding {
    pub(super) gate: String,
    pub(super) trigger: String,
    pub(super) message: String,
    pub(super) action: String,
    pub(super) allowlisted: bool,
}

impl Finding {
    fn of(finding: &PolicyEvaluationFinding) -> Self {
        Self {
            gate: finding.gate.clone(),
            trigger: finding.trigger.clone(),
            message: finding.message.clone(),
            action: word(&finding.action),
            allowlisted: finding.allowlisted,
        }
    }
}

/// The table of findings. What is on an allowlist counts as `go`.
pub(super) fn findings(findings: &[Finding]) -> String {
    let rows: Vec<Vec<String>> = findings
        .iter()
        .map(|finding| {
            let status = if finding.allowlisted { "go" } else { &finding.action };
            let message = finding.message.replace('\n', " ");
            vec![finding.gate.clone(), finding.trigger.clone(), message, status.to_owned()]
        })
        .collect();
    table(&["GATE", "TRIGGER", "DESCRIPTION", "STATUS"], &rows)
}

/// What to do, by rule: the server's plan, else the recommendations of the rules that fired.
fn remediation(details: &PolicyEvaluationDetails) -> String {
    let mut entries = Vec::new();
    let planned = details.remediations.as_deref().unwrap_or_default();
    for plan in planned {
        entries.push((rules_of(plan, &details.findings), advice(plan), plan.trigger_ids.clone()));
    }
    let is_planned =
        |finding: &PolicyEvaluationFinding| planned.iter().any(|plan| plan.trigger_ids.contains(&finding.trigger_id));
    let mut recommended: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for finding in &details.findings {
        if !finding.allowlisted && !finding.recommendation.is_empty() && !is_planned(finding) {
            let ids = recommended.entry((&finding.rule_id, &finding.recommendation)).or_default();
            ids.push(finding.trigger_id.clone());
        }
    }
    entries
        .extend(recommended.into_iter().map(|((rule, advice), ids)| (rule.to_owned(), vec![advice.to_owned()], ids)));
    if entries.is_empty() {
        return String::new();
    }
    let mut shown = "\nRemediation:\n".to_owned();
    for (rule, advice, ids) in entries {
        let rule = if rule.is_empty() { "no rule".to_owned() } else { rule };
        let _ = writeln!(shown, "  {}", printable(&rule));
        for advice in advice {
            let _ = writeln!(shown, "    {}", printable(&advice));
        }
        let _ = writeln!(shown, "    clears: {}", printable(&ids.join(", ")));
    }
    shown
}

/// What is preferred comes first.
fn advice(plan: &PolicyEvaluationRemediation) -> Vec<String> {
    let mut suggestions: Vec<_> = plan.suggestions.iter().collect();
    suggestions.sort_by_key(|suggestion| !suggestion.preferred);
    let prefix = |at: usize| if at == 0 { "" } else { "or: " };
    suggestions.iter().enumerate().map(|(at, suggestion)| format!("{}{}", prefix(at), suggestion.message)).collect()
}

fn rules_of(plan: &PolicyEvaluationRemediation, findings: &[PolicyEvaluationFinding]) -> String {
    let mut rules: Vec<&str> = findings
        .iter()
        .filter(|finding| plan.trigger_ids.contains(&finding.trigger_id))
        .map(|finding| finding.rule_id.as_str())
        .collect();
    rules.sort_unstable();
    rules.dedup();
    rules.join(", ")
}

/// COMPAT: `details` is there only with `--detail`.
fn without_absent_details(raw: &Value) -> Value {
    let mut json = raw.clone();
    let evaluations = json.get_mut("evaluations").and_then(Value::as_array_mut);
    for evaluation in evaluations.into_iter().flatten().filter_map(Value::as_object_mut) {
        if evaluation.get("details").is_some_and(Value::is_null) {
            evaluation.shift_remove("details");
        }
    }
    json
}

/// COMPAT: the array that clients before 5.0 wrote and report readers still take.
fn legacy(value: &PolicyEvaluation) -> Value {
    let tag = &value.evaluated_tag;
    let finding = |finding: &PolicyEvaluationFinding| {
        json!({
            "gate": finding.gate, "description": finding.message, "policyId": finding.policy_id,
            "status": word(&finding.action), "tag": tag, "triggerId": finding.trigger_id,
        })
    };
    let record = |evaluation: &PolicyEvaluationResult| {
        let findings = evaluation.details.iter().flat_map(|details| &details.findings);
        json!({
            "digest": value.image_digest, "tag": tag, "policyId": value.policy_id,
            "status": word(&evaluation.status), "finalAction": word(&evaluation.final_action),
            "lastEvaluation": time(Some(evaluation.evaluation_time)),
            "detail": findings.map(finding).collect::<Vec<_>>(),
        })
    };
    value.evaluations.iter().map(record).collect()
}

/// A row per finding; an evaluation without any has one row, so that its verdict is there.
fn rows(value: &PolicyEvaluation) -> Rows {
    let mut rows = Vec::new();
    for evaluation in &value.evaluations {
        let head = [
            text(value.evaluated_tag.as_ref()),
            text(value.image_digest.as_ref()),
            text(value.policy_id.as_ref()),
            time(Some(evaluation.evaluation_time)),
            word(&evaluation.status),
            word(&evaluation.final_action),
        ];
        let findings = evaluation.details.as_ref().map(|details| details.findings.as_slice()).unwrap_or_default();
        let row = |rest: [String; 8]| head.iter().cloned().chain(rest).collect();
        if findings.is_empty() {
            rows.push(row(Default::default()));
        }
        rows.extend(findings.iter().map(|finding| {
            row([
                finding.gate.clone(),
                finding.trigger.clone(),
                finding.trigger_id.clone(),
                finding.rule_id.clone(),
                word(&finding.action),
                finding.message.clone(),
                finding.allowlisted.to_string(),
                finding.recommendation.clone(),
            ])
        }));
    }
    Rows { heads: stopgate_formats::csv::ANCHORE_COLUMNS.to_vec(), rows }
}

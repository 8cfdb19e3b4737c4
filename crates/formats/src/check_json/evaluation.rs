//! `evaluation`: Anchore's `PolicyEvaluationResult`, exactly.

use stopgate_model::{Action, CheckReport, Decision, Finding, ProblemSeverity};

use super::findings;
use crate::json::JsonWriter;

pub(super) fn fields(w: &mut JsonWriter<'_>, report: &CheckReport<'_>) {
    let evaluation = report.evaluation;
    let undecided = report.verdict.decision == Decision::Undecided;
    let final_action = if undecided { Action::Stop } else { evaluation.final_action };
    let rule = |json: Option<&str>| json.filter(|json| !json.is_empty()).unwrap_or("null").to_owned();
    w.text_field("evaluation_time", &evaluation.evaluated_at);
    w.text_field("status", if final_action == Action::Stop { "fail" } else { "pass" });
    w.text_field("final_action", final_action.name());
    w.text_field("final_action_reason", evaluation.reason.name());
    w.key("image_allowlisted").boolean(evaluation.allowed_image.is_some());
    w.key("matched_allowlisted_images_rule")
        .raw(&rule(evaluation.allowed_image.as_ref().map(|rule| rule.json.as_str())));
    w.key("image_denylisted").boolean(evaluation.denied_image.is_some());
    w.key("matched_denylisted_images_rule").raw(&rule(evaluation.denied_image.as_ref().map(|rule| rule.json.as_str())));
    w.key("image_mapped_to_rule").boolean(evaluation.mapping.is_some());
    w.key("matched_mapping_rule").raw(&rule(evaluation.mapping.as_ref().map(|mapping| mapping.json.as_str())));
    w.key("number_of_findings").number(evaluation.findings.len() as u64);
    w.key("comparison_image_digest").null();
    w.key("evaluation_problems").list(&evaluation.problems, |w, problem| {
        w.object(|w| {
            w.text_field(
                "severity",
                match problem.severity {
                    ProblemSeverity::Warn => "warn",
                    ProblemSeverity::Error => "error",
                },
            );
            w.text_field("problem_type", problem.kind.name());
            w.text_field("details", &problem.details);
        });
    });
    w.key("details").object(|w| {
        w.key("policy").raw(if report.policy_json.is_empty() { "null" } else { report.policy_json });
        w.text_field("policy_action", evaluation.policy_action.name());
        w.key("findings").list(&evaluation.findings, |w, finding| w.object(|w| findings::fields(w, finding)));
        w.key("remediations").list(suggestions(&evaluation.findings), |w, (sentence, ids)| {
            w.object(|w| {
                w.texts_field("trigger_ids", ids);
                w.key("suggestions").list([sentence], |w, sentence| {
                    w.object(|w| {
                        w.text_field("message", &sentence);
                        w.key("preferred").boolean(true);
                    });
                });
            });
        });
    });
}

/// What to do, each once, in the order of the findings, with the findings that it ends.
fn suggestions(findings: &[Finding]) -> Vec<(String, Vec<&str>)> {
    let mut order: Vec<(String, Vec<&str>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for finding in findings {
        let Some(remediation) = &finding.remediation else { continue };
        let sentence = remediation.sentence();
        let place = *places.entry(sentence).or_insert_with_key(|sentence| {
            order.push((sentence.clone(), Vec::new()));
            order.len() - 1
        });
        if let Some((_, ids)) = order.get_mut(place) {
            ids.push(&finding.trigger_id);
        }
    }
    order
}

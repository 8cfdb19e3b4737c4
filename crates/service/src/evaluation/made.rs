//! A decision as it is made: the document, and what the store keeps of it in columns.

use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use stopgate_formats::check_json;
use stopgate_model::{Action, CheckReport, Evaluation, PolicyIdentity, Severity, Verdict};
use stopgate_policy::Policy;
use stopgate_store::evaluation::EvaluationRow;
use stopgate_store::policy::PolicyRow;
use stopgate_store::tag::TagSummary;

use super::{Decided, FRESH, Ground};
use crate::ServiceError;

/// A decision that was just made.
pub(crate) struct Made {
    pub(crate) told: Decided,
    pub(crate) row: EvaluationRow,
    pub(super) summary: TagSummary,
    pub(crate) document: Vec<u8>,
    pub(super) before: Option<EvaluationRow>,
}

impl Made {
    pub(crate) fn new(
        ground: &Ground,
        policy: &Policy,
        row: &PolicyRow,
        cache_key: String,
    ) -> Result<Self, ServiceError> {
        let evaluation = ground.decide(policy);
        let verdict = Verdict::of(&evaluation);
        let mut gaps = ground.artifact.gaps.clone();
        gaps.extend(ground.matches.iter().flat_map(|report| report.gaps.iter().cloned()));
        gaps.sort();
        gaps.dedup();
        let identity = PolicyIdentity {
            id: policy.id.clone(),
            name: policy.name.clone(),
            digest: policy.digest().clone(),
            origin: row.source.clone(),
        };
        let decision = verdict.decision.name().to_owned();
        let policy_json = policy.to_json();
        let report = CheckReport {
            verdict,
            artifact: &ground.artifact,
            policy: &identity,
            policy_json: &policy_json,
            data: ground.matches.as_ref().map(|report| &report.data),
            evaluation: &evaluation,
            gaps: &gaps,
            plan: None,
            first_seen: ground.matches.as_ref().map(|_| ground.first_seen.as_slice()),
        };
        let mut json = Vec::new();
        check_json::write(&report, &mut json).map_err(ServiceError::internal)?;
        let document: Value = serde_json::from_slice(&json).map_err(ServiceError::internal)?;
        let final_action = document.pointer("/evaluation/final_action").and_then(Value::as_str).unwrap_or("stop");
        let row = EvaluationRow {
            id: 0,
            policy_id: row.policy_id.clone(),
            revision: row.revision.clone(),
            cache_key,
            build: ground.matches.as_ref().map(|report| report.data.digest.to_string()).unwrap_or_default(),
            decision: decision.clone(),
            final_action: final_action.to_owned(),
            outcome: outcome(&evaluation, &decision, final_action),
            findings: i64::try_from(evaluation.findings.len()).unwrap_or(i64::MAX),
            document: String::new(),
            evaluated_at: ground.now,
            checked_at: ground.now,
            due_at: Some(ground.now + FRESH),
        };
        Ok(Self {
            told: Decided {
                policy_id: row.policy_id.clone(),
                tag: ground.tag.full_tag(),
                final_action: row.final_action.clone(),
                document: Arc::new(document),
                base: None,
            },
            summary: summary(ground, &evaluation, &decision),
            row,
            document: zstd::encode_all(json.as_slice(), 3).map_err(ServiceError::internal)?,
            before: None,
        })
    }
}

/// A digest of what was decided: equal for equal verdicts with equal findings.
fn outcome(evaluation: &Evaluation, decision: &str, final_action: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("{decision}\n{final_action}\n"));
    let mut lines: Vec<String> = evaluation
        .findings
        .iter()
        .map(|finding| {
            let allowed = finding.allowlist.is_some() || finding.exception.is_some();
            format!("{}|{}|{}|{}", finding.rule_id, finding.trigger_id, finding.action.name(), allowed)
        })
        .chain(evaluation.problems.iter().map(|problem| format!("problem|{}", problem.details)))
        .collect();
    lines.sort();
    for line in lines {
        hasher.update(line.as_bytes());
        hasher.update(b"\n");
    }
    hex::encode(hasher.finalize())
}

fn summary(ground: &Ground, evaluation: &Evaluation, decision: &str) -> TagSummary {
    let count = |action: Action| evaluation.findings.iter().filter(|finding| finding.action == action).count();
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let matches: Vec<_> = ground.matches.iter().flat_map(|report| &report.matches).collect();
    let of = |wanted: &[Severity]| {
        number(matches.iter().filter(|matched| wanted.contains(&matched.vulnerability.severity)).count())
    };
    TagSummary {
        verdict: decision.to_owned(),
        findings: [number(count(Action::Stop)), number(count(Action::Warn)), number(count(Action::Go))],
        severities: [
            of(&[Severity::Critical]),
            of(&[Severity::High]),
            of(&[Severity::Medium]),
            of(&[Severity::Low]),
            of(&[Severity::Negligible, Severity::Unknown]),
        ],
        kev: number(matches.iter().filter(|matched| !matched.vulnerability.kev.is_empty()).count()),
        fixable: number(matches.iter().filter(|matched| !matched.fix.versions.is_empty()).count()),
        evaluation: 0,
    }
}

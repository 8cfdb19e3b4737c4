//! From findings, problems and what is missing to the verdict: the table of the design's section 4.5.

use std::collections::BTreeMap;

use jiff::Timestamp;
use stopgate_model::{
    Action, Decision, Evaluation, ExceptionReport, FinalReason, Finding, GapClass, ImageRuleMatch, MappingMatch,
    MissingInput, Problem, ProblemKind, ProblemSeverity,
};

use super::scene::Scene;
use crate::document::policy::{ImageRule, Mapping, Policy};
use crate::trigger::Need;

/// What the rules gave.
#[derive(Default)]
pub(super) struct Ground {
    pub(super) findings: Vec<Finding>,
    pub(super) problems: Vec<Problem>,
    pub(super) missing: BTreeMap<Need, Vec<String>>,
    pub(super) policy_action: Action,
    pub(super) until: Option<Timestamp>,
    pub(super) exceptions: Vec<ExceptionReport>,
    /// A pattern of a mapping or image list failed.
    pub(super) undecided_lists: bool,
}

/// Which mapping and entries matched.
pub(super) struct Lists<'p> {
    pub(super) mapping: Option<&'p Mapping>,
    pub(super) allowed: Option<&'p ImageRule>,
    pub(super) denied: Option<&'p ImageRule>,
}

/// Puts the evaluation together.
pub(super) fn conclude(policy: &Policy, scene: &Scene<'_>, mut ground: Ground, lists: &Lists<'_>) -> Evaluation {
    let context = scene.context;
    let missing = missing_inputs(scene, &mut ground, lists.mapping.is_some());
    let (final_action, reason) = match (lists.denied, lists.allowed) {
        (Some(_), _) => (Action::Stop, FinalReason::Denylisted),
        (None, Some(_)) => (Action::Go, FinalReason::Allowlisted),
        (None, None) => (ground.policy_action, FinalReason::PolicyEvaluation),
    };
    let decision = match (reason, final_action) {
        (FinalReason::Allowlisted, _) => Decision::Pass,
        (_, Action::Stop) => Decision::Stop,
        _ if !missing.is_empty() => Decision::Undecided,
        _ => Decision::Pass,
    };
    let undecided = decision == Decision::Undecided;
    Evaluation {
        policy_id: policy.id.clone(),
        policy_name: policy.name.clone(),
        evaluated_tag: context.tag.full_tag(),
        evaluated_at: context.now.to_string(),
        decision,
        policy_action: ground.policy_action,
        final_action: if undecided { Action::Stop } else { final_action },
        reason,
        mapping: lists.mapping.map(|mapping| MappingMatch {
            id: mapping.id.clone(),
            name: mapping.name.clone(),
            json: mapping.to_value().to_string(),
        }),
        allowed_image: lists.allowed.map(image_match),
        denied_image: lists.denied.map(image_match),
        findings: ground.findings,
        problems: ground.problems,
        missing: if undecided { missing } else { Vec::new() },
        exceptions: ground.exceptions,
        valid_until: ground.until.map(|time| time.to_string()),
        engine: context.engine.clone(),
    }
}

fn image_match(rule: &ImageRule) -> ImageRuleMatch {
    ImageRuleMatch { id: rule.id.clone(), name: rule.name.clone(), json: rule.to_value().to_string() }
}

/// Everything without which the answer cannot be known; each also becomes a problem.
fn missing_inputs(scene: &Scene<'_>, ground: &mut Ground, mapped: bool) -> Vec<MissingInput> {
    let mut inputs = Vec::new();
    let mut needs = std::mem::take(&mut ground.missing);
    if scene.context.matches.is_none() {
        let rules = needs.remove(&Need::Vulnerabilities).unwrap_or_default();
        if rules.is_empty() {
            problem(ground, ProblemKind::DataUnavailable, Need::Vulnerabilities.missing());
        }
        inputs.push(input(&Need::Vulnerabilities, rules));
    }
    undecidable_gaps(scene, ground, &mut inputs);
    if !mapped && !ground.undecided_lists {
        let details = format!(
            "no {} of the policy matches `{}`: add one, or name the artifact with `--tag`",
            match scene.context.artifact_type() {
                crate::trigger::ArtifactType::Image => "mapping",
                crate::trigger::ArtifactType::Source => "source mapping",
                crate::trigger::ArtifactType::Sbom => "SBOM mapping",
            },
            scene.context.tag.full_tag()
        );
        problem(ground, ProblemKind::NoMappingMatched, details.clone());
        inputs.push(MissingInput { input: "mapping".to_owned(), details, rule_ids: Vec::new() });
    }
    if ground.undecided_lists {
        let details = "a mapping or image list could not be decided: see the problems".to_owned();
        inputs.push(MissingInput { input: "mapping".to_owned(), details, rule_ids: Vec::new() });
    }
    inputs.extend(needs.into_iter().map(|(need, rules)| input(&need, rules)));
    inputs
}

fn input(need: &Need, rule_ids: Vec<String>) -> MissingInput {
    MissingInput { input: need.name(), details: need.missing(), rule_ids }
}

fn problem(ground: &mut Ground, kind: ProblemKind, details: String) {
    ground.problems.push(Problem { severity: ProblemSeverity::Error, kind, rule_id: None, details });
}

fn undecidable_gaps(scene: &Scene<'_>, ground: &mut Ground, inputs: &mut Vec<MissingInput>) {
    let matching = scene.context.matches.map_or(&[][..], |report| report.gaps.as_slice());
    let gaps = scene.artifact().gaps.iter().chain(matching).filter(|gap| gap.class == GapClass::Undecidable);
    let mut found: Vec<String> = gaps
        .map(|gap| match &gap.path {
            Some(path) => format!("{} (`{}` at `{path}`)", gap.message, gap.code),
            None => format!("{} (`{}`)", gap.message, gap.code),
        })
        .collect();
    if scene.strays > 0 {
        found.push(format!("{} matches name packages that the artifact does not have", scene.strays));
    }
    for details in found {
        problem(ground, ProblemKind::AnalysisGap, details.clone());
        inputs.push(MissingInput { input: "gap".to_owned(), details, rule_ids: Vec::new() });
    }
}

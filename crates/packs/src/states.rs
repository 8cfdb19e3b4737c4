//! States of controls: what findings say, and whether the inputs that would have shown a breach were there.
//!
//! A rule that does not fire proves nothing unless its inputs existed, so a missing prerequisite gives
//! `not-assessed`, never `satisfied`. Absence triggers and old data mark a prerequisite as missing; they are
//! no findings of a control.

use std::collections::BTreeSet;

use stopgate_model::{
    Action, Artifact, ControlResult, ControlState, DockerfileMode, Evaluation, Finding, MatchReport, ProblemKind,
};

use crate::{AssessClass, RenderedControl, RenderedPack};

/// The prerequisites that were really there, by their keys in manifests.
#[derive(Debug, Clone, Default)]
pub struct Inputs(BTreeSet<&'static str>);

impl Inputs {
    /// What an artifact and its matches provide.
    pub fn of(artifact: &Artifact, matches: Option<&MatchReport>) -> Self {
        let vulnerabilities = matches.is_some_and(|report| report.distro_has_data != Some(false));
        let dockerfile = artifact.dockerfile.as_ref();
        let rows = [
            ("SBOM", true),
            ("CFG", artifact.config.is_some()),
            ("FS", artifact.files.is_some()),
            ("HIST", dockerfile.is_some()),
            ("DF", dockerfile.is_some_and(|dockerfile| dockerfile.mode == DockerfileMode::Actual)),
            ("SEC", artifact.secrets.is_some()),
            ("VDB", vulnerabilities),
        ];
        Self(rows.into_iter().filter(|(_, there)| *there).map(|(key, _)| key).collect())
    }

    /// Whether one of the alternatives `A|B` is there.
    fn has(&self, alternatives: &str) -> bool {
        alternatives.split('|').any(|key| self.0.contains(key))
    }
}

/// Triggers that say that an input is missing or old.
fn marks_absence(finding: &Finding) -> bool {
    matches!(
        finding.trigger.as_str(),
        "stale_feed_data"
            | "vulnerability_data_unavailable"
            | "scan_not_run"
            | "no_stig_evaluations_available"
            | "no_ancestors_analyzed"
            | "no_dockerfile_provided"
            | "content_not_available"
    )
}

/// The state of each control of a pack under an evaluation of its policy.
pub fn control_states(pack: &RenderedPack, evaluation: &Evaluation, inputs: &Inputs) -> Vec<ControlResult> {
    pack.controls.iter().map(|rendered| control_state(rendered, evaluation, inputs)).collect()
}

fn control_state(rendered: &RenderedControl, evaluation: &Evaluation, inputs: &Inputs) -> ControlResult {
    let serves = |rule_id: &str| rendered.rule_ids.iter().any(|id| id == rule_id);
    let (mut stops, mut warnings, mut accepted, mut absent) = (0, 0, 0, None);
    for finding in evaluation.findings.iter().filter(|finding| serves(&finding.rule_id)) {
        match (marks_absence(finding), finding.allowlist.is_some(), finding.rule_action) {
            (true, _, _) => absent = Some(finding.message.clone()),
            (false, true, Action::Stop | Action::Warn) => accepted += 1,
            (false, false, Action::Stop) => stops += 1,
            (false, false, Action::Warn) => warnings += 1,
            (false, _, Action::Go) => {}
        }
    }
    let failed = evaluation.problems.iter().find(|problem| {
        problem.kind == ProblemKind::TriggerEvaluationError && problem.rule_id.as_deref().is_some_and(serves)
    });
    let control = &rendered.control;
    let missing = control.prerequisites.iter().find(|key| !inputs.has(key));
    let (state, reason) = if stops + warnings > 0 {
        (ControlState::NotSatisfied, format!("{stops} stop, {warnings} warn"))
    } else if let Some(problem) = failed {
        (ControlState::Error, problem.details.clone())
    } else if control.assess == AssessClass::None {
        (ControlState::NotAssessed, control.not_assessed.clone())
    } else if rendered.rule_ids.is_empty() {
        (ControlState::NotAssessed, rendered.left_out.first().cloned().unwrap_or_default())
    } else if let Some(key) = missing {
        (ControlState::NotAssessed, format!("missing input: {key}"))
    } else if let Some(message) = absent {
        (ControlState::NotAssessed, message)
    } else if accepted > 0 {
        (ControlState::Accepted, format!("{accepted} accepted"))
    } else if control.assess != AssessClass::Full || !rendered.left_out.is_empty() {
        (ControlState::SatisfiedInPart, rendered.left_out.first().unwrap_or(&control.not_assessed).clone())
    } else {
        (ControlState::Satisfied, String::new())
    };
    ControlResult {
        id: control.id.clone(),
        title: control.title.clone(),
        class: control.assess.class(),
        oscal_id: String::new(),
        objective_ids: Vec::new(),
        state,
        reason,
        rule_ids: rendered.rule_ids.clone(),
        stops,
        warnings,
        accepted,
        not_assessed: control.not_assessed.clone(),
    }
}

//! What came out against what was expected.

use stopgate_model::{Evaluation, Finding};

use super::document::{Expect, ExpectedFinding, FindingFields};

/// One sentence about something that is not as expected.
pub(crate) type Difference = String;

/// Everything that is not as expected.
pub(super) fn compare(expect: &Expect, evaluation: &Evaluation) -> Vec<Difference> {
    let mut differences = Vec::new();
    let decision = evaluation.decision.name();
    if let Some(expected) = expect.decision.as_deref().filter(|expected| *expected != decision) {
        let missing: Vec<&str> = evaluation.missing.iter().map(|input| input.details.as_str()).collect();
        let why = if missing.is_empty() { String::new() } else { format!(": {}", missing.join("; ")) };
        differences.push(format!("the decision is `{decision}`, expected `{expected}`{why}"));
    }
    if let Some(expected) = &expect.findings {
        findings(expected, expect.partial, &evaluation.findings, &mut differences);
    }
    for absent in &expect.absent {
        let fields = absent.fields();
        for finding in evaluation.findings.iter().filter(|finding| fields.meets(finding)) {
            differences.push(format!("there is a finding that must be absent: {}", shown(finding)));
        }
    }
    differences
}

/// Each expected finding takes one that is there; those that say most choose first.
fn findings(expected: &[ExpectedFinding], partial: bool, found: &[Finding], differences: &mut Vec<Difference>) {
    let mut left: Vec<&Finding> = found.iter().collect();
    let mut wanted: Vec<&ExpectedFinding> = expected.iter().collect();
    wanted.sort_by_key(|expected| std::cmp::Reverse(expected.fields().given()));
    for expected in wanted {
        let fields = expected.fields();
        match left.iter().position(|finding| fields.meets(finding)) {
            Some(position) => {
                left.swap_remove(position);
            }
            None => differences.push(format!("there is no finding with {expected}")),
        }
    }
    if !partial {
        left.sort_by_key(|finding| (&finding.rule_id, &finding.trigger_id));
        differences.extend(left.iter().map(|finding| format!("there is an unexpected finding: {}", shown(finding))));
    }
}

fn shown(finding: &Finding) -> String {
    format!(
        "rule `{}`, trigger id `{}`, action `{}`: {}",
        finding.rule_id, finding.trigger_id, finding.action, finding.message
    )
}

impl FindingFields {
    fn given(&self) -> usize {
        [&self.rule, &self.trigger_id, &self.action].into_iter().flatten().count()
    }

    fn meets(&self, finding: &Finding) -> bool {
        let is = |wanted: &Option<String>, actual: &str| wanted.as_ref().is_none_or(|wanted| wanted == actual);
        is(&self.rule, &finding.rule_id)
            && is(&self.trigger_id, &finding.trigger_id)
            && is(&self.action, finding.action.name())
    }
}

//! Findings of a verdict. A finding about a vulnerability has the vulnerability as its rule, any other
//! the policy's rule.

use std::collections::HashMap;
use std::io::{self, Write};

use stopgate_model::{Action, CheckReport, Decision, Evidence, Finding, ProblemSeverity};

use super::document::{Kind, Level, Notice, Outcome, Place, Rule, Run, artifact_path, notices, score, write};

/// Writes the findings of a verdict.
pub fn write_check(report: &CheckReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let evaluation = report.evaluation;
    let mut rules: Vec<Rule> = Vec::new();
    let mut by_id: HashMap<String, usize> = HashMap::new();
    let mut outcomes = Vec::with_capacity(evaluation.findings.len());
    for finding in &evaluation.findings {
        let id = rule_id(finding);
        let position = *by_id.entry(id).or_insert_with_key(|id| {
            rules.push(rule(finding, id));
            rules.len() - 1
        });
        if let Some(rule) = rules.get_mut(position) {
            merge(rule, finding);
        }
        outcomes.push(outcome(report, finding, position));
    }
    let mut all = notices(report.gaps);
    all.extend(evaluation.problems.iter().map(|problem| Notice {
        level: if problem.severity == ProblemSeverity::Error { Level::Error } else { Level::Warning },
        id: problem.kind.name().to_owned(),
        text: problem.details.clone(),
    }));
    all.extend(evaluation.missing.iter().map(|missing| Notice {
        level: Level::Error,
        id: missing.input.clone(),
        text: missing.details.clone(),
    }));
    let run = Run {
        tool: &evaluation.engine.name,
        version: &evaluation.engine.version,
        category: format!("stopgate/{}/", evaluation.evaluated_tag),
        decided: report.verdict.decision != Decision::Undecided,
        exit_code: Some(report.verdict.exit_code),
        notices: all,
        rules,
        outcomes,
    };
    write(run, out)
}

fn vulnerability(finding: &Finding) -> Option<(&str, &str)> {
    finding.evidence.iter().find_map(|evidence| match evidence {
        Evidence::Vulnerability { id, link, .. } => Some((id.as_str(), link.as_str())),
        _ => None,
    })
}

fn rule_id(finding: &Finding) -> String {
    vulnerability(finding).map_or_else(|| finding.rule_id.clone(), |(id, _)| id.to_owned())
}

const fn level(action: Action) -> Level {
    match action {
        Action::Stop => Level::Error,
        Action::Warn => Level::Warning,
        Action::Go => Level::Note,
    }
}

fn rule(finding: &Finding, id: &str) -> Rule {
    let what = format!("{}: {}", finding.gate, finding.trigger);
    let advice = if finding.recommendation.is_empty() { &finding.message } else { &finding.recommendation };
    Rule {
        id: id.to_owned(),
        name: what.clone(),
        summary: if id == finding.rule_id { what } else { id.to_owned() },
        description: advice.clone(),
        help: advice.clone(),
        help_uri: vulnerability(finding).map(|(_, link)| link.to_owned()).unwrap_or_default(),
        level: level(finding.rule_action),
        score: finding.severity.and_then(score),
        tags: vec![finding.gate.clone(), "security".to_owned()],
    }
}

/// A rule has the worst level and score of its findings, and all their controls.
fn merge(rule: &mut Rule, finding: &Finding) {
    rule.level = rule.level.min(level(finding.rule_action));
    if let Some(score) = finding.severity.and_then(score) {
        rule.score = Some(rule.score.map_or(score, |known| known.max(score)));
    }
    for control in &finding.controls {
        if !rule.tags.contains(control) {
            rule.tags.push(control.clone());
        }
    }
}

fn outcome(report: &CheckReport<'_>, finding: &Finding, rule: usize) -> Outcome {
    let mut message = finding.message.clone();
    if let Some(remediation) = &finding.remediation {
        message.push_str(". ");
        message.push_str(&remediation.sentence());
    }
    let mut places: Vec<Place> = finding.evidence.iter().filter_map(place).collect();
    if places.is_empty() {
        places.push(Place { path: artifact_path(report.artifact), line: 1, package: None, layer: None });
    }
    Outcome {
        rule,
        kind: Kind::Fail,
        level: level(finding.rule_action),
        message,
        places,
        fingerprint: finding.fingerprint.clone(),
        accepted: finding.allowlist.as_ref().map(|allowlist| {
            let until = allowlist.expires_on.as_ref().map(|time| format!(" until {time}")).unwrap_or_default();
            format!("allowlist {} item {}{until}", allowlist.id, allowlist.item_id)
        }),
        properties: vec![
            ("trigger_id", finding.trigger_id.clone()),
            ("gate", finding.gate.clone()),
            ("trigger", finding.trigger.clone()),
            ("action", finding.action.name().to_owned()),
            ("rule_id", finding.rule_id.clone()),
            ("rule_set_id", finding.rule_set_id.clone()),
        ],
        controls: finding.controls.clone(),
    }
}

fn place(evidence: &Evidence) -> Option<Place> {
    match evidence {
        Evidence::Package { name, purl, path: Some(path), layer, .. } => Some(Place {
            path: path.clone(),
            line: 1,
            package: Some((name.clone(), purl.clone())),
            layer: layer.as_ref().map(ToString::to_string),
        }),
        Evidence::File { path, layer, lines, .. } => Some(Place {
            path: path.clone(),
            line: lines.first().copied().unwrap_or(1),
            package: None,
            layer: layer.as_ref().map(ToString::to_string),
        }),
        // A guessed Dockerfile is no file that anybody could open.
        Evidence::DockerfileLine { line, actual: true, .. } => {
            Some(Place { path: "Dockerfile".to_owned(), line: *line, package: None, layer: None })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use stopgate_model::{AllowlistMatch, Decision, Evidence, Gap, GapCode, Severity};

    use super::write_check;
    use crate::samples;

    #[test]
    fn a_vulnerability_is_its_own_rule_and_an_accepted_finding_is_suppressed() {
        let mut check = samples::hostile_check("x");
        let mut finding = check.evaluation.findings.pop().unwrap();
        finding.severity = Some(Severity::High);
        finding.evidence = vec![
            Evidence::Vulnerability {
                id: "CVE-2024-1".into(),
                aliases: Vec::new(),
                severity: Severity::High,
                fixed_in: Vec::new(),
                fix_state: "fixed".into(),
                link: "https://example.test/CVE-2024-1".into(),
                known_exploited: false,
            },
            Evidence::DockerfileLine { line: 7, text: "RUN x".into(), actual: true },
        ];
        finding.allowlist = Some(AllowlistMatch {
            id: "a".into(),
            name: "A".into(),
            item_id: "i".into(),
            via: None,
            expires_on: Some("2030-01-01".into()),
        });
        check.evaluation.findings = vec![finding];
        check.evaluation.decision = Decision::Undecided;
        check.gaps = vec![Gap::new(GapCode::LayerUnreadable, "cut short")];
        let mut out = Vec::new();
        write_check(&check.report(), &mut out).unwrap();
        let document: Value = serde_json::from_slice(&out).unwrap();
        let run = &document["runs"][0];
        assert_eq!(run["tool"]["driver"]["rules"][0]["id"], "CVE-2024-1");
        assert_eq!(run["tool"]["driver"]["rules"][0]["properties"]["security-severity"], "8.0");
        let result = &run["results"][0];
        assert_eq!(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "Dockerfile");
        assert_eq!(result["locations"][0]["physicalLocation"]["region"]["startLine"], 7);
        assert_eq!(result["suppressions"][0]["justification"], "allowlist a item i until 2030-01-01");
        assert_eq!((&result["level"], &result["kind"]), (&"error".into(), &"fail".into()));
        let invocation = &run["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], false);
        assert_eq!(invocation["toolExecutionNotifications"][0]["descriptor"]["id"], "layer_unreadable");
    }
}

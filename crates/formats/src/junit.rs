//! A verdict as JUnit XML, for dashboards of continuous integration: one suite per artifact, one case per rule.
//!
//! A rule that stops is a failure, one whose findings are all accepted is skipped, one that warns passes with
//! output, one that could not run is an error. Rules that found nothing are listed too, so that dashboards count
//! them. What could not be decided at all is a case of its own.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Deserialize;
use stopgate_model::{Action, CheckReport, Decision, Evaluation, Finding, GapClass, ProblemSeverity};

use crate::xml::clean;

/// Writes a verdict.
pub fn write(report: &CheckReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let evaluation = report.evaluation;
    let mut suite = TestSuite::new(clean(&evaluation.evaluated_tag));
    let verdict = report.verdict.decision.name();
    let identity = report.artifact.source.image().map(|image| image.manifest_digest.to_string());
    for (name, value) in [
        ("verdict", verdict),
        ("policy", &evaluation.policy_id),
        ("artifact", identity.as_deref().unwrap_or(&report.artifact.source.name)),
        ("evaluation_time", &evaluation.evaluated_at),
        ("final_action", evaluation.final_action.name()),
        ("final_action_reason", evaluation.reason.name()),
    ] {
        suite.add_property(Property::new(name, clean(value)));
    }
    for rule in rules(report) {
        suite.add_test_case(rule_case(evaluation, &rule));
    }
    if let Some(case) = undecided_case(report) {
        suite.add_test_case(case);
    }
    let mut junit = Report::new("stopgate");
    junit.add_test_suite(suite);
    junit.serialize(out).map_err(io::Error::other)
}

/// A rule of the evaluated rule sets.
struct Rule<'a> {
    id: String,
    class: String,
    findings: Vec<&'a Finding>,
}

/// The rules of the rule sets that the mapping names, in the policy's order, then those that only findings name.
fn rules<'a>(report: &CheckReport<'a>) -> Vec<Rule<'a>> {
    let mut findings: HashMap<(&str, &str), Vec<&Finding>> = HashMap::new();
    for finding in &report.evaluation.findings {
        findings.entry((&finding.rule_set_id, &finding.rule_id)).or_default().push(finding);
    }
    let mut rules = Vec::new();
    let policy: Policy = serde_json::from_str(report.policy_json).unwrap_or_default();
    let mapping = report.evaluation.mapping.as_ref().map(|mapping| mapping.json.as_str()).unwrap_or_default();
    let mapping: Mapping = serde_json::from_str(mapping).unwrap_or_default();
    let named: HashSet<&String> = mapping.rule_set_ids.iter().collect();
    for set in policy.rule_sets.iter().filter(|set| named.contains(&set.id)) {
        for rule in &set.rules {
            rules.push(Rule {
                id: rule.id.clone(),
                class: format!("{}.{}", rule.gate, rule.trigger),
                findings: findings.remove(&(set.id.as_str(), rule.id.as_str())).unwrap_or_default(),
            });
        }
    }
    for finding in &report.evaluation.findings {
        if let Some(findings) = findings.remove(&(finding.rule_set_id.as_str(), finding.rule_id.as_str())) {
            let class = format!("{}.{}", finding.gate, finding.trigger);
            rules.push(Rule { id: finding.rule_id.clone(), class, findings });
        }
    }
    rules
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Policy {
    rule_sets: Vec<RuleSet>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RuleSet {
    id: String,
    rules: Vec<PolicyRule>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct PolicyRule {
    id: String,
    gate: String,
    trigger: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Mapping {
    rule_set_ids: Vec<String>,
}

fn rule_case(evaluation: &Evaluation, rule: &Rule<'_>) -> TestCase {
    let problem = evaluation
        .problems
        .iter()
        .find(|problem| problem.severity == ProblemSeverity::Error && problem.rule_id.as_ref() == Some(&rule.id));
    let accepted = |finding: &&&Finding| finding.allowlist.is_some();
    let stops = rule.findings.iter().filter(|finding| finding.action == Action::Stop).count();
    let text = listing(&rule.findings);
    let status = if stops > 0 {
        failure(NonSuccessKind::Failure, "stop", &format!("{stops} findings stop"), &text)
    } else if let Some(problem) = problem {
        failure(NonSuccessKind::Error, problem.kind.name(), &problem.details, &text)
    } else if !rule.findings.is_empty() && rule.findings.iter().filter(accepted).count() == rule.findings.len() {
        let mut status = TestCaseStatus::skipped();
        status.set_message("all findings are accepted by allowlists").set_description(clean(&text));
        status
    } else {
        TestCaseStatus::success()
    };
    let mut case = TestCase::new(clean(&rule.id), status);
    case.set_classname(clean(&rule.class));
    if stops == 0 && !text.is_empty() {
        case.set_system_out(clean(&text));
    }
    case
}

fn failure(kind: NonSuccessKind, name: &str, message: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(clean(name)).set_message(clean(message)).set_description(clean(text));
    status
}

fn listing(findings: &[&Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let _ = write!(text, "{}: {} [{}]", finding.action.name(), finding.message, finding.trigger_id);
        if let Some(allowlist) = &finding.allowlist {
            let _ = write!(text, ", accepted by {} {}", allowlist.id, allowlist.item_id);
        }
        text.push('\n');
        if let Some(remediation) = &finding.remediation {
            let _ = writeln!(text, "  {}", remediation.sentence());
        }
    }
    text
}

fn undecided_case(report: &CheckReport<'_>) -> Option<TestCase> {
    let missing = report.evaluation.missing.iter().map(|missing| format!("{}: {}\n", missing.input, missing.details));
    let gaps = report.gaps.iter().filter(|gap| gap.class == GapClass::Undecidable);
    let text: String = missing.chain(gaps.map(|gap| format!("{}: {}\n", gap.code, gap.message))).collect();
    (report.verdict.decision == Decision::Undecided).then(|| {
        let status = failure(NonSuccessKind::Error, "undecided", "it could not be decided", &text);
        let mut case = TestCase::new("verdict", status);
        case.set_classname("stopgate");
        case
    })
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Action, Decision, MappingMatch, Problem, ProblemKind, ProblemSeverity};

    use super::write;
    use crate::samples;

    fn xml(check: &samples::Check) -> String {
        let mut out = Vec::new();
        write(&check.report(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rules_are_cases_and_quiet_ones_pass() {
        let mut check = samples::hostile_check("x");
        check.evaluation.decision = Decision::Undecided;
        check.evaluation.mapping =
            Some(MappingMatch { id: "m".into(), name: "m".into(), json: r#"{"rule_set_ids":["s"]}"#.into() });
        let mut finding = check.evaluation.findings.pop().unwrap();
        (finding.rule_id, finding.rule_set_id, finding.action) = ("r1".into(), "s".into(), Action::Stop);
        check.evaluation.findings = vec![finding];
        check.evaluation.problems = vec![Problem {
            severity: ProblemSeverity::Error,
            kind: ProblemKind::DataUnavailable,
            rule_id: Some("r2".into()),
            details: "no Dockerfile".into(),
        }];
        let xml = xml(&check);
        assert!(
            xml.contains(r#"tests="4""#) && xml.contains(r#"failures="1""#) && xml.contains(r#"errors="2""#),
            "{xml}"
        );
        assert!(xml.contains(r#"name="quiet" classname="always.always""#), "{xml}");
        assert!(xml.contains("no Dockerfile") && xml.contains("could not be decided"), "{xml}");
    }

    #[test]
    fn hostile_text_stays_text() {
        let hostile = "<a b='c\" & ]]>\u{0}\u{1b}[31m\u{fffe}é💥";
        let xml = xml(&samples::hostile_check(hostile));
        let mut reader = quick_xml::Reader::from_str(&xml);
        let mut events = 0;
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {
            events += 1;
        }
        assert!(events > 5 && !xml.contains(['\u{0}', '\u{1b}', '\u{fffe}']));
    }
}

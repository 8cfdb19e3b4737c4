//! Explanations: why something fired, and why it did not.

use stopgate_model::{FixState, PackageType, Severity};

use super::{Case, document, engine, image, policy};
use crate::{EvalContext, Explanation, explain};

fn explained(case: &Case, rules: &[&str], subject: &str) -> Explanation {
    let policy = policy(&document(rules));
    let evaluation = case.evaluate(&policy);
    let mut context = EvalContext::new(&case.artifact, &case.tag, case.now, engine());
    context.matches = case.report.as_ref();
    explain(&policy, &context, &evaluation, subject)
}

fn openssl() -> Case {
    image().package(PackageType::DEB, "openssl", "3.0.1", "/var/lib/dpkg/status").vuln(
        "CVE-1",
        Severity::High,
        |matched| {
            matched.fix.state = FixState::WontFix;
        },
    )
}

#[test]
fn each_rule_says_which_conditions_were_not_met() {
    let rules = [
        "stop vulnerabilities.package package_type=non-os; severity=critical; severity_comparison==",
        "stop vulnerabilities.package package_type=all; vendor_only=false",
        "stop vulnerabilities.kev_list",
        "stop dockerfile.effective_user users=root; type=denylist",
    ];
    let told = explained(&openssl(), &rules, "CVE-1");
    let matched = &told.matches[0];
    assert_eq!((told.findings.as_slice(), matched.package.as_str()), (&[0][..], "openssl 3.0.1 (deb)"));
    let rules: Vec<(bool, Vec<String>)> = matched
        .rules
        .iter()
        .map(|rule| {
            let unmet = rule.unmet.iter().map(|one| format!("{}: {}", one.condition, one.actual));
            (rule.finding.is_some(), unmet.collect())
        })
        .collect();
    assert_eq!(
        rules,
        [
            (
                false,
                vec![
                    "severity = critical: high".into(),
                    "package_type non-os: deb".into(),
                    "vendor_only true: wont-fix".into()
                ]
            ),
            (true, vec![]),
            (false, vec!["known to be exploited: not listed".into()]),
        ],
        "a rule about something else says nothing"
    );
}

#[test]
fn a_rule_says_what_it_reads_and_why_it_was_not_run() {
    let rules = ["stop retrieved_files.content_regex path=/etc/shadow; regex=x; check=match"];
    let mut case = image();
    case.artifact.retrieved = None;
    let rule = explained(&case, &rules, "r1").rule.unwrap();
    assert_eq!((rule.mapped, rule.findings, rule.problems.len()), (true, 0, 1));
    assert_eq!(rule.reads, [("retrieved_file:/etc/shadow".to_owned(), "missing")]);
    assert!(rule.not_run.unwrap().contains("`/etc/shadow` was not collected"));
    assert!(explained(&image(), &rules, "nothing of the kind").is_empty());
}

#[test]
fn a_match_that_does_not_count_says_why() {
    use stopgate_model::{RemovedMatch, RemovedReason};
    let mut case = openssl();
    let report = case.report.as_mut().unwrap();
    let matched = report.matches.pop().unwrap();
    report.removed.push(RemovedMatch { matched, reason: RemovedReason::Evidence("not vulnerable here".to_owned()) });
    let told = explained(&case, &["stop vulnerabilities.package package_type=all"], "CVE-1");
    assert_eq!(told.matches[0].removed.as_deref(), Some("not vulnerable here"));
}

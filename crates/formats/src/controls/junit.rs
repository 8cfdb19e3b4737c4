//! Controls as JUnit XML: one case each. What is not satisfied is a failure, what was not assessed is skipped.

use std::fmt::Write as _;
use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};
use stopgate_model::{ControlReport, ControlResult, ControlState, Remediation};

use super::{findings, subject};
use crate::xml::clean;

/// Findings that are listed in a case.
const MOST: usize = 50;

/// Writes the report.
pub fn write(report: &ControlReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let pack = report.pack;
    let (name, digest) = subject(report);
    let mut suite = TestSuite::new(clean(&format!("{} {}", pack.id, name)));
    for (name, value) in [
        ("framework", format!("{} {}", pack.framework_name, pack.framework_version)),
        ("pack", format!("{} {}", pack.id, pack.version)),
        ("artifact", digest),
        ("evaluation_time", report.check.evaluation.evaluated_at.clone()),
        ("verdict", report.check.verdict.decision.name().to_owned()),
    ] {
        suite.add_property(Property::new(name, clean(&value)));
    }
    for control in report.controls {
        suite.add_test_case(case(report, control));
    }
    let mut junit = Report::new("stopgate");
    junit.add_test_suite(suite);
    junit.serialize(out).map_err(io::Error::other)
}

fn case(report: &ControlReport<'_>, control: &ControlResult) -> TestCase {
    let reason = if control.reason.is_empty() { control.state.name() } else { &control.reason };
    let mut status = match control.state {
        ControlState::NotSatisfied => TestCaseStatus::non_success(NonSuccessKind::Failure),
        ControlState::Error => TestCaseStatus::non_success(NonSuccessKind::Error),
        ControlState::NotAssessed | ControlState::NotApplicable | ControlState::Accepted => TestCaseStatus::skipped(),
        ControlState::Satisfied | ControlState::SatisfiedInPart | ControlState::InherentlyMet => {
            TestCaseStatus::success()
        }
    };
    let text = listing(report, control);
    match control.state {
        ControlState::NotSatisfied | ControlState::Error => {
            status.set_type(control.state.name()).set_message(clean(reason)).set_description(clean(&text));
        }
        ControlState::NotAssessed | ControlState::NotApplicable | ControlState::Accepted => {
            status.set_message(clean(&format!("{}: {reason}", control.state.name())));
        }
        _ => {}
    }
    let mut case = TestCase::new(clean(&format!("{} {}", control.id, control.title)), status);
    case.set_classname(clean(&report.pack.id));
    if control.state == ControlState::SatisfiedInPart {
        case.set_system_out(clean(&format!("not assessed: {}", control.not_assessed)));
    }
    case
}

fn listing(report: &ControlReport<'_>, control: &ControlResult) -> String {
    let found = findings(report, control);
    let mut text = String::new();
    for finding in found.iter().take(MOST) {
        let _ = writeln!(text, "{}: {} [{}]", finding.action.name(), finding.message, finding.trigger_id);
        if let Some(remedy) = finding.remediation.as_ref().map(Remediation::sentence) {
            let _ = writeln!(text, "  {remedy}");
        }
    }
    if found.len() > MOST {
        let _ = writeln!(text, "and {} more", found.len() - MOST);
    }
    text
}

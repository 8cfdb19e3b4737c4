//! States of controls: the control is the rule, its state the kind of the one result (SARIF 3.27.9).

use std::io::{self, Write};

use stopgate_model::{ControlReport, ControlResult, ControlState, Decision};

use super::document::{Kind, Level, Notice, Outcome, Place, Rule, Run, artifact_path, notices, write};
use crate::controls::findings;

/// Findings that a message tells.
const MOST: usize = 20;

/// Writes the states of all controls.
pub fn write_controls(report: &ControlReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (check, pack) = (&report.check, report.pack);
    let mut all = notices(check.gaps);
    let errors = report.controls.iter().filter(|control| control.state == ControlState::Error);
    all.extend(errors.map(|control| Notice {
        level: Level::Error,
        id: control.id.clone(),
        text: control.reason.clone(),
    }));
    let run = Run {
        tool: &check.evaluation.engine.name,
        version: &check.evaluation.engine.version,
        category: format!("stopgate/{}/{}/", pack.id, check.evaluation.evaluated_tag),
        decided: check.verdict.decision != Decision::Undecided,
        exit_code: Some(check.verdict.exit_code),
        notices: all,
        rules: report.controls.iter().map(|control| rule(report, control)).collect(),
        outcomes: report.controls.iter().enumerate().map(|(at, control)| outcome(report, control, at)).collect(),
    };
    write(run, out)
}

fn rule(report: &ControlReport<'_>, control: &ControlResult) -> Rule {
    let help = match control.not_assessed.as_str() {
        "" => control.title.clone(),
        not_assessed => format!("{}. Not assessed: {not_assessed}.", control.title),
    };
    Rule {
        id: control.id.clone(),
        name: format!("{} {}", report.pack.framework_name, control.id),
        summary: control.title.clone(),
        description: control.title.clone(),
        help,
        help_uri: String::new(),
        level: if control.stops > 0 { Level::Error } else { Level::Warning },
        score: None,
        tags: vec![report.pack.framework.clone(), "compliance".to_owned()],
    }
}

fn outcome(report: &ControlReport<'_>, control: &ControlResult, rule: usize) -> Outcome {
    let (kind, accepted) = match control.state {
        ControlState::Satisfied => (Kind::Pass, None),
        ControlState::SatisfiedInPart => (Kind::Review, None),
        ControlState::NotSatisfied => (Kind::Fail, None),
        ControlState::Accepted => (Kind::Fail, Some(control.reason.clone())),
        ControlState::NotAssessed | ControlState::Error => (Kind::Open, None),
        ControlState::NotApplicable | ControlState::InherentlyMet => (Kind::NotApplicable, None),
    };
    let found = findings(report, control);
    let mut message = format!("{}: {}", control.title, control.state.name());
    if !control.reason.is_empty() {
        message = format!("{message} ({})", control.reason);
    }
    for finding in found.iter().take(MOST) {
        message = format!("{message}\n{}: {}", finding.action.name(), finding.message);
    }
    if found.len() > MOST {
        message = format!("{message}\nand {} more", found.len() - MOST);
    }
    Outcome {
        rule,
        kind,
        level: if control.stops > 0 { Level::Error } else { Level::Warning },
        message,
        places: vec![Place { path: artifact_path(report.check.artifact), line: 1, package: None, layer: None }],
        fingerprint: format!("{}/{}", report.pack.id, control.id),
        accepted,
        properties: vec![("state", control.state.name().to_owned()), ("class", control.class.name().to_owned())],
        controls: vec![control.id.clone()],
    }
}

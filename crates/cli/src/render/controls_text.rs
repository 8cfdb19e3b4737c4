//! The states of a framework's controls as text.

use std::io::{self, Write};

use stopgate_model::{ControlReport, ControlResult, ControlState};

use super::style::{Style, line};

/// Writes the report: what was decided about what, one row for each control, how many are in which state.
pub(crate) fn controls_text(report: &ControlReport<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (check, pack) = (&report.check, report.pack);
    let framework = format!("{} {}", pack.framework_name, pack.framework_version);
    writeln!(out, "{}", style.bold(&line(&format!("{} {} ({framework})", pack.title, pack.version))))?;
    let data = check.data.map_or_else(|| "none: what needs it is not assessed".to_owned(), |data| data.built.clone());
    for (name, value) in [
        ("artifact", check.artifact.source.user_input.as_str()),
        ("verdict", check.verdict.decision.name()),
        ("data", &data),
        ("time", &check.evaluation.evaluated_at),
    ] {
        writeln!(out, "  {name:8} {}", line(value))?;
    }
    writeln!(out)?;
    control_rows(report.controls, style, out)?;
    let count = |state: ControlState| report.controls.iter().filter(|control| control.state == state).count();
    let counts = ControlState::ALL.map(|state| (count(state), state));
    let words = counts.iter().filter(|(count, _)| *count > 0).map(|(count, state)| format!("{count} {}", state.name()));
    writeln!(out, "\n{}", style.dim(&words.collect::<Vec<_>>().join(", ")))
}

/// One row for each control.
pub(crate) fn control_rows(controls: &[ControlResult], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let width = controls.iter().map(|control| control.id.chars().count()).max().unwrap_or_default();
    for control in controls {
        let state = format!("{:17}", control.state.name());
        let state = match control.state {
            ControlState::Satisfied | ControlState::InherentlyMet => style.good(&state),
            ControlState::NotSatisfied | ControlState::Error => style.bad(&state),
            ControlState::SatisfiedInPart | ControlState::Accepted => style.doubt(&state),
            ControlState::NotAssessed | ControlState::NotApplicable => style.dim(&state),
        };
        let reason = if control.reason.is_empty() { String::new() } else { format!(" ({})", control.reason) };
        writeln!(out, "  {:width$} {state} {}{}", control.id, control.title, style.dim(&line(&reason)))?;
    }
    Ok(())
}

//! The verdict as text: the answer, what it rests on, what blocks and what to do, what could not be seen.

use std::io::{self, Write};

use jiff::Timestamp;
use stopgate_model::{
    Action, CheckReport, ControlResult, DataIdentity, Decision, Finding, Gap, GapClass, ProblemSeverity,
};

use super::controls_text::control_rows;
use super::findings::{RuleGroup, by_rule, layer, subject};
use super::plan_text::plan_text;
use super::style::{Style, line};

/// Findings of one rule that are shown unless all are wanted.
const SHOWN: usize = 8;

/// Writes the verdict. `controls` is empty for a policy that is no pack.
pub(crate) fn check_text(
    report: &CheckReport<'_>,
    controls: &[ControlResult],
    detail: bool,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    head(report, style, out)?;
    missing(report, style, out)?;
    let findings = &report.evaluation.findings;
    let wanted: &[Action] =
        if detail { &[Action::Stop, Action::Warn, Action::Go] } else { &[Action::Stop, Action::Warn] };
    for group in by_rule(findings, wanted) {
        group_text(&group, detail, style, out)?;
    }
    let accepted = findings.iter().filter(|finding| finding.allowlist.is_some()).count();
    if accepted > 0 {
        writeln!(out, "\n{accepted} findings are accepted by allowlists, exceptions or VEX statements")?;
        if detail {
            findings.iter().try_for_each(|finding| accepted_text(finding, out))?;
        }
    }
    if let Some(plan) = report.plan {
        plan_text(plan, detail, style, out)?;
    }
    exceptions(report, style, out)?;
    problems(report, style, out)?;
    gaps(report.gaps, detail, style, out)?;
    if detail && !controls.is_empty() {
        writeln!(out, "\n{}", style.bold("Controls"))?;
        control_rows(controls, style, out)?;
    }
    tail(report, detail, style, out)
}

fn head(report: &CheckReport<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let source = &report.artifact.source;
    let word = match report.verdict.decision {
        Decision::Pass => style.good("PASS"),
        Decision::Stop => style.bad("STOP"),
        Decision::Undecided => style.doubt("COULD NOT DECIDE"),
    };
    writeln!(out, "{word}  {}", style.bold(&line(&source.user_input)))?;
    let row = |out: &mut dyn Write, name: &str, value: &str| writeln!(out, "  {name:8} {}", line(value));
    row(out, "policy", &format!("{} ({})", report.policy.name, report.policy.origin))?;
    row(out, "tag", &report.evaluation.evaluated_tag)?;
    if let Some(image) = source.image() {
        row(out, "digest", &image.manifest_digest.to_string())?;
    }
    if let Some(distro) = &report.artifact.distro {
        let name = if distro.pretty_name.is_empty() { &distro.id } else { &distro.pretty_name };
        row(out, "distro", name)?;
    }
    row(out, "content", &format!("{} packages, {}", report.artifact.packages.len(), files(report)))?;
    match report.data {
        Some(data) => row(out, "data", &data_line(data, &report.evaluation.evaluated_at))?,
        None => row(out, "data", "no vulnerability data")?,
    }
    if report.evaluation.reason != stopgate_model::FinalReason::PolicyEvaluation {
        row(out, "reason", report.evaluation.reason.name())?;
    }
    Ok(())
}

fn files(report: &CheckReport<'_>) -> String {
    report
        .artifact
        .files
        .as_ref()
        .map_or_else(|| "files not listed".to_owned(), |files| format!("{} files", files.len()))
}

/// Build date, age and identity of the data.
fn data_line(data: &DataIdentity, evaluated_at: &str) -> String {
    let age = match (data.built.parse::<Timestamp>(), evaluated_at.parse::<Timestamp>()) {
        (Ok(built), Ok(now)) if built > now => "newer than the time of the evaluation".to_owned(),
        (Ok(built), Ok(now)) => format!("{} days old", now.duration_since(built).as_hours() / 24),
        _ => "of unknown age".to_owned(),
    };
    format!("{} built {} ({age}), {}", data.schema, data.built, data.digest)
}

fn missing(report: &CheckReport<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if report.evaluation.missing.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.doubt("Missing"))?;
    for input in &report.evaluation.missing {
        writeln!(out, "  {}", line(&input.details))?;
        if !input.rule_ids.is_empty() {
            writeln!(out, "    {}", style.dim(&format!("needed by {}", input.rule_ids.join(", "))))?;
        }
    }
    Ok(())
}

fn group_text(group: &RuleGroup<'_>, detail: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let count = group.findings.len();
    let plural = if count == 1 { "" } else { "s" };
    writeln!(
        out,
        "\n{}  {}  {}",
        style.action(group.action),
        style.bold(&line(group.rule_set_name)),
        style.dim(&format!("{} {}.{}, {count} finding{plural}", group.rule_id, group.gate, group.trigger)),
    )?;
    let shown = if detail { count } else { SHOWN };
    for finding in group.findings.iter().take(shown) {
        finding_text(finding, detail, style, out)?;
    }
    if count > shown {
        writeln!(out, "  {}", style.dim(&format!("and {} more; --detail shows all", count - shown)))?;
    }
    if !group.recommendation.is_empty() {
        writeln!(out, "  do: {}", line(group.recommendation))?;
    }
    Ok(())
}

/// What is known of the time before, in brackets.
fn past(finding: &Finding) -> String {
    let mut parts = Vec::new();
    match (finding.is_new, &finding.first_seen) {
        (Some(true), _) => parts.push("new".to_owned()),
        (Some(false), Some(time)) => parts.push(format!("there since {time}")),
        (Some(false), None) => parts.push("there before".to_owned()),
        (None, _) => {}
    }
    parts.extend(finding.due.as_ref().map(|due| format!("due {due}")));
    if parts.is_empty() { String::new() } else { format!("  [{}]", parts.join(", ")) }
}

fn finding_text(finding: &Finding, detail: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let severity = finding.severity.map(|severity| style.severity(severity) + " ").unwrap_or_default();
    writeln!(out, "  {severity}{}{}", line(&subject(finding)), style.dim(&past(finding)))?;
    // The recommendation stands once below its findings.
    let remediation = finding.remediation.as_ref().map(stopgate_model::Remediation::sentence);
    if let Some(sentence) = remediation.filter(|sentence| *sentence != finding.recommendation) {
        writeln!(out, "    -> {}", line(&sentence))?;
    }
    if !detail {
        return Ok(());
    }
    if let Some(layer) = layer(finding) {
        writeln!(out, "    {}", style.dim(&format!("layer {layer}")))?;
    }
    for condition in &finding.explain {
        writeln!(out, "    {}", style.dim(&line(&format!("{}: {}", condition.condition, condition.actual))))?;
    }
    writeln!(out, "    {}", style.dim(&format!("trigger id {}", line(&finding.trigger_id))))
}

fn accepted_text(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let Some(allowlist) = &finding.allowlist else { return Ok(()) };
    let until = allowlist.expires_on.as_ref().map(|time| format!(", until {time}")).unwrap_or_default();
    let by = format!("{} / {}{until}", allowlist.name, allowlist.item_id);
    writeln!(out, "  {}  by {}", line(&subject(finding)), line(&by))
}

/// Exceptions of which a person should know something.
fn exceptions(report: &CheckReport<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let told: Vec<_> = report.evaluation.exceptions.iter().filter(|exception| !exception.notes.is_empty()).collect();
    if told.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("Exceptions"))?;
    for exception in told {
        let notes: Vec<String> = exception.notes.iter().map(|note| note.name().replace('_', " ")).collect();
        writeln!(
            out,
            "  {}  {}: until {}, {} findings, owner {}",
            line(&exception.id),
            style.doubt(&notes.join(", ")),
            line(&exception.expires),
            exception.matched,
            line(&exception.owner)
        )?;
    }
    Ok(())
}

fn problems(report: &CheckReport<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if report.evaluation.problems.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("Problems"))?;
    for problem in &report.evaluation.problems {
        let word = match problem.severity {
            ProblemSeverity::Error => style.bad("error"),
            ProblemSeverity::Warn => style.doubt("warn"),
        };
        writeln!(out, "  {word}  {}", line(&problem.details))?;
    }
    Ok(())
}

fn gaps(gaps: &[Gap], detail: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if gaps.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", style.bold("Not seen"))?;
    let shown = if detail { gaps.len() } else { SHOWN };
    let mut ordered: Vec<&Gap> = gaps.iter().collect();
    ordered.sort_by_key(|gap| std::cmp::Reverse(gap.class));
    for gap in ordered.iter().take(shown) {
        let word = match gap.class {
            GapClass::Undecidable => style.bad(gap.class.name()),
            GapClass::Partial => style.doubt(gap.class.name()),
            GapClass::Note => style.dim(gap.class.name()),
        };
        let path = gap.path.as_ref().map(|path| format!(" {path}")).unwrap_or_default();
        writeln!(out, "  {word}  {}{}: {}", gap.code, line(&path), line(&gap.message))?;
    }
    if gaps.len() > shown {
        writeln!(out, "  {}", style.dim(&format!("and {} more; --detail shows all", gaps.len() - shown)))?;
    }
    Ok(())
}

fn tail(report: &CheckReport<'_>, detail: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let count = |action| report.evaluation.findings.iter().filter(|finding| finding.action == action).count();
    let words = format!("{} stop, {} warn, {} go", count(Action::Stop), count(Action::Warn), count(Action::Go));
    let more = if detail { "" } else { "; --detail shows evidence, conditions and controls" };
    writeln!(out, "\n{}", style.dim(&format!("{words}{more}")))
}

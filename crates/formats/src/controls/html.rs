//! A page for people: whole in one file, without script, and made to be printed.
//!
//! Every text from outside is escaped. States are words, so nothing rests on colour alone.

use std::io::{self, Write};

use quick_xml::escape::escape;
use stopgate_model::{ControlReport, ControlResult, ControlState, Finding, Remediation};

use super::{counts, findings, subject};
use crate::xml::clean;

/// Findings that are listed of one control.
const MOST: usize = 25;

const STYLE: &str = "\
:root{color-scheme:light dark}\
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:70rem;padding:0 1rem}\
h1{font-size:1.6rem;margin:0}h2{font-size:1.2rem;margin-top:2rem}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #8886}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#777}dd{margin:0;overflow-wrap:anywhere}\
.state{white-space:nowrap;font-weight:600}.satisfied,.inherently-met{color:#177a3c}.not-satisfied,.error{color:#b3261e}\
.satisfied-in-part,.accepted{color:#8a5a00}.not-assessed,.not-applicable{color:#666}\
section{break-inside:avoid}code{overflow-wrap:anywhere}li{margin:.2rem 0}\
@media (prefers-color-scheme:dark){.satisfied,.inherently-met{color:#6fd08c}.not-satisfied,.error{color:#ff8a80}\
.satisfied-in-part,.accepted{color:#e0b050}.not-assessed,.not-applicable,dt{color:#aaa}}\
@media print{body{margin:0;max-width:none}a{color:inherit}}";

/// Writes the page.
pub fn write(report: &ControlReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let pack = report.pack;
    let (name, _) = subject(report);
    let title = format!("{} of {name}", pack.title);
    writeln!(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title>", shown(&title))?;
    writeln!(
        out,
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )?;
    writeln!(
        out,
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><style>{STYLE}</style></head><body>"
    )?;
    writeln!(out, "<h1>{}</h1>", shown(&title))?;
    facts(report, out)?;
    summary(report, out)?;
    table(report, out)?;
    writeln!(out, "<h2>Control by control</h2>")?;
    for control in report.controls {
        section(report, control, out)?;
    }
    writeln!(out, "</body></html>")
}

fn shown(text: &str) -> String {
    escape(clean(text)).into_owned()
}

fn facts(report: &ControlReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (check, pack) = (&report.check, report.pack);
    let (name, digest) = subject(report);
    let data = check.data.map_or_else(
        || "none: what needs it was not assessed".to_owned(),
        |data| format!("built {}, {}", data.built, data.digest),
    );
    writeln!(out, "<dl>")?;
    for (label, value) in [
        ("Artifact", name),
        ("Digest", digest),
        ("Verdict", check.verdict.decision.name().to_owned()),
        ("Evaluated", check.evaluation.evaluated_at.clone()),
        ("Framework", format!("{} {} ({})", pack.framework_name, pack.framework_version, pack.publisher)),
        ("Pack", format!("{} {}", pack.id, pack.version)),
        ("Policy", check.policy.digest.to_string()),
        ("Vulnerability data", data),
        ("Made by", format!("{} {}", check.evaluation.engine.name, check.evaluation.engine.version)),
    ] {
        writeln!(out, "<dt>{label}</dt><dd>{}</dd>", shown(&value))?;
    }
    writeln!(out, "</dl>")
}

fn summary(report: &ControlReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<h2>Summary</h2><table><thead><tr><th>State</th><th>Controls</th><th>Meaning</th></tr></thead><tbody>"
    )?;
    for (state, count) in counts(report.controls) {
        let name = state.name();
        writeln!(out, "<tr><td class=\"state {name}\">{name}</td><td>{count}</td><td>{}</td></tr>", meaning(state))?;
    }
    writeln!(out, "</tbody></table>")
}

const fn meaning(state: ControlState) -> &'static str {
    match state {
        ControlState::Satisfied => "all rules ran on all their inputs and found nothing",
        ControlState::InherentlyMet => "what the control forbids does not exist here",
        ControlState::SatisfiedInPart => "the part that an artifact shows holds; the rest is said with the control",
        ControlState::Accepted => "findings remain that somebody accepted",
        ControlState::NotSatisfied => "a rule found something that nothing accepts",
        ControlState::Error => "a rule failed, so that nothing is known",
        ControlState::NotAssessed => "an input or a rule is missing, so that nothing is known",
        ControlState::NotApplicable => "what the control speaks of does not exist here",
    }
}

fn table(report: &ControlReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "<h2>Controls</h2><table><thead><tr><th>Control</th><th>Demand</th><th>State</th><th>Why</th></tr></thead><tbody>"
    )?;
    for (at, control) in report.controls.iter().enumerate() {
        let state = control.state.name();
        writeln!(
            out,
            "<tr><td><a href=\"#c{at}\">{}</a></td><td>{}</td><td class=\"state {state}\">{state}</td><td>{}</td></tr>",
            shown(&control.id),
            shown(&control.title),
            shown(&control.reason)
        )?;
    }
    writeln!(out, "</tbody></table>")
}

fn section(report: &ControlReport<'_>, control: &ControlResult, out: &mut dyn Write) -> io::Result<()> {
    let at = report.controls.iter().position(|other| other.id == control.id).unwrap_or_default();
    let state = control.state.name();
    writeln!(out, "<section id=\"c{at}\"><h3>{} {}</h3>", shown(&control.id), shown(&control.title))?;
    writeln!(out, "<p><span class=\"state {state}\">{state}</span> {}</p>", shown(&control.reason))?;
    if !control.not_assessed.is_empty() {
        writeln!(out, "<p>Not assessed from the artifact: {}</p>", shown(&control.not_assessed))?;
    }
    let found = findings(report, control);
    if !found.is_empty() {
        writeln!(out, "<ul>")?;
        for finding in found.iter().take(MOST) {
            item(finding, out)?;
        }
        if found.len() > MOST {
            writeln!(out, "<li>and {} more, in the other documents</li>", found.len() - MOST)?;
        }
        writeln!(out, "</ul>")?;
    }
    if !control.rule_ids.is_empty() {
        writeln!(out, "<p>Rules: <code>{}</code></p>", shown(&control.rule_ids.join(", ")))?;
    }
    writeln!(out, "</section>")
}

fn item(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<li><strong>{}</strong> {}", finding.action.name(), shown(&finding.message))?;
    if let Some(allowlist) = &finding.allowlist {
        write!(out, " (accepted by {} {})", shown(&allowlist.id), shown(&allowlist.item_id))?;
    }
    if let Some(due) = &finding.due {
        write!(out, " (due {})", shown(due))?;
    }
    let remedy = finding.remediation.as_ref().map_or_else(|| finding.recommendation.clone(), Remediation::sentence);
    if !remedy.is_empty() {
        write!(out, "<br>{}", shown(&remedy))?;
    }
    writeln!(out, "</li>")
}

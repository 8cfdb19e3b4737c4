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
h1{font-size:1.6rem;margin:0 0 .8rem;overflow-wrap:anywhere}h2{font-size:1.2rem;margin-top:2rem}h3{font-size:1rem;margin:1.5rem 0 .3rem}\
p{margin:.3rem 0}ul{margin:.3rem 0}li{margin:.2rem 0}h3,p,li,td{overflow-wrap:anywhere}\
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;border-bottom:1px solid #8886}\
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{color:#666}dd{margin:0;overflow-wrap:anywhere}\
.id,.state{white-space:nowrap}.state{font-weight:600}.satisfied,.inherently-met{color:#177a3c}.not-satisfied,.error{color:#b3261e}\
.satisfied-in-part,.accepted{color:#8a5a00}.not-assessed,.not-applicable{color:#666}\
@media (prefers-color-scheme:dark){.satisfied,.inherently-met{color:#6fd08c}.not-satisfied,.error{color:#ff8a80}\
.satisfied-in-part,.accepted{color:#e0b050}.not-assessed,.not-applicable,dt{color:#aaa}}\
@media screen and (max-width:45rem){dl{display:block}dd{margin-bottom:.4rem}thead{display:none}\
tr{display:block;padding:.4rem 0;border-bottom:1px solid #8886}td{display:block;padding:0;border:0}.id,.id+td{display:inline}.id{margin-right:.6rem}}\
@media print{@page{margin:15mm}body{font-size:10pt;margin:0;max-width:none;padding:0}a{color:inherit;text-decoration:none}\
h2,h3{break-after:avoid}h3+p{break-after:avoid}tr,li{break-inside:avoid}}";

/// Writes the page.
pub fn write(report: &ControlReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let pack = report.pack;
    let (name, _) = subject(report);
    let title = format!("{}: {name}", pack.title);
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
    for (at, control) in report.controls.iter().enumerate().filter(|(_, control)| has_more(control)) {
        section(report, at, control, out)?;
    }
    writeln!(out, "</body></html>")
}

fn shown(text: &str) -> String {
    escape(clean(text)).into_owned()
}

/// Text in which what stands between backticks is code.
fn prose(text: &str) -> String {
    let escaped = shown(text);
    let mut parts = escaped.split('`');
    let mut html = parts.next().unwrap_or_default().to_owned();
    while let Some(part) = parts.next() {
        match parts.next() {
            Some(behind) => html.extend(["<code>", part, "</code>", behind]),
            None => html.extend(["`", part]),
        }
    }
    html
}

/// Whether there is more to say of a control than its row does.
fn has_more(control: &ControlResult) -> bool {
    !control.rule_ids.is_empty() || (!control.not_assessed.is_empty() && control.not_assessed != control.reason)
}

/// Why a control is in its state. What holds in part is told by what it leaves out, and must not read as a fault.
fn why(control: &ControlResult) -> String {
    let left_out = control.state == ControlState::SatisfiedInPart && control.reason == control.not_assessed;
    prose(&if left_out { format!("not assessed: {}", control.reason) } else { control.reason.clone() })
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
        writeln!(out, "<tr><td class=\"id state {name}\">{name}</td><td>{count}</td><td>{}</td></tr>", meaning(state))?;
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
        let (id, title, state) = (shown(&control.id), prose(&control.title), control.state.name());
        let id = if has_more(control) { format!("<a href=\"#c{at}\">{id}</a>") } else { id };
        writeln!(
            out,
            "<tr><td class=\"id\">{id}</td><td>{title}</td><td class=\"state {state}\">{state}</td><td>{}</td></tr>",
            why(control)
        )?;
    }
    writeln!(out, "</tbody></table>")
}

fn section(report: &ControlReport<'_>, at: usize, control: &ControlResult, out: &mut dyn Write) -> io::Result<()> {
    let state = control.state.name();
    writeln!(out, "<section id=\"c{at}\"><h3>{} {}</h3>", shown(&control.id), prose(&control.title))?;
    writeln!(out, "<p><span class=\"state {state}\">{state}</span> {}</p>", why(control))?;
    if !control.not_assessed.is_empty() && control.not_assessed != control.reason {
        writeln!(out, "<p>Not assessed from the artifact: {}</p>", prose(&control.not_assessed))?;
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
    write!(out, "<li><strong>{}</strong> {}", finding.action.name(), prose(&finding.message))?;
    if let Some(allowlist) = &finding.allowlist {
        write!(out, " (accepted by {} {})", shown(&allowlist.id), shown(&allowlist.item_id))?;
    }
    if let Some(due) = &finding.due {
        write!(out, " (due {})", shown(due))?;
    }
    let remedy = finding.remediation.as_ref().map_or_else(|| finding.recommendation.clone(), Remediation::sentence);
    if !remedy.is_empty() {
        write!(out, "<br>{}", prose(&remedy))?;
    }
    writeln!(out, "</li>")
}

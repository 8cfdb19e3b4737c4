//! The verdict as Markdown, for a pull request or a step summary.

use std::io::{self, Write};

use stopgate_model::{Action, CheckReport, Decision};

use super::findings::{by_rule, subject};

/// Findings of one rule that a comment shows.
const SHOWN: usize = 20;

/// Writes the verdict.
pub(crate) fn check_markdown(report: &CheckReport<'_>, out: &mut dyn Write) -> io::Result<()> {
    let word = match report.verdict.decision {
        Decision::Pass => "✅ PASS",
        Decision::Stop => "⛔ STOP",
        Decision::Undecided => "❔ COULD NOT DECIDE",
    };
    writeln!(out, "## {word}: {}\n", escape(&report.artifact.source.user_input))?;
    writeln!(out, "Policy **{}**, evaluated {}.", escape(&report.policy.name), report.evaluation.evaluated_at)?;
    match report.data {
        Some(data) => writeln!(out, "Vulnerability data of {} (`{}`).\n", escape(&data.built), data.digest)?,
        None => writeln!(out, "There was no vulnerability data.\n")?,
    }
    for input in &report.evaluation.missing {
        writeln!(out, "- missing: {}", escape(&input.details))?;
    }
    for group in by_rule(&report.evaluation.findings, &[Action::Stop, Action::Warn]) {
        let action = group.action.name().to_uppercase();
        writeln!(out, "\n### {action} {} (`{}`)\n", escape(group.rule_set_name), escape(group.rule_id))?;
        writeln!(out, "| Finding | Severity | What to do |\n|---|---|---|")?;
        for finding in group.findings.iter().take(SHOWN) {
            let severity = finding.severity.map_or("", stopgate_model::Severity::name);
            let todo = finding.remediation.as_ref().map(stopgate_model::Remediation::sentence).unwrap_or_default();
            writeln!(out, "| {} | {severity} | {} |", escape(&subject(finding)), escape(&todo))?;
        }
        if group.findings.len() > SHOWN {
            writeln!(out, "\n…and {} more.", group.findings.len() - SHOWN)?;
        }
        if !group.recommendation.is_empty() {
            writeln!(out, "\n{}", escape(group.recommendation))?;
        }
    }
    if !report.gaps.is_empty() {
        writeln!(out, "\n### Not seen\n")?;
        for gap in report.gaps.iter().take(SHOWN) {
            let path = gap.path.as_deref().unwrap_or_default();
            writeln!(out, "- {} `{}` {}: {}", gap.class.name(), gap.code, escape(path), escape(&gap.message))?;
        }
    }
    Ok(())
}

/// Text of an artifact that cannot become markup.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '@' => {
                safe.push('\\');
                safe.push(c);
            }
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn text_of_an_artifact_stays_text() {
        assert_eq!(escape("<img>|`x`\n[a](b)"), "&lt;img&gt;\\|\\`x\\` \\[a\\](b)");
    }
}

//! The page of policy lints.

use std::fmt::Write as _;

use anyhow::Result;
use stopgate_policy::{LINTS, LintInfo, LintSubject};

use super::MARK;

const INTRODUCTION: &str = "# Policy lints

What a valid policy says and its author may not mean. `stopgate policy lint FILE` tells each with its place. A `warn` is
likely a mistake and fails `lint --strict`; a `note` is good to know. What is wrong for certain is no lint: `stopgate policy
validate FILE` refuses it.

Examples are written in short: `rule ACTION gate.trigger name=value; …`, `item GATE TRIGGER_ID until TIME`,
`mapping REGISTRY REPOSITORY TAG`, `set ID ARTIFACT_TYPE` in front of the rules of a rule set, and so on. What is left out
does not matter; the time is 2026-06-01.
";

/// The page.
pub(super) fn page() -> Result<String> {
    let mut page = format!("{MARK}{INTRODUCTION}");
    for (subject, title) in [(LintSubject::Policy, "In the policy"), (LintSubject::Extension, "In the side-car")] {
        let lints = || LINTS.iter().filter(|info| info.subject == subject);
        writeln!(page, "\n## {title}\n\n| Lint | Severity | Finds |\n|---|---|---|")?;
        for info in lints() {
            let (code, severity) = (info.code, info.severity.name());
            writeln!(page, "| [`{code}`](#{code}) | {severity} | {} |", info.summary)?;
        }
        for info in lints() {
            section(&mut page, info)?;
        }
    }
    Ok(page)
}

fn section(page: &mut String, info: &LintInfo) -> Result<()> {
    writeln!(page, "\n### {}\n\n{} {}", info.code, info.summary, info.why)?;
    for (title, lines) in [("Told of:", info.bad), ("Not of:", info.good)] {
        if !info.bad.is_empty() {
            writeln!(page, "\n{title}\n\n```\n{}\n```", lines.join("\n"))?;
        }
    }
    Ok(())
}

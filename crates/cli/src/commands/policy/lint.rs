//! `stopgate policy lint`: what a valid policy says and may not mean.

use std::io::{self, Write};
use std::path::PathBuf;

use serde_json::{Value, json};
use stopgate_policy::{Lint, LintSeverity};

use super::FOUND;
use crate::arguments::PolicyFile;
use crate::clock;
use crate::decision::Origin;
use crate::failure::{Failure, printable};
use crate::output::{wanted, write_all};

#[derive(Debug, Clone, Copy)]
enum Format {
    Text,
    Json,
}

const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("json", Format::Json)];

pub(super) struct Options<'a> {
    pub(super) policy: &'a PolicyFile,
    /// Whether warnings are a failure.
    pub(super) strict: bool,
    pub(super) as_of: Option<&'a str>,
    pub(super) output: &'a [String],
}

pub(super) fn run(options: &Options<'_>) -> Result<u8, Failure> {
    let outputs = wanted(options.output, FORMATS, Format::Text)?;
    let now = clock::now(options.as_of)?;
    let loaded = match Origin::of_file(options.policy)?.load()? {
        Ok(loaded) => loaded,
        Err(invalid) => {
            invalid.failure().say();
            return Ok(FOUND);
        }
    };
    let mut found = stopgate_policy::lint(&loaded.policy, now);
    stopgate_policy::locate_lints(&loaded.document, &mut found);
    let file = PathBuf::from(&options.policy.file).display().to_string();
    let mut told: Vec<(String, Lint)> = found.into_iter().map(|lint| (file.clone(), lint)).collect();
    if let Some((name, document)) = &loaded.side_car {
        let mut found = stopgate_policy::lint_extension(&loaded.policy, now);
        stopgate_policy::locate_extension_lints(document, &mut found);
        told.extend(found.into_iter().map(|lint| (name.clone(), lint)));
    }
    write_all(&outputs, |format, out| match format {
        Format::Text => text(&told, out),
        Format::Json => {
            let lints: Vec<Value> = told.iter().map(|(file, lint)| document(file, lint)).collect();
            writeln!(out, "{:#}", json!({"schema": "stopgate-policy-lint/1", "lints": lints}))
        }
    })?;
    let warned = told.iter().any(|(_, lint)| lint.severity == LintSeverity::Warn);
    Ok(if options.strict && warned { FOUND } else { 0 })
}

fn text(told: &[(String, Lint)], out: &mut dyn Write) -> io::Result<()> {
    for (file, lint) in told {
        let place = match (lint.line, lint.column) {
            (Some(line), Some(column)) => format!(":{line}:{column}"),
            _ => String::new(),
        };
        writeln!(
            out,
            "{}{place}: {} [{}]: {}",
            printable(file),
            lint.severity.name(),
            lint.code,
            printable(&lint.message)
        )?;
        if let Some(help) = &lint.help {
            writeln!(out, "  help: {}", printable(help))?;
        }
    }
    let count = |severity| told.iter().filter(|(_, lint)| lint.severity == severity).count();
    writeln!(out, "{} warnings, {} notes", count(LintSeverity::Warn), count(LintSeverity::Note))
}

fn document(file: &str, lint: &Lint) -> Value {
    json!({
        "file": file, "code": lint.code, "severity": lint.severity.name(), "pointer": lint.pointer,
        "line": lint.line, "column": lint.column, "message": lint.message, "help": lint.help,
    })
}

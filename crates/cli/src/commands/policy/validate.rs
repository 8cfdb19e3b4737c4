//! `stopgate policy validate`: every error of a policy and its side-car, with its place.

use std::io::{self, Write};

use serde_json::{Value, json};
use stopgate_policy::PolicyError;

use super::FOUND;
use crate::arguments::PolicyFile;
use crate::decision::Origin;
use crate::failure::{Failure, printable};
use crate::output::{wanted, write_all};

#[derive(Debug, Clone, Copy)]
enum Format {
    Text,
    Json,
}

const FORMATS: &[(&str, Format)] = &[("text", Format::Text), ("json", Format::Json)];

pub(super) fn run(file: &PolicyFile, output: &[String]) -> Result<u8, Failure> {
    let outputs = wanted(output, FORMATS, Format::Text)?;
    let origin = Origin { strict: true, ..Origin::of_file(file)? };
    let (name, errors, warnings) = match origin.load()? {
        Ok(loaded) => (file.file.clone(), Vec::new(), loaded.warnings),
        Err(invalid) => (invalid.name, invalid.errors, Vec::new()),
    };
    write_all(&outputs, |format, out| match format {
        Format::Text => text(&name, &errors, &warnings, out),
        Format::Json => {
            let told = |problems: &[PolicyError]| -> Value { problems.iter().map(problem).collect() };
            let document = json!({"schema": "stopgate-policy-validate/1", "policy": name, "valid": errors.is_empty(),
                                  "errors": told(&errors), "warnings": told(&warnings)});
            writeln!(out, "{document:#}")
        }
    })?;
    Ok(if errors.is_empty() { 0 } else { FOUND })
}

fn text(name: &str, errors: &[PolicyError], warnings: &[PolicyError], out: &mut dyn Write) -> io::Result<()> {
    for (word, problems) in [("error", errors), ("warning", warnings)] {
        for problem in problems {
            writeln!(out, "{word}: {}", printable(&problem.to_string()))?;
            if let Some(help) = &problem.help {
                writeln!(out, "  help: {}", printable(help))?;
            }
        }
    }
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    match errors.len() {
        0 => writeln!(out, "{} is valid", printable(name)),
        count => writeln!(out, "{} is not valid: {count} error{}", printable(name), plural(count)),
    }
}

/// A problem as JSON.
pub(super) fn problem(problem: &PolicyError) -> Value {
    json!({
        "pointer": problem.pointer,
        "line": problem.line,
        "column": problem.column,
        "message": problem.message,
        "help": problem.help,
    })
}

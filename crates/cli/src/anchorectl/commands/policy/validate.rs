//! `anchorectl policy validate`: what a server would say of a policy, said before it is sent.

use clap::Args;
use serde_json::{Value, json};
use stopgate_policy::PolicyError;

use crate::anchorectl::answer::Answer;
use crate::anchorectl::failure::Failure;
use crate::anchorectl::session::Session;
use crate::decision::Origin;

/// A policy to validate.
#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// The policy: JSON or YAML
    file: String,
}

pub(super) fn run(session: &mut Session, options: &Validate) -> Result<(), Failure> {
    let origin = Origin { strict: true, ..Origin::named(&options.file) };
    let (errors, warnings) = match origin.load()? {
        Ok(loaded) => (Vec::new(), loaded.warnings),
        Err(invalid) => (invalid.errors, Vec::new()),
    };
    for warning in &warnings {
        session.warn(&warning.to_string());
    }
    let body = json!({"valid": errors.is_empty(), "errors": told(&errors), "warnings": told(&warnings)});
    let text = if errors.is_empty() { format!("{} is valid\n", options.file) } else { String::new() };
    session.print(&Answer::new(body, text))?;
    if errors.is_empty() { Ok(()) } else { Err(Failure::several(errors.iter().map(sentence).collect())) }
}

fn sentence(error: &PolicyError) -> String {
    match &error.help {
        Some(help) => format!("{error}; {help}"),
        None => error.to_string(),
    }
}

fn told(errors: &[PolicyError]) -> Value {
    let one = |error: &PolicyError| {
        json!({"pointer": error.pointer, "line": error.line, "column": error.column, "message": error.message,
               "help": error.help})
    };
    errors.iter().map(one).collect()
}

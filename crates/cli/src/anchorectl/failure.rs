//! Failures as Anchore's client prints them: a count, then one line each.

use std::fmt;

use stopgate_client::ClientError;

use crate::failure::printable;

/// Why a command failed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    errors: Vec<String>,
    /// Text that helps, printed as it is.
    help: Option<String>,
}

impl Failure {
    pub(super) fn new(error: impl Into<String>) -> Self {
        Self { errors: vec![error.into()], help: None }
    }

    /// Several faults at once; there must be one at least.
    pub(super) fn several(errors: Vec<String>) -> Self {
        Self { errors, help: None }
    }

    /// A command line that is not understood, or the help of a command that needs another word.
    pub(super) fn usage(error: &clap::Error) -> Self {
        if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            let help = error.render().to_string();
            return Self { errors: vec!["the command is not complete".to_owned()], help: Some(help) };
        }
        let text = error.render().to_string();
        let text = text.strip_prefix("error: ").unwrap_or(&text);
        let (message, help) = text.split_once("\n\n").unwrap_or((text, ""));
        let message: Vec<&str> = message.lines().map(str::trim).collect();
        let help = Some(help.trim_end().to_owned()).filter(|help| !help.is_empty());
        Self { errors: vec![message.join(" ")], help: help.map(|help| help + "\n") }
    }

    /// What was to be done when it happened, in front of the sentence.
    #[must_use]
    pub(super) fn while_doing(mut self, what: &str) -> Self {
        for error in &mut self.errors {
            *error = format!("{what}: {error}");
        }
        self
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<crate::failure::Failure> for Failure {
    fn from(failure: crate::failure::Failure) -> Self {
        Self::new(failure.sentence())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = if self.errors.len() == 1 { "error" } else { "errors" };
        writeln!(f, "error: {} {many} occurred:", self.errors.len())?;
        for error in &self.errors {
            writeln!(f, "\t* {}", printable(error))?;
        }
        match &self.help {
            Some(help) => write!(f, "\n{help}"),
            None => Ok(()),
        }
    }
}

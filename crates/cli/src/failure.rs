//! Failures: one sentence that says what, where and what was expected; a help line that says what to do.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::arguments::Global;

/// Why a command gave no answer.
#[derive(Debug)]
pub(crate) struct Failure {
    message: String,
    help: Vec<String>,
}

impl Failure {
    /// No verdict: a usage error, an unreadable source or an invalid policy.
    pub(crate) const EXIT_CODE: u8 = 2;

    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: Vec::new() }
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// An error of a lower crate, with the causes that its text does not repeat.
    pub(crate) fn of(error: &(dyn std::error::Error + 'static)) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            if !message.contains(&text) {
                let _ = write!(message, ": {text}");
            }
            cause = error.source();
        }
        Self::new(message)
    }

    /// The sentence and its help on one line.
    pub(crate) fn sentence(&self) -> String {
        match self.help.as_slice() {
            [] => self.message.clone(),
            help => format!("{}; {}", self.message, help.join("; ")),
        }
    }

    /// Tells it without colours, for commands whose answer it is.
    pub(crate) fn say(&self) {
        say(&format!("error: {}", printable(&self.message)));
        for help in &self.help {
            say(&format!("help: {}", printable(help)));
        }
    }

    pub(crate) fn print(&self, global: &Global) {
        let red = global.paint_stderr("error", anstyle::AnsiColor::Red);
        say(&format!("{red}: {}", printable(&self.message)));
        for help in &self.help {
            say(&format!("help: {}", printable(help)));
        }
    }

    #[cfg(test)]
    pub(crate) fn message(&self) -> &str {
        &self.message
    }
}

/// Writes a line to standard error. Nobody can be told when that fails, so the work goes on.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Text from outside with control characters made visible, so that it cannot move the cursor.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

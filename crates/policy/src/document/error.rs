//! What is wrong with a policy document, and where.

use std::fmt;

/// One problem of a policy document. Reading collects all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// JSON pointer (RFC 6901) into the document as given; empty for the whole document.
    pub pointer: String,
    /// Line, from 1, when it is known.
    pub line: Option<u64>,
    /// Column, from 1, when it is known.
    pub column: Option<u64>,
    /// One sentence, lower case, no full stop: what, and what was expected.
    pub message: String,
    /// What to write instead, when that can be told.
    pub help: Option<String>,
}

impl PolicyError {
    pub(crate) fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), line: None, column: None, message: message.into(), help: None }
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub(crate) const fn at(mut self, line: u64, column: u64) -> Self {
        self.line = Some(line);
        self.column = Some(column);
        self
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, column {column}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            _ if !self.pointer.is_empty() => write!(f, "`{}`: ", self.pointer)?,
            _ => {}
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for PolicyError {}

/// A pointer to a member of the value at `parent`.
pub(crate) fn child(parent: &str, key: impl fmt::Display) -> String {
    let key = key.to_string();
    format!("{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
}

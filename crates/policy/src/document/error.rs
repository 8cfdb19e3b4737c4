//! What is wrong with a policy document, and where.

use std::fmt;

use super::suggest::shown;

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
        let place = match (self.line, self.column) {
            (Some(line), Some(column)) => format!("line {line}, column {column}"),
            (Some(line), None) => format!("line {line}"),
            _ => String::new(),
        };
        match (self.pointer.as_str(), place.as_str()) {
            ("", "") => {}
            ("", place) => write!(f, "{place}: ")?,
            (pointer, "") => write!(f, "`{}`: ", shown(pointer))?,
            (pointer, place) => write!(f, "`{}` ({place}): ", shown(pointer))?,
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

#[cfg(test)]
mod tests {
    use super::PolicyError;

    #[test]
    fn says_where_in_the_document_and_in_the_file() {
        let error = PolicyError::new("/rules/0", "it is bad");
        assert_eq!(error.to_string(), "`/rules/0`: it is bad");
        assert_eq!(error.at(3, 7).to_string(), "`/rules/0` (line 3, column 7): it is bad");
        assert_eq!(PolicyError::new("", "it is bad").at(1, 2).to_string(), "line 1, column 2: it is bad");
        assert!(PolicyError::new("/k".repeat(1_000_000), "it is bad").to_string().len() < 200);
    }
}

//! Why a version or a range could not be read or compared.

use crate::Format;

/// Why a version or a range could not be read or compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// The text does not follow its scheme.
    #[error("`{text}` is not a version of format `{format}`: expected {expected}")]
    Unreadable {
        /// The scheme.
        format: Format,
        /// The text, cut to 200 characters.
        text: String,
        /// What the scheme expects, one clause.
        expected: &'static str,
    },
    /// The text is no range.
    #[error("`{text}` is not a version range: expected {expected}")]
    Range {
        /// The text, cut to 200 characters.
        text: String,
        /// What was expected, one clause.
        expected: &'static str,
    },
    /// A range over Microsoft update ids holds no id at all.
    #[error("the range of format `kb` is empty: expected at least one update id")]
    EmptyKbRange,
    /// A version of another format against a range over Microsoft update ids.
    #[error("version of format `{format}` cannot be compared with a range of format `kb`: expected an update id")]
    KbAgainst {
        /// The version's format.
        format: Format,
    },
}

impl VersionError {
    pub(crate) fn unreadable(format: Format, text: &str, expected: &'static str) -> Self {
        Self::Unreadable { format, text: cut(text), expected }
    }

    pub(crate) fn range(text: &str, expected: &'static str) -> Self {
        Self::Range { text: cut(text), expected }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}

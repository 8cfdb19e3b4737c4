//! Names as data compares them: ASCII case does not count, and Python's separators are one.

use std::borrow::Cow;

/// How the names of a scope are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folding {
    /// ASCII case alone, as SQLite's NOCASE.
    Case,
    /// And runs of `-`, `_` and `.` are one `-` (PEP 503).
    Python,
}

impl Folding {
    /// The folding of an ecosystem.
    pub(crate) const fn of_ecosystem(ecosystem: &str) -> Self {
        if ecosystem.eq_ignore_ascii_case("python") { Self::Python } else { Self::Case }
    }

    /// The folded name.
    pub(crate) fn fold(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::Case => fold_case(name),
            Self::Python if name.bytes().any(|b| matches!(b, b'_' | b'.' | b'-' | b'A'..=b'Z')) => {
                Cow::Owned(fold_python(name))
            }
            Self::Python => Cow::Borrowed(name),
        }
    }
}

/// The text in lower case, ASCII letters alone.
pub(crate) fn fold_case(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        Cow::Owned(text.to_ascii_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}

fn fold_python(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    let mut in_run = false;
    for c in name.chars() {
        let separator = matches!(c, '-' | '_' | '.');
        if !separator {
            folded.push(c.to_ascii_lowercase());
        } else if !in_run {
            folded.push('-');
        }
        in_run = separator;
    }
    folded
}

#[cfg(test)]
mod tests {
    use super::Folding;

    #[test]
    fn folds_case_and_pythons_separators() {
        assert_eq!(Folding::Case.fold("Newtonsoft.Json"), "newtonsoft.json");
        assert_eq!(Folding::Case.fold("ÄB"), "Äb");
        assert_eq!(Folding::Python.fold("Oslo.-__.Concurrency"), "oslo-concurrency");
        assert_eq!(Folding::Python.fold("--"), "-");
    }
}

//! The pattern language of mappings, image lists and allowlists: `*` is any run of characters, all
//! else is literal and the whole text must match; or `regexp:` and an expression anchored at the start.

use crate::regexes::{Fault, PythonRegex};

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    text: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Nothing but `*`.
    Anything,
    Exact,
    /// The literal parts between the `*`.
    Glob(Vec<String>),
    Regex(Result<PythonRegex, String>),
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Self {
        let kind = match text.strip_prefix("regexp:") {
            Some(regex) => Kind::Regex(PythonRegex::new(regex)),
            None if !text.is_empty() && text.bytes().all(|b| b == b'*') => Kind::Anything,
            None if text.contains('*') => Kind::Glob(text.split('*').map(str::to_owned).collect()),
            None => Kind::Exact,
        };
        Self { text: text.to_owned(), kind }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Why its expression does not compile.
    pub(crate) fn fault(&self) -> Option<&str> {
        match &self.kind {
            Kind::Regex(Err(fault)) => Some(fault),
            _ => None,
        }
    }

    /// Whether the whole text matches.
    pub(crate) fn matches(&self, text: &str) -> Result<bool, Fault> {
        match &self.kind {
            Kind::Anything => Ok(true),
            Kind::Exact => Ok(self.text == text),
            Kind::Glob(parts) => Ok(glob(parts, text)),
            Kind::Regex(Ok(regex)) => regex.matches(text),
            Kind::Regex(Err(fault)) => Err(Fault(format!("the expression `{}` does not compile: {fault}", self.text))),
        }
    }

    /// Whether it matches a part of a name. A part that the artifact does not have, like the registry
    /// of a bare archive, is matched by `*` alone.
    pub(crate) fn matches_part(&self, part: Option<&str>) -> Result<bool, Fault> {
        match part {
            Some(text) => self.matches(text),
            None => Ok(matches!(self.kind, Kind::Anything)),
        }
    }

    /// The literal text, when nothing in it is special.
    pub(crate) fn literal(&self) -> Option<&str> {
        matches!(self.kind, Kind::Exact).then_some(self.text.as_str())
    }

    /// Whether it matches every text, and what is not there.
    pub(crate) const fn is_anything(&self) -> bool {
        matches!(self.kind, Kind::Anything)
    }

    /// Its expression, when it is one.
    pub(crate) const fn regex(&self) -> Option<&Result<PythonRegex, String>> {
        match &self.kind {
            Kind::Regex(regex) => Some(regex),
            _ => None,
        }
    }

    /// Whether it is a glob, and not an expression.
    pub(crate) const fn is_glob(&self) -> bool {
        matches!(self.kind, Kind::Glob(_))
    }
}

/// A text in which `*` is any run of characters and all else is literal: the part of the language that cannot fail.
#[derive(Debug, Clone)]
pub(crate) struct Glob {
    parts: Vec<String>,
}

impl Glob {
    pub(crate) fn new(text: &str) -> Self {
        Self { parts: text.split('*').map(str::to_owned).collect() }
    }

    /// Whether the whole text matches.
    pub(crate) fn covers(&self, text: &str) -> bool {
        glob(&self.parts, text)
    }
}

fn glob(parts: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = parts else { return parts.first().is_some_and(|only| only == text) };
    let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
    let Some(end) = rest.len().checked_sub(last.len()) else { return false };
    if !rest.ends_with(last.as_str()) {
        return false;
    }
    rest = rest.get(..end).unwrap_or("");
    for part in middle {
        // Taking the first place leaves the most for the parts that follow.
        let Some(at) = rest.find(part.as_str()) else { return false };
        rest = rest.get(at + part.len()..).unwrap_or("");
    }
    true
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn stars_match_any_run_and_all_else_is_literal() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("**", "x", true),
            ("a*", "a", true),
            ("*-dev", "1.8-dev", true),
            ("*-dev", "1.8-dev2", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*a", "a", false),
            ("a.c", "abc", false),
            ("CVE-1+*", "CVE-1+x", true),
            ("regexp:CVE-.*", "CVE-1+x", true),
            ("regexp:x", "CVE-1+x", false),
            ("", "", true),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text).unwrap(), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_part_that_is_not_there_is_matched_by_a_star_alone() {
        assert!(Pattern::new("*").matches_part(None).unwrap());
        assert!(!Pattern::new("").matches_part(None).unwrap());
        assert!(!Pattern::new("regexp:.*").matches_part(None).unwrap());
        assert!(!Pattern::new("*a").matches_part(None).unwrap());
    }
}

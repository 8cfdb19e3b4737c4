//! Building blocks that several schemes share: runs of digits, numbers as text, Go's notion of an integer.

use std::cmp::Ordering;

/// The longest run of ASCII digits at the start, and the rest.
pub(crate) fn digits(text: &str) -> (&str, &str) {
    run(text, |byte| byte.is_ascii_digit())
}

/// The longest run of bytes at the start that `accepts` (ASCII ones only), and the rest.
pub(crate) fn run(text: &str, accepts: impl Fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !accepts(byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// Order of two runs of digits as numbers of any length.
pub(crate) fn numbers(left: &str, right: &str) -> Ordering {
    let left = left.trim_start_matches('0');
    let right = right.trim_start_matches('0');
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

/// A run of digits as a number; one that is too large counts as the largest.
pub(crate) fn saturating(digits: &str) -> i64 {
    if digits.is_empty() { 0 } else { digits.parse().unwrap_or(i64::MAX) }
}

/// The text without one leading `v` or `V`, if a digit follows.
pub(crate) fn without_v(text: &str) -> &str {
    match text.strip_prefix(['v', 'V']) {
        Some(rest) if rest.starts_with(|first: char| first.is_ascii_digit()) => rest,
        _ => text,
    }
}

/// A cursor over a text whose pieces are taken from the front.
#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    pub(crate) rest: &'a str,
}

impl<'a> Cursor<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { rest: text }
    }

    /// Takes `prefix` if the rest begins with it.
    pub(crate) fn take(&mut self, prefix: &str) -> bool {
        self.rest.strip_prefix(prefix).inspect(|rest| self.rest = rest).is_some()
    }

    /// Takes one character out of `set`.
    pub(crate) fn take_any(&mut self, set: &[char]) -> bool {
        self.rest.strip_prefix(set).inspect(|rest| self.rest = rest).is_some()
    }

    /// Takes the longest run of digits; `None` when there is none.
    pub(crate) fn take_digits(&mut self) -> Option<&'a str> {
        let (taken, rest) = digits(self.rest);
        self.rest = rest;
        (!taken.is_empty()).then_some(taken)
    }

    /// Runs `take`; when it yields nothing, the cursor stays where it was.
    pub(crate) fn attempt<T>(&mut self, take: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let mut ahead = *self;
        let taken = take(&mut ahead);
        if taken.is_some() {
            *self = ahead;
        }
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::{numbers, saturating, without_v};
    use std::cmp::Ordering;

    #[test]
    fn numbers_of_any_length() {
        assert_eq!(numbers("007", "7"), Ordering::Equal);
        assert_eq!(numbers("99999999999999999999999", "100000000000000000000000"), Ordering::Less);
        assert_eq!(saturating("99999999999999999999999"), i64::MAX);
    }

    #[test]
    fn leading_v() {
        assert_eq!((without_v("v1"), without_v("V2"), without_v("vv1"), without_v("v")), ("1", "2", "vv1", "v"));
    }
}

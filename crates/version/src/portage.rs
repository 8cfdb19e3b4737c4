//! Gentoo's portage (PMS, chapter 3): numbers, one letter, suffixes `_alpha _beta _pre _rc _p`, `-rN`.
//!
//! Numbers after the first compare as fractions when one of them begins with 0.
//! COMPAT: the version is looked for inside the text, so `app-1.0` and `1.0` are the same.

use std::cmp::Ordering;

use crate::order::{Cursor, numbers};

/// A parsed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Portage {
    major: Box<str>,
    parts: Vec<Box<str>>,
    letter: Option<u8>,
    suffixes: Vec<(i8, Box<str>)>,
    revision: Box<str>,
}

/// Rank of a missing suffix and of `_p`; numbers tell them apart, a missing one is below `_p0`.
const PLAIN: i8 = 0;

impl Portage {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let start = text.bytes().position(|byte| byte.is_ascii_digit()).ok_or("a number")?;
        let mut cursor = Cursor::new(text.get(start..).unwrap_or(""));
        let major = cursor.take_digits().unwrap_or("").into();
        let mut parts = Vec::new();
        while let Some(part) = cursor.attempt(|ahead| if ahead.take(".") { ahead.take_digits() } else { None }) {
            parts.push(part.into());
        }
        let letter = cursor.rest.bytes().next().filter(u8::is_ascii_lowercase);
        if letter.is_some() {
            cursor.rest = cursor.rest.get(1..).unwrap_or("");
        }
        let mut suffixes = Vec::new();
        while let Some(rank) = cursor.attempt(|ahead| if ahead.take("_") { suffix(ahead) } else { None }) {
            suffixes.push((rank, cursor.take_digits().unwrap_or("0").into()));
        }
        let revision = cursor.attempt(|ahead| if ahead.take("-r") { ahead.take_digits() } else { None });
        Ok(Self { major, parts, letter, suffixes, revision: revision.unwrap_or("0").into() })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        numbers(&self.major, &other.major)
            .then_with(|| self.compare_parts(other))
            .then_with(|| self.letter.cmp(&other.letter))
            .then_with(|| self.compare_suffixes(other))
            .then_with(|| numbers(&self.revision, &other.revision))
    }

    fn compare_parts(&self, other: &Self) -> Ordering {
        self.parts
            .iter()
            .zip(&other.parts)
            .map(|(left, right)| compare_part(left, right))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| self.parts.len().cmp(&other.parts.len()))
    }

    fn compare_suffixes(&self, other: &Self) -> Ordering {
        (0..self.suffixes.len().max(other.suffixes.len()))
            .map(|index| match (self.suffixes.get(index), other.suffixes.get(index)) {
                (Some(left), Some(right)) => left.0.cmp(&right.0).then_with(|| numbers(&left.1, &right.1)),
                (Some(left), None) => left.0.cmp(&PLAIN).then(Ordering::Greater),
                (None, Some(right)) => PLAIN.cmp(&right.0).then(Ordering::Less),
                (None, None) => Ordering::Equal,
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

fn suffix(cursor: &mut Cursor<'_>) -> Option<i8> {
    [("pre", -2), ("p", PLAIN), ("beta", -3), ("alpha", -4), ("rc", -1)]
        .into_iter()
        .find(|(word, _)| cursor.take(word))
        .map(|(_, rank)| rank)
}

fn compare_part(left: &str, right: &str) -> Ordering {
    if !left.starts_with('0') && !right.starts_with('0') {
        return numbers(left, right);
    }
    // As fractions: filled with zeros on the right, texts of equal length order like numbers.
    let digit = |text: &str, index: usize| text.as_bytes().get(index).copied().unwrap_or(b'0');
    (0..left.len().max(right.len()))
        .map(|index| digit(left, index).cmp(&digit(right, index)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

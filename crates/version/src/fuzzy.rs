//! Versions of no known scheme: semantic where both sides look like it, else a guess over the parts.
//!
//! The guess cuts at punctuation and compares part by part: leading numbers by value, then the text, a number at the
//! end of a word (`p9`, `rc10`) by value. When all parts that both have are the same, the longer text is the larger.

use std::cmp::Ordering;

use crate::order::{Cursor, digits};
use crate::semantic;
use crate::semver::Semver;

/// A parsed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fuzzy {
    semantic: Option<Semver>,
    text: Box<str>,
}

impl Fuzzy {
    pub(crate) fn parse(text: &str) -> Self {
        let semantic = if looks_semantic(text) { semantic::parse(text).ok() } else { None };
        Self { semantic, text: text.into() }
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        match (&self.semantic, &other.semantic) {
            (Some(left), Some(right)) => left.compare(right),
            _ => compare_parts(&self.text, &other.text),
        }
    }
}

/// Whether the text is a semantic version of one to three numbers without leading zeros, `v` in front allowed, the
/// pre-release introduced by a hyphen or by `alpha`, `beta` or `rc`.
pub(crate) fn looks_semantic(text: &str) -> bool {
    let mut cursor = Cursor::new(text);
    cursor.take_any(&['v', 'V']);
    if cursor.attempt(number).is_none() {
        return false;
    }
    for _ in 0..2 {
        cursor.attempt(|ahead| if ahead.take(".") { number(ahead) } else { None });
    }
    let (pre, metadata) = match cursor.rest.split_once('+') {
        Some((pre, metadata)) => (pre, Some(metadata)),
        None => (cursor.rest, None),
    };
    let identifiers = ["-", "alpha", "beta", "rc"].into_iter().find_map(|lead| pre.strip_prefix(lead));
    let pre_fits = pre.is_empty() || identifiers.is_some_and(|text| text.split('.').all(is_identifier));
    let word = |part: &str| !part.is_empty() && part.bytes().all(is_word);
    pre_fits && metadata.is_none_or(|metadata| metadata.split('.').all(word))
}

/// `0`, or digits that do not begin with 0.
fn number(cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.take("0") {
        return Some(());
    }
    cursor.take_digits().map(|_| ())
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

fn is_identifier(part: &str) -> bool {
    let numeric = part.bytes().all(|byte| byte.is_ascii_digit());
    !part.is_empty() && part.bytes().all(is_word) && !(numeric && part.len() > 1 && part.starts_with('0'))
}

fn compare_parts(left: &str, right: &str) -> Ordering {
    let left = left.strip_prefix(['v', 'V']).unwrap_or(left);
    let right = right.strip_prefix(['v', 'V']).unwrap_or(right);
    let (mut one, mut two) = (left, right);
    while !one.is_empty() && !two.is_empty() {
        let (left_part, left_rest) = next_part(one);
        let (right_part, right_rest) = next_part(two);
        match compare_part(left_part, right_part) {
            Ordering::Equal => {}
            order => return order,
        }
        (one, two) = (left_rest, right_rest);
    }
    left.len().cmp(&right.len())
}

/// The text up to the next punctuation, and what follows that.
fn next_part(text: &str) -> (&str, &str) {
    text.split_once(|symbol: char| symbol.is_ascii_punctuation()).unwrap_or((text, ""))
}

fn compare_part(left: &str, right: &str) -> Ordering {
    let (left_number, right_number) = (digits(left).0.len(), digits(right).0.len());
    let left = Padded { zeros: right_number.saturating_sub(left_number), text: left };
    let right = Padded { zeros: left_number.saturating_sub(right_number), text: right };
    match (patch_number(left.text), patch_number(right.text)) {
        (Some(one), Some(two)) => compare_patch(left, one, right, two),
        _ => left.cmp(right),
    }
}

/// A text with zeros in front, so that leading numbers have the same length on both sides.
#[derive(Clone, Copy)]
struct Padded<'a> {
    zeros: usize,
    text: &'a str,
}

impl Padded<'_> {
    fn cmp(self, other: Padded<'_>) -> Ordering {
        let bytes = |padded: &Self| std::iter::repeat_n(b'0', padded.zeros);
        bytes(&self).chain(self.text.bytes()).cmp(std::iter::repeat_n(b'0', other.zeros).chain(other.text.bytes()))
    }
}

/// Where the first digit stands that follows a letter.
fn patch_number(text: &str) -> Option<usize> {
    let pairs = text.bytes().zip(text.bytes().skip(1));
    let letter = pairs.into_iter().position(|(one, two)| one.is_ascii_alphabetic() && two.is_ascii_digit());
    letter.map(|letter| letter + 1)
}

fn compare_patch(left: Padded<'_>, left_at: usize, right: Padded<'_>, right_at: usize) -> Ordering {
    let (left_prefix, left_number) = left.text.split_at_checked(left_at).unwrap_or((left.text, ""));
    let (right_prefix, right_number) = right.text.split_at_checked(right_at).unwrap_or((right.text, ""));
    let prefix = Padded { text: left_prefix, ..left }.cmp(Padded { text: right_prefix, ..right });
    prefix
        .then_with(|| match (left_number.parse::<i64>(), right_number.parse::<i64>()) {
            (Ok(one), Ok(two)) => one.cmp(&two),
            _ => Ordering::Equal,
        })
        .then_with(|| left.cmp(right))
}

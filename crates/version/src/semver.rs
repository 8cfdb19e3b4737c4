//! The lenient semantic version that several schemes build on (the rules of HashiCorp's go-version, as grype uses it).
//!
//! `v?` numbers joined by dots, then an optional pre-release and ignored build metadata. Any count of numbers is
//! allowed, the pre-release may follow without a hyphen unless the reading is strict.

use std::cmp::Ordering;

use crate::order::digits;

pub(crate) const EXPECTED: &str = "numbers joined by dots, then an optional pre-release and build metadata";

/// Whether a pre-release needs its hyphen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// `1.2beta` is fine.
    Lenient,
    /// `1.2-beta` is needed.
    Strict,
}

/// A parsed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Semver {
    /// At least three numbers.
    pub(crate) segments: Vec<i64>,
    /// How many numbers the text wrote.
    pub(crate) written: usize,
    /// Pre-release; empty when there is none.
    pub(crate) pre: Box<str>,
}

impl Semver {
    pub(crate) fn parse(text: &str, reading: Reading) -> Result<Self, &'static str> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (segments, rest) = numbers(text)?;
        let written = segments.len();
        let (pre, metadata) = match rest.split_once('+') {
            Some((pre, metadata)) => (pre, Some(metadata)),
            None => (rest, None),
        };
        if metadata.is_some_and(|metadata| !is_dotted(metadata)) {
            return Err(EXPECTED);
        }
        let pre = prerelease(pre, reading)?;
        let mut segments = segments;
        if segments.len() < 3 {
            segments.resize(3, 0);
        }
        Ok(Self { segments, written, pre: pre.into() })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        if self.segments.len() != other.segments.len() {
            // COMPAT: grype looks at pre-releases only when both sides have the same count of numbers.
            return compare_segments(&self.segments, &other.segments);
        }
        self.segments.cmp(&other.segments).then_with(|| match (&*self.pre, &*other.pre) {
            ("", "") => Ordering::Equal,
            ("", _) => Ordering::Greater,
            (_, "") => Ordering::Less,
            (left, right) => compare_prereleases(left, right),
        })
    }
}

/// Order of two lists of numbers, the shorter one filled with zeros.
pub(crate) fn compare_segments(left: &[i64], right: &[i64]) -> Ordering {
    let at = |list: &[i64], index: usize| list.get(index).copied().unwrap_or(0);
    (0..left.len().max(right.len()))
        .map(|index| at(left, index).cmp(&at(right, index)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn numbers(text: &str) -> Result<(Vec<i64>, &str), &'static str> {
    let mut segments = Vec::with_capacity(4);
    let mut rest = text;
    loop {
        let (number, after) = digits(rest);
        segments.push(number.parse().map_err(|_| EXPECTED)?);
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None => return Ok((segments, after)),
        }
    }
}

fn prerelease(text: &str, reading: Reading) -> Result<&str, &'static str> {
    let leads = |text: &str| text.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '-' | '~'));
    let pre = match text.strip_prefix('-') {
        Some(rest) if leads(rest) || rest.starts_with(|first: char| first.is_ascii_digit()) => rest,
        // The hyphen itself is the pre-release: `1.2-` and `1.2-.5`.
        Some(_) if reading == Reading::Lenient => text,
        None if text.is_empty() => return Ok(""),
        None if reading == Reading::Lenient && leads(text) => text,
        _ => return Err(EXPECTED),
    };
    if is_dotted(pre) { Ok(pre) } else { Err(EXPECTED) }
}

fn is_dotted(text: &str) -> bool {
    text.split('.').all(|part| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'~'))
    })
}

fn compare_prereleases(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let (one, two) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (one, two) => (one.unwrap_or(""), two.unwrap_or("")),
        };
        match compare_identifiers(one, two) {
            Ordering::Equal => {}
            order => return order,
        }
    }
}

/// Nothing < numbers < words. Numbers of the same value differ by their text, so that the order stays total.
fn compare_identifiers(left: &str, right: &str) -> Ordering {
    if left.is_empty() || right.is_empty() {
        return left.len().cmp(&right.len());
    }
    match (left.parse::<i64>(), right.parse::<i64>()) {
        (Ok(one), Ok(two)) => one.cmp(&two).then_with(|| left.cmp(right)),
        (Ok(_), Err(_)) => Ordering::Less,
        (Err(_), Ok(_)) => Ordering::Greater,
        (Err(_), Err(_)) => left.cmp(right),
    }
}

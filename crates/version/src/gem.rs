//! RubyGems (`Gem::Version`): runs of digits and of letters; letters make a pre-release.
//!
//! COMPAT, as grype: a platform at the end (`-x86_64-linux`, `-java`) is cut off; any other hyphen means `.pre.`;
//! numbers above 2^63 compare as words.

use std::cmp::Ordering;

use crate::order::{digits, run};

const EXPECTED: &str = "letters, digits and hyphens, joined by single dots";
const PLATFORMS: [&str; 10] =
    ["-x86", "-universal", "-arm", "-aarch64", "-java", "-dalvik", "-x64", "-powerpc", "-sparc", "-mswin"];

/// A parsed version: its segments without zeros at the end and in front of the first word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gem {
    segments: Vec<Segment>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    Word(Box<str>),
    Number(i64),
}

impl Segment {
    const ZERO: Self = Self::Number(0);
}

impl Gem {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let platform = PLATFORMS.iter().find_map(|platform| text.find(platform));
        let text = platform.and_then(|end| text.get(..end)).unwrap_or(text).trim();
        let text = if text.is_empty() { "0" } else { text };
        if !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')) {
            return Err(EXPECTED);
        }
        let dotted = text.replace('-', ".pre.");
        if dotted.split('.').any(str::is_empty) {
            return Err(EXPECTED);
        }
        let mut segments = segments(&dotted);
        trim_zeros(&mut segments);
        let word = segments.iter().position(|segment| matches!(segment, Segment::Word(_)));
        let has_letters = dotted.bytes().any(|byte| byte.is_ascii_alphabetic());
        if let Some(word) = word.filter(|_| has_letters) {
            let mut tail = segments.split_off(word);
            trim_zeros(&mut segments);
            segments.append(&mut tail);
        }
        Ok(Self { segments })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let common = self.segments.iter().zip(&other.segments).map(|(left, right)| left.cmp(right));
        common.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| {
            let (left, right) = (self.segments.len(), other.segments.len());
            match left.cmp(&right) {
                Ordering::Equal => Ordering::Equal,
                Ordering::Greater => weigh_tail(self.segments.get(right..)),
                Ordering::Less => weigh_tail(other.segments.get(left..)).reverse(),
            }
        })
    }
}

fn segments(text: &str) -> Vec<Segment> {
    let mut segments = Vec::with_capacity(6);
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches('.');
        if rest.is_empty() {
            return segments;
        }
        let (number, after) = digits(rest);
        let (part, after) =
            if number.is_empty() { run(rest, |byte| byte.is_ascii_alphabetic()) } else { (number, after) };
        segments.push(part.parse().map_or_else(|_| Segment::Word(part.into()), Segment::Number));
        rest = after;
    }
}

fn trim_zeros(segments: &mut Vec<Segment>) {
    while segments.last() == Some(&Segment::ZERO) {
        segments.pop();
    }
}

/// The first word in the tail makes the longer version the smaller one, the first number above 0 the larger.
fn weigh_tail(tail: Option<&[Segment]>) -> Ordering {
    match tail.unwrap_or(&[]).iter().find(|segment| **segment != Segment::ZERO) {
        Some(Segment::Word(_)) => Ordering::Less,
        Some(Segment::Number(_)) => Ordering::Greater,
        None => Ordering::Equal,
    }
}

//! rpm: `[epoch:]version[-release]`, each compared by segments as `rpmvercmp` does.
//!
//! COMPAT, as grype: an epoch on one side only is ignored unless a strategy says otherwise; a missing release is an
//! empty one; `^` is a separator like any other; trailing segments that are all `0` make no difference.

use std::cmp::Ordering;

use crate::order::{numbers, run};
use crate::version::EpochStrategy;

/// A parsed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rpm {
    epoch: Option<i64>,
    version: Segments,
    release: Segments,
}

impl Rpm {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => {
                (Some(epoch.trim_start_matches(' ').parse().map_err(|_| "a number in front of `:`")?), rest)
            }
            None => (None, text),
        };
        let (version, release) = rest.split_once('-').unwrap_or((rest, ""));
        Ok(Self { epoch, version: Segments::new(version), release: Segments::new(release) })
    }

    /// Order of an installed version against one of the data.
    pub(crate) fn compare(&self, other: &Self, epochs: EpochStrategy) -> Ordering {
        let ours = match (self.epoch, epochs) {
            (None, EpochStrategy::Zero) => Some(0),
            (epoch, _) => epoch,
        };
        let epoch = match (ours, other.epoch) {
            (Some(ours), Some(theirs)) => ours.cmp(&theirs),
            _ => Ordering::Equal,
        };
        epoch.then_with(|| self.version.compare(&other.version)).then_with(|| self.release.compare(&other.release))
    }
}

/// A version or a release, cut into runs of letters, runs of digits and tildes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Segments {
    text: Box<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Segment<'a> {
    Tilde,
    Letters(&'a str),
    Digits(&'a str),
}

impl Segments {
    fn new(text: &str) -> Self {
        Self { text: text.into() }
    }

    fn iter(&self) -> impl Iterator<Item = Segment<'_>> {
        let mut rest = &*self.text;
        std::iter::from_fn(move || {
            let (segment, after) = next_segment(rest)?;
            rest = after;
            Some(segment)
        })
    }

    fn compare(&self, other: &Self) -> Ordering {
        if self.text == other.text {
            return Ordering::Equal;
        }
        let (mut left, mut right) = (self.iter(), other.iter());
        loop {
            match (left.next(), right.next()) {
                (None, None) => return Ordering::Equal,
                (Some(first), None) => return weigh_tail(first, left),
                (None, Some(first)) => return weigh_tail(first, right).reverse(),
                (Some(one), Some(two)) => match compare_segment(one, two) {
                    Ordering::Equal => {}
                    order => return order,
                },
            }
        }
    }
}

fn next_segment(text: &str) -> Option<(Segment<'_>, &str)> {
    let start = text.bytes().position(|byte| byte.is_ascii_alphanumeric() || byte == b'~')?;
    let text = text.get(start..)?;
    if let Some(after) = text.strip_prefix('~') {
        return Some((Segment::Tilde, after));
    }
    let (letters, after) = run(text, |byte| byte.is_ascii_alphabetic());
    if !letters.is_empty() {
        return Some((Segment::Letters(letters), after));
    }
    let (digits, after) = crate::order::digits(text);
    Some((Segment::Digits(digits), after))
}

/// Order of the side that has more segments against the one that ended.
fn weigh_tail<'a>(first: Segment<'a>, mut rest: impl Iterator<Item = Segment<'a>>) -> Ordering {
    let zero = Segment::Digits("0");
    if first == Segment::Tilde {
        Ordering::Less
    } else if first == zero && rest.all(|segment| segment == zero) {
        Ordering::Equal
    } else {
        Ordering::Greater
    }
}

fn compare_segment(left: Segment<'_>, right: Segment<'_>) -> Ordering {
    match (left, right) {
        (Segment::Tilde, Segment::Tilde) => Ordering::Equal,
        (Segment::Tilde, _) | (Segment::Letters(_), Segment::Digits(_)) => Ordering::Less,
        (_, Segment::Tilde) | (Segment::Digits(_), Segment::Letters(_)) => Ordering::Greater,
        (Segment::Digits(left), Segment::Digits(right)) => numbers(left, right),
        (Segment::Letters(left), Segment::Letters(right)) => left.cmp(right),
    }
}

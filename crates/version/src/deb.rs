//! Debian's dpkg (deb-version(7)): `[epoch:]upstream[-revision]`, a missing epoch is 0.
//!
//! COMPAT: as the library that grype uses, an underscore and letters beyond ASCII are allowed, and runs of digits
//! above 2^63 all count as the same.

use std::cmp::Ordering;

use crate::order::{digits, saturating};
use crate::version::EpochStrategy;

const EXPECTED: &str = "`[epoch:]upstream[-revision]` whose upstream part begins with a digit";

/// A parsed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deb {
    epoch: Option<i64>,
    upstream: Box<str>,
    revision: Box<str>,
}

impl Deb {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let (epoch, rest) = match text.split_once(':') {
            Some((epoch, rest)) => {
                let epoch: i64 = epoch.parse().map_err(|_| "a number in front of `:`")?;
                if epoch < 0 {
                    return Err("an epoch that is not negative");
                }
                (Some(epoch), rest)
            }
            None => (None, text),
        };
        let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
        if !upstream.starts_with(|first: char| first.is_ascii_digit()) {
            return Err(EXPECTED);
        }
        let letter = |symbol: char| symbol.is_ascii_digit() || symbol.is_alphabetic();
        let fits = upstream.chars().all(|symbol| letter(symbol) || ".-+~:_".contains(symbol))
            && revision.chars().all(|symbol| letter(symbol) || "+.~_".contains(symbol));
        if !fits {
            return Err("letters, digits and `. - + ~ : _` only");
        }
        Ok(Self { epoch, upstream: upstream.into(), revision: revision.into() })
    }

    /// Order of an installed version against one of the data.
    pub(crate) fn compare(&self, other: &Self, epochs: EpochStrategy) -> Ordering {
        let theirs = other.epoch.unwrap_or(0);
        let ours = match (self.epoch, epochs) {
            (None, EpochStrategy::Auto) => theirs,
            (epoch, _) => epoch.unwrap_or(0),
        };
        ours.cmp(&theirs)
            .then_with(|| compare_parts(&self.upstream, &other.upstream))
            .then_with(|| compare_parts(&self.revision, &other.revision))
    }
}

/// Runs of other characters and runs of digits in turn.
fn compare_parts(mut left: &str, mut right: &str) -> Ordering {
    while !left.is_empty() || !right.is_empty() {
        let (left_word, left_rest) = words(left);
        let (right_word, right_rest) = words(right);
        let (left_number, left_rest) = digits(left_rest);
        let (right_number, right_rest) = digits(right_rest);
        let order =
            compare_words(left_word, right_word).then_with(|| saturating(left_number).cmp(&saturating(right_number)));
        if order.is_ne() {
            return order;
        }
        (left, right) = (left_rest, right_rest);
    }
    Ordering::Equal
}

fn words(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|byte| byte.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn compare_words(left: &str, right: &str) -> Ordering {
    let weight = |text: &str, index: usize| text.as_bytes().get(index).map_or(0, |byte| weight(*byte));
    (0..left.len().max(right.len()))
        .map(|index| weight(left, index).cmp(&weight(right, index)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

/// A tilde sorts before the end, letters before all else.
fn weight(byte: u8) -> i32 {
    match byte {
        b'~' => -1,
        _ if char::from(byte).is_alphabetic() => i32::from(byte),
        _ => i32::from(byte) + 256,
    }
}

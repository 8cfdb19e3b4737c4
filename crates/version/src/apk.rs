//! Alpine's apk (apk-tools, `src/version.c` of 2.x): numbers, one letter, suffixes, a revision.
//!
//! `_alpha _beta _pre _rc` sort below the bare version, `_cvs _svn _git _hg _p` above it. Numbers after the first
//! with leading zeros compare as fractions. A `v` in front of a digit is ignored.

use std::cmp::Ordering;
use std::str::Chars;

use crate::order::without_v;

const EXPECTED: &str = "numbers joined by dots, then an optional letter, suffixes such as `_rc1` and `-r0`";
const BEFORE: [&str; 4] = ["alpha", "beta", "pre", "rc"];
const AFTER: [&str; 5] = ["cvs", "svn", "git", "hg", "p"];

/// What comes next in a version; the order decides between texts of which one is a prefix of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    DigitOrZero,
    Digit,
    Letter,
    Suffix,
    SuffixNumber,
    Revision,
    End,
}

/// A parsed version: each token's value and the kind of the one after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Apk {
    tokens: Vec<(i64, Kind)>,
}

impl Apk {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut tokens = Vec::with_capacity(8);
        let mut rest = without_v(text).chars();
        let mut kind = Kind::Digit;
        while kind != Kind::End {
            let (value, next) = token(kind, &mut rest).ok_or(EXPECTED)?;
            tokens.push((value, next));
            kind = next;
        }
        Ok(Self { tokens })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let value_after = |apk: &Self, index: usize| apk.tokens.get(index + 1).map_or(0, |token| token.0);
        for (index, (left, right)) in self.tokens.iter().zip(&other.tokens).enumerate() {
            if left.0 != right.0 {
                return left.0.cmp(&right.0);
            }
            if left.1 == right.1 {
                continue;
            }
            // One goes on where the other stops or turns; only a pre-release makes the longer one the smaller.
            if left.1 == Kind::Suffix && value_after(self, index) < 0 {
                return Ordering::Less;
            }
            if right.1 == Kind::Suffix && value_after(other, index) < 0 {
                return Ordering::Greater;
            }
            return right.1.cmp(&left.1);
        }
        Ordering::Equal
    }
}

/// Reads a token of this kind; its value and the kind of the next one.
fn token(kind: Kind, rest: &mut Chars<'_>) -> Option<(i64, Kind)> {
    let value = match kind {
        Kind::DigitOrZero if rest.as_str().starts_with('0') => {
            let text = rest.as_str();
            let after = text.trim_start_matches('0');
            *rest = after.chars();
            let value = -(text.len().saturating_sub(after.len()) as i64);
            return Some((value, if after.is_empty() { Kind::End } else { Kind::Digit }));
        }
        Kind::DigitOrZero | Kind::Digit | Kind::SuffixNumber | Kind::Revision => number(rest),
        Kind::Letter => i64::from(u32::from(rest.next()?)),
        Kind::Suffix => suffix(rest)?,
        Kind::End => return None,
    };
    if rest.as_str().is_empty() {
        return Some((value, Kind::End));
    }
    Some((value, next_kind(kind, rest)?))
}

/// COMPAT: numbers of more than 18 digits wrap around, as they do in the library that grype uses.
fn number(rest: &mut Chars<'_>) -> i64 {
    let (digits, after) = crate::order::digits(rest.as_str());
    *rest = after.chars();
    digits.bytes().fold(0_i64, |value, digit| value.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')))
}

fn suffix(rest: &mut Chars<'_>) -> Option<i64> {
    let text = rest.as_str();
    let mut known = BEFORE.iter().zip(-4_i64..).chain(AFTER.iter().zip(0_i64..));
    let (after, value) = known.find_map(|(word, value)| Some((text.strip_prefix(word)?, value)))?;
    *rest = after.chars();
    Some(value)
}

fn next_kind(kind: Kind, rest: &mut Chars<'_>) -> Option<Kind> {
    let first = rest.clone().next()?;
    let number = matches!(kind, Kind::Digit | Kind::DigitOrZero);
    let next = if number && first.is_lowercase() {
        Kind::Letter
    } else if kind == Kind::Letter && first.is_ascii_digit() {
        Kind::Digit
    } else if kind == Kind::Suffix && first.is_ascii_digit() {
        Kind::SuffixNumber
    } else {
        let mut ahead = rest.clone();
        ahead.next();
        let next = match first {
            '.' => Kind::DigitOrZero,
            '_' => Kind::Suffix,
            // The character after the hyphen is `r` by custom, but anything does.
            '-' => ahead.next().map(|_| Kind::Revision)?,
            _ => return None,
        };
        *rest = ahead;
        next
    };
    let may_fall_back = matches!(
        (next, kind),
        (Kind::DigitOrZero, Kind::Digit) | (Kind::Suffix, Kind::SuffixNumber) | (Kind::Digit, Kind::Letter)
    );
    (next >= kind || may_fall_back).then_some(next)
}

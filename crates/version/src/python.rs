//! Python (PEP 440, <https://packaging.python.org/en/latest/specifications/version-specifiers/>).
//!
//! COMPAT: as grype does for ranges, the local part of the left version counts only when the right one has a local
//! part too; local parts are cut at dots alone. Numbers above 2^64 cannot be read.

use std::cmp::Ordering;

use crate::order::Cursor;

const EXPECTED: &str = "`[N!]N(.N)*[{a|b|rc}N][.postN][.devN][+local]`";
/// What the original's pattern calls white space.
const BLANK: [char; 5] = ['\t', '\n', '\u{c}', '\r', ' '];
const SEPARATORS: [char; 3] = ['-', '_', '.'];

/// A parsed version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Python {
    epoch: u64,
    /// Without zeros at the end.
    release: Vec<u64>,
    pre: Pre,
    /// `None` sorts first: a version without is below one with.
    post: Option<u64>,
    dev: Dev,
    local: Box<str>,
}

/// A pre-release; the order is the one of the variants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Pre {
    /// A development release of nothing else sorts below the pre-releases.
    BelowAll,
    Alpha(u64),
    Beta(u64),
    Candidate(u64),
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Dev {
    Number(u64),
    None,
}

impl Python {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let lower = text.trim_matches(BLANK).to_ascii_lowercase();
        let (public, local) = match lower.split_once('+') {
            Some((public, local)) if is_local(local) => (public, local),
            Some(_) => return Err("letters and digits behind `+`"),
            None => (&*lower, ""),
        };
        let mut cursor = Cursor::new(public.strip_prefix('v').unwrap_or(public));
        let epoch = cursor.attempt(|ahead| ahead.take_digits().filter(|_| ahead.take("!"))).unwrap_or("0");
        let epoch = number(epoch)?;
        let release = release(&mut cursor)?;
        let pre = pre_release(&mut cursor)?;
        let post = post_release(&mut cursor)?;
        let dev = tagged(&mut cursor, &["dev"])?;
        if !cursor.rest.is_empty() {
            return Err(EXPECTED);
        }
        let pre = match (pre, post, dev) {
            (Some(pre), _, _) => pre,
            (None, None, Some(_)) => Pre::BelowAll,
            (None, _, _) => Pre::None,
        };
        Ok(Self { epoch, release, pre, post, dev: dev.map_or(Dev::None, Dev::Number), local: local.into() })
    }

    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let public = self
            .epoch
            .cmp(&other.epoch)
            .then_with(|| self.release.cmp(&other.release))
            .then_with(|| self.pre.cmp(&other.pre))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| self.dev.cmp(&other.dev));
        if public.is_ne() || other.local.is_empty() {
            return public;
        }
        compare_local(&self.local, &other.local)
    }
}

fn number(digits: &str) -> Result<u64, &'static str> {
    digits.parse().map_err(|_| "numbers below 2^64")
}

fn is_local(text: &str) -> bool {
    text.split(SEPARATORS).all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn release(cursor: &mut Cursor<'_>) -> Result<Vec<u64>, &'static str> {
    let mut release = vec![number(cursor.take_digits().ok_or(EXPECTED)?)?];
    while let Some(part) = cursor.attempt(|ahead| if ahead.take(".") { ahead.take_digits() } else { None }) {
        release.push(number(part)?);
    }
    while release.last() == Some(&0) {
        release.pop();
    }
    Ok(release)
}

fn pre_release(cursor: &mut Cursor<'_>) -> Result<Option<Pre>, &'static str> {
    type Make = fn(u64) -> Pre;
    const KINDS: [(&[&str], Make); 3] =
        [(&["alpha", "a"], Pre::Alpha), (&["beta", "b"], Pre::Beta), (&["preview", "pre", "rc", "c"], Pre::Candidate)];
    for (words, make) in KINDS {
        if let Some(number) = tagged(cursor, words)? {
            return Ok(Some(make(number)));
        }
    }
    Ok(None)
}

fn post_release(cursor: &mut Cursor<'_>) -> Result<Option<u64>, &'static str> {
    if let Some(digits) = cursor.attempt(|ahead| if ahead.take("-") { ahead.take_digits() } else { None }) {
        return number(digits).map(Some);
    }
    tagged(cursor, &["post", "rev", "r"])
}

/// A word with separators around it and a number, which is 0 when left out.
fn tagged(cursor: &mut Cursor<'_>, words: &[&str]) -> Result<Option<u64>, &'static str> {
    let found = cursor.attempt(|ahead| {
        ahead.take_any(&SEPARATORS);
        words.iter().any(|word| ahead.take(word)).then_some(())
    });
    if found.is_none() {
        return Ok(None);
    }
    cursor.take_any(&SEPARATORS);
    cursor.take_digits().map_or(Ok(0), number).map(Some)
}

/// None < words < numbers; a longer text is above its beginning.
fn compare_local(left: &str, right: &str) -> Ordering {
    if left.is_empty() || right.is_empty() {
        return left.len().cmp(&right.len());
    }
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(left), Some(right)) => match (left.parse::<u64>(), right.parse::<u64>()) {
                (Ok(left), Ok(right)) => left.cmp(&right),
                (Ok(_), Err(_)) => Ordering::Greater,
                (Err(_), Ok(_)) => Ordering::Less,
                (Err(_), Err(_)) => left.cmp(right),
            },
        };
        if order.is_ne() {
            return order;
        }
    }
}

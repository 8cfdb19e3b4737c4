//! Java runtimes: `1.8.0_391-b08` of before JEP 223 (<https://openjdk.org/jeps/223>), and what came after.
//!
//! Both are rewritten to a semantic version, the update number becoming the patch number: `8.0.391`.
//! COMPAT: as grype, what a form does not expect at its end (`+12`) is dropped; build numbers have no order.

use crate::order::Cursor;
use crate::semver::{Reading, Semver};

pub(crate) fn parse(text: &str) -> Result<Semver, &'static str> {
    let rewritten = if text.starts_with("1.") { rewrite_old(text.trim()) } else { rewrite_new(text) };
    match rewritten {
        Some(rewritten) => Semver::parse(&rewritten, Reading::Lenient),
        None if text.starts_with("1.") => Semver::parse(text.trim(), Reading::Lenient),
        None => Semver::parse(text, Reading::Lenient),
    }
}

/// `1.MAJOR[.MINOR[{_|u|-}[update][_]PATCH][-PRE][-bBUILD]]`
fn rewrite_old(text: &str) -> Option<String> {
    let mut cursor = Cursor::new(text);
    cursor.take("1.");
    let major = cursor.take_digits()?;
    let Some(minor) = minor(&mut cursor) else { return Some(semantic(major, "", "0", "", "")) };
    let patch = cursor.attempt(|ahead| update(ahead, &['_', 'u', '-'])).map_or("", bare);
    let patch = if patch.is_empty() { "0" } else { patch };
    let pre = pre_release(&mut cursor);
    Some(semantic(major, minor, patch, pre, build(&mut cursor)))
}

/// `MAJOR[.MINOR[.PATCH][{_|-}[update][_]UPDATE][-PRE][-bBUILD]]`
fn rewrite_new(text: &str) -> Option<String> {
    let mut cursor = Cursor::new(text);
    let major = cursor.take_digits()?;
    let Some(minor) = minor(&mut cursor) else { return Some(semantic(major, "", "", "", "")) };
    let mut patch = self::minor(&mut cursor).map_or("", bare);
    let update = cursor.attempt(|ahead| update(ahead, &['_', '-'])).map_or("", bare);
    if matches!(patch, "" | "0") && !update.is_empty() {
        patch = update;
    }
    let pre = pre_release(&mut cursor);
    Some(semantic(major, minor, patch, pre, build(&mut cursor)))
}

fn minor<'a>(cursor: &mut Cursor<'a>) -> Option<&'a str> {
    cursor.attempt(|ahead| if ahead.take(".") { ahead.take_digits() } else { None })
}

fn update<'a>(cursor: &mut Cursor<'a>, lead: &[char]) -> Option<&'a str> {
    if !cursor.take_any(lead) {
        return None;
    }
    cursor.take("update");
    cursor.take("_");
    cursor.take_digits()
}

/// `-` and at least two characters that do not begin with `b`, up to the next hyphen.
fn pre_release<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    let Some(rest) = cursor.rest.strip_prefix('-') else { return "" };
    let Some(first) = rest.chars().next().filter(|first| *first != 'b') else { return "" };
    let tail = rest.get(first.len_utf8()..).unwrap_or("");
    let length = tail.find('-').unwrap_or(tail.len());
    if length == 0 {
        return "";
    }
    let (pre, after) = rest.split_at_checked(first.len_utf8() + length).unwrap_or((rest, ""));
    cursor.rest = after;
    pre
}

fn build<'a>(cursor: &mut Cursor<'a>) -> &'a str {
    cursor.attempt(|ahead| if ahead.take("-b") { ahead.take_digits() } else { None }).unwrap_or("")
}

/// Without zeros in front, but `0` stays.
fn bare(number: &str) -> &str {
    if number == "0" { number } else { number.trim_start_matches('0') }
}

fn semantic(major: &str, minor: &str, patch: &str, pre: &str, build: &str) -> String {
    let minor = bare(minor);
    let minor = if minor.is_empty() { "0" } else { minor };
    let mut text = format!("{}.{minor}", bare(major));
    for (lead, part) in [('.', patch), ('-', bare(pre)), ('+', bare(build))] {
        if !part.is_empty() {
            text.push(lead);
            text.push_str(part);
        }
    }
    text
}

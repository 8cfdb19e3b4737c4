//! Go modules (<https://go.dev/ref/mod#versions>) and toolchains (`go1.24.1`).
//!
//! Strict semantic versions after small repairs: `go` and `v` in front, `1.2.3rc1` without its hyphen, metadata
//! with a second `+`. `(devel)` has no order.

use std::borrow::Cow;

use crate::order::Cursor;
use crate::semver::{Reading, Semver};

pub(crate) fn parse(text: &str) -> Result<Semver, &'static str> {
    if text == "(devel)" {
        return Err("a released version; a development build has no order");
    }
    let text = text.strip_prefix("go").unwrap_or(text);
    match text.split_once('+') {
        Some((release, metadata)) => {
            let metadata = metadata.replace('+', ".");
            Semver::parse(&format!("{}+{metadata}", with_hyphen(release)), Reading::Strict)
        }
        None => Semver::parse(&with_hyphen(text), Reading::Strict),
    }
}

/// `1.2rc1` as `1.2-rc1`.
fn with_hyphen(release: &str) -> Cow<'_, str> {
    let mut cursor = Cursor::new(release);
    cursor.take("v");
    let two = cursor.take_digits().is_some() && cursor.take(".") && cursor.take_digits().is_some();
    cursor.attempt(|ahead| if ahead.take(".") { ahead.take_digits() } else { None });
    let glued = two && cursor.rest.starts_with(|first: char| first.is_ascii_alphabetic());
    if !glued || cursor.rest.contains('\n') {
        return Cow::Borrowed(release);
    }
    let numbers = release.strip_suffix(cursor.rest).unwrap_or("");
    Cow::Owned(format!("{numbers}-{}", cursor.rest))
}

//! Semantic versions (<https://semver.org>), read leniently as npm, NuGet, Composer and others write them.
//!
//! `.alpha`, `.beta` and `.rc` count as pre-releases without a hyphen; a `v` in front is ignored.

use std::borrow::Cow;

use crate::order::without_v;
use crate::semver::{Reading, Semver};

pub(crate) fn parse(text: &str) -> Result<Semver, &'static str> {
    Semver::parse(without_v(&hyphenated(text)), Reading::Lenient)
}

/// As above, but the pre-release must have its hyphen.
pub(crate) fn parse_strict(text: &str) -> Result<Semver, &'static str> {
    Semver::parse(without_v(&hyphenated(text)), Reading::Strict)
}

fn hyphenated(text: &str) -> Cow<'_, str> {
    const WORDS: [&str; 3] = [".alpha", ".beta", ".rc"];
    if !WORDS.iter().any(|word| text.contains(word)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.replace(".alpha", "-alpha").replace(".beta", "-beta").replace(".rc", "-rc"))
}

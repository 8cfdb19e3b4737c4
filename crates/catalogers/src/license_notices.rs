//! The notices that the GNU and other licences ask authors to put into their files: a few lines that name
//! the licence and its version rather than repeat it. Each is cut out of the licence's own text.

use crate::license_words::{hash_word, template_words, version_word};

/// The notices of a GNU licence.
struct Family {
    /// The licence whose text holds the notice.
    text: &'static str,
    /// Identifier with "any later version", and without.
    later: &'static str,
    only: &'static str,
    /// Its first words.
    begin: &'static str,
    /// Its last words, address included.
    end: &'static str,
    /// Digits of its version.
    version: &'static [u8],
    /// Whether the notice is that of the lesser licence, whose text has none of its own.
    lesser: bool,
}

const PROGRAM: &str = "This program is free software";
const LIBRARY: &str = "This library is free software";

const GNU: [Family; 6] = [
    Family {
        text: "GPL-2.0",
        later: "GPL-2.0-or-later",
        only: "GPL-2.0-only",
        begin: PROGRAM,
        end: "02110-1301",
        version: b"2",
        lesser: false,
    },
    Family {
        text: "GPL-3.0",
        later: "GPL-3.0-or-later",
        only: "GPL-3.0-only",
        begin: PROGRAM,
        end: "www.gnu.org/licenses/",
        version: b"3",
        lesser: false,
    },
    Family {
        text: "LGPL-2.0",
        later: "LGPL-2.0-or-later",
        only: "LGPL-2.0-only",
        begin: LIBRARY,
        end: "02110-1301",
        version: b"2",
        lesser: false,
    },
    Family {
        text: "LGPL-2.1",
        later: "LGPL-2.1-or-later",
        only: "LGPL-2.1-only",
        begin: LIBRARY,
        end: "02110-1301",
        version: b"21",
        lesser: false,
    },
    Family {
        text: "GPL-3.0",
        later: "LGPL-3.0-or-later",
        only: "LGPL-3.0-only",
        begin: PROGRAM,
        end: "www.gnu.org/licenses/",
        version: b"3",
        lesser: true,
    },
    Family {
        text: "AGPL-3.0",
        later: "AGPL-3.0-or-later",
        only: "AGPL-3.0-only",
        begin: PROGRAM,
        end: "www.gnu.org/licenses/",
        version: b"3",
        lesser: false,
    },
];

/// What the work is called is the author's to say, and the address has changed.
const FILLED_IN: &[&str] = &[
    "This program",
    "this program",
    "This library",
    "this library",
    "51 Franklin Street, Fifth Floor",
    "51 Franklin St, Fifth Floor",
];

/// Where files end a GNU notice before its own end.
const ENDS: [&str; 2] = ["any later version.", "for more details."];

/// Other notices: identifier, text, first and last words.
const OTHERS: [(&str, &str, &str, &str); 4] = [
    ("Apache-2.0", "Apache-2.0", "Licensed under the Apache License, Version 2.0", "limitations under the License"),
    ("MPL-2.0", "MPL-2.0", "This Source Code Form is subject to the terms", "https://mozilla.org/MPL/2.0/"),
    (
        "GFDL-1.2-no-invariants-or-later",
        "GFDL-1.2",
        "Permission is granted to copy, distribute and/or modify this document",
        "no Back-Cover Texts.",
    ),
    (
        "GFDL-1.3-no-invariants-or-later",
        "GFDL-1.3",
        "Permission is granted to copy, distribute and/or modify this document",
        "no Back-Cover Texts.",
    ),
];

/// A notice.
pub(crate) struct Notice {
    pub(crate) id: &'static str,
    pub(crate) words: Vec<u64>,
    /// The word for its version.
    pub(crate) version: Option<u64>,
}

/// Every notice.
pub(crate) fn notices() -> Vec<Notice> {
    let mut notices = Vec::new();
    for family in &GNU {
        for end in ENDS.iter().copied().chain([family.end]) {
            let Some(text) = cut(family.text, family.begin, end) else { continue };
            let words = template_words(text, FILLED_IN);
            let words = if family.lesser { lesser(&words) } else { words };
            let version = Some(version_word(family.version));
            notices.push(Notice { id: family.only, words: without_later(&words), version });
            notices.push(Notice { id: family.later, words, version });
        }
    }
    for (id, licence, begin, end) in OTHERS {
        if let Some(text) = cut(licence, begin, end) {
            notices.push(Notice { id, words: template_words(text, &[]), version: None });
        }
    }
    notices
}

/// From the first to the last words, which are looked for behind the first ones.
fn cut(licence: &str, begin: &str, end: &str) -> Option<&'static str> {
    let text = spdx::license_id(licence)?.text();
    // The notice stands behind the terms, which may speak of the same things.
    let notice = text.get(text.rfind(begin)?..)?;
    notice.get(..notice.find(end)? + end.len())
}

fn lesser(words: &[u64]) -> Vec<u64> {
    let general = hash_word(b"general");
    words.iter().flat_map(|word| [(*word == general).then(|| hash_word(b"lesser")), Some(*word)]).flatten().collect()
}

/// The notice for one version: without `either` and `or (at your option) any later version`.
fn without_later(words: &[u64]) -> Vec<u64> {
    let option = ["or", "at", "your", "option", "any", "later", "version"].map(|word| hash_word(word.as_bytes()));
    let either = hash_word(b"either");
    let mut kept = Vec::with_capacity(words.len());
    let mut rest = words;
    while let [word, after @ ..] = rest {
        if let Some(behind) = rest.strip_prefix(&option) {
            rest = behind;
            continue;
        }
        if *word != either {
            kept.push(*word);
        }
        rest = after;
    }
    kept
}

//! Licence values to SPDX expressions, as lax as syft is: names are compared without case and dashes,
//! versions may be short (`GPL-2+`), well-known addresses count, anything else must be an expression of
//! SPDX specification annex D whose every name is on the SPDX list.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use spdx::identifiers::{EXCEPTIONS, LICENSES};

use crate::license_urls;

/// Expressions of values, each found once.
#[derive(Default)]
pub(crate) struct Expressions(HashMap<String, String>);

impl Expressions {
    /// The SPDX expression of a value; empty when it is none.
    pub(crate) fn of(&mut self, value: &str) -> String {
        if let Some(known) = self.0.get(value) {
            return known.clone();
        }
        let expression = expression_of(value).unwrap_or_default();
        self.0.insert(value.to_owned(), expression.clone());
        expression
    }
}

/// The SPDX expression of a value. One licence is written as the SPDX list writes it; an expression stays
/// as it is.
pub fn expression_of(value: &str) -> Option<String> {
    let value = value.trim();
    if let Some(id) = NAMES.get(&folded(value)) {
        return Some((*id).to_owned());
    }
    if let Some(id) = license_urls::license_at(value) {
        return Some(id.to_owned());
    }
    (value.len() <= LONGEST_EXPRESSION && Reader::new(value).reads_whole()).then(|| value.to_owned())
}

/// The SPDX licence of a name, spelled as on the list.
pub(crate) fn license_named(name: &str) -> Option<&'static str> {
    NAMES.get(&folded(name)).copied()
}

/// Longer values are texts, not expressions.
const LONGEST_EXPRESSION: usize = 4096;

/// Folded names, with versions in short and long form, to identifiers.
static NAMES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    // The list is sorted, so of `AFL-1.1` and `AFL-1.2` the lower one is what `AFL-1` means.
    for license in LICENSES.iter().filter(|license| !matches!(license.name, "NOASSERTION" | "NONE")) {
        let id = replacement(license.name).unwrap_or(license.name);
        for name in spellings(&folded(license.name)) {
            names.entry(name).or_insert(id);
        }
    }
    names
});

fn folded(name: &str) -> String {
    name.trim().chars().filter(|c| *c != '-').flat_map(char::to_lowercase).collect()
}

/// What the SPDX list puts in the place of a deprecated identifier.
fn replacement(id: &str) -> Option<&'static str> {
    const RENAMED: [(&str, &str); 4] = [
        ("BSD-2-Clause-NetBSD", "BSD-2-Clause"),
        ("BSD-2-Clause-FreeBSD", "BSD-2-Clause-Views"),
        ("bzip2-1.0.5", "bzip2-1.0.6"),
        ("StandardML-NJ", "SMLNJ"),
    ];
    if let Some((_, new)) = RENAMED.iter().find(|(old, _)| *old == id) {
        return Some(new);
    }
    let new = match id.strip_suffix('+') {
        Some(base) => format!("{base}-or-later"),
        None => format!("{id}-only"),
    };
    LICENSES.iter().find(|license| license.name == new).map(|license| license.name)
}

/// A folded identifier with its version as `2`, `2.0` and `2.0.0`, and `+` for `orlater`.
fn spellings(folded: &str) -> Vec<String> {
    let mut all = vec![folded.to_owned()];
    let Some(version) = first_version(folded) else { return all };
    let mut parts: Vec<&str> = version.split('.').collect();
    parts.resize(parts.len().max(3), "0");
    for count in 1..=3 {
        let short = parts.get(..count).unwrap_or_default().join(".");
        if short.bytes().all(|byte| byte == b'0' || byte == b'.') {
            continue;
        }
        all.push(folded.replacen(version, &short, 1));
        if let Some(base) = folded.strip_suffix("orlater") {
            all.push(base.replacen(version, &format!("{short}+"), 1));
        }
    }
    all
}

/// The first number with up to two more parts.
fn first_version(text: &str) -> Option<&str> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let rest = text.get(start..)?;
    let mut end = 0;
    for (count, part) in rest.split('.').take(3).enumerate() {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            break;
        }
        end += digits + usize::from(count > 0);
        if digits < part.len() {
            break;
        }
    }
    rest.get(..end)
}

/// Reads an expression only to tell whether it is one.
struct Reader<'a> {
    tokens: Vec<&'a str>,
    next: usize,
    depth: u32,
}

const DEEPEST: u32 = 64;

impl<'a> Reader<'a> {
    fn new(text: &'a str) -> Self {
        let mut tokens = Vec::new();
        for word in text.split(' ') {
            let mut start = 0;
            for (at, c) in word.char_indices().filter(|(_, c)| matches!(c, '(' | ')')) {
                tokens.extend([word.get(start..at).unwrap_or(""), word.get(at..at + c.len_utf8()).unwrap_or("")]);
                start = at + 1;
            }
            tokens.push(word.get(start..).unwrap_or(""));
        }
        tokens.retain(|token| !token.is_empty());
        Self { tokens, next: 0, depth: 0 }
    }

    fn reads_whole(mut self) -> bool {
        self.any() && self.next == self.tokens.len()
    }

    fn any(&mut self) -> bool {
        loop {
            if !self.all() {
                return false;
            }
            if !self.take(|token| token == "OR") {
                return true;
            }
        }
    }

    fn all(&mut self) -> bool {
        loop {
            if !self.one() {
                return false;
            }
            if !self.take(|token| token == "AND") {
                return true;
            }
        }
    }

    fn one(&mut self) -> bool {
        if self.take(|token| token == "(") {
            self.depth += 1;
            let inner = self.depth <= DEEPEST && self.any() && self.take(|token| token == ")");
            self.depth -= 1;
            return inner;
        }
        self.take(is_license) && (!self.take(|token| token == "WITH") || self.take(is_exception))
    }

    fn take(&mut self, wanted: impl Fn(&str) -> bool) -> bool {
        let taken = self.tokens.get(self.next).is_some_and(|token| wanted(token));
        self.next += usize::from(taken);
        taken
    }
}

fn is_license(token: &str) -> bool {
    let plain = |id: &str| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    if let Some(reference) = token.strip_prefix("DocumentRef-") {
        return reference
            .split_once(":LicenseRef-")
            .is_some_and(|(document, license)| plain(document) && plain(license));
    }
    if let Some(reference) = token.strip_prefix("LicenseRef-") {
        return plain(reference);
    }
    let id = token.strip_suffix('+').unwrap_or(token);
    LISTED.contains(&id.to_ascii_lowercase())
}

fn is_exception(token: &str) -> bool {
    EXCEPTIONS.iter().any(|exception| exception.name.eq_ignore_ascii_case(token))
}

static LISTED: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let names = LICENSES.iter().map(|license| license.name).filter(|name| !matches!(*name, "NOASSERTION" | "NONE"));
    names.map(str::to_ascii_lowercase).collect()
});

#[cfg(test)]
mod tests {
    use super::expression_of;

    #[test]
    fn names_are_read_with_short_versions_and_in_any_case() {
        for (value, expected) in [
            ("GPL-2+", "GPL-2.0-or-later"),
            ("GPL-2", "GPL-2.0-only"),
            ("GPL-2.0+", "GPL-2.0-or-later"),
            ("gplv2", ""),
            ("LGPL2.1", "LGPL-2.1-only"),
            ("Apache-2", "Apache-2.0"),
            ("apache 2.0", ""),
            ("BSD-2-clause-NetBSD", "BSD-2-Clause"),
            ("BSL-1", "BSL-1.0"),
            ("AFL-1", "AFL-1.1"),
            ("Ms-PL", "MS-PL"),
            ("zlib", "Zlib"),
            ("GFDL-1.2+", "GFDL-1.2-or-later"),
            ("Artistic", ""),
            ("Expat", ""),
            ("public-domain", ""),
            ("NONE", ""),
            ("", ""),
            ("  MIT ", "MIT"),
        ] {
            assert_eq!(expression_of(value).unwrap_or_default(), expected, "{value}");
        }
    }

    #[test]
    fn expressions_need_listed_names_and_a_sound_shape() {
        for good in [
            "MIT OR Apache-2.0",
            "(MIT OR apache-2.0) AND BSD-3-Clause",
            "GPL-2.0-only WITH Classpath-exception-2.0",
            "Apache-2.0+",
            "LicenseRef-own AND MIT",
            "DocumentRef-a:LicenseRef-b",
        ] {
            assert_eq!(expression_of(good).as_deref(), Some(good));
        }
        for bad in ["MIT or Apache-2.0", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "GPL WITH x", "MIT OR Own", "()"] {
            assert_eq!(expression_of(bad), None, "{bad}");
        }
        assert_eq!(expression_of(&"(".repeat(4000)), None);
    }

    #[test]
    fn well_known_addresses_count() {
        for (value, expected) in [
            ("https://opensource.org/licenses/MIT", "MIT"),
            ("http://www.apache.org/licenses/LICENSE-2.0.txt", "Apache-2.0"),
            ("https://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
            ("https://example.com/MIT", ""),
        ] {
            assert_eq!(expression_of(value).unwrap_or_default(), expected, "{value}");
        }
    }
}

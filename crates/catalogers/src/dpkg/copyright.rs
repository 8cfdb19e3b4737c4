//! Licences of a Debian copyright file: the `License` fields when it is machine-readable (DEP-5,
//! copyright-format/1.0), else what its text is.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{Claimed, ReadError, license_text};

/// What a copyright file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Copyright {
    /// Names as written, sorted.
    pub declared: Vec<String>,
    /// What the text is, when nothing is declared: SPDX names, or `sha256:…` of an unknown text.
    pub concluded: Vec<String>,
}

const FILE_BYTES: u64 = 16 << 20;

pub(super) fn read(file: &Claimed<'_>) -> Result<Copyright, ReadError> {
    let bytes = file.bytes(FILE_BYTES)?;
    let declared: Vec<_> = declared(&String::from_utf8_lossy(&bytes)).into_iter().collect();
    let concluded = if declared.is_empty() { license_text::licenses_of(&bytes) } else { Vec::new() };
    let concluded = concluded.into_iter().map(|license| license.value).collect();
    Ok(Copyright { declared, concluded })
}

/// Names in a machine-readable file: those of `License` fields, of files in `common-licenses` that it
/// refers to, and of headings such as `LICENSE AGREEMENT`.
fn declared(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut lines = text.lines().skip_while(|line| line.trim().is_empty()).peekable();
    if !lines.peek().is_some_and(|line| is_format(line)) {
        return names;
    }
    for line in lines {
        if let Some(value) = line.strip_prefix("License: ") {
            let first = value.split(char::is_whitespace).next().unwrap_or("");
            names.extend(single(first));
        }
        if let Some((_, rest)) = line.split_once("/usr/share/common-licenses/") {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "_.-".contains(c))).unwrap_or(rest.len());
            names.extend(rest.get(..end).and_then(single));
        }
        let heading = line.trim();
        let upper = heading.to_uppercase();
        if upper == "LICENSE AGREEMENT" || upper.starts_with("LICENSE AGREEMENT FOR ") {
            names.extend(single(heading));
        }
    }
    names
}

fn is_format(line: &str) -> bool {
    line.strip_prefix("Format:").map(str::trim_start).is_some_and(|url| {
        let url = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        url.is_some_and(|url| url.starts_with("www.debian.org/doc/packaging-manuals/copyright-format/"))
    })
}

/// A name, unless it is a summary of several.
fn single(name: &str) -> Option<String> {
    let name = name.trim();
    if name.contains(" or ") || name.contains(" and ") || name.is_empty() || name.eq_ignore_ascii_case("none") {
        return None;
    }
    // The name may end a sentence.
    let name = name.strip_suffix('.').unwrap_or(name);
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::declared;

    #[test]
    fn only_machine_readable_files_declare() {
        let dep5 = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\
                    License: GPL-2+ and MIT\nLicense: none\n see /usr/share/common-licenses/GPL-2.\n";
        assert_eq!(declared(dep5).into_iter().collect::<Vec<_>>(), ["GPL-2", "GPL-2+"]);
        assert!(declared("License: MIT\nsee /usr/share/common-licenses/GPL-2").is_empty());
        assert!(declared("").is_empty());
    }
}

//! `requirements.txt` of pip (pip.pypa.io, "requirements file format"): what is pinned with `==` or `===`.
//!
//! Options, editable installs and included files are skipped; ranges are counted, not guessed.

use serde::Serialize;

use super::declared::{Pinned, details};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extras: Vec<&'a str>,
    version_constraint: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    url: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    markers: &'a str,
}

/// Pinned packages, and how many requirements pin nothing.
pub(super) fn read(text: &str) -> (Vec<Pinned>, usize) {
    let (mut pinned, mut open) = (Vec::new(), 0);
    for line in joined_lines(text) {
        if line.is_empty() || line.starts_with('-') {
            continue;
        }
        match requirement(&line) {
            Some(package) => pinned.push(package),
            None => open += 1,
        }
    }
    (pinned, open)
}

/// Lines without comments; one that ends with a backslash goes on in the next.
fn joined_lines(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut open = String::new();
    for line in text.lines() {
        let line = line.trim();
        let line = line.split('#').next().unwrap_or(line);
        match line.strip_suffix('\\') {
            Some(line) => open.push_str(line),
            None => all.push(std::mem::take(&mut open) + line),
        }
    }
    all.push(open);
    all
}

/// `name[extra,…] == version @ url ; markers`, each part but the name optional.
fn requirement(line: &str) -> Option<Pinned> {
    let in_name = |c: char| c.is_ascii_alphanumeric() || "_[],-. \t".contains(c);
    let line = line.trim_start();
    let full = line.get(..line.find(|c| !in_name(c)).unwrap_or(line.len()))?;
    if full.len() < 2 || !full.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_') {
        return None;
    }
    let rest = line.get(full.len()..)?;
    let constraint_end = constraints_end(rest);
    let (constraint, rest) = (rest.get(..constraint_end)?.trim(), rest.get(constraint_end..)?);
    let (before, markers) = rest.split_once(';').unwrap_or((rest, ""));
    let markers = if before.is_empty() || before.starts_with('@') { markers.trim() } else { "" };
    let url = before.strip_prefix('@').map_or("", str::trim);
    let (name, extras) = full.split_once('[').map_or((full.trim(), ""), |(name, extras)| (name.trim(), extras));
    let version = pinned_version(constraint)?;
    let entry = Entry {
        name,
        extras: extras.split_once(']').map_or_else(Vec::new, |(extras, _)| extras.split(',').map(str::trim).collect()),
        version_constraint: constraint,
        url: vcs_part(url),
        markers,
    };
    Some(Pinned {
        name: name.to_owned(),
        version: version.to_owned(),
        details: details("python-pip-requirements-entry", &entry),
        ..Pinned::default()
    })
}

/// Where a list of constraints such as `>= 1.0, < 2` ends.
fn constraints_end(text: &str) -> usize {
    let bytes = text.as_bytes();
    let skip = |mut at: usize, wanted: fn(u8) -> bool| {
        while bytes.get(at).is_some_and(|byte| wanted(*byte)) {
            at += 1;
        }
        at
    };
    let space: fn(u8) -> bool = |byte| byte == b' ' || byte == b'\t';
    let mut end = 0;
    loop {
        let operator = skip(end, space);
        let after_operator = skip(operator, |byte| b"~=>!<".contains(&byte));
        let version = skip(after_operator, space);
        let after_version = skip(version, |byte| byte.is_ascii_alphanumeric() || b".*+!_-".contains(&byte));
        if after_operator == operator || after_version == version {
            return end;
        }
        end = skip(after_version, space);
        end += usize::from(bytes.get(end) == Some(&b','));
    }
}

/// The version of a single `==` or `===` without wildcards.
fn pinned_version(constraint: &str) -> Option<&str> {
    if constraint.contains(['*', ',', '<', '>']) || constraint.contains("!=") {
        return None;
    }
    let version = constraint.strip_prefix("===").or_else(|| constraint.strip_prefix("=="))?;
    (!version.starts_with('=') && !version.trim().is_empty()).then(|| version.trim())
}

/// The part of an address from `git` on; other addresses name no repository.
fn vcs_part(url: &str) -> &str {
    let mut start = 0;
    for part in url.split('@') {
        let plain = part.trim_matches(|c: char| !c.is_alphanumeric());
        if url.contains('@') && plain.starts_with("git") {
            return url.get(start..).unwrap_or("").trim();
        }
        start += part.len() + 1;
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::{pinned_version, read};

    #[test]
    fn only_pins_are_packages() {
        let (pinned, open) = read(
            "# comment\nFlask==2.0 # why\nflask [async,dev]>=2\n-r other.txt\n-e .\nx===1!2.0+local ; python_version < '3' \\\n  --hash=sha256:aa\na~=1\nz==2.*\nq==1,!=2\n",
        );
        let rows: Vec<_> = pinned.iter().map(|package| (package.name.as_str(), package.version.as_str())).collect();
        assert_eq!(rows, [("Flask", "2.0")], "a name of one letter is none");
        assert_eq!(open, 5);
        for (constraint, version) in
            [("== 1.0", Some("1.0")), ("===1!2", Some("1!2")), ("==1.*", None), ("~=1", None), ("", None), ("==", None)]
        {
            assert_eq!(pinned_version(constraint), version, "{constraint}");
        }
    }
}

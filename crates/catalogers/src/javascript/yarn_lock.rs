//! `yarn.lock`: the own format of yarn 1 and the YAML of later versions.
//!
//! One entry per set of ranges; what counts is the package behind an alias (`alias@npm:real@range`).

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::lock::{Entry, Locked};
use crate::ReadError;

#[derive(Default)]
struct Pinned {
    name: String,
    version: String,
    resolved: String,
    integrity: String,
    /// `None`: later versions of yarn say nothing when there are none.
    dependencies: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct BerryEntry {
    version: Option<String>,
    resolution: String,
    checksum: String,
    dependencies: Option<BTreeMap<String, String>>,
}

pub(super) fn read(text: &str) -> Result<Vec<Locked>, ReadError> {
    let pinned = if text.contains("# yarn lockfile v1") { classic(text) } else { berry(text)? };
    let mut seen = HashSet::new();
    Ok(pinned
        .into_iter()
        .filter(|package| !package.name.is_empty() && seen.insert((package.name.clone(), package.version.clone())))
        .map(|package| Locked {
            requires: package.dependencies.iter().flat_map(BTreeMap::keys).cloned().collect(),
            details: Entry::Yarn {
                resolved: package.resolved,
                integrity: package.integrity,
                dependencies: package.dependencies,
            },
            name: package.name,
            version: package.version,
            ..Locked::default()
        })
        .collect())
}

/// Yarn 1: ranges at the margin, fields two deep, dependencies four deep.
fn classic(text: &str) -> Vec<Pinned> {
    let mut all = Vec::new();
    let mut current = Pinned::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let inner = line.trim_matches(' ');
        if inner.is_empty() {
            continue;
        }
        let (key, value) = inner.split_once(' ').unwrap_or((inner, ""));
        let value = value.split(' ').next().unwrap_or("").trim_matches('"');
        match line.len() - line.trim_start_matches(' ').len() {
            0 | 1 => {
                all.push(std::mem::take(&mut current));
                current.dependencies = Some(BTreeMap::new());
                name_of(line).clone_into(&mut current.name);
            }
            2 | 3 => field(&mut current, key, value),
            _ if value.is_empty() => {}
            _ => {
                current.dependencies.get_or_insert_default().insert(key.trim_matches('"').to_owned(), value.to_owned());
            }
        }
    }
    all.push(current);
    all
}

fn field(package: &mut Pinned, key: &str, value: &str) {
    match key {
        "version" => value.clone_into(&mut package.version),
        "integrity" => value.clone_into(&mut package.integrity),
        "resolved" => {
            value.clone_into(&mut package.resolved);
            if let Some((name, version)) = from_registry(value) {
                name.clone_into(&mut package.name);
                version.clone_into(&mut package.version);
            }
        }
        _ => {}
    }
}

/// Name and version from an address of a public registry, which knows nothing of aliases.
fn from_registry(url: &str) -> Option<(&str, &str)> {
    let path = ["https://registry.yarnpkg.com/", "https://registry.npmjs.org/"]
        .iter()
        .find_map(|registry| url.strip_prefix(registry))?;
    let (name, file) = path.split_once("/-/")?;
    let (stem, _) = file.split_once(".tgz")?;
    // The version is the first part that begins with a number and has a dot.
    let version = stem.match_indices('-').map(|(dash, _)| stem.get(dash + 1..).unwrap_or("")).find(|rest| {
        rest.split_once('.').is_some_and(|(major, minor)| {
            !major.is_empty() && major.bytes().all(|byte| byte.is_ascii_digit()) && !minor.is_empty()
        })
    })?;
    Some((name, version))
}

fn berry(text: &str) -> Result<Vec<Pinned>, ReadError> {
    let entries: BTreeMap<String, BerryEntry> = serde_saphyr::from_str(text)
        .map_err(|error| ReadError::Malformed(format!("is no lock file of yarn: {error}")))?;
    let pinned = entries.into_iter().map(|(key, entry)| Pinned {
        name: name_of(&key).to_owned(),
        version: entry.version.unwrap_or_default(),
        resolved: entry.resolution,
        integrity: entry.checksum,
        dependencies: entry.dependencies,
    });
    Ok(pinned.collect())
}

/// The package of a key such as `"@scope/name@^1.0.0, @scope/name@^1.2.0"`; empty when it names none.
fn name_of(key: &str) -> &str {
    let key = key.trim_start_matches('"');
    let Some((alias, rest)) = split_name(key) else { return "" };
    match rest.strip_prefix("npm:").and_then(split_name) {
        Some((real, _)) => real,
        None => alias,
    }
}

/// `@scope/name@rest` into name and rest.
fn split_name(text: &str) -> Option<(&str, &str)> {
    let at = text.char_indices().skip(1).find(|(_, c)| *c == '@').map(|(at, _)| at)?;
    let (name, rest) = (text.get(..at)?, text.get(at + 1..)?);
    let plain = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    let valid = match name.strip_prefix('@') {
        Some(scoped) => scoped.split_once('/').is_some_and(|(scope, name)| plain(scope) && plain(name)),
        None => plain(name),
    };
    valid.then_some((name, rest))
}

#[cfg(test)]
mod tests {
    use super::{from_registry, name_of};

    #[test]
    fn keys_and_addresses_name_packages() {
        for (key, name) in [
            ("async@^3.0.0:", "async"),
            ("\"@babel/core@^7.0.0\", \"@babel/core@^7.1.0\":", "@babel/core"),
            ("\"old-async@npm:async@0.9.2\":", "async"),
            ("old@npm:@x/y@npm:1", "@x/y"),
            ("lodash@npm:^4.17.0", "lodash"),
            ("__metadata", ""),
            ("", ""),
        ] {
            assert_eq!(name_of(key), name, "{key}");
        }
        for (url, expected) in [
            ("https://registry.yarnpkg.com/async/-/async-3.2.3.tgz#ac53", Some(("async", "3.2.3"))),
            ("https://registry.npmjs.org/@a/b-2/-/b-2-1.0.0-rc.1.tgz", Some(("@a/b-2", "1.0.0-rc.1"))),
            ("https://example.org/async-3.2.3.tgz", None),
        ] {
            assert_eq!(from_registry(url), expected, "{url}");
        }
    }
}

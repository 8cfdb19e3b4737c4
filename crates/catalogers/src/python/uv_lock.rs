//! `uv.lock`, and the lock files that uv writes for scripts. Lock files of a newer major version are
//! refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::declared::{Pinned, details};
use super::reference;
use crate::ReadError;

#[derive(Deserialize, Default)]
#[serde(default)]
struct LockFile {
    version: u32,
    package: Vec<Locked>,
}

#[derive(Deserialize, Default)]
#[serde(default, rename_all = "kebab-case")]
struct Locked {
    name: String,
    version: String,
    source: BTreeMap<String, toml::Value>,
    dependencies: Vec<Dependency>,
    optional_dependencies: BTreeMap<String, Vec<Dependency>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Dependency {
    name: String,
    /// Only when several versions of the name are locked.
    version: String,
    extra: Vec<String>,
    marker: String,
}

#[derive(Serialize)]
struct Entry<'a> {
    index: &'a str,
    /// `null` when there are none, as in syft.
    dependencies: Option<Vec<DependencyEntry<'a>>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extras: Vec<ExtraEntry<'a>>,
}

#[derive(Serialize)]
struct DependencyEntry<'a> {
    name: &'a str,
    optional: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    markers: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    extras: &'a [String],
}

#[derive(Serialize)]
struct ExtraEntry<'a> {
    name: &'a str,
    dependencies: Vec<&'a str>,
}

pub(super) fn read(text: &str) -> Result<Vec<Pinned>, ReadError> {
    let lock: LockFile = toml::from_str(text)
        .map_err(|error| ReadError::Malformed(format!("is no lock file of uv: {}", error.message())))?;
    if lock.version > 1 {
        return Err(ReadError::Malformed(format!("is of version {}, expected 1", lock.version)));
    }
    Ok(lock.package.iter().map(pinned).collect())
}

fn pinned(package: &Locked) -> Pinned {
    let mut entries: Vec<_> = package
        .dependencies
        .iter()
        .map(|dependency| DependencyEntry {
            name: &dependency.name,
            optional: false,
            markers: &dependency.marker,
            extras: &dependency.extra,
        })
        .collect();
    entries.sort_by_key(|entry| entry.name);
    let entry = Entry {
        index: package.source.values().next_back().and_then(toml::Value::as_str).unwrap_or(""),
        dependencies: (!entries.is_empty()).then_some(entries),
        extras: package
            .optional_dependencies
            .iter()
            .map(|(name, all)| ExtraEntry { name, dependencies: all.iter().map(|one| one.name.as_str()).collect() })
            .collect(),
    };
    let mut provides = references(&package.name, &package.version, "");
    provides.push(reference(&package.name, ""));
    let needed = package.dependencies.iter().filter(|dependency| !dependency.marker.contains("extra =="));
    let mut requires: Vec<String> = needed.flat_map(required).collect();
    for (extra, dependencies) in &package.optional_dependencies {
        provides.extend(references(&package.name, &package.version, extra));
        provides.push(reference(&package.name, extra));
        requires.extend(dependencies.iter().flat_map(required));
    }
    Pinned {
        name: package.name.clone(),
        version: package.version.clone(),
        details: details("python-uv-lock-entry", &entry),
        provides,
        requires,
    }
}

/// The base package, and each extra by itself.
fn required(dependency: &Dependency) -> Vec<String> {
    let extras = dependency.extra.iter().map(String::as_str);
    std::iter::once("")
        .chain(extras)
        .flat_map(|extra| references(&dependency.name, &dependency.version, extra))
        .collect()
}

/// `name[extra]@version`, or without version when there is none.
fn references(name: &str, version: &str, extra: &str) -> Vec<String> {
    let reference = reference(name, extra);
    let version = version.trim();
    vec![if version.is_empty() { reference } else { format!("{reference}@{version}") }]
}

//! `pdm.lock` of PDM. A package that is used with extras has one entry for each set of them; all entries
//! of a name and version are one package.

use serde::{Deserialize, Serialize};

use super::declared::{Pinned, details};
use super::{normalised, reference, required_name};
use crate::ReadError;

#[derive(Deserialize, Default)]
#[serde(default)]
struct LockFile {
    package: Vec<Locked>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Locked {
    name: String,
    version: String,
    requires_python: String,
    summary: String,
    marker: String,
    dependencies: Vec<String>,
    extras: Vec<String>,
    files: Vec<File>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct File {
    file: String,
    hash: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    summary: &'a str,
    files: Option<Vec<FileEntry<'a>>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    marker: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    requires_python: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    dependencies: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extras: Vec<Variant<'a>>,
}

#[derive(Serialize, PartialEq)]
struct FileEntry<'a> {
    url: &'a str,
    digest: FileDigest<'a>,
}

#[derive(Serialize, PartialEq)]
struct FileDigest<'a> {
    algorithm: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Variant<'a> {
    extras: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    dependencies: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<FileEntry<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    marker: &'a str,
}

pub(super) fn read(text: &str) -> Result<Vec<Pinned>, ReadError> {
    let lock: LockFile = toml::from_str(text)
        .map_err(|error| ReadError::Malformed(format!("is no lock file of PDM: {}", error.message())))?;
    let mut groups: Vec<Vec<&Locked>> = Vec::new();
    let mut sorted: Vec<&Locked> = lock.package.iter().collect();
    sorted.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    for package in sorted {
        match groups.last_mut() {
            Some(group) if group.iter().any(|one| one.name == package.name && one.version == package.version) => {
                group.push(package);
            }
            _ => groups.push(vec![package]),
        }
    }
    Ok(groups.iter().filter_map(|group| pinned(group)).collect())
}

fn files(package: &Locked) -> Vec<FileEntry<'_>> {
    let with_digest = package.files.iter().filter_map(|file| Some((file, file.hash.split_once(':')?)));
    with_digest
        .map(|(file, (algorithm, value))| FileEntry { url: &file.file, digest: FileDigest { algorithm, value } })
        .collect()
}

fn pinned(group: &[&Locked]) -> Option<Pinned> {
    let first = group.first()?;
    let base = group.iter().find(|package| package.extras.is_empty()).unwrap_or(first);
    let base_files = if base.extras.is_empty() { files(base) } else { Vec::new() };
    let variants = group.iter().filter(|package| !package.extras.is_empty());
    let extras: Vec<_> = variants
        .clone()
        .map(|package| {
            let own = files(package);
            Variant {
                extras: &package.extras,
                dependencies: &package.dependencies,
                files: if own == base_files { Vec::new() } else { own },
                marker: &package.marker,
            }
        })
        .collect();
    let mut provides = vec![normalised(&first.name)];
    let mut requires: Vec<String> = base.dependencies.iter().map(|text| required_name(text)).collect();
    for package in variants {
        provides.extend(package.extras.iter().map(|extra| reference(&package.name, extra)));
        requires.extend(package.dependencies.iter().map(|text| required_name(text)));
    }
    let entry = Entry {
        summary: &base.summary,
        files: (!base_files.is_empty()).then_some(base_files),
        marker: &base.marker,
        requires_python: &base.requires_python,
        dependencies: &base.dependencies,
        extras,
    };
    Some(Pinned {
        name: first.name.clone(),
        version: first.version.clone(),
        details: details("python-pdm-lock-entry", &entry),
        provides,
        requires,
    })
}

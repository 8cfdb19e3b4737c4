//! `Pipfile.lock` of Pipenv: the packages of the group `default`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::declared::{Pinned, details};
use crate::ReadError;

#[derive(Deserialize, Default)]
#[serde(default)]
struct LockFile {
    #[serde(rename = "_meta")]
    meta: Meta,
    default: BTreeMap<String, Dependency>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Meta {
    sources: Vec<Source>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Source {
    name: String,
    url: String,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Dependency {
    hashes: Option<Vec<String>>,
    version: String,
    index: String,
}

#[derive(Serialize)]
struct Entry<'a> {
    hashes: &'a Option<Vec<String>>,
    index: &'a str,
}

pub(super) fn read(text: &str) -> Result<Vec<Pinned>, ReadError> {
    let lock: LockFile = serde_json::from_str(text)
        .map_err(|error| ReadError::Malformed(format!("is no lock file of Pipenv: {error}")))?;
    let index_of = |name: &str| match name {
        "" => "https://pypi.org/simple",
        name => lock.meta.sources.iter().find(|source| source.name == name).map_or("", |source| &source.url),
    };
    let pinned = lock.default.iter().map(|(name, dependency)| Pinned {
        name: name.clone(),
        version: dependency.version.strip_prefix("==").unwrap_or(&dependency.version).to_owned(),
        details: details(
            "python-pipfile-lock-entry",
            &Entry { hashes: &dependency.hashes, index: index_of(&dependency.index) },
        ),
        ..Pinned::default()
    });
    Ok(pinned.collect())
}

//! `poetry.lock`: pinned packages with their dependencies and extras. What only an extra needs is
//! required by nobody who does not ask for the extra.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::declared::{Pinned, details};
use super::{reference, required_name};
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
    source: Source,
    dependencies: BTreeMap<String, Wanted>,
    extras: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Source {
    url: String,
}

/// A dependency: a version, an object, or several objects with markers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Wanted {
    Version(String),
    One(Constraint),
    Many(Vec<Constraint>),
    /// A shape that we do not know; the package itself still counts.
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize, Default, Clone)]
#[serde(default)]
struct Constraint {
    version: String,
    markers: String,
    extras: Vec<String>,
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
    version: &'a str,
    optional: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    markers: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    extras: &'a [String],
}

#[derive(Serialize)]
struct ExtraEntry<'a> {
    name: &'a str,
    dependencies: &'a [String],
}

pub(super) fn read(text: &str) -> Result<Vec<Pinned>, ReadError> {
    let lock: LockFile = toml::from_str(text)
        .map_err(|error| ReadError::Malformed(format!("is no lock file of Poetry: {}", error.message())))?;
    Ok(lock.package.iter().map(pinned).collect())
}

fn pinned(package: &Locked) -> Pinned {
    let wanted: Vec<(&str, Constraint)> = package
        .dependencies
        .iter()
        .flat_map(|(name, wanted)| {
            let constraints = match wanted {
                Wanted::Version(version) => vec![Constraint { version: version.clone(), ..Constraint::default() }],
                Wanted::One(one) => vec![one.clone()],
                Wanted::Many(many) => many.clone(),
                Wanted::Other(_) => Vec::new(),
            };
            constraints.into_iter().map(move |constraint| (name.as_str(), constraint))
        })
        .collect();
    let entries: Vec<_> = wanted
        .iter()
        .map(|(name, constraint)| DependencyEntry {
            name,
            version: &constraint.version,
            optional: false,
            markers: &constraint.markers,
            extras: &constraint.extras,
        })
        .collect();
    let entry = Entry {
        index: if package.source.url.is_empty() { "https://pypi.org/simple" } else { &package.source.url },
        dependencies: (!entries.is_empty()).then_some(entries),
        extras: package.extras.iter().map(|(name, dependencies)| ExtraEntry { name, dependencies }).collect(),
    };
    let mut provides = vec![reference(&package.name, "")];
    let mut requires = Vec::new();
    for (name, constraint) in wanted.iter().filter(|(_, constraint)| !constraint.markers.contains("extra ==")) {
        requires.push(reference(name, ""));
        requires.extend(constraint.extras.iter().map(|extra| reference(name, extra)));
    }
    for (extra, dependencies) in &package.extras {
        provides.push(reference(&package.name, extra));
        requires.extend(dependencies.iter().map(|dependency| required_name(dependency)));
    }
    Pinned {
        name: package.name.clone(),
        version: package.version.clone(),
        details: details("python-poetry-lock-entry", &entry),
        provides,
        requires,
    }
}

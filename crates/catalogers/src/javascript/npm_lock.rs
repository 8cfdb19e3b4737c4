//! `package-lock.json` of npm, versions 1 to 3 (docs.npmjs.com, "package-lock.json").

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use serde_json::Value;

use super::lock::{Entry, Locked};
use super::purl;
use crate::ReadError;
use crate::license_files::declared;

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LockFile {
    lockfile_version: u32,
    dependencies: BTreeMap<String, Dependency>,
    packages: BTreeMap<String, Pinned>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Dependency {
    version: String,
    resolved: Value,
    integrity: String,
    dev: bool,
    dependencies: BTreeMap<String, Dependency>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pinned {
    name: String,
    version: String,
    resolved: Value,
    integrity: String,
    license: Value,
    dev: bool,
    dependencies: Option<BTreeMap<String, String>>,
}

pub(super) fn read(text: &str) -> Result<Vec<Locked>, ReadError> {
    let lock: LockFile =
        serde_json::from_str(text).map_err(|error| ReadError::Malformed(format!("is no lock file of npm: {error}")))?;
    if lock.lockfile_version == 1 {
        let (mut locked, mut seen) = (Vec::new(), HashSet::new());
        add_tree(&lock.dependencies, &mut locked, &mut seen);
        return Ok(locked);
    }
    Ok(lock.packages.into_iter().filter_map(|(path, pinned)| locked(&path, pinned)).collect())
}

/// Version 1: a tree; npm itself refuses deep JSON, and so does the reader.
fn add_tree(tree: &BTreeMap<String, Dependency>, locked: &mut Vec<Locked>, seen: &mut HashSet<String>) {
    // What only development needs goes with all below it.
    for (name, dependency) in tree.iter().filter(|(_, dependency)| !dependency.dev) {
        // An alias: `npm:real-name@version`.
        let real = dependency.version.strip_prefix("npm:").and_then(|real| real.rsplit_once('@'));
        let (name, version) = real.unwrap_or((name, &dependency.version));
        if seen.insert(purl(name, version)) {
            locked.push(Locked {
                name: name.to_owned(),
                version: version.to_owned(),
                details: Entry::Npm {
                    resolved: text_of(&dependency.resolved),
                    integrity: dependency.integrity.clone(),
                    dependencies: None,
                },
                ..Locked::default()
            });
        }
        add_tree(&dependency.dependencies, locked, seen);
    }
}

/// Versions 2 and 3: one entry per place below `node_modules`; the entry without a path is the project.
fn locked(path: &str, pinned: Pinned) -> Option<Locked> {
    if pinned.dev {
        return None;
    }
    let name = if pinned.name.is_empty() {
        path.rsplit("node_modules/").next().unwrap_or(path).to_owned()
    } else {
        pinned.name
    };
    if name.is_empty() {
        return None;
    }
    let licenses = match &pinned.license {
        Value::String(license) => declared(license),
        Value::Array(list) => list.iter().filter_map(Value::as_str).flat_map(declared).collect(),
        _ => Vec::new(),
    };
    let mut requires = Vec::new();
    for (key, wanted) in pinned.dependencies.iter().flatten() {
        requires.push(key.clone());
        if let Some(real) = wanted.strip_prefix("npm:") {
            requires.push(
                real.rsplit_once('@').filter(|(name, _)| !name.is_empty()).map_or(real, |(name, _)| name).to_owned(),
            );
        }
    }
    Some(Locked {
        name,
        version: pinned.version,
        licenses,
        requires,
        details: Entry::Npm {
            resolved: text_of(&pinned.resolved),
            integrity: pinned.integrity,
            dependencies: pinned.dependencies,
        },
    })
}

/// `resolved` is an address; old versions write `false` for bundled packages.
fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or("").to_owned()
}

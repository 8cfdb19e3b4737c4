//! `pnpm-lock.yaml`, lock file versions 5 to 9 (pnpm, "lockfile" package). One file may hold several
//! documents: pnpm pins itself in one of its own. Later entries win.

use std::collections::BTreeMap;

use serde::Deserialize;
use stopgate_model::{Gap, GapCode};

use super::lock::{Entry, Locked, Resolution};
use crate::{Facts, ReadError};

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Document {
    lockfile_version: Option<Scalar>,
    dependencies: Option<BTreeMap<String, Direct>>,
    packages: Option<BTreeMap<String, Pinned>>,
    snapshots: Option<BTreeMap<String, Snapshot>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scalar {
    Number(f64),
    Text(String),
}

/// A direct dependency: a version, or an object with one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Direct {
    Version(String),
    Entry {
        version: String,
    },
    /// Anything else says nothing of a version.
    Other(serde::de::IgnoredAny),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Pinned {
    resolution: Option<Integrity>,
    dependencies: Option<BTreeMap<String, String>>,
    dev: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Integrity {
    integrity: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Snapshot {
    dependencies: Option<BTreeMap<String, String>>,
}

#[derive(Default)]
struct Row {
    integrity: String,
    dependencies: Option<BTreeMap<String, String>>,
    dev: bool,
}

type Rows = BTreeMap<(String, String), Row>;

pub(super) fn read(text: &str, facts: &mut Facts) -> Result<Vec<Locked>, ReadError> {
    let mut rows = Rows::new();
    let mut version = None;
    let mut documents = 0;
    for part in documents_of(text) {
        match serde_saphyr::from_str::<Document>(part) {
            Ok(document) => {
                version = document.lockfile_version.as_ref().and_then(number).or(version);
                let Some(version) = version else {
                    return Err(ReadError::Malformed("has no `lockfileVersion`".to_owned()));
                };
                documents += 1;
                if version >= 9.0 { add_v9(document, &mut rows) } else { add_v5(document, version, &mut rows) }
            }
            Err(error) if documents == 0 => {
                return Err(ReadError::Malformed(format!("is no lock file of pnpm: {error}")));
            }
            // What came before still holds.
            Err(error) => facts.gaps.push(Gap::new(
                GapCode::MetadataUnreadable,
                format!("a document after the first is unreadable: {error}"),
            )),
        }
    }
    let locked = rows.into_iter().filter(|(_, row)| !row.dev).map(|((name, version), row)| Locked {
        requires: row.dependencies.iter().flatten().map(|(name, _)| name.clone()).collect(),
        details: Entry::Pnpm { resolution: Resolution { integrity: row.integrity }, dependencies: row.dependencies },
        name,
        version,
        ..Locked::default()
    });
    Ok(locked.collect())
}

/// The documents of a YAML stream that hold anything.
fn documents_of(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    let parts = std::iter::from_fn(move || {
        let current = rest?;
        let end = current.match_indices("---").map(|(at, _)| at).find(|at| {
            let starts_line = *at == 0 || current.as_bytes().get(at - 1) == Some(&b'\n');
            starts_line && matches!(current.as_bytes().get(at + 3), None | Some(b'\n' | b'\r' | b' '))
        });
        rest = end.and_then(|at| current.get(at + 3..));
        Some(end.and_then(|at| current.get(..at)).unwrap_or(current))
    });
    parts.filter(|part| part.lines().any(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#')))
}

fn number(version: &Scalar) -> Option<f64> {
    match version {
        Scalar::Number(number) => Some(*number),
        Scalar::Text(text) => text.parse().ok(),
    }
}

fn add_v5(document: Document, version: f64, rows: &mut Rows) {
    let old = version < 6.0;
    let separator = if old { '/' } else { '@' };
    let plain = |version: &str| {
        let version = version.split('(').next().unwrap_or(version);
        if old { without_peers(version).to_owned() } else { version.to_owned() }
    };
    for (name, direct) in document.dependencies.into_iter().flatten() {
        if let Direct::Version(version) | Direct::Entry { version } = direct {
            rows.insert((name, plain(&version)), Row::default());
        }
    }
    for (key, pinned) in document.packages.into_iter().flatten() {
        let Some((name, version)) = split_key(&key, separator) else { continue };
        let dependencies = pinned.dependencies.into_iter().flatten().map(|(name, version)| (name, plain(&version)));
        rows.insert(
            (name.to_owned(), if old { without_peers(version).to_owned() } else { version.to_owned() }),
            Row {
                integrity: pinned.resolution.unwrap_or_default().integrity,
                dependencies: Some(dependencies.collect()),
                dev: pinned.dev,
            },
        );
    }
}

fn add_v9(document: Document, rows: &mut Rows) {
    let mut own = Rows::new();
    for (key, pinned) in document.packages.into_iter().flatten() {
        let Some((name, version)) = split_key(&key, '@') else { continue };
        let row =
            Row { integrity: pinned.resolution.unwrap_or_default().integrity, dependencies: None, dev: pinned.dev };
        own.insert((name.to_owned(), version.to_owned()), row);
    }
    for (key, snapshot) in document.snapshots.into_iter().flatten() {
        let Some((name, version)) = split_key(&key, '@') else { continue };
        if let Some(row) = own.get_mut(&(name.to_owned(), version.to_owned())) {
            let all = snapshot.dependencies.into_iter().flatten();
            let plain = all.map(|(name, version)| (name, version.split('(').next().unwrap_or("").to_owned()));
            row.dependencies = Some(plain.collect());
        }
    }
    rows.extend(own);
}

/// `/name@version(peers)` into name and version.
fn split_key(key: &str, separator: char) -> Option<(&str, &str)> {
    let key = key.split('(').next().unwrap_or(key);
    key.strip_prefix('/').unwrap_or(key).rsplit_once(separator)
}

/// Version 5 puts peers behind an underscore: `5.3.2_acorn@8.8.0`.
fn without_peers(version: &str) -> &str {
    match version.split_once('_') {
        Some((plain, _)) if plain.starts_with(|c: char| c.is_ascii_digit()) => plain,
        _ => version,
    }
}

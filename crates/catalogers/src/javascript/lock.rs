//! npm packages as declared: the lock files of a source tree, one reader per kind.
//!
//! Lock files inside `node_modules` belong to somebody else's project and are skipped; so are packages
//! that only development needs. Licences come from the lock file, or from `node_modules` beside it.
//! Not read: `bun.lock`, `deno.lock`.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use stopgate_model::{Details, EvidenceKind, Gap, GapCode, License, Package, PackageType, limits};

use super::{is_in_node_modules, npm_lock, package_json, pnpm_lock, purl, yarn_lock};
use crate::assembly::{add_file, location_of};
use crate::dependency::{Claims, resolve};
use crate::license_files::declared;
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, FileFacts, Found, MergedView, ReadError, Record, Sources};

pub(crate) static JAVASCRIPT_LOCK: Cataloger = Cataloger {
    name: "javascript-lock-cataloger",
    finds: &[PackageType::NPM],
    sources: Sources::Directory,
    claims: &[
        Claim::Name("package-lock.json"),
        Claim::Name("yarn.lock"),
        Claim::Name("pnpm-lock.yaml"),
        Claim::Name("package.json"),
    ],
    unreadable: GapCode::MetadataUnreadable,
    extract: read_lock,
    assemble: Assemble::Joined(add_packages),
};

/// A package that a lock file pins.
#[derive(Debug, Default)]
pub(super) struct Locked {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) licenses: Vec<License>,
    pub(super) details: Entry,
    /// Names that it requires, aliases resolved where the file tells.
    pub(super) requires: Vec<String>,
}

/// syft's metadata of a locked package.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Entry {
    Npm { resolved: String, integrity: String, dependencies: Option<BTreeMap<String, String>> },
    Yarn { resolved: String, integrity: String, dependencies: Option<BTreeMap<String, String>> },
    Pnpm { resolution: Resolution, dependencies: Option<BTreeMap<String, String>> },
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Resolution {
    pub(super) integrity: String,
}

impl Default for Entry {
    fn default() -> Self {
        Self::Npm { resolved: String::new(), integrity: String::new(), dependencies: None }
    }
}

impl Entry {
    const fn type_name(&self) -> &'static str {
        match self {
            Self::Npm { .. } => "javascript-npm-package-lock-entry",
            Self::Yarn { .. } => "javascript-yarn-lock-entry",
            Self::Pnpm { .. } => "javascript-pnpm-lock-entry",
        }
    }
}

/// What a `package.json` says that lock files need.
#[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
struct Manifest {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dependencies: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    dev_dependencies: Vec<String>,
}

const MANIFEST: &str = "manifest";
/// The file leaves out development, see the `package.json` beside it.
const NEEDS_MANIFEST: &str = "needs-manifest";

fn read_lock(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    if file.name() == "package.json" {
        return read_manifest(file, facts);
    }
    if is_in_node_modules(file.path()) {
        return Ok(());
    }
    let text = file.text(limits::METADATA_BYTES)?;
    let text = text.trim_start_matches('\u{feff}');
    let locked = match file.name() {
        "package-lock.json" => npm_lock::read(text)?,
        "yarn.lock" => {
            facts.record(NEEDS_MANIFEST, &());
            yarn_lock::read(text)?
        }
        _ => pnpm_lock::read(text, facts)?,
    };
    if locked.is_empty() {
        let message = format!("`{}` pins no package that we could read", file.path());
        facts.gaps.push(Gap::new(GapCode::MetadataUnreadable, message));
    }
    add_locked(locked, facts);
    Ok(())
}

fn add_locked(mut locked: Vec<Locked>, facts: &mut Facts) {
    locked.sort_by(|a, b| (&a.name, &a.version).cmp(&(&b.name, &b.version)));
    let claims: Vec<_> = locked
        .iter()
        .map(|package| Claims {
            provides: vec![package.name.as_str()],
            requires: package.requires.iter().map(String::as_str).collect(),
        })
        .collect();
    facts.dependencies = resolve(&claims).into_iter().map(|(from, to)| (from as u32, to as u32)).collect();
    facts.packages = locked.into_iter().map(package).collect();
}

fn package(locked: Locked) -> Package {
    let mut package = Package::new(PackageType::NPM, locked.name, locked.version);
    package.purl = purl(&package.name, &package.version);
    package.licenses = locked.licenses;
    let type_name = locked.details.type_name().to_owned();
    package.details = serde_json::to_string(&locked.details).ok().map(|json| Details { type_name, json });
    package
}

fn read_manifest(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let text = file.text(limits::METADATA_BYTES)?;
    // A broken manifest only costs licences that the lock file does not have either; the package itself
    // is pinned there.
    let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(&text) else { return Ok(()) };
    let names = |key: &str| match package_json::field(&fields, key) {
        Some(serde_json::Value::Object(all)) if !is_in_node_modules(file.path()) => all.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let manifest = Manifest {
        licenses: package_json::licenses(&fields).into_iter().map(|license| license.value).collect(),
        dependencies: names("dependencies"),
        dev_dependencies: names("devDependencies"),
    };
    facts.record(MANIFEST, &manifest);
    Ok(())
}

fn add_packages(view: &MergedView<'_>, found: &mut Found) {
    for file in view.of(JAVASCRIPT_LOCK.name).filter(|file| !file.facts.packages.is_empty()) {
        let first = found.packages.len();
        let first_edge = found.dependencies.len();
        add_file(file, found);
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let location = location_of(file, EvidenceKind::Primary);
        for package in found.packages.iter_mut().skip(first) {
            let installed = format!("{folder}/node_modules/{}/package.json", package.name);
            for value in manifest_at(view, &installed).into_iter().flat_map(|manifest| manifest.licenses) {
                let licenses = declared(&value).into_iter().map(|mut license| {
                    license.locations.push(location.clone());
                    license
                });
                package.licenses.extend(licenses);
            }
        }
        if file.facts.records.iter().any(|record| record.kind == NEEDS_MANIFEST)
            && let Some(manifest) = manifest_at(view, &format!("{folder}/package.json"))
        {
            drop_development(file, &manifest, found, first, first_edge);
        }
    }
}

fn manifest_at(view: &MergedView<'_>, path: &str) -> Option<Manifest> {
    let file = view.at(JAVASCRIPT_LOCK.name, path)?;
    file.facts.records.iter().find(|record| record.kind == MANIFEST).and_then(Record::read)
}

/// Takes away what only `devDependencies` reach. Dropped packages lose their name first, so that
/// positions stay while edges are filtered.
fn drop_development(file: &FileFacts<'_>, manifest: &Manifest, found: &mut Found, first: usize, first_edge: usize) {
    let packages = &file.facts.packages;
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, package) in packages.iter().enumerate() {
        by_name.entry(&package.name).or_default().push(at);
    }
    let mut needs: Vec<Vec<usize>> = vec![Vec::new(); packages.len()];
    for (dependency, dependent) in &file.facts.dependencies {
        if let Some(list) = needs.get_mut(*dependent as usize) {
            list.push(*dependency as usize);
        }
    }
    let reach = |roots: &[String]| {
        let mut queue: Vec<usize> =
            roots.iter().filter_map(|name| by_name.get(name.as_str())).flatten().copied().collect();
        let mut reached = vec![false; packages.len()];
        while let Some(at) = queue.pop() {
            if let Some(mark) = reached.get_mut(at).filter(|mark| !**mark) {
                *mark = true;
                queue.extend(needs.get(at).into_iter().flatten());
            }
        }
        reached
    };
    let (wanted, development) = (reach(&manifest.dependencies), reach(&manifest.dev_dependencies));
    let dropped: Vec<bool> = development.iter().zip(&wanted).map(|(dev, wanted)| *dev && !wanted).collect();
    let is_dropped = |at: usize| at.checked_sub(first).and_then(|at| dropped.get(at)).copied().unwrap_or(false);
    // New positions of what stays.
    let mut moved = Vec::with_capacity(packages.len());
    let mut next = first;
    for gone in &dropped {
        moved.push(next);
        next += usize::from(!gone);
    }
    let place = |at: usize| at.checked_sub(first).and_then(|at| moved.get(at)).copied().unwrap_or(at);
    let mut edges = found.dependencies.split_off(first_edge);
    edges.retain(|(from, to)| !is_dropped(*from) && !is_dropped(*to));
    found.dependencies.extend(edges.into_iter().map(|(from, to)| (place(from), place(to))));
    let mut at = 0;
    found.packages.retain(|_| {
        at += 1;
        !is_dropped(at - 1)
    });
}

#[cfg(test)]
mod tests {
    crate::golden::golden!(directory "javascript":
        npm_v1, npm_v2, npm_v3, npm_corrupt, npm_empty, yarn_v1, yarn_berry, pnpm_v5, pnpm_v6, pnpm_v9
    );
}

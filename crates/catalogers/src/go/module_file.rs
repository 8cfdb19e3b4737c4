//! Go modules as declared: `go.mod` with the digests of `go.sum` (go.dev/ref/mod).
//!
//! The file alone is read: what it requires, `replace` and `exclude` applied. The module graph that the
//! Go toolchain would compute is not.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};
use stopgate_model::{Details, Gap, GapCode, Package, PackageType, limits};

use super::module_licenses::ModuleCache;
use super::purl;
use crate::assembly::add_file;
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, Found, MergedView, ReadError, Record, Sources};

pub(crate) static GO_MODULE_FILE: Cataloger = Cataloger {
    name: "go-module-file-cataloger",
    finds: &[PackageType::GO_MODULE],
    sources: Sources::Directory,
    claims: &[Claim::Name("go.mod"), Claim::Name("go.sum")],
    unreadable: GapCode::MetadataUnreadable,
    extract: read_file,
    assemble: Assemble::Joined(add_modules),
};

/// Digests of `go.sum`.
const DIGESTS: &str = "digests";

#[derive(Serialize, Deserialize)]
struct Digests(Vec<(String, String)>);

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(rename = "h1Digest", skip_serializing_if = "Option::is_none")]
    h1_digest: Option<&'a str>,
}

fn read_file(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let text = file.text(limits::METADATA_BYTES)?;
    if file.name() == "go.sum" {
        facts.record(DIGESTS, &digests(&text));
        return Ok(());
    }
    let (modules, unknown) = modules(&text);
    if unknown > 0 {
        let message = format!("{unknown} lines of `{}` are of no known shape", file.path());
        facts.gaps.push(Gap::new(GapCode::RecordUnreadable, message));
    }
    facts.packages = modules
        .into_iter()
        .map(|(path, version)| {
            let mut package = Package::new(PackageType::GO_MODULE, path, version);
            package.purl = purl(&package.name, &package.version);
            package
        })
        .collect();
    Ok(())
}

/// `path version digest` per line; digests of `go.mod` files are left out.
fn digests(text: &str) -> Digests {
    let rows = text.lines().filter_map(|line| {
        let mut parts = line.split(' ');
        let (path, version, digest) = (parts.next()?, parts.next()?, parts.next()?);
        (!version.ends_with("/go.mod")).then(|| (format!("{path} {version}"), digest.to_owned()))
    });
    Digests(rows.collect())
}

/// Modules by path with their versions, and how many lines could not be read.
fn modules(text: &str) -> (BTreeMap<String, String>, usize) {
    let (mut required, mut replaced, mut excluded, mut unknown) = (BTreeMap::new(), Vec::new(), Vec::new(), 0);
    let mut block = None;
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or(line).trim();
        let mut words = words(line);
        let verb = match (block, words.first().map(String::as_str)) {
            (_, None) => continue,
            (Some(_), Some(")")) => {
                block = None;
                continue;
            }
            (Some(verb), _) => verb,
            (None, Some(first)) => {
                let verb = verb_of(first);
                words.remove(0);
                if words.first().is_some_and(|word| word == "(") {
                    block = Some(verb);
                    continue;
                }
                verb
            }
        };
        match (verb, words.as_slice()) {
            (Verb::Require, [path, version, ..]) if version.starts_with('v') => {
                drop(required.insert(path.clone(), version.clone()));
            }
            (Verb::Exclude, [path, _]) => excluded.push(path.clone()),
            (Verb::Replace, _) => match replacement(&words) {
                Some(replacement) => replaced.push(replacement),
                None => unknown += 1,
            },
            (Verb::Other, _) => {}
            _ => unknown += 1,
        }
    }
    for (old, new, version) in replaced {
        // A folder has no version, so the module keeps its name.
        if new.starts_with(['.', '/']) {
            required.insert(old, version);
        } else {
            required.remove(&old);
            required.insert(new, version);
        }
    }
    for path in excluded {
        required.remove(&path);
    }
    (required, unknown)
}

#[derive(Clone, Copy)]
enum Verb {
    Require,
    Replace,
    Exclude,
    Other,
}

fn verb_of(word: &str) -> Verb {
    match word {
        "require" => Verb::Require,
        "replace" => Verb::Replace,
        "exclude" => Verb::Exclude,
        _ => Verb::Other,
    }
}

/// `old [version] => new [version]`.
fn replacement(words: &[String]) -> Option<(String, String, String)> {
    let arrow = words.iter().position(|word| word == "=>")?;
    let (old, new) = (words.first().filter(|_| arrow > 0)?, words.get(arrow + 1)?);
    Some((old.clone(), new.clone(), words.get(arrow + 2).cloned().unwrap_or_default()))
}

/// Words of a line; they may be quoted, and a bracket is a word of its own.
fn words(line: &str) -> Vec<String> {
    let line = line.strip_suffix('(').map_or_else(|| line.to_owned(), |head| format!("{head} ("));
    line.split_whitespace().map(|word| word.trim_matches(['"', '`']).to_owned()).collect()
}

fn add_modules(view: &MergedView<'_>, found: &mut Found) {
    let cache = ModuleCache::new(view);
    for file in view.of(GO_MODULE_FILE.name).filter(|file| file.path.ends_with("/go.mod")) {
        let sums = format!("{}.sum", file.path.strip_suffix(".mod").unwrap_or(file.path));
        let digests: HashMap<String, String> = view
            .at(GO_MODULE_FILE.name, &sums)
            .and_then(|sums| sums.facts.records.first())
            .and_then(Record::read::<Digests>)
            .map(|Digests(rows)| rows.into_iter().collect())
            .unwrap_or_default();
        let first = found.packages.len();
        add_file(file, found);
        for package in found.packages.iter_mut().skip(first) {
            let key = format!("{} {}", package.name, package.version);
            let entry = Entry { h1_digest: digests.get(&key).map(String::as_str) };
            let json = serde_json::to_string(&entry).ok();
            package.details = json.map(|json| Details { type_name: "go-module-entry".to_owned(), json });
            cache.add_to(package);
        }
    }
}

#[cfg(test)]
mod tests {
    crate::golden::golden!(directory "go": module_file, module_file_odd, module_file_empty);
}

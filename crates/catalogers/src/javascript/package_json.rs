//! npm packages as installed: every `package.json` of an image that has a name.
//!
//! Keys are read without regard to case and a field of the wrong type counts as absent. A package that
//! names no licence has those of the licence files beside it. Dependencies are not resolved.

use serde::Serialize;
use serde_json::{Map, Value};
use stopgate_model::{Details, GapCode, License, Package, PackageType, limits};

use super::{person, purl};
use crate::assembly::add_file;
use crate::license_files::{self, declared};
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, Found, MergedView, ReadError, Sources};

pub(crate) static JAVASCRIPT_PACKAGE: Cataloger = Cataloger {
    name: "javascript-package-cataloger",
    finds: &[PackageType::NPM],
    sources: Sources::Image,
    claims: &[Claim::Name("package.json")],
    unreadable: GapCode::MetadataUnreadable,
    extract: read_package_json,
    assemble: Assemble::Joined(add_packages),
};

#[derive(Serialize)]
struct NpmPackage<'a> {
    name: &'a str,
    version: &'a str,
    author: String,
    homepage: &'a str,
    description: &'a str,
    url: &'a str,
    private: bool,
}

fn read_package_json(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let text = file.text(limits::METADATA_BYTES)?;
    // Some tools write several documents into one file.
    for document in serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}')).into_iter::<Value>() {
        let document = document.map_err(|error| ReadError::Malformed(format!("is no JSON: {error}")))?;
        if let Value::Object(fields) = &document {
            facts.packages.extend(package(fields));
        }
    }
    Ok(())
}

/// A package, if the document names one: many a `package.json` only sets a module type.
fn package(fields: &Map<String, Value>) -> Option<Package> {
    let name = text(fields, "name");
    if name.trim().is_empty() {
        return None;
    }
    let version = text(fields, "version");
    let people = ["author", "authors", "contributors", "maintainers"].map(|key| field(fields, key));
    let url = match field(fields, "repository") {
        Some(Value::String(url)) => url,
        Some(Value::Object(repository)) => text(repository, "url"),
        _ => "",
    };
    let details = NpmPackage {
        name,
        version,
        author: person::people(&people),
        homepage: text(fields, "homepage"),
        description: text(fields, "description"),
        url,
        private: field(fields, "private").and_then(Value::as_bool).unwrap_or(false),
    };
    let mut package = Package::new(PackageType::NPM, name, version);
    package.purl = purl(name, version);
    package.licenses = licenses(fields);
    package.details = serde_json::to_string(&details)
        .ok()
        .map(|json| Details { type_name: "javascript-npm-package".to_owned(), json });
    Some(package)
}

/// `license` as text or object, else the old list `licenses`.
pub(super) fn licenses(fields: &Map<String, Value>) -> Vec<License> {
    let single = match field(fields, "license") {
        None | Some(Value::Array(_)) => None,
        Some(value) => Some(license_name(value)),
    };
    let names = single.map_or_else(
        || match field(fields, "licenses").or_else(|| field(fields, "license")) {
            Some(Value::Array(list)) => list.iter().map(license_name).collect(),
            Some(value) => vec![license_name(value)],
            None => Vec::new(),
        },
        |name| vec![name],
    );
    names.into_iter().filter(|name| !name.is_empty()).flat_map(declared).collect()
}

fn license_name(value: &Value) -> &str {
    match value {
        Value::String(name) => name,
        Value::Object(fields) => text(fields, "type"),
        _ => "",
    }
}

/// The last field of this name, in any case.
pub(super) fn field<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    fields.iter().rev().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

pub(super) fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    field(fields, name).and_then(Value::as_str).unwrap_or("")
}

fn add_packages(view: &MergedView<'_>, found: &mut Found) {
    for file in view.of(JAVASCRIPT_PACKAGE.name) {
        let first = found.packages.len();
        add_file(file, found);
        for package in found.packages.iter_mut().skip(first).filter(|package| package.licenses.is_empty()) {
            package.licenses = license_files::beside(view, file.path);
        }
    }
}

#[cfg(test)]
mod tests {
    crate::golden::golden!(image "javascript": installed, installed_odd, installed_corrupt, installed_empty);
}

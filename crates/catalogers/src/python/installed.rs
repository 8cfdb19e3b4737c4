//! Python packages as installed: wheels (`*.dist-info`) and eggs (`*.egg-info`).
//!
//! One package spans several files: metadata, the list of its files, `top_level.txt` and `direct_url.json`.
//! Edges follow `Requires-Dist`, whose versions and markers are not compared: what is there is needed.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use stopgate_model::{Details, EvidenceKind, GapCode, License, LicenseKind, Location, Package, PackageType, limits};

use super::environments::{Environment, Sites, groups, site_of};
use super::metadata::Metadata;
use super::record::{self, Recorded};
use super::{normalised, purl, required_name};
use crate::assembly::location_of;
use crate::claims::LONGEST_WORD;
use crate::dependency::{Claims, resolve};
use crate::license_files::{self, declared};
use crate::license_text::is_license_file;
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, FileFacts, Found, MergedView, ReadError, Record, Sources};

pub(crate) static PYTHON_INSTALLED: Cataloger = Cataloger {
    name: "python-installed-package-cataloger",
    finds: &[PackageType::PYTHON],
    sources: Sources::All,
    claims: &[
        Claim::Glob("**/*.egg-info"),
        Claim::Glob("**/*dist-info/{METADATA,RECORD,installed-files.txt,top_level.txt,direct_url.json}"),
        Claim::Glob("**/*DIST-INFO/{METADATA,RECORD,installed-files.txt,top_level.txt,direct_url.json}"),
        Claim::Glob("**/*egg-info/{PKG-INFO,RECORD,installed-files.txt,top_level.txt,direct_url.json}"),
        Claim::Glob("**/*EGG-INFO/{PKG-INFO,RECORD,installed-files.txt,top_level.txt,direct_url.json}"),
        Claim::Name("pyvenv.cfg"),
    ],
    unreadable: GapCode::MetadataUnreadable,
    extract: read_file,
    assemble: Assemble::Joined(add_packages),
};

const METADATA: &str = "metadata";
const FILES: &str = "files";
const TOP_LEVEL: &str = "top-level";
const ORIGIN: &str = "origin";
const ENVIRONMENT: &str = "environment";

/// Where a package was installed from, as syft writes it.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Origin {
    url: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    commit_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    vcs: String,
}

/// `direct_url.json` (packaging.python.org, "direct URL data structure").
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct DirectUrl {
    url: String,
    vcs_info: VcsInfo,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct VcsInfo {
    vcs: String,
    commit_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PythonPackage<'a> {
    name: &'a str,
    version: &'a str,
    author: &'a str,
    author_email: &'a str,
    platform: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<&'a RawValue>,
    site_packages_root_path: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    top_level_packages: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    direct_url_origin: Option<&'a Origin>,
    #[serde(skip_serializing_if = "str::is_empty")]
    requires_python: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    requires_dist: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    provides_extra: &'a [String],
}

fn read_file(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let text = file.text(limits::METADATA_BYTES)?;
    match file.name() {
        "RECORD" => facts.record(FILES, &record::read_record(&text)),
        "installed-files.txt" => {
            let path = format!("/{}", file.path());
            let folder = folder_of(&path);
            facts.record(FILES, &record::read_installed_files(&text, folder, folder_of(folder)));
        }
        "top_level.txt" => facts.record(TOP_LEVEL, &text.lines().collect::<Vec<_>>()),
        "direct_url.json" => {
            let origin: DirectUrl = serde_json::from_str(&text)
                .map_err(|error| ReadError::Malformed(format!("is no direct URL origin: {error}")))?;
            let DirectUrl { url, vcs_info: VcsInfo { vcs, commit_id } } = origin;
            facts.record(ORIGIN, &Origin { url, commit_id, vcs });
        }
        "pyvenv.cfg" => facts.record(ENVIRONMENT, &Environment::read(&text)),
        _ => {
            let metadata = Metadata::read(&text);
            if metadata.name.len().max(metadata.version.len()) > LONGEST_WORD {
                let message = format!("has a name or version of more than {LONGEST_WORD} bytes");
                return Err(ReadError::Malformed(message));
            }
            // The interpreter itself leaves such a file too; it is not a package.
            if !metadata.name.is_empty() && metadata.name != "Python" {
                facts.record(METADATA, &metadata);
            }
        }
    }
    Ok(())
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Metadata that is one file lies in the folder that packages are installed into, else one below.
fn root_of(path: &str) -> &str {
    let folder = folder_of(path);
    let root = if path.ends_with(".egg-info") { folder } else { folder_of(folder) };
    if root.is_empty() { "/" } else { root }
}

fn add_packages(view: &MergedView<'_>, found: &mut Found) {
    let mut sites = Sites::new();
    let mut needs: Vec<(String, Vec<String>)> = Vec::new();
    let mut environments = Vec::new();
    for file in view.of(PYTHON_INSTALLED.name) {
        if let Some(environment) = first::<Environment>(file, ENVIRONMENT) {
            environments.push((file.path.to_owned(), environment));
        }
        let Some(metadata) = first::<Metadata>(file, METADATA) else { continue };
        let package = package(view, file, &metadata);
        sites.entry(site_of(file.path)).or_default().insert(package.name.clone(), found.packages.len());
        needs.push((package.name.clone(), metadata.requires_dist.iter().map(|text| required_name(text)).collect()));
        found.packages.push(package);
    }
    for group in groups(&sites, &environments) {
        let claims: Vec<_> = group
            .iter()
            .filter_map(|position| needs.get(*position))
            .map(|(name, requires)| Claims {
                provides: vec![name.as_str()],
                requires: requires.iter().map(String::as_str).collect(),
            })
            .collect();
        let position = |at: usize| group.get(at).copied().unwrap_or(at);
        found.dependencies.extend(resolve(&claims).into_iter().map(|(from, to)| (position(from), position(to))));
    }
}

fn first<T: serde::de::DeserializeOwned>(file: &FileFacts<'_>, kind: &str) -> Option<T> {
    file.facts.records.iter().find(|record| record.kind == kind).and_then(Record::read)
}

fn package(view: &MergedView<'_>, file: &FileFacts<'_>, metadata: &Metadata) -> Package {
    let folder = folder_of(file.path);
    let root = root_of(file.path);
    let beside = |name: &str| view.at(PYTHON_INSTALLED.name, &format!("{folder}/{name}"));
    let mut locations = vec![location_of(file, EvidenceKind::Primary)];
    let mut supported = |file: &FileFacts<'_>| locations.push(location_of(file, EvidenceKind::Supporting));
    let raw_files = |file: &FileFacts<'_>| {
        file.facts.records.iter().find(|record| record.kind == FILES).map(|record| record.json.clone())
    };
    let record = beside("RECORD").and_then(|file| Some((file, raw_files(file).filter(|json| json != "[]")?)));
    let files = record.or_else(|| beside("installed-files.txt").and_then(|file| Some((file, raw_files(file)?))));
    let files = files.map(|(file, json)| {
        supported(file);
        json
    });
    let top_level = beside("top_level.txt").map(|file| {
        supported(file);
        first::<Vec<String>>(file, TOP_LEVEL).unwrap_or_default()
    });
    let origin = beside("direct_url.json").and_then(|file| {
        let origin = first::<Origin>(file, ORIGIN)?;
        supported(file);
        Some(origin)
    });
    let recorded: Vec<Recorded> = files.as_ref().and_then(|json| serde_json::from_str(json).ok()).unwrap_or_default();
    let raw = files.filter(|_| !recorded.is_empty()).and_then(|json| RawValue::from_string(json).ok());

    let name = normalised(&metadata.name);
    let mut purl = purl(&name, &metadata.version);
    if let Some(Origin { url, commit_id, vcs }) = origin.as_ref().filter(|origin| !origin.vcs.is_empty()) {
        purl = purl.with("vcs_url", &format!("{vcs}+{url}@{commit_id}"));
    }
    let details = PythonPackage {
        name: &metadata.name,
        version: &metadata.version,
        author: &metadata.author,
        author_email: &metadata.author_email,
        platform: &metadata.platform,
        files: raw.as_deref(),
        site_packages_root_path: root,
        top_level_packages: top_level.unwrap_or_default(),
        direct_url_origin: origin.as_ref(),
        requires_python: &metadata.requires_python,
        requires_dist: &metadata.requires_dist,
        provides_extra: &metadata.provides_extra,
    };
    let mut package = Package::new(PackageType::PYTHON, name, metadata.version.as_str());
    package.purl = purl.to_string();
    package.details =
        serde_json::to_string(&details).ok().map(|json| Details { type_name: "python-package".to_owned(), json });
    package.licenses = licenses(view, file, metadata, &recorded);
    package.locations = locations;
    package
}

/// The licence that the metadata states, else those of the licence file that it names, else those of the
/// licence files in its folder.
fn licenses(view: &MergedView<'_>, file: &FileFacts<'_>, metadata: &Metadata, recorded: &[Recorded]) -> Vec<License> {
    let folder = folder_of(file.path);
    let stated: Vec<License> = [&metadata.license_expression, &metadata.license]
        .into_iter()
        .filter(|value| !value.is_empty())
        .filter_map(|value| declared(value).into_iter().min_by(|a, b| a.value.cmp(&b.value)))
        .map(|license| at(license, location_of(file, EvidenceKind::Primary)))
        .collect();
    if !stated.is_empty() {
        return stated;
    }
    if !metadata.license_file.is_empty() {
        let path = format!("{folder}/{}", metadata.license_file);
        if let Some(named) = license_files::at(view, &path) {
            return named;
        }
    }
    // Only files that the package itself lists, in its metadata folder.
    let own = folder.rsplit('/').next().unwrap_or(folder);
    let listed = |name: &str| {
        is_license_file(name) && recorded.iter().any(|file| file.path.strip_prefix(own) == Some(&format!("/{name}")))
    };
    license_files::in_folder(view, folder, listed)
}

fn at(mut license: License, location: Location) -> License {
    license.kind = LicenseKind::Declared;
    license.locations = vec![location];
    license
}

#[cfg(test)]
mod tests {
    crate::golden::golden!(image "python": wheel, egg, odd, corrupt, empty);
}

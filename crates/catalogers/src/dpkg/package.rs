//! A package from its stanza, file lists and copyright file.

use std::collections::HashMap;

use serde::Serialize;
use stopgate_model::{
    Details, Digest, DigestAlgorithm, Distro, EvidenceKind, FileEntry, FileKind, License, LicenseKind, Location,
    OwnedFile, Package, PackageType, Purl, Upstream,
};

use super::control::Stanza;
use super::copyright::Copyright;
use super::{CONFFILES, COPYRIGHT, MD5SUMS, NAME, STATUS};
use crate::assembly::location_of;
use crate::dependency::{self, Claims};
use crate::{FileFacts, Found, MergedView, Record, os_record};

pub(super) fn join(view: &MergedView<'_>, found: &mut Found) {
    let tree = Tree::new(view);
    let mut stanzas = Vec::new();
    for (file, record) in view.records(NAME, STATUS) {
        let database = Database::new(view, file);
        for stanza in record.read::<Vec<Stanza>>().into_iter().flatten() {
            found.packages.push(tree.package(&database, &stanza));
            stanzas.push(stanza);
        }
    }
    found.dependencies = edges(&stanzas);
}

/// One status file and what lies beside it.
struct Database<'a> {
    file: &'a FileFacts<'a>,
    /// Folder of the file lists.
    info: String,
    /// What lies in that folder, sorted.
    beside: Vec<FileEntry<'a>>,
}

impl<'a> Database<'a> {
    fn new(view: &'a MergedView<'a>, file: &'a FileFacts<'a>) -> Self {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        // Distroless images have one file per package in `status.d`, its lists beside it.
        let info = if folder.ends_with("status.d") { folder.to_owned() } else { format!("{folder}/info") };
        let beside = view.files.below(&info).filter(|entry| entry.kind != FileKind::Directory).collect();
        Self { file, info, beside }
    }

    /// The files `NAME.*`.
    fn info_files(&self, view: &MergedView<'_>, name: &str, locations: &mut Vec<Location>) {
        let prefix = format!("{}/{name}.", self.info);
        let start = self.beside.partition_point(|entry| entry.path < prefix.as_str());
        for entry in self.beside.get(start..).unwrap_or_default() {
            let Some(rest) = entry.path.strip_prefix(&prefix) else { break };
            if rest.contains('/') {
                continue;
            }
            locations.push(if entry.kind == FileKind::Symlink {
                view.location(entry.path, EvidenceKind::Supporting)
            } else {
                Location {
                    path: entry.path.to_owned(),
                    access_path: entry.path.to_owned(),
                    layer: view.layers.get(entry.layer as usize).cloned(),
                    evidence: EvidenceKind::Supporting,
                }
            });
        }
    }
}

/// Records of the files that a package may have, by path.
struct Tree<'a> {
    view: &'a MergedView<'a>,
    records: HashMap<&'a str, (&'a FileFacts<'a>, &'a Record)>,
}

impl<'a> Tree<'a> {
    fn new(view: &'a MergedView<'a>) -> Self {
        let kinds = [MD5SUMS, CONFFILES, COPYRIGHT].into_iter();
        let records = kinds.flat_map(|kind| view.records(NAME, kind)).map(|(file, record)| (file.path, (file, record)));
        Self { view, records: records.collect() }
    }

    fn package(&self, database: &Database<'_>, stanza: &Stanza) -> Package {
        let mut package = Package::new(PackageType::DEB, &*stanza.package, &*stanza.version);
        package.epoch = stanza.version.split_once(':').and_then(|(epoch, _)| epoch.parse().ok());
        package.arch = (!stanza.architecture.is_empty()).then(|| stanza.architecture.clone());
        package.purl = self.view.distro.map_or_else(String::new, |distro| purl(stanza, distro));
        if !stanza.source.is_empty() {
            let version = (!stanza.source_version.is_empty()).then(|| stanza.source_version.clone());
            package.upstreams.push(Upstream { name: stanza.source.clone(), version });
        }
        package.locations.push(location_of(database.file, EvidenceKind::Primary));
        database.info_files(self.view, &stanza.package, &mut package.locations);
        self.add_files(database, stanza, &mut package);
        self.add_licenses(database, stanza, &mut package);
        package.details = details(stanza, &package.files);
        package
    }

    /// The record of a list of this package: the one for its architecture before the plain one.
    fn list(&self, folder: &str, stanza: &Stanza, kind: &str) -> Option<(String, &Record)> {
        let name = &stanza.package;
        let own = match stanza.architecture.as_str() {
            "" | "all" => None,
            architecture => Some(format!("{folder}/{name}:{architecture}.{kind}")),
        };
        own.into_iter().chain([format!("{folder}/{name}.{kind}")]).find_map(|path| {
            let (_, record) = self.records.get(path.as_str())?;
            (record.kind == kind).then_some((path, *record))
        })
    }

    fn add_files(&self, database: &Database<'_>, stanza: &Stanza, package: &mut Package) {
        let mut files: Vec<OwnedFile> = stanza.conffiles.lines().filter_map(conffile).collect();
        let beside = database.file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let lists = [(database.info.clone(), MD5SUMS), (format!("{beside}/info"), CONFFILES)];
        for (folder, kind) in lists {
            let Some((path, record)) = self.list(&folder, stanza, kind) else { continue };
            package.locations.push(self.view.location(&path, EvidenceKind::Supporting));
            let text = record.read::<String>().unwrap_or_default();
            files.extend(text.lines().filter_map(if kind == MD5SUMS { md5sum } else { conffile }));
        }
        // Stable, so of equal paths the first stays; that it is configuration may stand in a later one.
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files.dedup_by(|next, kept| {
            let equal = next.path == kept.path;
            kept.config |= equal && next.config;
            equal
        });
        package.files = files;
    }

    fn add_licenses(&self, database: &Database<'_>, stanza: &Stanza, package: &mut Package) {
        let database = location_of(database.file, EvidenceKind::Primary);
        for value in declared_inline(&stanza.license) {
            package.licenses.push(license(value, LicenseKind::Declared, &database));
        }
        let path = format!("/usr/share/doc/{}/copyright", stanza.package);
        let location = self.view.location(&path, EvidenceKind::Supporting);
        if !self.view.files.get(&location.path).is_some_and(|entry| entry.is_file()) {
            return;
        }
        let record = self.records.get(location.path.as_str()).filter(|(_, record)| record.kind == COPYRIGHT);
        let read = record.and_then(|(_, record)| record.read::<Copyright>()).unwrap_or_default();
        let plain = Location { evidence: EvidenceKind::Supporting, ..location.clone() };
        for value in read.declared {
            package.licenses.push(license(value, LicenseKind::Declared, &plain));
        }
        for value in read.concluded {
            package.licenses.push(license(value, LicenseKind::Concluded, &plain));
        }
        package.locations.push(location);
    }
}

fn license(value: String, kind: LicenseKind, at: &Location) -> License {
    License { value, spdx: String::new(), kind, urls: Vec::new(), locations: vec![at.clone()] }
}

fn md5sum(line: &str) -> Option<OwnedFile> {
    let (digest, path) = line.split_once(' ')?;
    owned(path, Some(digest), false)
}

/// `PATH [DIGEST [obsolete]]`; a list of newer packages may put a flag in front of the path.
fn conffile(line: &str) -> Option<OwnedFile> {
    let mut words = line.split_whitespace().skip_while(|word| *word == "remove-on-upgrade");
    owned(words.next()?, words.next(), true)
}

fn owned(path: &str, digest: Option<&str>, config: bool) -> Option<OwnedFile> {
    let path = path.trim();
    if path.is_empty() {
        return None;
    }
    let mut whole = String::with_capacity(path.len() + 1);
    if !path.starts_with('/') {
        whole.push('/');
    }
    whole.push_str(path);
    // opkg writes SHA-256 where dpkg writes MD5.
    let digest = digest
        .map(str::trim)
        .and_then(|hex| Digest::new(DigestAlgorithm::Md5, hex).or_else(|| Digest::new(DigestAlgorithm::Sha256, hex)));
    Some(OwnedFile { path: whole, digest, mode: None, size: None, config })
}

/// Licences in a field of opkg's status file: one expression with `&` and `|`, else a list of names.
fn declared_inline(field: &str) -> Vec<String> {
    const LONGEST: usize = 4096;
    let field = field.trim();
    if field.is_empty() || field.len() > LONGEST {
        return Vec::new();
    }
    let spaced = field.replace('&', " AND ").replace('|', " OR ");
    let expression = spaced.split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(").replace(" )", ")");
    if crate::expression_of(&expression).is_some() {
        return vec![expression];
    }
    let mut names: Vec<String> = Vec::new();
    for name in expression.split([' ', '(', ')']).filter(|name| !matches!(*name, "" | "AND" | "OR")) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn purl(stanza: &Stanza, distro: &Distro) -> String {
    if distro.id != "debian" && !distro.id_like.iter().any(|like| like == "debian") {
        return String::new();
    }
    let upstream = match stanza.source_version.as_str() {
        "" => stanza.source.clone(),
        version => format!("{}@{version}", stanza.source),
    };
    Purl::new("deb", &distro.id, &stanza.package, &stanza.version)
        .with("arch", &stanza.architecture)
        .with("upstream", &upstream)
        .with("distro", &os_record::distro_qualifier(distro))
        .to_string()
}

fn edges(stanzas: &[Stanza]) -> Vec<(usize, usize)> {
    let claims: Vec<_> = stanzas
        .iter()
        .map(|stanza| Claims {
            provides: std::iter::once(stanza.package.as_str())
                .chain(stanza.provides.iter().map(|item| bare_name(item)))
                .collect(),
            requires: stanza
                .depends
                .iter()
                .chain(&stanza.pre_depends)
                .flat_map(|item| item.split('|'))
                .map(|item| bare_name(item.trim()))
                .filter(|name| !name.is_empty())
                .collect(),
        })
        .collect();
    dependency::resolve(&claims)
}

/// `libc6:any (>= 2.36) [amd64] <!nocheck>` is about `libc6:any`.
fn bare_name(item: &str) -> &str {
    item.split(['[', '(', '<', '>', '=']).next().unwrap_or(item).trim()
}

/// `dpkg-db-entry`, fields and order as in syft.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    package: &'a str,
    source: &'a str,
    version: &'a str,
    source_version: &'a str,
    architecture: &'a str,
    maintainer: &'a str,
    installed_size: i64,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    provides: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    depends: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pre_depends: &'a [String],
    /// Filled later.
    files: [(); 0],
}

fn details(stanza: &Stanza, files: &[OwnedFile]) -> Option<Details> {
    let entry = Entry {
        package: &stanza.package,
        source: &stanza.source,
        version: &stanza.version,
        source_version: &stanza.source_version,
        architecture: &stanza.architecture,
        maintainer: &stanza.maintainer,
        installed_size: stanza.installed_size,
        provides: &stanza.provides,
        depends: &stanza.depends,
        pre_depends: &stanza.pre_depends,
        files: [],
    };
    let json = os_record::fill_last_list(serde_json::to_string(&entry).ok()?, files, |file, json| {
        json.push_str("{\"path\":");
        os_record::push_text(json, &file.path);
        if let Some(digest) = &file.digest {
            json.push_str(",\"digest\":{\"algorithm\":\"");
            json.push_str(digest.algorithm().name());
            json.push_str("\",\"value\":\"");
            json.push_str(digest.hex());
            json.push_str("\"}");
        }
        json.push_str(if file.config { ",\"isConfigFile\":true}" } else { ",\"isConfigFile\":false}" });
    });
    Some(Details { type_name: "dpkg-db-entry".to_owned(), json })
}

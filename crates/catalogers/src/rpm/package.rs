//! A package from its record and the merged tree.

use std::fmt::Write as _;

use serde::Serialize;
use stopgate_model::{
    Details, Digest, DigestAlgorithm, Distro, EvidenceKind, License, LicenseKind, OwnedFile, Package, PackageType,
    Purl, Upstream,
};

use super::NAME;
use super::installed::{Files, Installed, VERIFY_DIGEST, VERIFY_MODE, VERIFY_SIZE};
use super::signature::Signature;
use crate::assembly::location_of;
use crate::dependency::{self, Claims};
use crate::tree::PathLookup;
use crate::{FileFacts, Found, MergedView, os_record};

pub(super) fn join(view: &MergedView<'_>, found: &mut Found) {
    let mut all: Vec<(Installed, Vec<File>)> = Vec::new();
    let mut lookup = None;
    for (file, record) in view.records(NAME, super::INSTALLED) {
        let lookup = lookup.get_or_insert_with(|| PathLookup::new(view.files));
        for installed in record.read::<Vec<Installed>>().into_iter().flatten() {
            let files = files(&installed.files, lookup);
            found.packages.push(package(file, view.distro, &installed, &files));
            all.push((installed, files));
        }
    }
    found.dependencies = edges(&all);
}

/// A file that a package owns.
struct File {
    /// Whether it is there.
    there: bool,
    /// What of it may be verified; `None`: all that is recorded, and it must be there.
    verify: Option<u32>,
    path: String,
    mode: u16,
    size: u64,
    digest: String,
    user: String,
    group: String,
    flags: u32,
}

const CONFIG: u32 = 1;
/// It may be missing: `%missingok`, `%ghost`.
const OPTIONAL: u32 = 8 | 64;
const FOLDER: u16 = 0o040_000;
const TYPE: u16 = 0o170_000;

fn files(columns: &Files, lookup: &PathLookup<'_>) -> Vec<File> {
    let owner = |positions: &[u32], at: usize| -> String {
        positions.get(at).and_then(|owner| columns.owners.get(*owner as usize)).cloned().unwrap_or_default()
    };
    let rows = columns.name.iter().enumerate().filter_map(|(at, name)| {
        let folder = columns.folders.get(*columns.folder.get(at)? as usize)?;
        let path = format!("{folder}{name}");
        let at_32 = at as u32;
        let verify = if columns.not_as_packed.binary_search(&at_32).is_ok() {
            Some(0)
        } else {
            let partly = columns.verify.binary_search_by_key(&at_32, |(at, _)| *at).ok();
            partly.and_then(|position| columns.verify.get(position)).map(|(_, what)| *what)
        };
        Some(File {
            there: lookup.has(&path),
            verify,
            path,
            mode: columns.mode.get(at).copied().unwrap_or(0),
            size: columns.size.get(at).copied().unwrap_or(0),
            digest: columns.digest.get(at).cloned().unwrap_or_default(),
            user: owner(&columns.user, at),
            group: owner(&columns.group, at),
            flags: columns.flags.get(at).copied().unwrap_or(0),
        })
    });
    rows.collect()
}

fn package(file: &FileFacts<'_>, distro: Option<&Distro>, installed: &Installed, files: &[File]) -> Package {
    let mut package = Package::new(PackageType::RPM, &*installed.name, installed.full_version());
    let location = location_of(file, EvidenceKind::Primary);
    package.epoch = installed.epoch;
    package.arch = (!installed.arch.is_empty()).then(|| installed.arch.clone());
    // COMPAT: syft gives the packages of a manifest no distribution.
    package.purl = purl(installed, distro.filter(|_| !installed.manifest));
    package.modularity.clone_from(&installed.module);
    package.upstreams.extend(upstream(installed));
    if !installed.license.is_empty() {
        package.licenses.push(License {
            value: installed.license.clone(),
            spdx: String::new(),
            kind: LicenseKind::Declared,
            urls: Vec::new(),
            locations: vec![location.clone()],
        });
    }
    package.locations.push(location);
    let algorithm = algorithm(installed.files.algorithm);
    package.files = files.iter().filter(|file| file.is_expected()).map(|file| owned(file, algorithm)).collect();
    package.details = details(installed, files, algorithm);
    package
}

impl File {
    /// Whether it is there, or should be.
    const fn is_expected(&self) -> bool {
        let may_be_missing = self.flags & OPTIONAL != 0 || matches!(self.verify, Some(0));
        self.mode & TYPE != FOLDER && (self.there || !may_be_missing)
    }
}

fn owned(file: &File, algorithm: &str) -> OwnedFile {
    // What is not to be verified is not what the package says of its files.
    let verified = |what: u32| file.verify.is_none_or(|verify| verify & what != 0);
    let digest = DigestAlgorithm::parse(algorithm).and_then(|algorithm| Digest::new(algorithm, &file.digest));
    OwnedFile {
        path: file.path.clone(),
        digest: digest.filter(|_| verified(VERIFY_DIGEST)),
        mode: verified(VERIFY_MODE).then_some(u32::from(file.mode & 0o7777)),
        size: verified(VERIFY_SIZE).then_some(file.size),
        config: file.flags & CONFIG != 0,
    }
}

fn purl(installed: &Installed, distro: Option<&Distro>) -> String {
    let namespace = match distro.map_or("", |distro| distro.id.as_str()) {
        "rhel" | "hummingbird" => "redhat",
        id if id.starts_with("opensuse") => "opensuse",
        id => id,
    };
    let version = format!("{}-{}", installed.version, installed.release);
    Purl::new("rpm", namespace, &installed.name, &version)
        .with("arch", &installed.arch)
        .with("epoch", &installed.epoch.map(|epoch| epoch.to_string()).unwrap_or_default())
        .with("upstream", &installed.source_rpm)
        .with("distro", &distro.map(os_record::distro_qualifier).unwrap_or_default())
        .to_string()
}

/// Name and version in the source package's file name, `NAME-VERSION-RELEASE.ARCH.rpm`, when the name is
/// another.
fn upstream(installed: &Installed) -> Option<Upstream> {
    let (rest, _arch) = installed.source_rpm.strip_suffix(".rpm")?.rsplit_once('.')?;
    let (rest, release) = rest.rsplit_once('-')?;
    let (name, version) = rest.rsplit_once('-')?;
    (!name.is_empty() && name != installed.name)
        .then(|| Upstream { name: name.to_owned(), version: Some(format!("{version}-{release}")) })
}

fn edges(all: &[(Installed, Vec<File>)]) -> Vec<(usize, usize)> {
    let claims: Vec<_> = all
        .iter()
        .map(|(installed, files)| Claims {
            provides: std::iter::once(installed.name.as_str())
                .chain(plain(&installed.provides))
                .chain(files.iter().filter(|file| file.there).map(|file| file.path.as_str()))
                .collect(),
            requires: plain(&installed.requires).collect(),
        })
        .collect();
    dependency::resolve(&claims)
}

/// Names; what begins with a bracket is a condition over several.
fn plain(names: &[String]) -> impl Iterator<Item = &str> {
    names.iter().map(String::as_str).filter(|name| !name.is_empty() && !name.trim_start().starts_with('('))
}

/// Name of a digest algorithm by its OpenPGP number.
fn algorithm(number: u64) -> &'static str {
    match number {
        1 => "md5",
        2 => "sha1",
        3 => "ripemd160",
        8 => "sha256",
        9 => "sha384",
        10 => "sha512",
        11 => "sha224",
        _ => "unknown-digest-algorithm",
    }
}

/// Letters of file flags, as `rpm --verify` prints them.
fn letters(flags: u32) -> String {
    const LETTERS: [(u32, char); 9] =
        [(2, 'd'), (1, 'c'), (32, 's'), (8, 'm'), (16, 'n'), (64, 'g'), (128, 'l'), (256, 'r'), (4096, 'a')];
    LETTERS.iter().filter(|(flag, _)| flags & flag != 0).map(|(_, letter)| *letter).collect()
}

/// `rpm-db-entry`, fields and order as in syft.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    name: &'a str,
    version: &'a str,
    epoch: Option<u32>,
    architecture: &'a str,
    release: &'a str,
    source_rpm: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    signatures: &'a [Signature],
    size: u64,
    vendor: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    modularity_label: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    provides: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    requires: &'a [String],
    /// Filled later. A manifest has no list of files, which is not an empty one.
    files: Option<[(); 0]>,
}

fn details(installed: &Installed, files: &[File], algorithm: &str) -> Option<Details> {
    let entry = Entry {
        name: &installed.name,
        version: &installed.version,
        epoch: installed.epoch,
        architecture: &installed.arch,
        release: &installed.release,
        source_rpm: &installed.source_rpm,
        signatures: &installed.signatures,
        size: installed.size,
        vendor: &installed.vendor,
        modularity_label: installed.module.as_deref(),
        provides: &installed.provides,
        requires: &installed.requires,
        files: (!installed.manifest).then_some([]),
    };
    let mut json = serde_json::to_string(&entry).ok()?;
    if !installed.manifest {
        // COMPAT: syft lists what is there.
        let there: Vec<&File> = files.iter().filter(|file| file.there).collect();
        json = os_record::fill_last_list(json, &there, |file, json| write_file(file, algorithm, json));
    }
    Some(Details { type_name: "rpm-db-entry".to_owned(), json })
}

fn write_file(file: &File, algorithm: &str, json: &mut String) {
    json.push_str("{\"path\":");
    os_record::push_text(json, &file.path);
    // Writing to a string does not fail.
    let _ = write!(
        json,
        ",\"mode\":{},\"size\":{},\"digest\":{{\"algorithm\":\"{algorithm}\",\"value\":",
        file.mode, file.size
    );
    os_record::push_text(json, &file.digest);
    json.push_str("},\"userName\":");
    os_record::push_text(json, &file.user);
    json.push_str(",\"groupName\":");
    os_record::push_text(json, &file.group);
    let _ = write!(json, ",\"flags\":\"{}\"}}", letters(file.flags));
}

//! A package from its `desc` and the lists beside it.

use serde::Serialize;
use stopgate_model::{
    Details, Digest, DigestAlgorithm, Distro, EvidenceKind, License, LicenseKind, OwnedFile, Package, PackageType,
    Purl, Upstream,
};

use super::mtree::Row;
use super::{DESC, Desc, FILES, Lists, MTREE, NAME};
use crate::assembly::location_of;
use crate::dependency::{self, Claims};
use crate::{Found, MergedView, Record, os_record};

pub(super) fn join(view: &MergedView<'_>, found: &mut Found) {
    let mut all: Vec<Desc> = Vec::new();
    for (file, record) in view.records(NAME, DESC) {
        let Some(desc) = record.read::<Desc>() else { continue };
        let folder = file.path.strip_suffix("/desc").unwrap_or(file.path);
        let mut package = Package::new(PackageType::ALPM, &*desc.name, &*desc.version);
        let location = location_of(file, EvidenceKind::Primary);
        package.licenses = licenses(&desc, &location);
        package.locations.push(location);
        let mut beside = |name: &str, kind: &str| -> Option<&Record> {
            let path = format!("{folder}/{name}");
            let record = view.at(NAME, &path)?.facts.records.iter().find(|record| record.kind == kind)?;
            package.locations.push(view.location(&path, EvidenceKind::Supporting));
            Some(record)
        };
        let rows: Option<Vec<Row>> = beside("mtree", MTREE).and_then(Record::read);
        let lists: Lists = beside("files", FILES).and_then(Record::read).unwrap_or_default();
        // Without the mtree file at least the paths are known.
        let listed = lists.files.iter().filter(|path| !path.ends_with('/'));
        let rows = rows.unwrap_or_else(|| listed.map(|path| Row { path: path.clone(), ..Row::default() }).collect());
        package.arch = (!desc.arch.is_empty()).then(|| desc.arch.clone());
        package.epoch = desc.version.split_once(':').and_then(|(epoch, _)| epoch.parse().ok());
        package.purl = view.distro.map_or_else(String::new, |distro| purl(&desc, distro));
        if !desc.base.is_empty() && desc.base != desc.name {
            package.upstreams.push(Upstream { name: desc.base.clone(), version: None });
        }
        // The scripts and the change log of a package stay with the database.
        let installed =
            rows.iter().filter(|row| row.kind != "dir" && !matches!(&*row.path, "/.INSTALL" | "/.CHANGELOG"));
        package.files = installed.map(|row| owned(row, &lists)).collect();
        package.details = details(&desc, &rows, &lists);
        found.packages.push(package);
        all.push(desc);
    }
    found.dependencies = edges(&all);
}

fn licenses(desc: &Desc, location: &stopgate_model::Location) -> Vec<License> {
    let license = |value: &String| License {
        value: value.clone(),
        spdx: String::new(),
        kind: LicenseKind::Declared,
        urls: Vec::new(),
        locations: vec![location.clone()],
    };
    desc.licenses.iter().map(license).collect()
}

fn owned(row: &Row, lists: &Lists) -> OwnedFile {
    let best = row.digests.iter().max_by_key(|(algorithm, _)| algorithm.len());
    OwnedFile {
        path: row.path.clone(),
        digest: best.and_then(|(algorithm, hex)| Digest::new(DigestAlgorithm::parse(algorithm)?, hex)),
        mode: u32::from_str_radix(&row.mode, 8).ok(),
        size: row.size.parse().ok(),
        config: lists.backup.iter().any(|(path, _)| *path == row.path),
    }
}

fn purl(desc: &Desc, distro: &Distro) -> String {
    // COMPAT: syft names only Arch itself.
    if distro.id != "arch" {
        return String::new();
    }
    Purl::new("alpm", &distro.id, &desc.name, &desc.version)
        .with("arch", &desc.arch)
        .with("upstream", &desc.base)
        .with("distro", &os_record::distro_qualifier(distro))
        .to_string()
}

fn edges(all: &[Desc]) -> Vec<(usize, usize)> {
    let bare = |item: &'_ str| -> usize { item.find(['<', '>', '=']).unwrap_or(item.len()) };
    let claims: Vec<_> = all
        .iter()
        .map(|desc| Claims {
            provides: std::iter::once(desc.name.as_str())
                .chain(desc.provides.iter().flat_map(|item| [item.as_str(), item.get(..bare(item)).unwrap_or(item)]))
                .collect(),
            // A requirement of a version counts by its name, unless a library's version is its identity.
            requires: desc
                .depends
                .iter()
                .map(|item| if item.contains(".so=") { item.as_str() } else { item.get(..bare(item)).unwrap_or(item) })
                .collect(),
        })
        .collect();
    dependency::resolve(&claims)
}

/// `alpm-db-entry`, fields and order as in syft.
#[derive(Serialize)]
struct Entry<'a> {
    basepackage: &'a str,
    package: &'a str,
    version: &'a str,
    description: &'a str,
    architecture: &'a str,
    size: i64,
    packager: &'a str,
    url: &'a str,
    validation: &'a str,
    reason: i64,
    files: Vec<EntryFile<'a>>,
    backup: Vec<EntryFile<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    provides: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    depends: &'a [String],
}

#[derive(Serialize)]
struct EntryFile<'a> {
    path: &'a str,
    #[serde(rename = "type", skip_serializing_if = "str::is_empty")]
    kind: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    uid: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    gid: &'a str,
    time: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    size: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    link: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    digest: Vec<EntryDigest<'a>>,
}

#[derive(Serialize)]
struct EntryDigest<'a> {
    algorithm: &'a str,
    value: &'a str,
}

/// What syft writes where there is no time.
const NO_TIME: &str = "0001-01-01T00:00:00Z";

fn details(desc: &Desc, rows: &[Row], lists: &Lists) -> Option<Details> {
    let files = rows.iter().map(|row| EntryFile {
        path: &row.path,
        kind: &row.kind,
        uid: &row.uid,
        gid: &row.gid,
        time: row
            .time
            .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
            .map_or_else(|| NO_TIME.to_owned(), |time| time.to_string()),
        size: &row.size,
        link: &row.link,
        digest: row.digests.iter().map(|(algorithm, value)| EntryDigest { algorithm, value }).collect(),
    });
    let backup = lists.backup.iter().map(|(path, value)| EntryFile {
        path,
        kind: "",
        uid: "",
        gid: "",
        time: NO_TIME.to_owned(),
        size: "",
        link: "",
        digest: vec![EntryDigest { algorithm: "md5", value }],
    });
    let entry = Entry {
        basepackage: &desc.base,
        package: &desc.name,
        version: &desc.version,
        description: &desc.description,
        architecture: &desc.arch,
        size: desc.size,
        packager: &desc.packager,
        url: &desc.url,
        validation: &desc.validation,
        reason: desc.reason,
        files: files.collect(),
        backup: backup.collect(),
        provides: &desc.provides,
        depends: &desc.depends,
    };
    let json = serde_json::to_string(&entry).ok()?;
    Some(Details { type_name: "alpm-db-entry".to_owned(), json })
}

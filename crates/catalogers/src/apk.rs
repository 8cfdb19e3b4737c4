//! Packages installed by apk (Alpine, Wolfi, Chainguard), read from its database.
//!
//! One paragraph per package, one `K:value` field per line; `F` and `R` lines list folders and files, and
//! `M`, `a` and `Z` lines behind them their owners, modes and digests. Format: apk-v2(5), apk-installed.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use stopgate_model::{
    Details, Digest, DigestAlgorithm, Distro, Gap, GapCode, License, LicenseKind, OwnedFile, Package, PackageType,
    Purl, Upstream, limits,
};

use crate::dependency::{self, Claims};
use crate::{
    Assemble, Cataloger, Claim, Claimed, Facts, Found, MergedView, ReadError, Sources, assembly, expression_of,
    os_record,
};

/// `apk-db-cataloger`.
pub(crate) static APK_DB: Cataloger = Cataloger {
    name: NAME,
    finds: &[PackageType::APK],
    sources: Sources::All,
    claims: &[Claim::Glob("**/lib/apk/db/installed"), Claim::Glob("**/etc/apk/repositories")],
    unreadable: GapCode::DatabaseUnreadable,
    extract: read,
    assemble: Assemble::Joined(join),
};

const NAME: &str = "apk-db-cataloger";
const REPOSITORIES: &str = "repositories";

fn read(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let text = file.text(limits::METADATA_BYTES)?;
    if file.name() == "repositories" {
        if let Some(version) = release_of(&text) {
            facts.record(REPOSITORIES, &version);
        }
        return Ok(());
    }
    let mut entries = Vec::new();
    let mut bad = 0_u64;
    let mut lines = text.lines().peekable();
    while lines.peek().is_some() {
        let mut paragraph = Paragraph::default();
        for line in lines.by_ref().take_while(|line| !line.is_empty()) {
            match line.split_once(':') {
                Some((field, value)) if !field.is_empty() => paragraph.field(field, value),
                _ => bad += 1,
            }
        }
        entries.extend(paragraph.finish());
    }
    if bad > 0 {
        let mut gap = Gap::new(GapCode::RecordUnreadable, format!("{bad} lines are no fields: expected `K:value`"));
        gap.seen = Some(bad);
        facts.gaps.push(gap);
        if entries.iter().all(|entry| entry.package.is_empty()) {
            return Err(ReadError::Malformed("has no package that can be read".to_owned()));
        }
    }
    facts.dependencies = edges(&entries).into_iter().map(|(from, to)| (from as u32, to as u32)).collect();
    facts.packages = entries.iter().map(package).collect();
    Ok(())
}

/// Adds what only the merged tree tells: the distribution in the package URL.
fn join(view: &MergedView<'_>, found: &mut Found) {
    for file in view.of(NAME) {
        let base = found.packages.len();
        assembly::add_file(file, found);
        let fallback = || {
            // A root of another system inside this one has its own release.
            let root = file.path.strip_suffix("/lib/apk/db/installed")?;
            let repositories = [root, root.strip_suffix("/usr").unwrap_or(root)]
                .into_iter()
                .find_map(|root| view.at(NAME, &format!("{root}/etc/apk/repositories")))?;
            let record = repositories.facts.records.iter().find(|record| record.kind == REPOSITORIES)?;
            let version_id = record.read::<String>()?;
            Some(Distro { id: "alpine".to_owned(), version_id, ..Distro::default() })
        };
        let distro = view.distro.map(Cow::Borrowed).or_else(|| fallback().map(Cow::Owned));
        if let Some(distro) = distro {
            for package in found.packages.iter_mut().skip(base) {
                package.purl = purl(package, &distro);
            }
        }
    }
}

fn purl(package: &Package, distro: &Distro) -> String {
    let upstream = package.upstreams.first().map_or("", |upstream| upstream.name.as_str());
    Purl::new("apk", &distro.id.to_lowercase(), &package.name, &package.version)
        .with("arch", package.arch.as_deref().unwrap_or(""))
        .with("upstream", upstream)
        .with("distro", &os_record::distro_qualifier(distro))
        .to_string()
}

/// The release that the official repositories belong to.
fn release_of(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix("https://")?;
        let (host, path) = rest.split_once('/')?;
        let version = path.strip_prefix("alpine/v")?.split('/').next()?;
        (host.ends_with(".alpinelinux.org") && !version.is_empty()).then(|| version.to_owned())
    })
}

/// `apk-db-entry`, fields and order as in syft.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    package: &'a str,
    origin_package: &'a str,
    maintainer: &'a str,
    version: &'a str,
    architecture: &'a str,
    url: &'a str,
    description: &'a str,
    size: i64,
    installed_size: i64,
    pull_dependencies: Vec<&'a str>,
    provides: Vec<&'a str>,
    pull_checksum: &'a str,
    git_commit_of_apk_port: &'a str,
    files: Vec<EntryFile<'a>>,
    #[serde(skip)]
    license: &'a str,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryFile<'a> {
    path: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    owner_uid: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    owner_gid: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    permissions: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    digest: Option<EntryDigest<'a>>,
    #[serde(skip)]
    folder: bool,
}

#[derive(Debug, Serialize)]
struct EntryDigest<'a> {
    algorithm: &'static str,
    value: &'a str,
}

#[derive(Default)]
struct Paragraph<'a> {
    entry: Entry<'a>,
    any: bool,
    folder: Option<usize>,
    file: Option<usize>,
}

impl<'a> Paragraph<'a> {
    fn field(&mut self, field: &str, value: &'a str) {
        if value.is_empty() && field != "F" {
            return;
        }
        self.any = true;
        let entry = &mut self.entry;
        match field {
            "P" => entry.package = value,
            "o" => entry.origin_package = value,
            "m" => entry.maintainer = value,
            "V" => entry.version = value,
            "L" => entry.license = value,
            "A" => entry.architecture = value,
            "U" => entry.url = value,
            "T" => entry.description = value,
            "S" => entry.size = value.parse().unwrap_or(0),
            "I" => entry.installed_size = value.parse().unwrap_or(0),
            "D" => entry.pull_dependencies = value.split(' ').collect(),
            "p" => entry.provides = value.split(' ').collect(),
            "C" => entry.pull_checksum = value,
            "c" => entry.git_commit_of_apk_port = value,
            _ => self.file_field(field, value),
        }
    }

    fn file_field(&mut self, field: &str, value: &'a str) {
        let files = &mut self.entry.files;
        match field {
            // The root itself.
            "F" if value.is_empty() => self.folder = None,
            "F" => {
                self.folder = Some(files.len());
                files.push(EntryFile { path: format!("/{value}"), folder: true, ..EntryFile::default() });
            }
            "R" => {
                let folder = self.folder.and_then(|at| files.get(at)).map_or("", |folder| folder.path.as_str());
                let path = format!("{}/{value}", folder.trim_end_matches('/'));
                self.file = Some(files.len());
                files.push(EntryFile { path, ..EntryFile::default() });
            }
            "M" | "a" => {
                let at = if field == "M" { self.folder } else { self.file };
                let mut parts = value.split(':');
                if let (Some(file), Some(uid), Some(gid), Some(mode)) =
                    (at.and_then(|at| files.get_mut(at)), parts.next(), parts.next(), parts.next())
                {
                    (file.owner_uid, file.owner_gid, file.permissions) = (uid, gid, mode);
                }
            }
            "Z" => {
                if let Some(file) = self.file.and_then(|at| files.get_mut(at)) {
                    let algorithm = if value.starts_with("Q1") { "'Q1'+base64(sha1)" } else { "md5" };
                    file.digest = Some(EntryDigest { algorithm, value });
                }
            }
            _ => {} // Fields that say nothing of what is installed.
        }
    }

    fn finish(self) -> Option<Entry<'a>> {
        self.any.then_some(self.entry)
    }
}

fn package(entry: &Entry<'_>) -> Package {
    let mut package = Package::new(PackageType::APK, entry.package, entry.version);
    package.arch = (!entry.architecture.is_empty()).then(|| entry.architecture.to_owned());
    if !entry.origin_package.is_empty() && entry.origin_package != entry.package {
        package.upstreams.push(Upstream { name: entry.origin_package.to_owned(), version: None });
    }
    let whole = expression_of(entry.license);
    let values: Vec<&str> = if whole.is_some() { vec![entry.license] } else { entry.license.split(' ').collect() };
    package.licenses = values
        .into_iter()
        .filter(|value| !value.is_empty())
        .map(|value| License {
            value: value.to_owned(),
            spdx: String::new(),
            kind: LicenseKind::Declared,
            urls: Vec::new(),
            locations: Vec::new(),
        })
        .collect();
    package.files = entry.files.iter().filter(|file| !file.folder).map(owned).collect();
    package.details =
        serde_json::to_string(entry).ok().map(|json| Details { type_name: "apk-db-entry".to_owned(), json });
    package
}

fn owned(file: &EntryFile<'_>) -> OwnedFile {
    // apk leaves out a mode that is 0644.
    let mode = if file.permissions.is_empty() { Some(0o644) } else { u32::from_str_radix(file.permissions, 8).ok() };
    OwnedFile {
        path: file.path.clone(),
        digest: file.digest.as_ref().and_then(|digest| checksum(digest.value)),
        mode,
        size: None,
        config: false,
    }
}

/// `Q1` and the base64 of a SHA-1, `Q2` and that of a SHA-256; older databases have an MD5 in hexadecimal.
fn checksum(value: &str) -> Option<Digest> {
    if let Some(encoded) = value.strip_prefix("Q1") {
        return Some(Digest::sha1(&STANDARD.decode(encoded).ok()?.try_into().ok()?));
    }
    if let Some(encoded) = value.strip_prefix("Q2") {
        return Some(Digest::sha256(&STANDARD.decode(encoded).ok()?.try_into().ok()?));
    }
    Digest::new(DigestAlgorithm::Md5, value)
}

fn edges(entries: &[Entry<'_>]) -> Vec<(usize, usize)> {
    let claims: Vec<_> = entries
        .iter()
        .map(|entry| Claims {
            provides: std::iter::once(entry.package).chain(names(&entry.provides)).collect(),
            requires: names(&entry.pull_dependencies).collect(),
        })
        .collect();
    dependency::resolve(&claims)
}

/// `musl>=1` is about `musl`; `so:libc.so=1` about `so:libc.so`.
fn names<'a>(items: &[&'a str]) -> impl Iterator<Item = &'a str> {
    let names = items.iter().map(|item| item.split(['<', '>', '=']).next().unwrap_or(item).trim());
    names.filter(|name| !name.is_empty()).collect::<Vec<_>>().into_iter()
}

#[cfg(test)]
mod tests {
    use super::{checksum, release_of};

    crate::golden::golden!(image "apk": typical, empty, corrupt, chroot);

    #[test]
    fn checksums_of_three_ages() {
        assert_eq!(
            checksum("Q1qLQgAbAwBQs1Sf3vmZ7QBcyJ3wY=").map(|digest| digest.to_string()),
            Some("sha1:a8b42001b030050b3549fdef999ed005cc89df06".to_owned())
        );
        assert_eq!(checksum("d41d8cd98f00b204e9800998ecf8427e").unwrap().algorithm().name(), "md5");
        assert_eq!(checksum("Q1short"), None);
    }

    #[test]
    fn repositories_name_the_release() {
        let text = "#x\nhttps://example.org/alpine/v1/main\nhttps://dl-cdn.alpinelinux.org/alpine/v3.21/main\n";
        assert_eq!(release_of(text).as_deref(), Some("3.21"));
        assert_eq!(release_of("https://dl-cdn.alpinelinux.org/alpine/edge/main"), None);
    }
}

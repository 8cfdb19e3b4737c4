//! Programs of the image: executable files in the folders for them, and what it starts; and which of them no package
//! brought.
//!
//! The analysis does not keep what a file begins with, so a file is a program when its mode and its place say so.

use std::collections::{HashMap, HashSet};

use serde::Deserialize;
use stopgate_model::{Artifact, FileEntry, FileIndex, FileKind, Package, PackageType};

/// Folders for programs. Below `/opt` those of each product count as well.
const FOLDERS: [&str; 9] = [
    "/bin/",
    "/sbin/",
    "/usr/bin/",
    "/usr/sbin/",
    "/usr/games/",
    "/usr/libexec/",
    "/usr/local/bin/",
    "/usr/local/sbin/",
    "/usr/local/libexec/",
];

/// The programs that belong to no package, in the order of their paths.
pub(super) fn without_package(artifact: &Artifact) -> Vec<FileEntry<'_>> {
    let Some(files) = &artifact.files else { return Vec::new() };
    not_of(artifact.packages.iter(), files, files.iter().filter(is_program).chain(started(artifact, files)))
}

/// The programs that belong to none of these packages, in the order of their paths.
pub(super) fn not_of<'a>(
    packages: impl Iterator<Item = &'a Package>,
    files: &'a FileIndex,
    programs: impl IntoIterator<Item = FileEntry<'a>>,
) -> Vec<FileEntry<'a>> {
    let programs: HashMap<&str, FileEntry<'_>> = programs.into_iter().map(|entry| (entry.path, entry)).collect();
    if programs.is_empty() {
        return Vec::new();
    }
    let owned = owned(packages, files, &programs);
    // A further name of a file that a package brought is no other file.
    let is_owned = |entry: &FileEntry<'_>| {
        let same = entry.link.filter(|_| entry.kind == FileKind::HardLink);
        owned.contains(entry.path) || same.is_some_and(|link| owned.contains(format!("/{link}").as_str()))
    };
    let mut left: Vec<FileEntry<'_>> = programs.into_values().filter(|entry| !is_owned(entry)).collect();
    left.sort_unstable_by_key(|entry| entry.path);
    left
}

fn is_program(entry: &FileEntry<'_>) -> bool {
    entry.is_file() && entry.mode & 0o111 != 0 && is_for_programs(entry.path)
}

fn is_for_programs(path: &str) -> bool {
    let own = || {
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        path.starts_with("/opt/") && (folder.ends_with("/bin") || folder.ends_with("/sbin"))
    };
    FOLDERS.iter().any(|folder| path.starts_with(folder)) || own()
}

/// What the image starts, when it is named by its path.
fn started<'a>(artifact: &'a Artifact, files: &'a FileIndex) -> impl Iterator<Item = FileEntry<'a>> {
    let config = artifact.config.as_ref();
    let commands = config.into_iter().flat_map(|config| [config.entrypoint.first(), config.cmd.first()]);
    let paths = commands.flatten().filter(|path| path.starts_with('/'));
    let found = paths.filter_map(|path| files.resolve(path).ok().flatten());
    found.filter(|entry| entry.is_file() && entry.mode & 0o111 != 0)
}

/// The real paths of what packages brought: as they record it, or where they were found. Of other files than
/// programs nothing need be known.
fn owned<'a>(
    packages: impl Iterator<Item = &'a Package>,
    files: &'a FileIndex,
    programs: &HashMap<&'a str, FileEntry<'a>>,
) -> HashSet<String> {
    let name = |path: &'a str| path.rsplit_once('/').map_or(path, |(_, name)| name);
    let targets = programs.values().filter(|entry| entry.kind == FileKind::HardLink).filter_map(|entry| entry.link);
    let names: HashSet<&str> = programs.keys().copied().chain(targets).map(name).collect();
    let mut owned = HashSet::new();
    for package in packages {
        let own = package.files.iter().map(|file| file.path.as_str());
        let recorded = own.chain(package.locations.iter().map(|location| location.path.as_str()));
        owned.extend(recorded.filter(|path| names.contains(name(path))).map(|path| real(files, path)));
        owned.extend(scripts(package).iter().map(|path| real(files, path)));
    }
    owned
}

/// The programs that a Python package brought, which it lists in its details relative to the folder of packages.
fn scripts(package: &Package) -> Vec<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Listing {
        #[serde(default)]
        files: Vec<Listed>,
        #[serde(default)]
        site_packages_root_path: String,
    }
    #[derive(Deserialize)]
    struct Listed {
        path: String,
    }
    let details = package.details.as_ref().filter(|details| {
        // A list may be long, and most packages bring no program.
        package.package_type == PackageType::PYTHON && details.json.contains("bin/")
    });
    let listing: Option<Listing> = details.and_then(|details| serde_json::from_str(&details.json).ok());
    listing.map_or_else(Vec::new, |listing| {
        let root = listing.site_packages_root_path;
        let programs = listing.files.iter().filter(|file| file.path.contains("bin/"));
        programs.map(|file| joined(&root, &file.path)).collect()
    })
}

/// A path that is relative to a folder, without `.` and `..`.
fn joined(folder: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    let folder = if path.starts_with('/') { "" } else { folder };
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// The path with the links of its folders followed, but not its own: what a recorded name leads to may be another's.
fn real(files: &FileIndex, path: &str) -> String {
    if files.get(path).is_some() {
        return path.to_owned();
    }
    let Some((folder, name)) = path.rsplit_once('/') else { return path.to_owned() };
    match files.resolve(folder) {
        Ok(Some(folder)) => format!("{}/{name}", folder.path.trim_end_matches('/')),
        Ok(None) | Err(_) => path.to_owned(),
    }
}

//! The runtimes of an artifact, and how they are known.
//!
//! A runtime that the distribution packages, or has built into a program that it packages, is maintained by it, so it
//! counts with the distribution. The others are known as packages of their own, or by their program, whose name or the
//! environment of the image says the version.

use std::collections::{BTreeMap, BTreeSet};

use stopgate_model::{Artifact, Evidence, FileEntry, Package, PackageId, PackageType};

use crate::engine::Scene;
use crate::gates::{facts, programs};

/// A runtime, by its name in the table.
pub(super) struct Runtime {
    pub(super) name: &'static str,
    /// Empty when nothing says it.
    pub(super) version: String,
    pub(super) evidence: Vec<Evidence>,
}

/// Programs, and the variable with which official images say the version.
const PROGRAMS: [(&str, &[&str], &str); 7] = [
    ("dotnet", &["dotnet"], "DOTNET_VERSION"),
    ("go", &["go"], "GOLANG_VERSION"),
    ("java", &["java"], "JAVA_VERSION"),
    ("node", &["node"], "NODE_VERSION"),
    ("php", &["php", "php-fpm"], "PHP_VERSION"),
    ("python", &["python", "python2", "python3"], "PYTHON_VERSION"),
    ("ruby", &["ruby"], "RUBY_VERSION"),
];

/// Every runtime, once per version.
pub(super) fn runtimes(scene: &Scene<'_>) -> Vec<Runtime> {
    let artifact = scene.artifact();
    let mut found: BTreeMap<(&'static str, String), Vec<Evidence>> = BTreeMap::new();
    let of_distro = of_distro(artifact);
    for package in artifact.packages.iter().filter(|package| !of_distro.contains(&package.id)) {
        if let Some(name) = runtime_of(package) {
            found.entry((name, package.version.clone())).or_default().push(facts::package(package));
        }
    }
    for (name, version, entry) in by_program(artifact) {
        let version = version.or_else(|| variable(artifact, name));
        // What is known as a package needs no second name.
        let known = found.keys().any(|(known, _)| *known == name);
        if version.is_some() || !known {
            let evidence = facts::file(scene, &entry, None);
            found.entry((name, version.unwrap_or_default())).or_default().push(evidence);
        }
    }
    found.into_iter().map(|((name, version), evidence)| Runtime { name, version, evidence }).collect()
}

/// The runtimes among the packages that lie in files of the distribution alone.
fn of_distro(artifact: &Artifact) -> BTreeSet<PackageId> {
    let Some(files) = &artifact.files else { return BTreeSet::new() };
    let runtimes: Vec<&Package> = artifact.packages.iter().filter(|package| runtime_of(package).is_some()).collect();
    let known = runtimes.iter().flat_map(|package| &package.locations);
    let holders: Vec<FileEntry<'_>> = known.filter_map(|location| files.get(&location.path)).collect();
    let there: BTreeSet<&str> = holders.iter().map(|entry| entry.path).collect();
    let foreign: BTreeSet<&str> =
        programs::not_of(of_os(artifact), files, holders).into_iter().map(|entry| entry.path).collect();
    let own = runtimes.into_iter().filter(|package| {
        let mut paths = package.locations.iter().map(|location| location.path.as_str());
        !package.locations.is_empty() && paths.all(|path| there.contains(path) && !foreign.contains(path))
    });
    own.map(|package| package.id).collect()
}

/// The packages of the distribution.
fn of_os(artifact: &Artifact) -> impl Iterator<Item = &Package> {
    artifact.packages.iter().filter(|package| package.package_type.is_os())
}

/// The runtime that a package is, by the names that SBOMs give them.
fn runtime_of(package: &Package) -> Option<&'static str> {
    let name = package.name.as_str();
    let of_dotnet = ["Microsoft.NETCore.App", "Microsoft.AspNetCore.App"].iter().any(|start| name.starts_with(start));
    match &package.package_type {
        kind if *kind == PackageType::GO_MODULE => (name == "stdlib").then_some("go"),
        kind if *kind == PackageType::DOTNET => of_dotnet.then_some("dotnet"),
        kind if *kind == PackageType::BINARY => match name {
            "dotnet" => Some("dotnet"),
            "go" => Some("go"),
            "java" | "jdk" | "jre" | "java/jdk" | "java/jre" | "openjdk" => Some("java"),
            "node" => Some("node"),
            "libphp" | "php" | "php-cli" | "php-fpm" => Some("php"),
            "python" => Some("python"),
            "ruby" => Some("ruby"),
            _ => None,
        },
        _ => None,
    }
}

/// Programs of runtimes that belong to no package of a distribution, with the version that their name says.
fn by_program(artifact: &Artifact) -> Vec<(&'static str, Option<String>, FileEntry<'_>)> {
    let Some(files) = &artifact.files else { return Vec::new() };
    let programs = files.iter().filter(|entry| entry.is_file() && entry.mode & 0o111 != 0);
    let programs: Vec<FileEntry<'_>> = programs.filter(|entry| runtime_at(entry.path).is_some()).collect();
    let foreign = programs::not_of(of_os(artifact), files, programs);
    foreign
        .into_iter()
        .filter_map(|entry| runtime_at(entry.path).map(|(name, version)| (name, version.map(str::to_owned), entry)))
        .collect()
}

/// The runtime whose program lies at a path, and the version in its name: `…/bin/python3.8`.
fn runtime_at(path: &str) -> Option<(&'static str, Option<&str>)> {
    let (folder, file) = path.rsplit_once('/')?;
    let last = folder.rsplit('/').next()?;
    if !matches!(last, "bin" | "sbin" | "dotnet") {
        return None;
    }
    let version = file.strip_prefix("python").filter(|version| {
        let numbers = version.split_once('.');
        numbers.is_some_and(|(major, minor)| is_number(major) && is_number(minor))
    });
    if version.is_some() {
        return Some(("python", version));
    }
    let known = PROGRAMS.iter().find(|(_, programs, _)| programs.contains(&file));
    known.map(|(name, _, _)| (*name, None))
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// The version that the environment of the image says.
fn variable(artifact: &Artifact, runtime: &str) -> Option<String> {
    let (_, _, wanted) = PROGRAMS.iter().find(|(name, _, _)| *name == runtime)?;
    let environment = &artifact.config.as_ref()?.env;
    let value = environment.iter().filter_map(|line| line.split_once('=')).find(|(name, _)| name == wanted);
    value.map(|(_, value)| value.to_owned()).filter(|value| value.contains(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::runtime_at;

    #[test]
    fn programs_tell_runtimes() {
        for (path, expected) in [
            ("/usr/local/bin/python3.8", Some(("python", Some("3.8")))),
            ("/usr/local/bin/python3", Some(("python", None))),
            ("/opt/java/openjdk/bin/java", Some(("java", None))),
            ("/usr/share/dotnet/dotnet", Some(("dotnet", None))),
            ("/usr/local/sbin/php-fpm", Some(("php", None))),
            ("/usr/local/bin/python3.8-config", None),
            ("/usr/local/bin/python3.", None),
            ("/src/node", None),
            ("/usr/local/bin/nodejs-helper", None),
        ] {
            assert_eq!(runtime_at(path), expected, "{path}");
        }
    }
}

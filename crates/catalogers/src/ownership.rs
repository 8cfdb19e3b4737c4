//! Which package owns the files that prove another, from the lists of owned files of package databases.
//!
//! Follows syft's `ownership-by-file-overlap`: both the listed path and the path to which it leads through
//! links count, because `/bin/x` and `/usr/bin/x` are one file when `/bin` is a link.

use std::collections::{BTreeMap, HashMap, HashSet};

use stopgate_model::{Element, FileIndex, Package, PackageId, PackageType, Relationship, RelationshipKind};

use crate::tree::{PathBits, PathLookup};

/// All overlaps: from owner to owned package, with the paths in common.
pub(crate) fn overlaps(packages: &[Package], files: &FileIndex) -> Vec<Relationship> {
    let evidence = Evidence::new(packages);
    let lookup = PathLookup::new(files);
    let mut shared: BTreeMap<(PackageId, PackageId), Vec<String>> = BTreeMap::new();
    let mut direct = DirectOwners { packages, by_type: HashMap::new() };
    for owner in packages.iter().filter(|package| !package.files.is_empty()) {
        for file in &owner.files {
            let real = lookup.real(&file.path);
            let real = Some(&*real).filter(|real| *real != file.path);
            for path in [Some(file.path.as_str()), real].into_iter().flatten() {
                let Some(owned) = evidence.get(path) else { continue };
                // Found through a link: the package that lists the real path is its owner.
                if never_owned(path) || (real == Some(path) && direct.lists(&owner.package_type, path)) {
                    continue;
                }
                for id in owned.iter().filter(|id| **id != owner.id) {
                    shared.entry((owner.id, *id)).or_default().push(path.to_owned());
                }
            }
        }
    }
    let edges = shared.into_iter().map(|((owner, owned), mut paths)| {
        paths.sort_unstable();
        paths.dedup();
        Relationship {
            from: Element::Package(owner),
            to: Element::Package(owned),
            kind: RelationshipKind::OwnershipByFileOverlap(paths),
        }
    });
    edges.collect()
}

/// The packages without those of type binary that a package of an operating system, or a Bitnami
/// component, owns: the owner's own record covers them. A Java installation covers the signature that
/// was found at the same file.
pub(crate) fn without_owned_binaries(packages: Vec<Package>, overlaps: &[Relationship]) -> Vec<Package> {
    let by_id: HashMap<PackageId, &Package> = packages.iter().map(|package| (package.id, package)).collect();
    let mut gone = HashSet::new();
    for edge in overlaps {
        let (Element::Package(from), Element::Package(to)) = (&edge.from, &edge.to) else { continue };
        let (Some(owner), Some(owned)) = (by_id.get(from), by_id.get(to)) else { continue };
        if gone.contains(from) || gone.contains(to) {
            continue;
        }
        let covers = owner.package_type.is_os() || owner.package_type == PackageType::BITNAMI;
        if covers && is_binary(owned) {
            gone.insert(*to);
        } else if owner.package_type == PackageType::BINARY && owned.package_type == PackageType::BINARY {
            match (is_java_installation(owner), is_java_installation(owned)) {
                (true, false) => drop(gone.insert(*to)),
                (false, true) => drop(gone.insert(*from)),
                _ => {}
            }
        }
    }
    packages.into_iter().filter(|package| !gone.contains(&package.id)).collect()
}

fn is_java_installation(package: &Package) -> bool {
    package.details.as_ref().is_some_and(|details| details.type_name == "java-jvm-installation")
}

fn is_binary(package: &Package) -> bool {
    const DETAILS: [&str; 3] = ["elf-binary-package-note-json-payload", "binary-signature", "java-jvm-installation"];
    package.package_type == PackageType::BINARY
        || package.details.as_ref().is_some_and(|details| DETAILS.contains(&details.type_name.as_str()))
}

/// Paths that prove packages. Nearly all owned files prove none.
struct Evidence<'a> {
    packages: HashMap<&'a str, Vec<PackageId>>,
    maybe: PathBits,
}

impl<'a> Evidence<'a> {
    fn new(packages: &'a [Package]) -> Self {
        let mut evidence = Self { packages: HashMap::new(), maybe: PathBits::default() };
        for package in packages {
            for location in &package.locations {
                for path in [&location.path, &location.access_path] {
                    evidence.add(path, package.id);
                }
            }
        }
        evidence
    }

    fn add(&mut self, path: &'a str, id: PackageId) {
        self.maybe.add(path);
        let ids = self.packages.entry(path).or_default();
        if ids.last() != Some(&id) {
            ids.push(id);
        }
    }

    fn get(&self, path: &str) -> Option<&Vec<PackageId>> {
        if self.maybe.may_have(path) { self.packages.get(path) } else { None }
    }
}

/// Databases are not evidence that their owner owns every package in them, and Debian packages share
/// copyright files.
fn never_owned(path: &str) -> bool {
    const ENDS: [&str; 3] = ["/lib/apk/db/installed", "/lib/dpkg/status", "/lib/opkg/status"];
    const RPM: [&str; 3] = ["Packages", "Packages.db", "rpmdb.sqlite"];
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    ENDS.iter().any(|end| path.ends_with(end))
        || folder.ends_with("/lib/dpkg/status.d")
        || (folder.ends_with("/lib/opkg/info") && name.ends_with(".control"))
        || (folder.ends_with("/rpm") && RPM.contains(&name))
        || (path.starts_with("/usr/share/doc/") && name == "copyright")
}

/// Which paths packages of a type list themselves, made when first asked for.
struct DirectOwners<'a> {
    packages: &'a [Package],
    by_type: HashMap<PackageType, HashSet<&'a str>>,
}

impl DirectOwners<'_> {
    fn lists(&mut self, package_type: &PackageType, path: &str) -> bool {
        if !self.by_type.contains_key(package_type) {
            let of_type = self.packages.iter().filter(|package| package.package_type == *package_type);
            let paths = of_type.flat_map(|package| &package.files).map(|file| file.path.as_str()).collect();
            self.by_type.insert(package_type.clone(), paths);
        }
        self.by_type.get(package_type).is_some_and(|paths| paths.contains(path))
    }
}

#[cfg(test)]
mod tests {
    use stopgate_model::{
        Details, EvidenceKind, FileEntry, FileIndex, FileIndexBuilder, FileKind, Location, OwnedFile, Package,
        PackageId, PackageType, RelationshipKind,
    };

    use super::{overlaps, without_owned_binaries};

    fn package(id: u64, package_type: PackageType, name: &str, at: &str, owns: &[&str]) -> Package {
        let mut package = Package::new(package_type, name, "1");
        package.id = PackageId(id);
        package.locations.push(Location {
            path: at.to_owned(),
            access_path: at.to_owned(),
            layer: None,
            evidence: EvidenceKind::Primary,
        });
        let file =
            |path: &&str| OwnedFile { path: (*path).to_owned(), digest: None, mode: None, size: None, config: false };
        package.files = owns.iter().map(file).collect();
        package
    }

    fn merged_usr() -> FileIndex {
        let mut builder = FileIndexBuilder::default();
        for (path, kind, link) in [
            ("/bin", FileKind::Symlink, Some("usr/bin")),
            ("/usr/bin", FileKind::Directory, None),
            ("/usr/bin/tool", FileKind::Regular, None),
        ] {
            builder.push(&FileEntry { path, kind, mode: 0, uid: 0, gid: 0, size: 0, sha256: None, link, layer: 0 });
        }
        builder.finish()
    }

    fn names(packages: &[Package]) -> Vec<&str> {
        packages.iter().map(|package| package.name.as_str()).collect()
    }

    #[test]
    fn a_binary_that_the_distribution_owns_through_a_link_goes_away() {
        let packages = vec![
            package(1, PackageType::DEB, "tool-deb", "/var/lib/dpkg/status", &["/bin/tool"]),
            package(2, PackageType::BINARY, "tool", "/usr/bin/tool", &[]),
            package(3, PackageType::PYTHON, "tool-py", "/usr/bin/tool", &[]),
        ];
        let edges = overlaps(&packages, &merged_usr());
        assert_eq!(edges.len(), 2);
        assert_eq!(edges[0].kind, RelationshipKind::OwnershipByFileOverlap(vec!["/usr/bin/tool".to_owned()]));
        assert_eq!(names(&without_owned_binaries(packages, &edges)), ["tool-deb", "tool-py"]);
    }

    #[test]
    fn of_two_packages_of_a_type_the_one_that_lists_the_real_path_owns_it() {
        let packages = vec![
            package(1, PackageType::DEB, "by-link", "/var/lib/dpkg/status", &["/bin/tool"]),
            package(2, PackageType::DEB, "by-path", "/var/lib/dpkg/status", &["/usr/bin/tool"]),
            package(3, PackageType::NPM, "tool", "/usr/bin/tool", &[]),
        ];
        let edges = overlaps(&packages, &merged_usr());
        assert_eq!(edges.len(), 1);
        assert_eq!(edges[0].from, stopgate_model::Element::Package(PackageId(2)));
    }

    #[test]
    fn databases_and_copyright_files_are_nobodys_evidence() {
        let paths = ["/var/lib/dpkg/status", "/usr/share/doc/a/copyright", "/usr/lib/sysimage/rpm/rpmdb.sqlite"];
        let mut packages = vec![package(1, PackageType::DEB, "dpkg", "/none", &paths)];
        packages.extend(paths.iter().zip(2..).map(|(path, id)| package(id, PackageType::DEB, "other", path, &[])));
        assert_eq!(overlaps(&packages, &merged_usr()), []);
    }

    #[test]
    fn a_java_installation_covers_the_signature_at_its_file() {
        let mut installation = package(1, PackageType::BINARY, "jdk", "/opt/jdk/release", &["/opt/jdk/bin/java"]);
        installation.details = Some(Details { type_name: "java-jvm-installation".to_owned(), json: "{}".to_owned() });
        let packages = vec![installation, package(2, PackageType::BINARY, "java", "/opt/jdk/bin/java", &[])];
        let edges = overlaps(&packages, &merged_usr());
        assert_eq!(names(&without_owned_binaries(packages, &edges)), ["jdk"]);
    }
}

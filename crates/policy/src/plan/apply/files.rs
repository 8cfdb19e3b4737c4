//! Removal of files and of packages: each takes the other along.

use std::collections::{BTreeSet, HashSet};

use stopgate_model::{Artifact, Element, FileIndex, FileKind, Installed, Package, PackageId, PackageType};

use super::is;

/// What goes.
#[derive(Debug, Default)]
pub(in crate::plan) struct Removal {
    pub(in crate::plan) packages: HashSet<PackageId>,
    pub(in crate::plan) paths: BTreeSet<String>,
}

impl Removal {
    /// A file, or a folder with all below it, and the packages that they prove.
    pub(in crate::plan) fn of_file(artifact: &Artifact, path: &str) -> Self {
        let mut removal = Self::default();
        removal.paths.insert(path.to_owned());
        if let Some(files) = &artifact.files {
            removal.paths.extend(files.below(path).map(|entry| entry.path.to_owned()));
        }
        removal.add_proven(artifact);
        removal
    }

    /// Every package of this type, name and version with the files that no other package of the type owns, and the
    /// packages that those prove.
    pub(in crate::plan) fn of_package(artifact: &Artifact, kind: &PackageType, installed: &Installed) -> Self {
        let mut removal = Self::default();
        let gone = artifact.packages.iter().filter(|package| is(package, kind, installed));
        for package in gone {
            removal.packages.insert(package.id);
            removal.paths.extend(package.files.iter().map(|file| file.path.clone()));
            removal.paths.extend(own_place(package).map(str::to_owned));
        }
        // A wheel lists the files that its package of the distribution owns: that is no other owner.
        let others = artifact
            .packages
            .iter()
            .filter(|package| package.package_type == *kind && !removal.packages.contains(&package.id));
        let kept: Vec<&str> = others
            .flat_map(|package| package.files.iter().map(|file| file.path.as_str()).chain(own_place(package)))
            .filter(|path| removal.paths.contains(*path))
            .collect();
        for path in kept {
            removal.paths.remove(path);
        }
        if let Some(files) = &artifact.files {
            removal.paths = removal.paths.iter().filter_map(|path| real_file(files, path)).collect();
        }
        removal.add_proven(artifact);
        removal
    }

    /// A database of a distribution proves its packages, and still they are there when it is gone.
    fn add_proven(&mut self, artifact: &Artifact) {
        let proven = artifact.packages.iter().filter(|package| {
            own_place(package).is_some_and(|path| self.paths.contains(path)) && !self.packages.contains(&package.id)
        });
        let proven: Vec<PackageId> = proven.map(|package| package.id).collect();
        self.packages.extend(proven);
    }

    /// Takes everything out of an artifact.
    pub(in crate::plan) fn carry_out(&self, artifact: &mut Artifact) {
        artifact.packages.retain(|package| !self.packages.contains(&package.id));
        let gone = |element: &Element| matches!(element, Element::Package(id) if self.packages.contains(id));
        artifact.relationships.retain(|edge| !gone(&edge.from) && !gone(&edge.to));
        let stays = |path: &str| !self.paths.contains(path);
        if let Some(files) = &mut artifact.files {
            files.retain(|entry| stays(entry.path));
        }
        for hits in [&mut artifact.secrets, &mut artifact.content].into_iter().flatten() {
            hits.retain(|hit| stays(&hit.path));
        }
        if let Some(files) = &mut artifact.retrieved {
            files.retain(|file| stays(&file.path));
        }
        for scan in artifact.documents.malware.iter_mut().flatten() {
            scan.findings.retain(|finding| stays(&finding.path));
        }
    }
}

/// The file that proves a package, unless that is a database of all packages of the system.
fn own_place(package: &Package) -> Option<&str> {
    let location = package.primary_location().filter(|_| !package.package_type.is_os())?;
    Some(&location.path)
}

/// Where a file that a package database names really lies: its folder may be a link. Folders stay.
fn real_file(files: &FileIndex, path: &str) -> Option<String> {
    let through_links = || {
        let (folder, name) = path.rsplit_once('/')?;
        let folder = files.resolve(folder).ok().flatten()?;
        files.get(&format!("{}/{name}", folder.path))
    };
    let entry = files.get(path).or_else(through_links)?;
    (entry.kind != FileKind::Directory).then(|| entry.path.to_owned())
}

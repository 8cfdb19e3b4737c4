//! Packages that own the files of others: what a distribution ships in its own packages, its own data covers.

use std::collections::{HashMap, HashSet};

use stopgate_model::{Artifact, Distro, Element, Package, PackageId, RelationshipKind};
use stopgate_vulndb::Resolution;

/// Distributions whose data also lists what is not fixed.
const COMPREHENSIVE: [&str; 7] = ["archlinux", "azurelinux", "debian", "mariner", "redhat", "sles", "ubuntu"];

/// Who owns whom.
#[derive(Default)]
pub(crate) struct Owners {
    by_package: HashMap<PackageId, Vec<PackageId>>,
    owning: HashSet<PackageId>,
    edges: HashSet<(PackageId, PackageId)>,
}

impl Owners {
    /// From the artifact's relationships; from the lists of owned files when it has none of the kind.
    pub(crate) fn of(artifact: &Artifact) -> Self {
        let mut owners = Self::default();
        for edge in &artifact.relationships {
            if let (Element::Package(owner), Element::Package(owned), RelationshipKind::OwnershipByFileOverlap(_)) =
                (&edge.from, &edge.to, &edge.kind)
            {
                owners.add(*owner, *owned);
            }
        }
        if owners.owning.is_empty() {
            owners.add_by_files(artifact);
        }
        owners
    }

    /// The owners of a package.
    pub(crate) fn of_package(&self, package: PackageId) -> &[PackageId] {
        self.by_package.get(&package).map_or(&[], Vec::as_slice)
    }

    /// Whether a package owns another.
    pub(crate) fn is_owner(&self, package: PackageId) -> bool {
        self.owning.contains(&package)
    }

    fn add(&mut self, owner: PackageId, owned: PackageId) {
        if self.edges.insert((owner, owned)) {
            self.by_package.entry(owned).or_default().push(owner);
            self.owning.insert(owner);
        }
    }

    fn add_by_files(&mut self, artifact: &Artifact) {
        let places: HashSet<&str> = artifact.packages.iter().flat_map(paths).collect();
        // Lists of owned files are long and seldom hold a place; most of them are told by their ends.
        let mut ends = vec![false; ENDS];
        for place in &places {
            if let Some(end) = ends.get_mut(end_of(place)) {
                *end = true;
            }
        }
        let may_be_place = |path: &str| ends.get(end_of(path)).is_some_and(|end| *end) && places.contains(path);
        let mut by_path: HashMap<&str, Vec<PackageId>> = HashMap::new();
        for package in &artifact.packages {
            for file in package.files.iter().filter(|file| may_be_place(&file.path)) {
                by_path.entry(&file.path).or_default().push(package.id);
            }
        }
        if by_path.is_empty() {
            return;
        }
        for package in &artifact.packages {
            let owners: Vec<PackageId> =
                paths(package).filter_map(|path| by_path.get(path)).flatten().copied().collect();
            owners.into_iter().filter(|owner| *owner != package.id).for_each(|owner| self.add(owner, package.id));
        }
    }
}

const ENDS: usize = 1 << 14;

/// A number from the length and the last bytes of a path.
fn end_of(path: &str) -> usize {
    let last = path.bytes().rev().take(8).fold(path.len(), |sum, byte| sum.wrapping_mul(31) ^ usize::from(byte));
    last.wrapping_mul(0x9E37_79B1) >> 7 & (ENDS - 1)
}

fn paths(package: &Package) -> impl Iterator<Item = &str> {
    package.locations.iter().map(|location| location.path.as_str())
}

/// The owner whose record covers a package, so that it is not matched by itself.
pub(crate) fn covering_owner(
    package: &Package,
    owners: &Owners,
    packages: &HashMap<PackageId, &Package>,
    comprehensive: bool,
) -> Option<PackageId> {
    let is_os = |package: &Package| matches!(package.package_type.id(), "deb" | "rpm" | "portage" | "alpm" | "apk");
    let covers = |owner: &&PackageId| {
        packages.get(owner).is_some_and(|owner| {
            let alike =
                owner.version.starts_with(&package.version) || package.version.starts_with(owner.version.as_str());
            let shipped = comprehensive && is_os(owner) && !is_os(package);
            alike && (shipped || package.package_type.id() == "binary")
        })
    };
    owners.of_package(package.id).iter().find(covers).copied()
}

/// Whether the data of a distribution lists all that it ships, fixed or not.
pub(crate) fn is_comprehensive(resolution: &Resolution, distro: &Distro) -> bool {
    // Amazon says that it is like RHEL, but its data is not.
    if resolution.distro == "amazonlinux" {
        return false;
    }
    let name = |id: &str| match id {
        "rhel" => "redhat".to_owned(),
        "arch" => "archlinux".to_owned(),
        id => id.to_ascii_lowercase(),
    };
    let like = distro.id_like.iter().map(|id| name(id.trim()));
    std::iter::once(resolution.distro.clone()).chain(like).any(|id| COMPREHENSIVE.contains(&id.as_str()))
}

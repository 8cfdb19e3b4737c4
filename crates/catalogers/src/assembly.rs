//! From the facts of visible files to packages and their relationships.
//!
//! Order: every cataloger adds its packages, then each package is completed (version, licences, CPEs,
//! identity), equal ones merge, edges are drawn, and binaries that the operating system owns go away.

use std::collections::HashMap;

use stopgate_model::{
    Distro, Element, EvidenceKind, Gap, GapCode, License, Location, Package, PackageId, Relationship, RelationshipKind,
};

use crate::{Assemble, CATALOGERS, FileFacts, Found, MergedView, cpe, distro, identity, license, ownership};

/// What an artifact holds, as far as packages go.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assembled {
    /// Packages, sorted by name, version, type and id.
    pub packages: Vec<Package>,
    /// Edges, sorted.
    pub relationships: Vec<Relationship>,
    /// The distribution.
    pub distro: Option<Distro>,
    /// What could not be read, sorted: the gaps of all visible facts and those of assembly.
    pub gaps: Vec<Gap>,
}

/// Version that syft gives to a package whose record has none.
const UNKNOWN_VERSION: &str = "UNKNOWN";

/// Runs all catalogers for the view's class of source and joins what they find. A distribution that the
/// view does not name is detected from the facts.
pub fn assemble(view: &MergedView<'_>) -> Assembled {
    let mut distro = view.distro.cloned().or_else(|| distro::detect(view));
    let mut found = collect(&MergedView { distro: distro.as_ref(), ..*view });
    if let Some(distro) = &mut distro {
        let extended = |package: &Package| distro::is_extended(distro, &package.package_type, &package.version);
        distro.extended_support |= found.packages.iter().any(extended);
    }
    let mut gaps = std::mem::take(&mut found.gaps);
    gaps.extend(view.facts.iter().flat_map(gaps_of));
    let (packages, dependencies) = complete(found, &mut gaps);
    let (packages, mut relationships) = merge(packages, &dependencies);
    let overlaps = ownership::overlaps(&packages, view.files);
    let packages = ownership::without_owned_binaries(packages, &overlaps);
    relationships.extend(overlaps);
    let alive: std::collections::HashSet<PackageId> = packages.iter().map(|package| package.id).collect();
    let lives = |end: &Element| !matches!(end, Element::Package(id) if !alive.contains(id));
    relationships.retain(|edge| lives(&edge.from) && lives(&edge.to));
    relationships.sort_unstable();
    relationships.dedup();
    if distro.is_none() && packages.iter().any(|package| package.package_type.is_os()) {
        gaps.push(Gap::new(
            GapCode::DistroUnknown,
            "there are packages of an operating system but no file that names the distribution, such as `/etc/os-release`",
        ));
    }
    gaps.sort_unstable();
    gaps.dedup();
    Assembled { packages, relationships, distro, gaps }
}

fn collect(view: &MergedView<'_>) -> Found {
    let mut all = Found::default();
    let mut by_cataloger: HashMap<&str, Vec<&FileFacts<'_>>> = HashMap::new();
    for file in view.facts {
        by_cataloger.entry(file.cataloger).or_default().push(file);
    }
    for cataloger in CATALOGERS.iter().filter(|cataloger| cataloger.sources.include(view.source)) {
        let mut found = Found::default();
        match cataloger.assemble {
            Assemble::EachFile => {
                for file in by_cataloger.get(cataloger.name).into_iter().flatten() {
                    add_file(file, &mut found);
                }
            }
            Assemble::Joined(join) => join(view, &mut found),
        }
        let base = all.packages.len();
        for mut package in found.packages {
            if package.found_by.is_empty() {
                cataloger.name.clone_into(&mut package.found_by);
            }
            all.packages.push(package);
        }
        all.dependencies.extend(found.dependencies.iter().map(|(from, to)| (base + from, base + to)));
        all.gaps.append(&mut found.gaps);
    }
    all
}

/// The default: each package of the facts is a package at that file.
pub(crate) fn add_file(file: &FileFacts<'_>, found: &mut Found) {
    let base = found.packages.len();
    let own = location_of(file, EvidenceKind::Primary);
    for package in &file.facts.packages {
        let mut package = package.clone();
        if !package.locations.iter().any(|location| location.evidence == EvidenceKind::Primary) {
            package.locations.insert(0, own.clone());
        }
        for license in package.licenses.iter_mut().filter(|license| license.locations.is_empty()) {
            license.locations.push(own.clone());
        }
        found.packages.push(package);
    }
    let edges = file.facts.dependencies.iter();
    found.dependencies.extend(edges.map(|(from, to)| (base + *from as usize, base + *to as usize)));
}

/// The file of these facts as a location.
pub(crate) fn location_of(file: &FileFacts<'_>, evidence: EvidenceKind) -> Location {
    Location { path: file.path.to_owned(), access_path: file.path.to_owned(), layer: file.layer.cloned(), evidence }
}

fn gaps_of<'a>(file: &'a FileFacts<'_>) -> impl Iterator<Item = Gap> + 'a {
    file.facts.gaps.iter().cloned().map(|mut gap| {
        gap.path.get_or_insert_with(|| file.path.to_owned());
        if gap.layer.is_none() {
            gap.layer = file.layer.cloned();
        }
        gap
    })
}

/// Fills what every package needs. The positions of packages without a name stay, as `None`.
fn complete(found: Found, gaps: &mut Vec<Gap>) -> (Vec<Option<Package>>, Vec<(usize, usize)>) {
    let mut expressions = license::Expressions::default();
    let mut cpes = cpe::Generator::of_artifact();
    let packages = found.packages.into_iter().map(|mut package| {
        if package.name.trim().is_empty() {
            gaps.push(nameless(&package));
            return None;
        }
        // Before a missing version is marked: the mark is no version to search for.
        cpes.complete(&mut package);
        if package.version.trim().is_empty() {
            UNKNOWN_VERSION.clone_into(&mut package.version);
        }
        tidy_licenses(&mut package.licenses, &mut expressions);
        package.locations.sort_by(|a, b| (a.evidence, a).cmp(&(b.evidence, b)));
        package.locations.dedup();
        package.id = identity::of(&package);
        Some(package)
    });
    let packages = packages.collect();
    gaps.extend(cpes.gap());
    (packages, found.dependencies)
}

fn nameless(package: &Package) -> Gap {
    let gap = Gap::new(
        GapCode::RecordUnreadable,
        format!("`{}` found a package of type `{}` without a name", package.found_by, package.package_type),
    );
    let Some(location) = package.primary_location() else { return gap };
    let gap = gap.at(&location.path);
    match &location.layer {
        Some(layer) => gap.in_layer(layer.clone()),
        None => gap,
    }
}

/// Trims values, finds their SPDX expressions, merges equal statements and sorts them.
fn tidy_licenses(licenses: &mut Vec<License>, expressions: &mut license::Expressions) {
    for license in licenses.iter_mut() {
        let trimmed = license.value.trim();
        if trimmed.len() != license.value.len() {
            license.value = trimmed.to_owned();
        }
        if license.spdx.is_empty() {
            license.spdx = expressions.of(&license.value);
        }
    }
    licenses.retain(|license| !(license.value.is_empty() && license.spdx.is_empty() && license.urls.is_empty()));
    licenses.sort_by(|a, b| (&a.value, &a.spdx, a.kind).cmp(&(&b.value, &b.spdx, b.kind)));
    licenses.dedup_by(|next, kept| {
        let equal = next.value == kept.value && next.spdx == kept.spdx && next.kind == kept.kind;
        if equal {
            kept.urls.append(&mut next.urls);
            kept.locations.append(&mut next.locations);
        }
        equal
    });
    for license in licenses {
        license.urls.sort_unstable();
        license.urls.dedup();
        license.locations.sort_unstable();
        license.locations.dedup();
    }
}

/// Merges packages of equal identity, sorts them and draws the edges between them.
fn merge(packages: Vec<Option<Package>>, dependencies: &[(usize, usize)]) -> (Vec<Package>, Vec<Relationship>) {
    let mut kept: Vec<Package> = Vec::with_capacity(packages.len());
    let mut by_id: HashMap<PackageId, usize> = HashMap::with_capacity(packages.len());
    let mut ids = Vec::with_capacity(packages.len());
    for package in packages {
        let Some(mut package) = package else {
            ids.push(None);
            continue;
        };
        loop {
            match by_id.get(&package.id).copied() {
                None => {
                    by_id.insert(package.id, kept.len());
                    ids.push(Some(package.id));
                    kept.push(package);
                    break;
                }
                Some(position) => {
                    let Some(existing) = kept.get_mut(position) else { break };
                    if identity::equal(existing, &package) {
                        ids.push(Some(package.id));
                        unite(existing, package);
                        break;
                    }
                    // Two packages must never be one because a hash of 64 bits says so.
                    package.id = PackageId(package.id.0.wrapping_add(1));
                }
            }
        }
    }
    kept.sort_by(|a, b| {
        (&a.name, &a.version, &a.package_type, a.id).cmp(&(&b.name, &b.version, &b.package_type, b.id))
    });
    let id_of = |position: usize| ids.get(position).copied().flatten();
    let edges = dependencies.iter().filter_map(|(from, to)| {
        let (from, to) = (id_of(*from)?, id_of(*to)?);
        (from != to).then_some(Relationship {
            from: Element::Package(from),
            to: Element::Package(to),
            kind: RelationshipKind::DependencyOf,
        })
    });
    (kept, edges.collect())
}

fn unite(into: &mut Package, other: Package) {
    into.locations.extend(other.locations);
    into.locations.sort_by(|a, b| (a.evidence, a).cmp(&(b.evidence, b)));
    into.locations.dedup();
    for cpe in other.cpes {
        if !into.cpes.contains(&cpe) {
            into.cpes.push(cpe);
        }
    }
    for license in other.licenses {
        let same = |own: &&mut License| own.value == license.value && own.kind == license.kind;
        if let Some(own) = into.licenses.iter_mut().find(same) {
            own.locations.extend(license.locations);
            own.locations.sort_unstable();
            own.locations.dedup();
        }
    }
    if into.purl.is_empty() {
        into.purl = other.purl;
    }
    into.confidence = into.confidence.max(other.confidence);
}

#[cfg(test)]
mod tests {
    use stopgate_model::{EvidenceKind, Location, Package, PackageId, PackageType};

    use super::{complete, merge};
    use crate::Found;

    crate::golden::golden!(image "engine": empty, overlap);

    fn at(name: &str, path: &str, layer: u8) -> Package {
        let mut package = Package::new(PackageType::NPM, name, "1");
        package.locations.push(Location {
            path: path.to_owned(),
            access_path: path.to_owned(),
            layer: Some(stopgate_model::Digest::sha256(&[layer; 32])),
            evidence: EvidenceKind::Primary,
        });
        package
    }

    #[test]
    fn the_same_package_in_two_layers_is_one_with_both_locations() {
        let packages = vec![at("a", "/x", 1), at("b", "/x", 1), at("a", "/x", 2)];
        let found = Found { packages, dependencies: vec![(2, 1), (0, 1), (0, 2)], gaps: Vec::new() };
        let mut gaps = Vec::new();
        let (packages, dependencies) = complete(found, &mut gaps);
        let (packages, edges) = merge(packages, &dependencies);
        assert_eq!(packages.iter().map(|package| package.locations.len()).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(edges.len(), 2, "and nothing depends on itself");
        assert!(gaps.is_empty());
    }

    #[test]
    fn different_packages_stay_apart_even_when_their_hashes_meet() {
        let mut packages = vec![at("a", "/x", 1), at("b", "/x", 1), at("b", "/x", 1)];
        for package in &mut packages {
            package.id = PackageId(7);
        }
        let (packages, edges) = merge(packages.into_iter().map(Some).collect(), &[(0, 1)]);
        assert_eq!(packages.iter().map(|package| package.id.0).collect::<Vec<_>>(), [7, 8]);
        assert_eq!(edges.len(), 1);
    }

    #[test]
    fn a_package_without_a_name_is_a_gap_and_one_without_a_version_is_marked() {
        let mut unversioned = at("a", "/x", 1);
        unversioned.version.clear();
        let found = Found { packages: vec![at(" ", "/x", 1), unversioned], ..Found::default() };
        let mut gaps = Vec::new();
        let (packages, _) = complete(found, &mut gaps);
        assert_eq!(packages[1].as_ref().unwrap().version, "UNKNOWN");
        assert!(packages[0].is_none());
        assert_eq!(gaps[0].path.as_deref(), Some("/x"));
    }
}

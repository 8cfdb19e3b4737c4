//! Maven projects of a source tree: each `pom.xml` and what it depends on.
//!
//! Parents and imported bills of material count when they lie in the same tree; nothing is fetched.
//! A dependency whose version nothing tells has none. Dependencies of dependencies are not followed.

use std::collections::{BTreeMap, HashMap};

use stopgate_model::{EvidenceKind, GapCode, License, PackageType, limits};

use super::details::{JavaArchive, JavaPackage, PomParent, PomProject};
use super::licenses;
use super::pom::{Coordinates, Element, Parts, Pom, Scope};
use super::pom_properties::PomProperties;
use crate::assembly::location_of;
use crate::license_files;
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, FileFacts, Found, MergedView, ReadError, Record, Sources};

pub(crate) static MAVEN_POM: Cataloger = Cataloger {
    name: "java-pom-cataloger",
    finds: &[PackageType::JAVA_ARCHIVE],
    sources: Sources::Directory,
    claims: &[Claim::Name("pom.xml")],
    unreadable: GapCode::MetadataUnreadable,
    extract: read_pom,
    assemble: Assemble::Joined(add_projects),
};

const POM: &str = "pom";
/// A project with more ancestors has a parent that is its own descendant.
const MOST_PARENTS: usize = 64;

fn read_pom(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let pom = Pom::read(&file.bytes(limits::METADATA_BYTES)?, Parts::Dependencies).map_err(ReadError::Malformed)?;
    facts.record(POM, &pom);
    Ok(())
}

/// The projects of a tree.
struct Tree {
    poms: Vec<Pom>,
    /// By coordinates that their own file tells.
    by_coordinates: HashMap<Coordinates, usize>,
}

impl Tree {
    fn new(poms: Vec<Pom>) -> Self {
        let mut by_coordinates = HashMap::new();
        for (position, pom) in poms.iter().enumerate() {
            by_coordinates.entry(pom.coordinates()).or_insert(position);
        }
        Self { poms, by_coordinates }
    }

    fn at(&self, coordinates: &Coordinates) -> Option<&Pom> {
        self.by_coordinates.get(coordinates).and_then(|position| self.poms.get(*position))
    }

    /// The project and its parents, nearest first.
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method is not general over the lifetime")]
    fn chain<'a>(&'a self, pom: &'a Pom) -> Vec<&'a Pom> {
        let mut chain = vec![pom];
        while let Some(last) = chain.last()
            && let Some(parent) = last.own_scope(|scope| scope.parent())
            && let Some(parent) = self.at(&parent)
            && chain.len() <= MOST_PARENTS
            && !chain.iter().any(|known| std::ptr::eq(*known, parent))
        {
            chain.push(parent);
        }
        chain
    }

    /// The version that the project, its parents or imported bills of material give to a dependency.
    fn managed_version(&self, chain: &[&Pom], wanted: (&str, &str), depth: usize) -> String {
        for pom in chain {
            let scope = Scope { project: pom, chain };
            for dependency in managed(pom) {
                let field = |name: &str| scope.resolve(dependency.text(name));
                let found = (field("groupId"), field("artifactId"), field("version"));
                if (found.0.as_str(), found.1.as_str()) == wanted && !found.2.is_empty() {
                    return found.2;
                }
                let is_import = dependency.text("scope") == Some("import") && dependency.text("type") == Some("pom");
                let bill = Coordinates { group: found.0, artifact: found.1, version: found.2 };
                if let Some(bill) = self.at(&bill).filter(|_| is_import && depth < MOST_PARENTS) {
                    let version = self.managed_version(&self.chain(bill), wanted, depth + 1);
                    if !version.is_empty() {
                        return version;
                    }
                }
            }
        }
        String::new()
    }

    /// Licences of the nearest project that states any.
    fn licenses(chain: &[&Pom]) -> Vec<License> {
        chain.iter().map(|pom| licenses::in_pom(pom)).find(|found| !found.is_empty()).unwrap_or_default()
    }
}

/// Dependencies of a project and of its profiles.
fn direct(pom: &Pom) -> Vec<&Element> {
    let root = pom.root();
    let profiles = root.children_of("profiles", "profile");
    root.children_of("dependencies", "dependency")
        .chain(profiles.flat_map(|profile| profile.children_of("dependencies", "dependency")))
        .collect()
}

fn managed(pom: &Pom) -> Vec<&Element> {
    let root = pom.root();
    std::iter::once(root)
        .chain(root.children_of("profiles", "profile"))
        .filter_map(|element| element.child("dependencyManagement"))
        .flat_map(|management| management.children_of("dependencies", "dependency"))
        .collect()
}

fn add_projects(view: &MergedView<'_>, found: &mut Found) {
    let files: Vec<&FileFacts<'_>> = view.of(MAVEN_POM.name).collect();
    let read = |file: &FileFacts<'_>| -> Option<Pom> {
        file.facts.records.iter().find(|record| record.kind == POM).and_then(Record::read)
    };
    let (files, poms): (Vec<&FileFacts<'_>>, Vec<Pom>) =
        files.into_iter().filter_map(|file| Some((file, read(file)?))).unzip();
    let tree = Tree::new(poms);
    // Positions of packages by coordinates; projects first, so that others refer to them.
    let mut known: BTreeMap<Coordinates, usize> = BTreeMap::new();
    for (file, pom) in files.iter().zip(&tree.poms) {
        let chain = tree.chain(pom);
        let scope = Scope { project: pom, chain: &chain };
        known.insert(scope.coordinates(), found.packages.len());
        let mut package = project(scope, Tree::licenses(&chain));
        if package.licenses.is_empty() {
            package.licenses = license_files::beside(view, file.path);
        }
        push(found, file, &package);
    }
    for (file, pom) in files.iter().zip(&tree.poms) {
        let chain = tree.chain(pom);
        let scope = Scope { project: pom, chain: &chain };
        let dependent = known.get(&scope.coordinates()).copied();
        for dependency in direct(pom) {
            let id = coordinates_of(&tree, scope, dependency);
            let position = *known.entry(id.clone()).or_insert_with(|| {
                let package = dependency_package(&tree, scope, dependency, &id);
                push(found, file, &package);
                found.packages.len() - 1
            });
            found.dependencies.extend(dependent.map(|dependent| (position, dependent)));
        }
    }
}

fn coordinates_of(tree: &Tree, scope: Scope<'_>, dependency: &Element) -> Coordinates {
    let field = |name: &str| scope.resolve(dependency.text(name));
    let (group, artifact, mut version) = (field("groupId"), field("artifactId"), field("version"));
    if version.is_empty() {
        version = tree.managed_version(scope.chain, (&group, &artifact), 0);
    }
    Coordinates { group, artifact, version }
}

fn project(scope: Scope<'_>, licenses: Vec<License>) -> JavaPackage<'static> {
    let summary = scope.summary("");
    JavaPackage {
        name: summary.artifact_id.clone(),
        version: summary.version.clone(),
        package_type: PackageType::JAVA_ARCHIVE,
        licenses,
        archive: JavaArchive { pom_project: Some(summary), ..JavaArchive::default() },
    }
}

fn dependency_package(tree: &Tree, scope: Scope<'_>, dependency: &Element, id: &Coordinates) -> JavaPackage<'static> {
    let own = tree.at(id);
    let chain = own.map(|pom| tree.chain(pom)).unwrap_or_default();
    let pom_project = own.map(|pom| PomProject {
        parent: Scope { project: pom, chain: &chain }.parent().map(PomParent::from),
        group_id: id.group.clone(),
        artifact_id: id.artifact.clone(),
        version: id.version.clone(),
        ..scope.summary("")
    });
    JavaPackage {
        name: id.artifact.clone(),
        version: id.version.clone(),
        package_type: PackageType::JAVA_ARCHIVE,
        licenses: Tree::licenses(&chain),
        archive: JavaArchive {
            pom_properties: Some(PomProperties {
                group_id: id.group.clone(),
                artifact_id: id.artifact.clone(),
                scope: scope.resolve(dependency.text("scope")),
                ..PomProperties::default()
            }),
            pom_project,
            ..JavaArchive::default()
        },
    }
}

fn push(found: &mut Found, file: &FileFacts<'_>, package: &JavaPackage<'_>) {
    let location = location_of(file, EvidenceKind::Primary);
    let mut package = package.finish();
    for license in package.licenses.iter_mut().filter(|license| license.locations.is_empty()) {
        license.locations.push(location.clone());
    }
    package.locations.push(location);
    found.packages.push(package);
}

#[cfg(test)]
mod tests {
    crate::golden::golden!(directory "java": pom, pom_corrupt);
}

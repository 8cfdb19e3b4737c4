//! What the source trees of an image hold.

use std::collections::BTreeMap;

use stopgate_model::{Evidence, Package};

use crate::engine::Scene;
use crate::gates::packages::is_of_any;
use crate::trigger::types::CommaList;

/// The packages of all source trees by type and name.
pub(super) type Sources<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Package>>;

/// Those of them that are of the wanted types.
pub(super) fn sources<'a>(scene: &Scene<'a>, types: Option<&CommaList>) -> Sources<'a> {
    let mut sources = Sources::new();
    for package in scene.context.sources.unwrap_or_default().iter().flat_map(|source| &source.packages) {
        if is_of_any(package, types) {
            sources.entry(key(package)).or_default().push(package);
        }
    }
    sources
}

pub(super) fn key(package: &Package) -> (&str, &str) {
    (package.package_type.id(), &package.name)
}

/// A package of a source tree as evidence: its id means nothing in the image.
pub(super) fn evidence(package: &Package) -> Evidence {
    Evidence::Data { text: format!("source: {} {} ({})", package.name, package.version, package.package_type) }
}

#[cfg(test)]
pub(super) mod cases {
    //! An image and its source trees, from lists of type, name and version.

    use stopgate_model::PackageType;

    use crate::tests::{Case, folder, image};

    pub(in super::super) const NPM: PackageType = PackageType::NPM;
    pub(in super::super) const GEM: PackageType = PackageType::GEM;

    type Row<'a> = (PackageType, &'a str, &'a str);

    pub(in super::super) fn built(now: &[Row<'_>], sources: &[&[Row<'_>]]) -> Case {
        let add = |case: Case, rows: &[Row<'_>]| {
            rows.iter().fold(case, |case, (kind, name, version)| case.package(kind.clone(), name, version, ""))
        };
        let mut case = add(image(), now);
        case.sources = Some(sources.iter().map(|rows| add(folder(), rows).artifact).collect());
        case
    }
}

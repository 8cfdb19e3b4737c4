//! Identity of a package inside an artifact: a structural hash of what it is and where, not of who found
//! it or of what follows from the rest (CPEs, package URL, language), as in syft.

use std::hash::Hasher;

use stopgate_model::{Package, PackageId};
use xxhash_rust::xxh3::Xxh3;

/// The identity of a package whose fields are complete. Of locations only the paths count, so the same
/// file in two layers proves one package.
pub(crate) fn of(package: &Package) -> PackageId {
    let mut hasher = Xxh3::new();
    for text in [package.name.as_str(), &package.version, package.package_type.id()] {
        write(&mut hasher, text);
    }
    for path in paths(package) {
        write(&mut hasher, path);
    }
    hasher.write_u8(1);
    for license in &package.licenses {
        write(&mut hasher, &license.value);
        write(&mut hasher, &license.spdx);
        hasher.write_u8(license.kind as u8);
    }
    hasher.write_u8(2);
    if let Some(details) = &package.details {
        write(&mut hasher, &details.type_name);
        write(&mut hasher, &details.json);
    }
    PackageId(hasher.finish())
}

/// Whether two packages of the same id really are one.
pub(crate) fn equal(a: &Package, b: &Package) -> bool {
    let licenses = |package: &Package| -> Vec<(String, String)> {
        package.licenses.iter().map(|license| (license.value.clone(), license.spdx.clone())).collect()
    };
    a.name == b.name
        && a.version == b.version
        && a.package_type == b.package_type
        && a.details == b.details
        && paths(a) == paths(b)
        && licenses(a) == licenses(b)
}

fn paths(package: &Package) -> Vec<&str> {
    let mut paths: Vec<_> = package.locations.iter().map(|location| location.path.as_str()).collect();
    paths.sort_unstable();
    paths.dedup();
    paths
}

fn write(hasher: &mut Xxh3, text: &str) {
    hasher.write_u64(text.len() as u64);
    hasher.write(text.as_bytes());
}

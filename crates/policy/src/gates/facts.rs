//! Evidence that several gates give: packages, files, and how Python would print a list.

use stopgate_model::{Evidence, FileEntry, Package};

use crate::engine::Scene;

/// A package as evidence.
pub(super) fn package(package: &Package) -> Evidence {
    let location = package.primary_location();
    Evidence::Package {
        id: package.id,
        name: package.name.clone(),
        version: package.version.clone(),
        package_type: package.package_type.id().to_owned(),
        purl: package.purl.clone(),
        path: location.map(|location| location.path.clone()),
        layer: location.and_then(|location| location.layer.clone()),
    }
}

/// A file as evidence.
pub(super) fn file(scene: &Scene<'_>, entry: &FileEntry<'_>, mode: Option<u32>) -> Evidence {
    let image = scene.artifact().source.image();
    let layer = image.and_then(|image| image.layers.get(entry.layer as usize)).map(|layer| layer.diff_id.clone());
    Evidence::File { path: entry.path.to_owned(), mode, layer, lines: Vec::new() }
}

/// What stays the same of a package when its version changes: its package URL without version and
/// qualifiers, else type and name.
pub(super) fn identity(package: &Package) -> String {
    let purl = package.purl.split(['?', '#']).next().unwrap_or("");
    if purl.is_empty() {
        return format!("{}:{}", package.package_type, package.name);
    }
    let name = purl.rfind('/').map_or(0, |slash| slash + 1);
    let end = purl.get(name..).and_then(|rest| rest.find('@')).map_or(purl.len(), |at| name + at);
    purl.get(..end).unwrap_or(purl).to_owned()
}

/// Texts as Python prints a list of them, which frozen texts contain.
pub(super) fn python_list<'t>(items: impl IntoIterator<Item = &'t str>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| format!("'{item}'")).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use stopgate_model::{Package, PackageType};

    use super::{identity, python_list};

    #[test]
    fn identity_has_no_version() {
        let mut package = Package::new(PackageType::DEB, "openssl", "1.1");
        assert_eq!(identity(&package), "deb:openssl");
        package.purl = "pkg:deb/debian/openssl@1.1?arch=amd64&distro=debian-12".to_owned();
        assert_eq!(identity(&package), "pkg:deb/debian/openssl");
        package.purl = "pkg:npm/%40types/node@1.0.0".to_owned();
        assert_eq!(identity(&package), "pkg:npm/%40types/node");
        assert_eq!(python_list(["a", "b"]), "['a', 'b']");
    }
}

//! Windows executables whose version resource names a well-known product.

use super::candidates::Candidates;
use super::hints::VersionResource;

/// Vendors of the product.
pub(super) fn add_vendors(resource: &VersionResource, vendors: &mut Candidates<'_>) {
    if is_ghostscript(resource) || resource.company.contains("artifex") {
        vendors.add("artifex");
    }
    if is_git(resource) || resource.company == "the git development community" {
        vendors.add("git_for_windows_project");
        vendors.add("gitforwindows");
    }
}

/// Names of the product.
pub(super) fn add_products(resource: &VersionResource, products: &mut Candidates<'_>) {
    if is_ghostscript(resource) {
        products.add("ghostscript");
    }
    if is_git(resource) {
        products.add("git_for_windows");
        products.add("git");
    }
}

fn is_ghostscript(resource: &VersionResource) -> bool {
    [&resource.product, &resource.description].iter().any(|text| text.contains("ghostscript"))
}

fn is_git(resource: &VersionResource) -> bool {
    resource.product == "git" || resource.description == "git setup"
}

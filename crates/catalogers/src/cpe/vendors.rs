//! Candidates for the vendor.

use std::borrow::Cow;

use stopgate_model::Package;

use super::candidates::{Candidates, Form};
use super::hints::Hints;
use super::known::Known;
use super::products::is_numbered_binary;
use super::{apk, dotnet, go, java, names, terraform, url, windows, wordpress};

/// Vendors of which it is known that the database has them under this name; another guess can only be wrong.
const CERTAIN: &str = "apache";

/// Who may have made a package. Where nothing says it, projects often go by the product's name.
pub(super) fn of<'a>(package: &'a Package, hints: &Hints<'a>, products: &Candidates<'a>) -> Candidates<'a> {
    let mut vendors = products.clone();
    match package.package_type.language() {
        "javascript" if package.name == "node.js" => vendors.add("nodejs"),
        "ruby" => vendors.add("ruby-lang"),
        "go" => {
            vendors.clear();
            if let Some(vendor) = go::vendor(&package.name) {
                vendors.add(vendor);
            }
        }
        _ => {}
    }
    add_by_hints(package, hints, &mut vendors);
    if is_numbered_binary(package) {
        vendors.add_without_digits();
    }
    vendors.remove_wildcards();
    vendors.vary_separators();
    if package.package_type.language() == "rust" {
        vendors.add(format!("{}_project", package.name));
    }
    vendors.add_parts();
    let known = Known::of(package.package_type.id(), &package.name);
    if !vendors.is_empty() {
        known.change_vendors(&mut vendors);
    }
    if vendors.contains(CERTAIN) {
        vendors.keep_only(CERTAIN);
    }
    vendors
}

fn add_by_hints<'a>(package: &'a Package, hints: &Hints<'a>, vendors: &mut Candidates<'a>) {
    match hints {
        Hints::None => {}
        Hints::Apk { site } => apk::add_vendors(&package.name, site, vendors),
        Hints::Dotnet(dotnet) => {
            vendors.clear();
            dotnet::add_vendors(dotnet, vendors);
        }
        Hints::Gem(gem) => {
            for author in &gem.authors {
                vendors.push(Cow::Owned(names::person(names::mailbox(author))), Form::Whole);
            }
            url::add_vendor(&gem.homepage, vendors);
        }
        Hints::Java(java) => java::add_vendors(java, vendors),
        Hints::Npm { repository, homepage } => {
            url::add_vendor(repository, vendors);
            url::add_vendor(homepage, vendors);
        }
        Hints::Python { author, address } => names::add_python_author(author, address, vendors),
        Hints::Rpm { vendor } => vendors.push(Cow::Owned(names::rpm_vendor(vendor)), Form::Whole),
        Hints::TerraformProvider => {
            vendors.clear();
            if let Some((namespace, _)) = terraform::provider(&package.name) {
                vendors.add(namespace);
            }
        }
        Hints::Windows(resource) => windows::add_vendors(resource, vendors),
        Hints::Wordpress { author, site, .. } => {
            vendors.clear();
            wordpress::add_vendors(&package.name, author, site, vendors);
        }
    }
}

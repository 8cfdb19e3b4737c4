//! Candidates for the product.

use std::borrow::Cow;

use stopgate_model::Package;

use super::candidates::{Candidates, Form};
use super::hints::Hints;
use super::known::Known;
use super::{apk, dotnet, go, java, terraform, windows, wordpress};

/// What the product of a package may be called.
pub(super) fn of<'a>(package: &'a Package, hints: &Hints<'a>) -> Candidates<'a> {
    let mut products = Candidates::default();
    add_by_language(package, hints, &mut products);
    match hints {
        Hints::Apk { .. } => apk::add_products(&package.name, &mut products),
        Hints::Windows(resource) => windows::add_products(resource, &mut products),
        Hints::Wordpress { folder, .. } => {
            products.clear();
            wordpress::add_products(&package.name, folder, &mut products);
        }
        Hints::TerraformProvider => {
            products.clear();
            if terraform::provider(&package.name).is_some_and(|(_, provider)| !provider.is_empty()) {
                products.push(Cow::Borrowed("terraform_provider"), Form::Exact);
            }
        }
        _ => {}
    }
    products.remove_wildcards();
    products.vary_separators();
    Known::of(package.package_type.id(), &package.name).change_products(&mut products);
    products
}

fn add_by_language<'a>(package: &'a Package, hints: &Hints<'a>, products: &mut Candidates<'a>) {
    let name = package.name.as_str();
    match (package.package_type.language(), hints) {
        ("dotnet", Hints::Dotnet(dotnet)) => dotnet::add_products(dotnet, products),
        ("dotnet", _) => {}
        ("python", _) => {
            products.add(name);
            if !name.starts_with("python") {
                products.add(format!("python-{name}"));
            }
        }
        ("go", _) => {
            if let Some(product) = go::product(name) {
                products.add(product);
            }
        }
        (_, Hints::Java(java)) => {
            products.add(name);
            java::add_products(java, products);
        }
        _ => {
            products.add(name);
            if is_numbered_binary(package) {
                products.add_without_digits();
            }
        }
    }
}

/// Whether a binary's name ends in a digit, which may count its generation.
pub(super) fn is_numbered_binary(package: &Package) -> bool {
    package.package_type.id() == "binary" && package.name.ends_with(char::is_numeric)
}

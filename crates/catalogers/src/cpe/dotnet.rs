//! .NET packages: named by their record and by the executables that belong to it.

use std::borrow::Cow;

use super::candidates::{Candidates, Form};
use super::hints::Dotnet;

/// Names of the package and of its executables' products, each also with `_.net`.
pub(super) fn add_products(dotnet: &Dotnet<'_>, products: &mut Candidates<'_>) {
    let executables = dotnet.executables.iter().map(|executable| &executable.product_name);
    for name in std::iter::once(&dotnet.name).chain(executables).filter(|name| !name.is_empty()) {
        let normal = normalised(name);
        if !name.ends_with("_.net") {
            products.push(Cow::Owned(format!("{normal}_.net")), Form::Exact);
        }
        products.push(Cow::Owned(normal), Form::Exact);
    }
}

/// The package's own name and the companies that made its executables.
pub(super) fn add_vendors(dotnet: &Dotnet<'_>, vendors: &mut Candidates<'_>) {
    let executables = dotnet.executables.iter().map(|executable| &executable.company_name);
    for name in std::iter::once(&dotnet.name).chain(executables).filter(|name| !name.is_empty()) {
        vendors.push(Cow::Owned(normalised(name)), Form::Exact);
    }
}

fn normalised(name: &str) -> String {
    let name = name.to_lowercase();
    let name = name.trim();
    name.strip_suffix(".dll").unwrap_or(name).replace(['-', ' ', '.'], "_")
}

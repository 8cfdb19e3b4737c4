//! CPE names of packages, guessed from what their ecosystem says about maker and product.
//!
//! The National Vulnerability Database names software by vendor and product, no ecosystem does. So every
//! likely vendor is paired with every likely product, by the rules of syft, whose CPEs others search for:
//! NISTIR 7695 (CPE 2.3 naming). The dictionary of known names is not part of this; a package that its
//! cataloger names itself keeps just that name.

mod apk;
mod candidates;
mod dotnet;
mod filter;
mod formatted;
mod go;
mod hints;
mod java;
mod known;
mod names;
mod products;
mod terraform;
mod url;
mod vendors;
mod windows;
mod wordpress;

#[cfg(test)]
mod tests;

use stopgate_model::{Cpe, Gap, GapCode, Package, PackageType, limits};

use candidates::{FIELD_BYTES, bounded};
use formatted::Attribute;
use hints::Hints;

/// What syft calls the origin of a guessed name.
const GENERATED: &str = "syft-generated";

/// CPEs of one package; the most specific ones are kept.
const CPES_PER_PACKAGE: usize = 512;

/// Bytes of CPEs that the facts of one file may hold. Those of further packages wait until assembly.
const FILE_BYTES: u64 = 1 << 20;

/// Gives packages their CPEs, within a limit for all of them.
///
/// Packages that a file's facts hold get theirs with these, once, and keep them in the cache. So assembly must
/// not change their names, versions and details.
#[derive(Debug)]
pub(crate) struct Generator {
    left: u64,
    without: u64,
}

impl Generator {
    /// For the facts of one file.
    pub(crate) const fn of_file() -> Self {
        Self { left: FILE_BYTES, without: 0 }
    }

    /// For all packages of an artifact.
    pub(crate) const fn of_artifact() -> Self {
        Self { left: limits::CPE_BYTES, without: 0 }
    }

    /// Adds the CPEs of a package that has none: what its cataloger or an earlier run says stays.
    pub(crate) fn complete(&mut self, package: &mut Package) {
        if package.cpes.is_empty() {
            if self.left == 0 {
                self.without += 1;
                return;
            }
            let texts = generate(package).into_iter();
            package.cpes = texts.map(|text| Cpe { text, source: GENERATED.to_owned() }).collect();
        }
        let bytes: usize = package.cpes.iter().map(|cpe| cpe.text.len()).sum();
        self.left = self.left.saturating_sub(bytes as u64);
    }

    /// What to report when the limit was reached.
    pub(crate) fn gap(&self) -> Option<Gap> {
        (self.without > 0).then(|| {
            let message = format!("{} packages got no CPEs: those of the others fill the limit", self.without);
            Gap::new(GapCode::CpeBytes, message).limited(limits::CPE_BYTES, self.without)
        })
    }
}

/// The CPEs of a package as formatted strings, most specific first.
fn generate(package: &Package) -> Vec<String> {
    let unnamed = [PackageType::MSRC_KB, PackageType::MODEL].contains(&package.package_type);
    if unnamed || package.name.len() > FIELD_BYTES || package.version.len() > FIELD_BYTES {
        return Vec::new();
    }
    let (Some(version), Some(platform)) = (Attribute::of(&package.version), Attribute::of(platform(package))) else {
        return Vec::new();
    };
    let hints = Hints::of(package);
    let products = products::of(package, &hints);
    let vendors = vendors::of(package, &hints, &products);
    let (products, vendors) = (bounded(&products), bounded(&vendors));
    let (products, vendors) = (formatted::attributes(&products), formatted::attributes(&vendors));
    let refused = filter::of(package, &hints);
    let mut pairs: Vec<_> = products
        .iter()
        .flat_map(|product| vendors.iter().map(move |vendor| (vendor, product)))
        .filter(|(vendor, product)| !refused.includes(vendor.raw(), product.raw()))
        .collect();
    pairs.sort_unstable_by(|a, b| formatted::specific_first(*a, *b));
    pairs.truncate(CPES_PER_PACKAGE);
    let ending = formatted::ending(&version, &platform);
    pairs.into_iter().map(|(vendor, product)| formatted::name(vendor, product, &ending)).collect()
}

/// The platform that the vulnerability database names for packages of this type; empty for any.
fn platform(package: &Package) -> &str {
    match package.package_type.id() {
        "wordpress-plugin" => "wordpress",
        "rust-crate" => "rust",
        "cpan" => "perl",
        "terraform" => terraform::provider(&package.name).map_or("", |(_, provider)| provider),
        _ => "",
    }
}

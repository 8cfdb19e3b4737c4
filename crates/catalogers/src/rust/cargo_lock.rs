//! `Cargo.lock`, versions 1 to 4 (doc.rust-lang.org/cargo, "Cargo.toml vs Cargo.lock").
//!
//! A package without a source is part of the workspace: it has no package URL, which would name a crate
//! of the same name on crates.io.

use serde::{Deserialize, Serialize};
use stopgate_model::{Details, Gap, GapCode, Package, PackageType, limits};

use super::purl;
use crate::dependency::{Claims, resolve};
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, ReadError, Sources};

pub(crate) static RUST_LOCK: Cataloger = Cataloger {
    name: "rust-cargo-lock-cataloger",
    finds: &[PackageType::RUST_CRATE],
    sources: Sources::Directory,
    claims: &[Claim::Name("Cargo.lock")],
    unreadable: GapCode::MetadataUnreadable,
    extract: read_lock,
    assemble: Assemble::EachFile,
};

#[derive(Deserialize, Default)]
#[serde(default)]
struct LockFile {
    package: Vec<Locked>,
}

#[derive(Deserialize, Serialize, Default)]
#[serde(default)]
struct Locked {
    name: String,
    version: String,
    source: String,
    checksum: String,
    dependencies: Vec<String>,
}

fn read_lock(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let text = file.text(limits::METADATA_BYTES)?;
    let lock: LockFile = toml::from_str(&text)
        .map_err(|error| ReadError::Malformed(format!("is no lock file of Cargo: {}", error.message())))?;
    if lock.package.is_empty() {
        let message = format!("`{}` pins no package that we could read", file.path());
        facts.gaps.push(Gap::new(GapCode::MetadataUnreadable, message));
    }
    let provides: Vec<_> = lock.package.iter().map(names).collect();
    let claims: Vec<_> = lock
        .package
        .iter()
        .zip(&provides)
        .map(|(package, provides)| Claims {
            provides: provides.iter().map(String::as_str).collect(),
            requires: package.dependencies.iter().map(String::as_str).collect(),
        })
        .collect();
    facts.dependencies = resolve(&claims).into_iter().map(|(from, to)| (from as u32, to as u32)).collect();
    facts.packages = lock.package.iter().map(package).collect();
    Ok(())
}

/// The names by which others may require a package: as short as is unambiguous in the file.
fn names(package: &Locked) -> Vec<String> {
    let Locked { name, version, source, .. } = package;
    // The commit behind a branch is not part of a requirement.
    let source = if source.starts_with("git") { source.split('#').next().unwrap_or(source) } else { source };
    let mut names = vec![name.clone(), format!("{name} {version}")];
    if !source.is_empty() {
        names.push(format!("{name} {version} ({source})"));
    }
    names
}

fn package(locked: &Locked) -> Package {
    let mut package = Package::new(PackageType::RUST_CRATE, locked.name.as_str(), locked.version.as_str());
    if !locked.source.is_empty() {
        package.purl = purl(&locked.name, &locked.version);
    }
    let json = serde_json::to_string(locked).ok();
    package.details = json.map(|json| Details { type_name: "rust-cargo-lock-entry".to_owned(), json });
    package
}

#[cfg(test)]
mod tests {
    crate::golden::golden!(directory "rust": cargo_lock, cargo_lock_v1, cargo_lock_corrupt, cargo_lock_empty);
}

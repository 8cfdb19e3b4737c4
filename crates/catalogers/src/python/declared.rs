//! Python packages as declared: requirement files, `setup.py` and the lock files of Poetry, Pipenv, uv and
//! PDM. Ranges are not resolved: only what is pinned is a package.

use serde::Serialize;
use stopgate_model::{Details, Gap, GapCode, Package, PackageType, limits};

use super::{normalised, pdm_lock, pipfile_lock, poetry_lock, purl, requirements, setup, uv_lock};
use crate::dependency::{Claims, resolve};
use crate::{Assemble, Cataloger, Claim, Claimed, Facts, ReadError, Sources};

pub(crate) static PYTHON_PACKAGE: Cataloger = Cataloger {
    name: "python-package-cataloger",
    finds: &[PackageType::PYTHON],
    sources: Sources::Directory,
    claims: &[
        Claim::Glob("**/*requirements*.txt"),
        Claim::Name("poetry.lock"),
        Claim::Name("Pipfile.lock"),
        Claim::Name("setup.py"),
        Claim::Name("uv.lock"),
        Claim::Suffix(".py.lock"),
        Claim::Name("pdm.lock"),
    ],
    unreadable: GapCode::MetadataUnreadable,
    extract: read_file,
    assemble: Assemble::EachFile,
};

/// A pinned package with what it provides and requires, as references of the file's own kind.
#[derive(Debug, Default)]
pub(super) struct Pinned {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) details: Option<Details>,
    pub(super) provides: Vec<String>,
    pub(super) requires: Vec<String>,
}

/// syft's metadata of a package.
pub(super) fn details(type_name: &str, entry: &impl Serialize) -> Option<Details> {
    serde_json::to_string(entry).ok().map(|json| Details { type_name: type_name.to_owned(), json })
}

fn read_file(file: &Claimed<'_>, facts: &mut Facts) -> Result<(), ReadError> {
    let text = file.text(limits::METADATA_BYTES)?;
    let text = text.trim_start_matches('\u{feff}');
    let pinned = match file.name() {
        "poetry.lock" => poetry_lock::read(text)?,
        "Pipfile.lock" => pipfile_lock::read(text)?,
        "pdm.lock" => pdm_lock::read(text)?,
        "setup.py" => setup::read(text),
        name if name.strip_suffix(".lock").is_none() => {
            let (pinned, open) = requirements::read(text);
            if open > 0 {
                let message = format!("{open} requirements of `{}` pin no version", file.path());
                facts.gaps.push(Gap::new(GapCode::RecordUnreadable, message));
            }
            pinned
        }
        _ => uv_lock::read(text)?,
    };
    let claims: Vec<_> = pinned
        .iter()
        .map(|package| Claims {
            provides: package.provides.iter().map(String::as_str).collect(),
            requires: package.requires.iter().map(String::as_str).collect(),
        })
        .collect();
    facts.dependencies = resolve(&claims).into_iter().map(|(from, to)| (from as u32, to as u32)).collect();
    facts.packages = pinned.into_iter().map(package).collect();
    Ok(())
}

fn package(pinned: Pinned) -> Package {
    let name = normalised(&pinned.name);
    let purl = purl(&name, &pinned.version).to_string();
    let mut package = Package::new(PackageType::PYTHON, name, pinned.version);
    package.purl = purl;
    package.details = pinned.details;
    package
}

#[cfg(test)]
mod tests {
    crate::golden::golden!(directory "python": requirements, poetry, pipfile, uv, pdm, setup, lock_corrupt);
}

//! Packs by name, with suggestions where there is none of that name.

use std::path::Path;

use stopgate_model::limits;
use stopgate_packs::{PackError, Selected};
use stopgate_policy::did_you_mean;

use crate::failure::Failure;
use crate::sources;

/// The pack, or variant of one, of this name.
pub(crate) fn find(name: &str) -> Result<Option<Selected>, Failure> {
    stopgate_packs::find(name).map_err(|error| failure(&error))
}

/// The pack of this name, else the manifest in the file of this name.
pub(crate) fn open(name: &str) -> Result<Selected, Failure> {
    if let Some(selected) = find(name)? {
        return Ok(selected);
    }
    let path = Path::new(name);
    if !path.is_file() {
        return Err(unknown(name, "there is no pack", "the file of a manifest, or one of")?);
    }
    let bytes = sources::read_file(path, limits::POLICY_BYTES)?;
    let text = std::str::from_utf8(&bytes)
        .map_err(|error| Failure::new(format!("`{name}` is not a manifest of a pack: {error}")))?;
    Selected::parse(name, text)
        .map_err(|error| Failure::new(format!("`{name}` is not a manifest of a pack: {}", failure(&error).sentence())))
}

/// An error of a pack with its suggestion.
pub(crate) fn failure(error: &PackError) -> Failure {
    let failure = Failure::of(error);
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// There is nothing of this name where a pack was expected.
pub(crate) fn unknown(name: &str, fault: &str, expected: &str) -> Result<Failure, Failure> {
    let packs: Vec<&str> = stopgate_packs::PACKS.iter().map(|pack| pack.id).collect();
    let failure = Failure::new(format!("{fault} `{name}`: expected {expected} {}", packs.join(", ")));
    let names = stopgate_packs::names().map_err(|error| self::failure(&error))?;
    Ok(match did_you_mean(name, names.iter().map(String::as_str)) {
        Some(help) => failure.help(help),
        None => failure,
    })
}

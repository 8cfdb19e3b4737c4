//! Gate `provenance`: how and from what the image was built, as SLSA provenances attest it.

pub(super) mod slsa;
pub(super) mod source;

use stopgate_model::Attestation;

use crate::engine::Scene;
use crate::regexes::Fault;
use crate::trigger::types::RegexText;

/// The provenances about the image.
fn provenances<'a>(scene: &Scene<'a>) -> Vec<&'a Attestation> {
    let Some(image) = scene.artifact().source.image() else { return Vec::new() };
    let all = scene.artifact().documents.attestations.as_deref().unwrap_or_default();
    let slsa = all.iter().filter(|one| one.predicate_type.starts_with("https://slsa.dev/provenance/"));
    slsa.filter(|one| one.subjects.contains(&image.manifest_digest)).collect()
}

/// Why a value that a provenance names is not the one that is asked for.
fn unlike(name: &str, wanted: Option<&RegexText>, own: Option<&str>) -> Result<Option<String>, Fault> {
    let Some(wanted) = wanted else { return Ok(None) };
    Ok(match own {
        None => Some(format!("it names no {name}")),
        Some(own) if wanted.regex()?.matches(own)? => None,
        Some(own) => Some(format!("its {name} is `{own}`")),
    })
}

/// What the statements say, the first few.
fn seen(given: usize, unmet: &[String]) -> String {
    const SHOWN: usize = 3;
    match unmet {
        [] => format!("none of {given} attestations is a provenance of it"),
        [..] => unmet.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; "),
    }
}

//! Every gate and trigger that a policy may name: the ones that run, the ones that are known and not
//! built yet, and the ones at the end of their life.

use crate::end_of_life::END_OF_LIFE;
use crate::gates;
use crate::trigger::AnyTrigger;

/// The triggers that run, in the order in which documentation shows them.
pub static TRIGGERS: &[&dyn AnyTrigger] = gates::TRIGGERS;

/// A gate for documentation.
pub(crate) struct GateInfo {
    pub(crate) name: &'static str,
    pub(crate) summary: &'static str,
}

const fn gate(name: &'static str, summary: &'static str) -> GateInfo {
    GateInfo { name, summary }
}

/// What gates are about.
pub(crate) const GATES: &[GateInfo] = &[
    gate("always", "Unconditional findings, to test mappings or to deny by mapping."),
    gate("accounts", "User and group accounts of the image."),
    gate("ancestry", "The images that this image was built from."),
    gate("attestation", "Signed statements about the image."),
    gate("completeness", "What the analysis could not read."),
    gate("crypto", "Cryptographic modules."),
    gate("distro", "The distribution and its version."),
    gate("dockerfile", "How the image was built, and what its configuration says."),
    gate("expression", "Conditions of the policy's own, in CEL."),
    gate("files", "Names, attributes and contents of files."),
    gate("image_config", "The configuration of the image."),
    gate("image_source_drift", "Differences between the image and its sources."),
    gate("licenses", "Licences of packages."),
    gate("lifecycle", "Support periods of distributions and runtimes."),
    gate("malware", "Results of malware scans."),
    gate("metadata", "Size, platform and distribution of the image."),
    gate("npms", "Packages of npm against a feed that no longer exists."),
    gate("packages", "Packages that must or must not be installed."),
    gate("passwd_file", "Entries of `/etc/passwd`."),
    gate("provenance", "How and from what the image was built, as attested."),
    gate("retrieved_files", "Contents of files that the analysis keeps."),
    gate("ruby_gems", "Packages of RubyGems against a feed that no longer exists."),
    gate("sbom", "Quality of the SBOM."),
    gate("scan", "Age of the evaluation."),
    gate("secret_scans", "Secrets in files."),
    gate("signature", "Signatures of the image."),
    gate("stig", "STIG evaluations."),
    gate("tag_drift", "Differences from the image that the tag named before."),
    gate("vulnerabilities", "Known vulnerabilities of packages, and the data about them."),
];

/// What a name means.
pub(crate) enum Lookup {
    Found(&'static dyn AnyTrigger),
    EndOfLife { superseded_by: Option<&'static str> },
    NoGate,
    NoTrigger,
}

/// Every trigger.
pub(crate) fn all() -> impl Iterator<Item = &'static dyn AnyTrigger> {
    TRIGGERS.iter().copied()
}

/// Looks up lower-case names.
pub(crate) fn find(gate: &str, trigger: &str) -> Lookup {
    if let Some(found) = all().find(|row| row.info().gate == gate && row.info().is_called(trigger)) {
        return Lookup::Found(found);
    }
    if let Some(old) = END_OF_LIFE.iter().find(|old| old.gate == gate) {
        return if old.triggers.contains(&trigger) {
            Lookup::EndOfLife { superseded_by: old.superseded_by }
        } else {
            Lookup::NoTrigger
        };
    }
    if all().any(|row| row.info().gate == gate) { Lookup::NoTrigger } else { Lookup::NoGate }
}

/// The names of gates, the ones at the end of their life left out.
pub(crate) fn gate_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = all().map(|row| row.info().gate).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// The names of a gate's triggers.
pub(crate) fn trigger_names(gate: &str) -> Vec<&'static str> {
    let old = END_OF_LIFE.iter().filter(|old| old.gate == gate).flat_map(|old| old.triggers.iter().copied());
    all().map(AnyTrigger::info).filter(|info| info.gate == gate).map(|info| info.name).chain(old).collect()
}

//! Policy packs as data: what a framework demands, which rules show it, and what an artifact says of each control.
//!
//! Rules are written once, in `packs/library.json`; a pack (`packs/<id>/manifest.json`) selects them by control, and
//! the controls' titles stand in `frameworks/`. Rendering makes an Anchore policy of all three. Nothing here decides:
//! `policy` does.

mod condition;
mod diff;
mod error;
mod framework;
mod inputs;
mod library;
mod manifest;
mod prerequisite;
mod render;
mod selected;
mod states;
mod triggers;
mod values;

#[cfg(test)]
mod tests;

pub use condition::Condition;
pub use diff::{Difference, DifferenceKind, PackDiff, diff};
pub use error::{PackError, Place};
pub use framework::{Framework, FrameworkControl, Oscal, Related};
pub use manifest::{AssessClass, Control, Manifest, Owner, Pack, Parameter, ParameterKind, RuleRef, Variant};
pub use prerequisite::{Key, Prerequisite};
pub use render::{Flavour, LeftOut, RenderOptions, RenderedControl, RenderedPack, RenderedRule, render};
pub use selected::{Selected, find, names};
pub use states::control_states;
pub use triggers::Triggers;
pub use values::ResolvedParameter;

/// A pack that the program carries.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    /// Id, for example `cis-docker`.
    pub id: &'static str,
    /// Text of its manifest.
    manifest: &'static str,
}

macro_rules! packs {
    ($($id:literal),+ $(,)?) => {
        /// Every pack; the first is the default.
        pub static PACKS: &[Embedded] = &[$(Embedded {
            id: $id,
            manifest: include_str!(concat!("../../../packs/", $id, "/manifest.json")),
        }),+];
    };
}

packs! {
    "cis-docker",
    "secure",
    "nist-800-53",
    "nist-800-190",
    "dod-ironbank",
    "disa-image-guide",
    "disa-container-srg",
    "fedramp",
    "kev",
    "license-hygiene",
    "owasp-docker",
    "pci-dss",
    "ssdf",
    "sbom-minimum",
    "eu-cra",
    "slsa",
    "nsa-k8s-image",
    "cmmc",
    "essential-eight",
}

/// The rule set of a control: `AC-6(10)` becomes `800-53-AC-6.10`.
fn set_id(prefix: &str, control: &str) -> String {
    format!("{prefix}-{}", control.replace('(', ".").replace(')', ""))
}

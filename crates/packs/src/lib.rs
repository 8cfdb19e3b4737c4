//! Policy packs as data: what a framework demands, which rules show it, and what an artifact says of each control.
//!
//! Rules are written once, in `packs/library.json`; a pack (`packs/<id>/manifest.json`) selects them by control.
//! Rendering makes an Anchore policy of both. Nothing here decides: `policy` does.

mod library;
mod manifest;
mod render;
mod states;

#[cfg(test)]
mod authored;

pub use manifest::{AssessClass, Control, Manifest, PackError, Parameter};
pub use render::{Flavour, RenderedControl, RenderedPack, render};
pub use states::{Inputs, control_states};

/// A pack that the program carries.
#[derive(Debug, Clone, Copy)]
pub struct Embedded {
    /// Id, for example `cis-docker`.
    pub id: &'static str,
    /// Text of its manifest.
    manifest: &'static str,
}

/// Every pack; the first is the default.
pub static PACKS: &[Embedded] =
    &[Embedded { id: "cis-docker", manifest: include_str!("../../../packs/cis-docker/manifest.json") }];

impl Embedded {
    /// Its manifest.
    pub fn manifest(&self) -> Result<Manifest, PackError> {
        Manifest::parse(self.manifest)
    }
}

/// The pack of this id.
pub fn find(id: &str) -> Option<&'static Embedded> {
    PACKS.iter().find(|pack| pack.id == id)
}

//! Packs by name: `nist-800-53`, or with a variant `nist-800-53-low`.

use crate::error::Place;
use crate::framework::Framework;
use crate::library::Library;
use crate::manifest::{Manifest, Variant};
use crate::{Embedded, PACKS, PackError};

/// A pack with its framework, and the variant that is meant.
#[derive(Debug, Clone)]
pub struct Selected {
    /// The pack.
    pub manifest: Manifest,
    /// Its framework.
    pub framework: Framework,
    /// Id of the variant; `None`: all controls.
    pub variant: Option<String>,
    /// Whether the variant was named, rather than being the default.
    pub variant_named: bool,
}

impl Embedded {
    /// The pack, as its bare name means it.
    pub fn load(&self) -> Result<Selected, PackError> {
        let selected = Selected::parse(self.id, self.manifest)?;
        let id = &selected.manifest.pack.id;
        if id != self.id {
            return Err(Place::pack(self.id).fault(format!("its manifest has the id `{id}`")));
        }
        selected.manifest.check(&selected.framework, Library::embedded()?)?;
        Ok(selected)
    }
}

impl Selected {
    /// A manifest that the program does not carry, for example of an earlier release. Its framework must be one that
    /// it does; controls that this no longer has are left without a title.
    pub fn parse(name: &str, text: &str) -> Result<Self, PackError> {
        let manifest = Manifest::parse(name, text)?;
        let framework = Framework::embedded(&manifest.pack.framework, &Place::pack(&manifest.pack.id))?;
        let variant = manifest.default_variant.clone();
        Ok(Self { manifest, framework, variant, variant_named: false })
    }

    /// The variant.
    pub fn variant(&self) -> Option<&Variant> {
        self.manifest.variant(self.variant.as_deref()?)
    }

    /// The name by which it is selected.
    pub fn name(&self) -> String {
        let id = &self.manifest.pack.id;
        match &self.variant {
            Some(variant) if self.variant_named => format!("{id}-{variant}"),
            _ => id.clone(),
        }
    }

    /// The same pack in another variant.
    #[must_use]
    pub fn with_variant(mut self, id: &str) -> Self {
        self.variant = Some(id.to_owned());
        self.variant_named = true;
        self
    }
}

/// The pack of this name; `None` when no pack and no variant of one is called so.
pub fn find(name: &str) -> Result<Option<Selected>, PackError> {
    if let Some(pack) = PACKS.iter().find(|pack| pack.id == name) {
        return pack.load().map(Some);
    }
    for pack in PACKS {
        let Some(variant) = name.strip_prefix(pack.id).and_then(|rest| rest.strip_prefix('-')) else { continue };
        let selected = pack.load()?;
        if selected.manifest.variant(variant).is_some() {
            return Ok(Some(selected.with_variant(variant)));
        }
    }
    Ok(None)
}

/// The names of all packs and variants, each pack before its variants.
pub fn names() -> Result<Vec<String>, PackError> {
    let mut names = Vec::new();
    for pack in PACKS {
        let selected = pack.load()?;
        names.push(pack.id.to_owned());
        names.extend(selected.manifest.variants.iter().map(|variant| format!("{}-{}", pack.id, variant.id)));
    }
    Ok(names)
}

//! Licences of modules from a module cache in the artifact: `…/go/pkg/mod/MODULE@VERSION/LICENSE`.

use std::collections::HashMap;

use stopgate_model::{License, Package};

use crate::license_files::{LICENSE_FILES, of_file};
use crate::{FileFacts, MergedView};

/// Licence files of the module caches by `module@version` as the cache spells it.
pub(super) struct ModuleCache<'a>(HashMap<&'a str, Vec<&'a FileFacts<'a>>>);

impl<'a> ModuleCache<'a> {
    pub(super) fn new(view: &'a MergedView<'a>) -> Self {
        let mut modules: HashMap<&str, Vec<&FileFacts<'_>>> = HashMap::new();
        for file in view.of(LICENSE_FILES.name) {
            let Some((_, below)) = file.path.split_once("/go/pkg/mod/") else { continue };
            if let Some((module, _)) = below.rsplit_once('/') {
                modules.entry(module).or_default().push(file);
            }
        }
        Self(modules)
    }

    /// Adds the licences of a package's module, if the cache holds it.
    pub(super) fn add_to(&self, package: &mut Package) {
        if self.0.is_empty() || !package.licenses.is_empty() {
            return;
        }
        let key = format!("{}@{}", escaped(&package.name), package.version);
        let licenses = self.0.get(key.as_str()).into_iter().flatten().flat_map(|file| of_file(file));
        package.licenses.extend(licenses.collect::<Vec<License>>());
    }
}

/// Capital letters are written as `!` and the small letter, for file systems without case.
fn escaped(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c.is_ascii_uppercase() {
            out.push('!');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

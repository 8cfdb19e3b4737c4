//! What the packs say of an image.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value, json};

use super::{PACKS, controls, text};
use crate::hardened::{Desk, Given, site};

/// State of each control.
pub(super) type States = BTreeMap<String, String>;

/// The desk with the packs that decide.
pub(super) struct Verdicts {
    pub(super) desk: Desk,
    /// Parameters of each pack, with their defaults.
    parameters: BTreeMap<&'static str, BTreeMap<String, String>>,
}

impl Verdicts {
    pub(super) fn new() -> Result<Self> {
        let desk = Desk::new()?;
        let mut parameters = BTreeMap::new();
        for (_, pack) in PACKS {
            let shown = desk.stopgate.run(["pack", "show", pack, "-o", "json"])?.json()?;
            let keys = shown["parameters"].as_array().context("parameters")?.iter();
            let known = keys.map(|key| (text(key, "key").to_owned(), text(key, "default").to_owned()));
            parameters.insert(pack, known.collect());
        }
        Ok(Self { desk, parameters })
    }

    /// Parameters that a pack leaves empty and that the site does not give.
    pub(super) fn empty(&self, pack: &str) -> Vec<&str> {
        let given = site("");
        let empty = self.parameters[pack].iter().filter(|(_, default)| default.is_empty());
        empty.map(|(key, _)| key.as_str()).filter(|key| given.iter().all(|(known, _)| known != key)).collect()
    }

    pub(super) fn states(&self, pack: &str, given: &Given) -> Result<States> {
        let report = self.evidence(pack, given)?;
        let state = |control: &Value| (text(control, "id").to_owned(), text(control, "state").to_owned());
        Ok(controls(&report)?.iter().map(state).collect())
    }

    pub(super) fn evidence(&self, pack: &str, given: &Given) -> Result<Value> {
        self.desk.stopgate.run(self.words("evidence", pack, given)?.split(' '))?.json()
    }

    pub(super) fn words(&self, command: &str, pack: &str, given: &Given) -> Result<String> {
        let known = &self.parameters[pack];
        let site = site(&given.base_digest);
        let of_pack: Map<String, Value> = site
            .iter()
            .chain(given.site)
            .filter(|(key, _)| known.contains_key(*key))
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        let (folder, words) = (&given.folder, &given.words);
        std::fs::write(self.desk.folder(&format!("{folder}/{pack}.json")), Value::from(of_pack).to_string())?;
        // Iron Bank wants the base by three arguments, the others want it pinned: no one line is both.
        let dockerfile = if pack == "dod-ironbank" { "Dockerfile.arguments" } else { "Dockerfile" };
        Ok(format!(
            "{command} {words} -q -o json --pack {pack} --params {folder}/{pack}.json --dockerfile {folder}/{dockerfile}"
        ))
    }
}

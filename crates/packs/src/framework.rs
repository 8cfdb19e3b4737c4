//! Frameworks: the ids of their controls with titles in our own words, from `frameworks/<id>.json`.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::PackError;
use crate::error::Place;

const SCHEMA: &str = "stopgate-framework/1";

macro_rules! frameworks {
    ($($id:literal),+ $(,)?) => {
        /// Every framework that the program carries, with the text of its file.
        pub(crate) static FRAMEWORKS: &[(&str, &str)] =
            &[$(($id, include_str!(concat!("../../../frameworks/", $id, ".json")))),+];
    };
}

frameworks! {
    "cis-docker",
    "disa-container-srg",
    "disa-image-guide",
    "dod-ironbank",
    "essential-eight",
    "eu-cra",
    "fedramp",
    "kev",
    "license-hygiene",
    "nist-800-171",
    "nist-800-190",
    "nist-800-53",
    "nsa-k8s-image",
    "owasp-docker",
    "pci-dss",
    "sbom-minimum",
    "secure",
    "slsa",
    "ssdf",
}

/// A framework.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    schema: String,
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// When it was published.
    pub published: String,
    /// Publisher.
    pub publisher: String,
    /// Where it is to be had.
    pub url: String,
    /// What of its text a pack may hold.
    pub text_license: String,
    /// Where the ids come from, one sentence.
    pub origin: String,
    /// Its controls, in its order.
    pub controls: Vec<FrameworkControl>,
}

/// A control as the framework names it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrameworkControl {
    /// Id.
    pub id: String,
    /// Title in our own words.
    pub title: String,
    /// Family or chapter.
    pub family: Option<String>,
    /// Severity that the framework gives.
    pub severity: Option<String>,
    /// Baselines that hold it.
    #[serde(default)]
    pub baselines: Vec<String>,
    /// The same demand in other frameworks.
    #[serde(default)]
    pub related: Related,
    /// Its ids in an OSCAL catalogue.
    pub oscal: Option<Oscal>,
}

/// Ids of other frameworks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Related {
    /// NIST SP 800-53.
    #[serde(default)]
    pub nist80053: Vec<String>,
    /// Control correlation identifiers.
    #[serde(default)]
    pub cci: Vec<String>,
    /// Security requirements guides.
    #[serde(default)]
    pub srg: Vec<String>,
    /// CIS Docker Benchmark.
    #[serde(default)]
    pub cis: Vec<String>,
}

impl Related {
    /// As people write them: `800-53 AC-6(10)`, `CCI-002235`.
    pub fn texts(&self) -> Vec<String> {
        let rows = [("800-53 ", &self.nist80053), ("", &self.cci), ("", &self.srg), ("CIS ", &self.cis)];
        rows.iter().flat_map(|(prefix, ids)| ids.iter().map(move |id| format!("{prefix}{id}"))).collect()
    }
}

/// Ids of an OSCAL catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oscal {
    /// Control.
    pub control_id: String,
    /// Objectives of its assessment.
    #[serde(default)]
    pub objective_ids: Vec<String>,
}

impl Framework {
    /// The framework of this id, that a pack names.
    pub(crate) fn embedded(id: &str, pack: &Place) -> Result<Self, PackError> {
        let text = FRAMEWORKS.iter().find(|(known, _)| *known == id).map(|(_, text)| text);
        let text = text.ok_or_else(|| pack.fault(format!("there is no framework `{id}`")))?;
        Self::parse(id, text)
    }

    fn parse(id: &str, text: &str) -> Result<Self, PackError> {
        let place = Place::framework(id);
        let framework: Self = serde_json::from_str(text).map_err(|error| place.fault(error))?;
        if framework.schema != SCHEMA || framework.id != id {
            return Err(place.fault(format!("expected schema `{SCHEMA}` and id `{id}`")));
        }
        let mut seen = BTreeSet::new();
        for control in &framework.controls {
            let place = place.control(&control.id);
            if control.id.is_empty() || control.title.trim().is_empty() {
                return Err(place.fault("the id or title is empty"));
            }
            if !seen.insert(control.id.as_str()) {
                return Err(place.fault("it stands there twice"));
            }
        }
        Ok(framework)
    }

    /// The control of this id.
    pub fn control(&self, id: &str) -> Option<&FrameworkControl> {
        self.controls.iter().find(|control| control.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::{FRAMEWORKS, Framework};

    #[test]
    fn the_table_has_every_file_and_every_file_is_valid() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../frameworks");
        let mut files: Vec<String> =
            std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        files.retain(|name| is_framework(&format!("{folder}/{name}")));
        files.sort();
        let mut table: Vec<String> = FRAMEWORKS.iter().map(|(id, _)| format!("{id}.json")).collect();
        table.sort();
        assert_eq!(table, files);
        for (id, text) in FRAMEWORKS {
            let framework = Framework::parse(id, text).unwrap();
            let told = [&framework.text_license, &framework.origin, &framework.url, &framework.publisher];
            assert!(told.iter().all(|text| text.len() > 5), "{id}");
        }
    }

    /// The folder also has tables of other kinds, for example clocks.
    fn is_framework(path: &str) -> bool {
        std::fs::read_to_string(path).unwrap().contains("\"stopgate-framework/1\"")
    }

    #[test]
    fn bad_data_names_its_place() {
        let with = |controls: &str| {
            let head = r#""schema":"stopgate-framework/1","id":"x","name":"X","version":"1","published":"","publisher":"","url":"","text_license":"","origin":"""#;
            Framework::parse("x", &format!("{{{head},\"controls\":[{controls}]}}")).map(|_| ()).unwrap_err().to_string()
        };
        let twice = r#"{"id":"1","title":"one"},{"id":"1","title":"one"}"#;
        assert_eq!(with(twice), "framework `x`, control `1`: it stands there twice");
        assert_eq!(with(r#"{"id":"1","title":" "}"#), "framework `x`, control `1`: the id or title is empty");
        assert!(with(r#"{"id":"1","titel":""}"#).starts_with("framework `x`: unknown field `titel`"));
        assert!(Framework::parse("y", "{}").unwrap_err().to_string().starts_with("framework `y`: missing field"));
    }
}

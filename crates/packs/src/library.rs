//! The rule library: every rule of every pack, written once.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::PackError;

const TEXT: &str = include_str!("../../../packs/library.json");

/// All rules and the patterns that they share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Library {
    #[serde(rename = "schema")]
    _schema: String,
    /// Regular expressions by name (`RX-…`).
    pub(crate) patterns: BTreeMap<String, String>,
    /// Rules by id.
    pub(crate) rules: BTreeMap<String, LibraryRule>,
}

/// A rule. A parameter value `@RX-…` is a pattern, `${key}` a site parameter, `@each` one item of `each`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LibraryRule {
    pub(crate) gate: String,
    pub(crate) trigger: String,
    pub(crate) action: String,
    /// What it finds, one clause.
    pub(crate) summary: String,
    /// What to do, one sentence.
    pub(crate) recommendation: String,
    pub(crate) params: serde_json::Map<String, serde_json::Value>,
    /// Whether the trigger is ours rather than Anchore's.
    #[serde(default)]
    pub(crate) extension: bool,
    /// The rule stands once for each of these: a list, or `${key}` of a list parameter.
    #[serde(default)]
    pub(crate) each: Option<Each>,
}

/// Items that a rule is repeated for.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Each {
    Items(Vec<String>),
    Parameter(String),
}

impl Library {
    /// The library that the program carries.
    pub(crate) fn embedded() -> Result<Self, PackError> {
        Ok(serde_json::from_str(TEXT)?)
    }
}

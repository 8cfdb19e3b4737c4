//! The manifest of a pack: framework, site parameters, controls with the rules that serve them.

use std::collections::BTreeMap;

use serde::Deserialize;
use stopgate_model::ControlClass;

/// Why a pack cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A pack's data is not valid.
    #[error("pack data is not valid: {0}")]
    Data(#[from] serde_json::Error),
    /// A manifest names a rule that the library does not have.
    #[error("control `{control}` names the rule `{rule}`, which the rule library does not have")]
    UnknownRule {
        /// Control.
        control: String,
        /// Rule.
        rule: String,
    },
    /// A rule names a pattern that the library does not have.
    #[error("rule `{rule}` names the pattern `{pattern}`, which the rule library does not have")]
    UnknownPattern {
        /// Rule.
        rule: String,
        /// Pattern.
        pattern: String,
    },
    /// A value was given for a parameter that the pack does not have.
    #[error("the pack `{pack}` has no parameter `{key}`; it has {known}")]
    UnknownParameter {
        /// Pack.
        pack: String,
        /// Key.
        key: String,
        /// Keys that it has.
        known: String,
    },
}

/// A pack.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Format of the manifest.
    pub schema: String,
    /// What the pack is.
    pub pack: Pack,
    /// Site parameters.
    pub parameters: Vec<Parameter>,
    /// Controls, in the framework's order.
    pub controls: Vec<Control>,
}

/// What a pack is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Version of the pack.
    pub version: String,
    /// First part of its rule-set ids.
    pub prefix: String,
    /// Licence of the pack.
    pub license: String,
    /// Framework.
    pub framework: Framework,
}

/// A framework.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// Publisher.
    pub publisher: String,
    /// Where it is to be had.
    pub url: String,
    /// What of its text the pack may hold.
    pub text_license: String,
}

/// A site parameter.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Key.
    pub key: String,
    /// What it is.
    pub label: String,
    /// `string`, `integer` or `list` (comma separated).
    #[serde(rename = "type")]
    pub kind: String,
    /// Default; empty = rules that need it are left out.
    pub default: String,
    /// Whether the pack means nothing without it.
    pub required: bool,
}

/// How much of a control an artifact can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AssessClass {
    /// All that concerns an image.
    Full,
    /// A part.
    Partial,
    /// Evidence that a person uses.
    Supporting,
    /// Nothing.
    None,
}

impl AssessClass {
    /// The same as a noun.
    pub const fn class(self) -> ControlClass {
        match self {
            Self::Full => ControlClass::Full,
            Self::Partial => ControlClass::Partial,
            Self::Supporting => ControlClass::Supporting,
            Self::None => ControlClass::None,
        }
    }
}

/// A control.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Id in the framework.
    pub id: String,
    /// Title in our own words.
    pub title: String,
    /// How much an artifact can show.
    pub assess: AssessClass,
    /// Who owns it: `image-author`, `registry`, `platform`, `host`, `process`.
    pub owner: String,
    /// Inputs without which it is not assessed; alternatives are joined by `|`.
    pub prerequisites: Vec<String>,
    /// What an artifact cannot show.
    pub not_assessed: String,
    /// Rules of the library that serve it.
    pub rules: Vec<RuleRef>,
}

/// A rule of the library, perhaps with changes.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "RawRef")]
pub struct RuleRef {
    /// Id in the library.
    pub rule: String,
    /// Another action than the library's.
    pub action: Option<String>,
    /// Other parameter values than the library's.
    pub params: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawRef {
    Plain(String),
    Changed {
        #[serde(rename = "ref")]
        rule: String,
        action: Option<String>,
        #[serde(default)]
        params: BTreeMap<String, String>,
    },
}

impl From<RawRef> for RuleRef {
    fn from(raw: RawRef) -> Self {
        match raw {
            RawRef::Plain(rule) => Self { rule, action: None, params: BTreeMap::new() },
            RawRef::Changed { rule, action, params } => Self { rule, action, params },
        }
    }
}

impl Manifest {
    /// Reads a manifest.
    pub fn parse(text: &str) -> Result<Self, PackError> {
        Ok(serde_json::from_str(text)?)
    }
}

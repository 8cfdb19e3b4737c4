//! `case.yaml`: what is given, and what is expected.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A test case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// Pack, or path from the case's folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
    /// Side-car, as a path from the case's folder; else the one beside the policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ext: Option<String>,
    /// Values of parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) params: BTreeMap<String, String>,
    /// The reference under which to evaluate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tag: Option<String>,
    /// The time of the evaluation; now when it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) as_of: Option<String>,
    /// Analysis documents of the images that the artifact was built from.
    #[serde(default, skip_serializing_if = "Paths::is_empty")]
    pub(crate) base: Paths,
    /// The state before: an analysis document, or `check:FILE`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) baseline: Option<String>,
    /// VEX documents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) vex: Vec<String>,
    /// What must come out.
    pub(crate) expect: Expect,
}

/// One path or several.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Paths {
    #[default]
    None,
    One(String),
    Several(Vec<String>),
}

impl Paths {
    pub(crate) fn all(&self) -> &[String] {
        match self {
            Self::None => &[],
            Self::One(path) => std::slice::from_ref(path),
            Self::Several(paths) => paths,
        }
    }

    fn is_empty(&self) -> bool {
        self.all().is_empty()
    }
}

/// What must come out of a case.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// `pass`, `stop` or `undecided`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<String>,
    /// The findings: all of them, unless `partial`. Absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) findings: Option<Vec<ExpectedFinding>>,
    /// Findings that must not be there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) absent: Vec<ExpectedFinding>,
    /// Whether there may be more findings than are listed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) partial: bool,
}

/// A finding by what is given of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum ExpectedFinding {
    /// By its trigger id alone.
    TriggerId(String),
    /// By several properties.
    Of(FindingFields),
}

/// Properties of a finding; what is absent is not compared.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FindingFields {
    /// Rule id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rule: Option<String>,
    /// Trigger id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trigger_id: Option<String>,
    /// The action that counts: `stop`, `warn` or `go`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) action: Option<String>,
}

impl ExpectedFinding {
    /// A finding by its rule, trigger id and action.
    pub(crate) fn of(rule: &str, trigger_id: &str, action: &str) -> Self {
        let own = |text: &str| Some(text.to_owned());
        Self::Of(FindingFields { rule: own(rule), trigger_id: own(trigger_id), action: own(action) })
    }

    pub(crate) fn fields(&self) -> FindingFields {
        match self {
            Self::TriggerId(id) => FindingFields { trigger_id: Some(id.clone()), ..FindingFields::default() },
            Self::Of(fields) => fields.clone(),
        }
    }
}

impl std::fmt::Display for ExpectedFinding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let FindingFields { rule, trigger_id, action } = self.fields();
        let parts = [("rule", rule), ("trigger id", trigger_id), ("action", action)];
        let parts: Vec<String> =
            parts.into_iter().filter_map(|(name, value)| Some(format!("{name} `{}`", value?))).collect();
        f.write_str(&if parts.is_empty() { "any finding".to_owned() } else { parts.join(", ") })
    }
}

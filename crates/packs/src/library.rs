//! The rule library: every rule of every pack, written once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::{Deserialize, Deserializer, de};
use serde_json::Value;
use stopgate_model::Action;

use crate::PackError;
use crate::error::Place;

const TEXT: &str = include_str!("../../../packs/library.json");
const SCHEMA: &str = "stopgate-rule-library/1";

/// Parameter values by name, in the order in which they are written.
pub(crate) type Params = Vec<(String, String)>;

/// All rules and the patterns that they share.
#[derive(Debug, Clone)]
pub(crate) struct Library {
    /// Regular expressions by name (`RX-…`).
    pub(crate) patterns: BTreeMap<String, String>,
    /// Rules by id.
    pub(crate) rules: BTreeMap<String, LibraryRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    schema: String,
    patterns: BTreeMap<String, String>,
    rules: BTreeMap<String, Value>,
}

/// A rule. A parameter value `@RX-…` is a pattern, `${key}` a site parameter, `@each` one item of `each`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LibraryRule {
    pub(crate) gate: String,
    pub(crate) trigger: String,
    #[serde(deserialize_with = "action")]
    pub(crate) action: Action,
    /// What it finds, one clause.
    pub(crate) summary: String,
    /// What to do, one sentence.
    pub(crate) recommendation: String,
    #[serde(deserialize_with = "params")]
    pub(crate) params: Params,
    /// Whether the trigger is ours rather than Anchore's.
    #[serde(default)]
    pub(crate) extension: bool,
    /// The rule stands once for each of these: a list, or `${key}` of a list parameter.
    #[serde(default)]
    pub(crate) each: Option<Each>,
    /// What the strict flavour sees less than the extended one, one clause.
    #[serde(default)]
    pub(crate) strict_note: Option<String>,
    /// Parameters that only the extended flavour has, or has with other values.
    #[serde(default, deserialize_with = "params")]
    pub(crate) extended_params: Params,
    /// What the strict flavour uses instead.
    #[serde(default)]
    pub(crate) strict: Option<Strict>,
    /// Whether it says something of a source tree; its trigger must look at one, too.
    #[serde(default = "yes")]
    pub(crate) sources: bool,
}

/// A trigger of Anchore's in place of one of ours.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Strict {
    pub(crate) gate: String,
    pub(crate) trigger: String,
    #[serde(default, deserialize_with = "params")]
    pub(crate) params: Params,
}

/// Items that a rule is repeated for.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum Each {
    Items(Vec<String>),
    Parameter(String),
}

const fn yes() -> bool {
    true
}

/// `STOP`, `WARN` or `GO`.
pub(crate) fn action<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Action, D::Error> {
    let word = String::deserialize(deserializer)?;
    parse_action(&word).ok_or_else(|| de::Error::custom(format!("unknown action `{word}`: expected STOP, WARN or GO")))
}

pub(crate) fn parse_action(word: &str) -> Option<Action> {
    [Action::Stop, Action::Warn, Action::Go].into_iter().find(|action| action_word(*action) == word)
}

/// As policy documents write it.
pub(crate) const fn action_word(action: Action) -> &'static str {
    match action {
        Action::Stop => "STOP",
        Action::Warn => "WARN",
        Action::Go => "GO",
    }
}

/// An object of texts, in its order.
pub(crate) fn params<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Params, D::Error> {
    let object = serde_json::Map::deserialize(deserializer)?;
    object
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            other => Err(de::Error::custom(format!("the value of `{name}` is `{other}`: expected a text"))),
        })
        .collect()
}

impl Library {
    /// The library that the program carries.
    pub(crate) fn embedded() -> Result<&'static Self, PackError> {
        static READ: OnceLock<Library> = OnceLock::new();
        if let Some(library) = READ.get() {
            return Ok(library);
        }
        let library = Self::parse(TEXT)?;
        Ok(READ.get_or_init(|| library))
    }

    pub(crate) fn parse(text: &str) -> Result<Self, PackError> {
        let place = Place::library();
        let raw: Raw = serde_json::from_str(text).map_err(|error| place.fault(error))?;
        if raw.schema != SCHEMA {
            return Err(place.fault(format!("the schema is `{}`: expected `{SCHEMA}`", raw.schema)));
        }
        let mut rules = BTreeMap::new();
        for (id, value) in raw.rules {
            let place = place.rule(&id);
            let rule: LibraryRule = serde_json::from_value(value).map_err(|error| place.fault(error))?;
            if rule.summary.trim().is_empty() || rule.recommendation.trim().is_empty() {
                return Err(place.fault("the summary or the recommendation is empty"));
            }
            rules.insert(id, rule);
        }
        Ok(Self { patterns: raw.patterns, rules })
    }
}

#[cfg(test)]
mod tests {
    use super::Library;

    fn fault(rules: &str) -> String {
        let text = format!(r#"{{"schema":"stopgate-rule-library/1","patterns":{{}},"rules":{{{rules}}}}}"#);
        Library::parse(&text).map(|_| ()).unwrap_err().to_string()
    }

    fn rule(change: (&str, &str)) -> String {
        let whole = r#""R-1":{"gate":"always","trigger":"always","action":"STOP","summary":"a","recommendation":"b","params":{}}"#;
        fault(&whole.replacen(change.0, change.1, 1))
    }

    #[test]
    fn bad_rules_are_named() {
        for (change, told) in [
            (("STOP", "stop"), "rule library, rule `R-1`: unknown action `stop`: expected STOP, WARN or GO"),
            (
                (r#""params":{}"#, r#""params":{"x":1}"#),
                "rule library, rule `R-1`: the value of `x` is `1`: expected a text",
            ),
            (
                (r#""summary":"a""#, r#""summary":"""#),
                "rule library, rule `R-1`: the summary or the recommendation is empty",
            ),
        ] {
            assert_eq!(rule(change), told);
        }
        assert!(rule((r#""params""#, r#""parms""#)).starts_with("rule library, rule `R-1`: unknown field `parms`"));
        assert!(rule((r#""summary":"a","#, "")).starts_with("rule library, rule `R-1`: missing field `summary`"));
        let other = Library::parse(r#"{"schema":"x","patterns":{},"rules":{}}"#).unwrap_err().to_string();
        assert!(other.starts_with("rule library: the schema is `x`"), "{other}");
        assert!(Library::embedded().is_ok());
    }
}

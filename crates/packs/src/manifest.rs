//! The manifest of a pack: framework, variants, site parameters, controls with the rules that serve them.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use stopgate_model::{Action, ControlClass};

use crate::condition::Condition;
use crate::error::Place;
use crate::framework::Framework;
use crate::library::{Library, Params, action, params};
use crate::prerequisite::Prerequisite;
use crate::values;
use crate::{PackError, set_id};

const SCHEMA: &str = "stopgate-pack/1";

/// A pack.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// What the pack is.
    pub pack: Pack,
    /// The variant that the bare name means; `None`: all controls.
    pub default_variant: Option<String>,
    /// Selections of its controls.
    pub variants: Vec<Variant>,
    /// Site parameters.
    pub parameters: Vec<Parameter>,
    /// Controls, in the framework's order.
    pub controls: Vec<Control>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    schema: String,
    pack: Pack,
    default_variant: Option<String>,
    #[serde(default)]
    variants: Vec<Variant>,
    parameters: Vec<Parameter>,
    controls: Vec<Value>,
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
    /// Day on which this version was released.
    pub released: String,
    /// First part of its rule-set ids.
    pub prefix: String,
    /// Licence of the pack.
    pub license: String,
    /// Id of its framework.
    pub framework: String,
    /// What it is for, one or two sentences.
    pub about: String,
    /// What it can see.
    pub sees: String,
    /// What it cannot.
    pub cannot_see: String,
}

/// A selection of controls, with values of parameters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Id, which follows the pack's in a name: `nist-800-53-low`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Ids of its controls.
    pub controls: Vec<String>,
    /// Values in place of the parameters' defaults.
    #[serde(default, deserialize_with = "params")]
    pub parameters: Params,
}

/// A site parameter.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// Key.
    pub key: String,
    /// What it is.
    pub label: String,
    /// Type of its values.
    #[serde(rename = "type")]
    pub kind: ParameterKind,
    /// Default; empty = rules that need it are left out.
    pub default: String,
    /// Whether the pack means little without it.
    #[serde(default)]
    pub required: bool,
}

/// Type of a site parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParameterKind {
    /// Any text.
    String,
    /// A whole number from 0.
    Integer,
    /// Texts separated by commas.
    List,
}

impl ParameterKind {
    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer => "integer",
            Self::List => "list",
        }
    }
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
    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::Supporting => "supporting",
            Self::None => "none",
        }
    }

    /// The same as a noun of reports.
    pub const fn class(self) -> ControlClass {
        match self {
            Self::Full => ControlClass::Full,
            Self::Partial => ControlClass::Partial,
            Self::Supporting => ControlClass::Supporting,
            Self::None => ControlClass::None,
        }
    }
}

/// Who can do something about a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// Whoever builds the image.
    ImageAuthor,
    /// Whoever runs the registry.
    Registry,
    /// Whoever runs the cluster.
    Platform,
    /// Whoever runs the hosts.
    Host,
    /// The organisation.
    Process,
}

impl Owner {
    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ImageAuthor => "image-author",
            Self::Registry => "registry",
            Self::Platform => "platform",
            Self::Host => "host",
            Self::Process => "process",
        }
    }
}

/// A control.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// Id in the framework.
    pub id: String,
    /// How much an artifact can show.
    pub assess: AssessClass,
    /// Who owns it.
    pub owner: Owner,
    /// Inputs without which it is not assessed.
    #[serde(default)]
    pub prerequisites: Vec<Prerequisite>,
    /// What an artifact cannot show.
    #[serde(default)]
    pub not_assessed: String,
    /// Any of these makes it not applicable.
    #[serde(default)]
    pub not_applicable: Vec<Condition>,
    /// All of these make it inherently met.
    #[serde(default)]
    pub inherently_met: Vec<Condition>,
    /// Rules of the library that serve it.
    #[serde(default)]
    pub rules: Vec<RuleRef>,
}

/// A rule of the library, perhaps with changes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "RawRef")]
pub struct RuleRef {
    /// Id in the library.
    pub rule: String,
    /// Another action than the library's.
    pub action: Option<Action>,
    /// Other parameter values than the library's.
    pub params: Params,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected the id of a rule, or an object with `ref` and perhaps `action` and `params`")]
enum RawRef {
    Plain(String),
    Changed(Changed),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Changed {
    #[serde(rename = "ref")]
    rule: String,
    #[serde(default)]
    action: Option<GivenAction>,
    #[serde(default, deserialize_with = "params")]
    params: Params,
}

#[derive(Deserialize)]
struct GivenAction(#[serde(deserialize_with = "action")] Action);

impl From<RawRef> for RuleRef {
    fn from(raw: RawRef) -> Self {
        match raw {
            RawRef::Plain(rule) => Self { rule, action: None, params: Params::new() },
            RawRef::Changed(Changed { rule, action, params }) => {
                Self { rule, action: action.map(|given| given.0), params }
            }
        }
    }
}

impl Manifest {
    /// Reads a manifest. Whether it fits its framework and the library is told by [`Self::check`].
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, PackError> {
        let raw: Raw = serde_json::from_str(text).map_err(|error| Place::pack(name).fault(error))?;
        let place = Place::pack(&raw.pack.id);
        if raw.schema != SCHEMA {
            return Err(place.fault(format!("the schema is `{}`: expected `{SCHEMA}`", raw.schema)));
        }
        let mut controls = Vec::new();
        for value in raw.controls {
            let id = value.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
            controls.push(serde_json::from_value(value).map_err(|error| place.control(&id).fault(error))?);
        }
        let Raw { pack, default_variant, variants, parameters, .. } = raw;
        let manifest = Self { pack, default_variant, variants, parameters, controls };
        manifest.check_alone(&place)?;
        Ok(manifest)
    }

    /// The variant of this id.
    pub fn variant(&self, id: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.id == id)
    }

    /// Every control stands in the framework, and every rule in the library.
    pub(crate) fn check(&self, framework: &Framework, library: &Library) -> Result<(), PackError> {
        let place = Place::pack(&self.pack.id);
        for control in &self.controls {
            let place = place.control(&control.id);
            if framework.control(&control.id).is_none() {
                return Err(place.fault(format!("the framework `{}` does not have it", framework.id)));
            }
            for reference in &control.rules {
                if !library.rules.contains_key(&reference.rule) {
                    return Err(place.rule(&reference.rule).fault("the rule library does not have it"));
                }
            }
        }
        Ok(())
    }

    fn check_alone(&self, place: &Place) -> Result<(), PackError> {
        let (id, prefix) = (&self.pack.id, &self.pack.prefix);
        if !is_word(id) || !is_word(prefix) {
            return Err(place.fault("the id or the prefix is no word of a-z, 0-9 and `-`"));
        }
        self.check_parameters(place)?;
        self.check_controls(place)?;
        let mut seen = BTreeSet::new();
        for variant in &self.variants {
            let what = format!("variant `{}`", variant.id);
            if !is_word(&variant.id) || !seen.insert(&variant.id) {
                return Err(place.fault(format!("the {what} has an id that is no word or stands there twice")));
            }
            if let Some(strange) = variant.controls.iter().find(|id| self.controls.iter().all(|c| c.id != **id)) {
                return Err(place.control(strange).fault(format!("the {what} names it, the pack does not have it")));
            }
            values::check(&self.pack.id, &self.parameters, variant.parameters.iter().map(|(k, v)| (&**k, &**v)))?;
        }
        match &self.default_variant {
            Some(id) if self.variant(id).is_none() => {
                Err(place.fault(format!("the default variant `{id}` is none of its variants")))
            }
            _ => Ok(()),
        }
    }

    fn check_parameters(&self, place: &Place) -> Result<(), PackError> {
        let mut seen = BTreeSet::from([values::ENFORCEMENT]);
        for parameter in &self.parameters {
            if parameter.key.is_empty() || !seen.insert(&parameter.key) {
                return Err(place.fault(format!("the parameter `{}` stands there twice", parameter.key)));
            }
            values::check(&self.pack.id, &self.parameters, [(&*parameter.key, &*parameter.default)])?;
        }
        Ok(())
    }

    fn check_controls(&self, place: &Place) -> Result<(), PackError> {
        let mut seen = BTreeSet::new();
        for control in &self.controls {
            let place = place.control(&control.id);
            if control.id.is_empty() || !seen.insert(set_id(&self.pack.prefix, &control.id)) {
                return Err(place.fault("its rule set would stand there twice"));
            }
            let silent = control.not_assessed.trim().is_empty();
            match control.assess {
                AssessClass::Full => {}
                _ if silent => return Err(place.fault("what is not assessed is not said")),
                _ => {}
            }
            if control.rules.is_empty() && control.assess != AssessClass::None {
                return Err(place.fault("it has no rules, so nothing of it can be assessed"));
            }
        }
        Ok(())
    }
}

fn is_word(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(fits)
}

#[cfg(test)]
mod tests {
    use super::Manifest;
    use crate::framework::Framework;
    use crate::library::Library;

    const WHOLE: &str = r#"{"schema":"stopgate-pack/1",
 "pack":{"id":"p","title":"P","version":"1","released":"","prefix":"p","license":"","framework":"f","about":"","sees":"","cannot_see":""},
 "default_variant":"low",
 "variants":[{"id":"low","title":"Low","controls":["1"],"parameters":{"days":"3"}}],
 "parameters":[{"key":"days","label":"days","type":"integer","default":"1"}],
 "controls":[{"id":"1","assess":"partial","owner":"host","prerequisites":["DF|HIST"],"not_assessed":"much","rules":["R-USER-1"]}]}"#;

    #[test]
    fn bad_manifests_say_where_they_are_wrong() {
        assert!(Manifest::parse("p", WHOLE).is_ok());
        for (from, to, told) in [
            ("pack/1", "pack/2", "pack `p`: the schema is `stopgate-pack/2`: expected `stopgate-pack/1`"),
            (r#""prefix":"p""#, r#""prefix":"P!""#, "pack `p`: the id or the prefix is no word"),
            (r#":"low","variants"#, r#":"lo","variants"#, "pack `p`: the default variant `lo` is none"),
            (
                r#"["1"],"par"#,
                r#"["2"],"par"#,
                "pack `p`, control `2`: the variant `low` names it, the pack does not have it",
            ),
            (r#""days":"3""#, r#""days":"x""#, "the parameter `days` of the pack `p` does not accept `x`"),
            (r#""days":"3""#, r#""day":"3""#, "the pack `p` has no parameter `day`"),
            (r#""key":"days""#, r#""key":"enforcement""#, "pack `p`: the parameter `enforcement` stands there twice"),
            ("DF|HIST", "DF|HITS", "pack `p`, control `1`: unknown prerequisite `HITS`"),
            (
                r#""not_assessed":"much","#,
                r#""not_assessed":"","#,
                "pack `p`, control `1`: what is not assessed is not said",
            ),
            (r#"["R-USER-1"]"#, "[]", "pack `p`, control `1`: it has no rules"),
            (
                r#"["R-USER-1"]"#,
                r#"[{"ref":"R-USER-1","action":"STOPP"}]"#,
                "pack `p`, control `1`: expected the id of a rule",
            ),
            (r#""owner":"host""#, r#""owner":"nobody""#, "pack `p`, control `1`: unknown variant `nobody`"),
            (
                r#""rules":["#,
                r#""not_applicable":["no-moon"],"rules":["#,
                "pack `p`, control `1`: unknown condition `no-moon`",
            ),
        ] {
            let text = WHOLE.replace("\n ", "").replacen(from, to, 1);
            let error = Manifest::parse("p", &text).map(|_| ()).expect_err(to).to_string();
            assert!(error.starts_with(told), "{error}\n{told}");
        }
    }

    #[test]
    fn a_manifest_fits_its_framework_and_the_library() {
        let framework = |id: &str| -> Framework {
            let text = format!(
                r#"{{"schema":"","id":"f","name":"F","version":"","published":"","publisher":"","url":"","text_license":"","origin":"","controls":[{{"id":"{id}","title":"t"}}]}}"#
            );
            serde_json::from_str(&text).unwrap()
        };
        let library = Library::embedded().unwrap();
        let manifest = Manifest::parse("p", WHOLE).unwrap();
        assert!(manifest.check(&framework("1"), library).is_ok());
        let error = manifest.check(&framework("2"), library).unwrap_err().to_string();
        assert_eq!(error, "pack `p`, control `1`: the framework `f` does not have it");
        let strange = Manifest::parse("p", &WHOLE.replace("R-USER-1", "R-NONE-9")).unwrap();
        let error = strange.check(&framework("1"), library).unwrap_err().to_string();
        assert_eq!(error, "pack `p`, control `1`, rule `R-NONE-9`: the rule library does not have it");
    }
}

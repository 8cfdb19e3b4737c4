//! The parameters of a rule, read by name: what is given, else the default, as the trigger itself reads them.

use crate::document::policy::Rule;
use crate::registry::{self, Lookup};
use crate::trigger::params::{ParamSpec, ParamType};
use crate::trigger::types::CommaList;

/// A rule's parameters.
#[derive(Clone, Copy)]
pub(super) struct Given<'p> {
    rule: &'p Rule,
    spec: &'static [ParamSpec],
}

impl<'p> Given<'p> {
    /// `None` for a rule whose trigger is not run.
    pub(super) fn of(rule: &'p Rule) -> Option<Self> {
        match registry::find(&rule.gate, &rule.trigger) {
            Lookup::Found(found) => Some(Self { rule, spec: found.params() }),
            _ => None,
        }
    }

    pub(super) fn rule_id(&self) -> &'p str {
        &self.rule.id
    }

    /// Whether every parameter of the trigger is one of these.
    pub(super) fn has_only(&self, known: &[&str]) -> bool {
        self.spec.iter().all(|spec| known.contains(&spec.name))
    }

    /// The value as written, else the default. An empty text is none: forms send it for a field left alone.
    pub(super) fn text(&self, name: &str) -> Option<&'p str> {
        let given = self.rule.values().iter().find(|param| param.name == name).map(|param| param.value.as_str());
        let default = || self.spec.iter().find(|spec| spec.name == name).and_then(|spec| spec.default);
        given.or_else(default).filter(|text| !text.is_empty())
    }

    /// The value, read as the trigger reads it.
    pub(super) fn read<T: ParamType>(&self, name: &str) -> Option<T> {
        T::read(self.text(name)?).ok()
    }

    /// Texts of a list.
    pub(super) fn list(&self, name: &str) -> Option<Vec<String>> {
        self.read::<CommaList>(name).map(|list| list.0)
    }

    /// Whether a word is the one that this parameter has.
    pub(super) fn is(&self, name: &str, word: &str) -> bool {
        self.text(name) == Some(word)
    }

    /// All parameters with their defaults, so that two rules that say the same have the same text.
    pub(super) fn canonical(&self) -> String {
        let pairs: Vec<String> = self
            .spec
            .iter()
            .filter_map(|spec| self.text(spec.name).map(|text| format!("{}={text:?}", spec.name)))
            .collect();
        format!("{}.{} {}", self.rule.gate, self.rule.trigger, pairs.join(" "))
    }
}

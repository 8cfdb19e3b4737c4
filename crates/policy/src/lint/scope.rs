//! What a lint sees of a policy, and where it tells what it found.

use jiff::{SignedDuration, Timestamp};

use super::{Lint, LintInfo, LintSeverity, LintSubject};
use crate::document::error::child;
use crate::document::extension::named;
use crate::document::{Mapping, Mode, Policy, Rule};
use crate::registry::{self, Lookup};
use crate::trigger::params::{ParamSpec, ParamType};

/// Something ends soon within this time, as for exceptions.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Steps of one lint: comparing two rules, or two patterns of a hundred bytes, is one.
const MOST_STEPS: u64 = 5_000_000;
/// Lints of one code. Nobody reads more.
const MOST_TOLD: usize = 1_000;

pub(super) static UNCHECKED: LintInfo = LintInfo {
    code: "unchecked",
    severity: LintSeverity::Note,
    subject: LintSubject::Policy,
    summary: "A lint was not checked to its end.",
    why: "Lints that compare all rules, items or mappings with each other stop in very large policies, and a lint \
          is told a thousand times at most. What was told holds; there may be more.",
    bad: &[],
    good: &[],
    check: |_, _| {},
};

/// A policy at a time.
pub(super) struct Scope<'p> {
    pub(super) policy: &'p Policy,
    pub(super) now: Timestamp,
}

impl<'p> Scope<'p> {
    pub(super) const fn new(policy: &'p Policy, now: Timestamp) -> Self {
        Self { policy, now }
    }

    /// Every rule that is on, with its place.
    pub(super) fn rules(&self) -> impl Iterator<Item = RuleAt<'p>> {
        (0..self.policy.rule_sets.len()).flat_map(|set| self.rules_of(set))
    }

    /// The rules of one rule set that are on.
    pub(super) fn rules_of(&self, set: usize) -> impl Iterator<Item = RuleAt<'p>> + use<'p> {
        let has_parameters = self.policy.extension.as_ref().is_some_and(|extension| !extension.parameters.is_empty());
        let rules = self.policy.rule_sets.get(set).map_or(&[][..], |set| &set.rules);
        let rules = rules.iter().enumerate().filter(|(_, rule)| rule.extension.mode != Mode::Off);
        rules.map(move |(index, rule)| RuleAt { set, index, rule, has_parameters })
    }

    /// The rules of one trigger.
    pub(super) fn rules_with(&self, gate: &'static str, trigger: &'static str) -> impl Iterator<Item = RuleAt<'p>> {
        self.rules().filter(move |at| at.rule.gate == gate && at.rule.trigger == trigger)
    }

    /// The mappings of every kind, with the name of their list. One that the document does not have is left out.
    pub(super) fn mappings(&self) -> [(&'static str, &'p [Mapping]); 3] {
        let sboms = match self.policy.sbom_mappings.as_slice() {
            [only] if only.implied => &[],
            all => all,
        };
        [
            ("mappings", &self.policy.mappings),
            ("source_mappings", &self.policy.source_mappings),
            ("sbom_mappings", sboms),
        ]
    }

    /// Whether a time has come.
    pub(super) fn is_past(&self, time: Timestamp) -> bool {
        self.now >= time
    }

    /// Whether a time comes soon.
    pub(super) fn is_soon(&self, time: Timestamp) -> bool {
        !self.is_past(time) && time.duration_since(self.now) <= SOON
    }
}

/// A rule with its place.
#[derive(Clone, Copy)]
pub(super) struct RuleAt<'p> {
    pub(super) set: usize,
    pub(super) index: usize,
    pub(super) rule: &'p Rule,
    has_parameters: bool,
}

/// What a parameter of a rule is set to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting<'p> {
    /// This value.
    Given(&'p str),
    /// Nothing; the trigger takes this value.
    Default(&'static str),
    /// Nothing, and there is no default.
    Absent,
    /// A parameter of the policy, whose value is not known here.
    Open(&'p str),
}

impl<'p> Setting<'p> {
    /// The value that counts, when it is known.
    pub(super) const fn text(self) -> Option<&'p str> {
        match self {
            Self::Given(text) | Self::Default(text) => Some(text),
            Self::Absent | Self::Open(_) => None,
        }
    }

    /// The value that counts, read as a type.
    pub(super) fn read<T: ParamType>(self) -> Option<T> {
        T::read(self.text()?).ok()
    }

    /// Whether the document says something.
    pub(super) const fn is_given(self) -> bool {
        matches!(self, Self::Given(_) | Self::Open(_))
    }
}

impl<'p> RuleAt<'p> {
    pub(super) fn pointer(&self) -> String {
        child(&child(&child("/rule_sets", self.set), "rules"), self.index)
    }

    /// Pointer of a parameter's value, else of all parameters.
    pub(super) fn param_pointer(&self, name: &str) -> String {
        let params = child(&self.pointer(), "params");
        match self.rule.params.iter().position(|param| param.name == name) {
            Some(index) => child(&child(&params, index), "value"),
            None => params,
        }
    }

    /// The parameters of its trigger.
    pub(super) fn specs(&self) -> &'static [ParamSpec] {
        match registry::find(&self.rule.gate, &self.rule.trigger) {
            Lookup::Found(row) => row.params(),
            _ => &[],
        }
    }

    pub(super) fn setting(&self, name: &str) -> Setting<'p> {
        let spec = self.specs().iter().find(|spec| spec.name == name);
        self.setting_of(name, spec.and_then(|spec| spec.default))
    }

    pub(super) fn setting_of(&self, name: &str, default: Option<&'static str>) -> Setting<'p> {
        let given = self.rule.params.iter().find(|param| param.name == name).map(|param| param.value.as_str());
        match (given, default) {
            (Some(text), _) if self.has_parameters && named(text).is_some() => Setting::Open(text),
            // Forms send an empty text for a field that was left alone.
            (Some("") | None, None) => Setting::Absent,
            (Some(text), _) => Setting::Given(text),
            (None, Some(default)) => Setting::Default(default),
        }
    }

    /// `rule `id``, for messages.
    pub(super) fn name(&self) -> String {
        format!("rule `{}`", crate::document::suggest::shown(&self.rule.id))
    }
}

/// Where one lint tells what it found.
pub(super) struct Told<'a> {
    info: &'static LintInfo,
    lints: &'a mut Vec<Lint>,
    count: usize,
    left: u64,
    cut: bool,
}

impl<'a> Told<'a> {
    pub(super) const fn new(info: &'static LintInfo, lints: &'a mut Vec<Lint>) -> Self {
        Self { info, lints, count: 0, left: MOST_STEPS, cut: false }
    }

    pub(super) fn tell(&mut self, pointer: String, message: String, help: &str) {
        if self.count == MOST_TOLD {
            self.cut = true;
            return;
        }
        self.count += 1;
        let help = (!help.is_empty()).then(|| help.to_owned());
        let (code, severity) = (self.info.code, self.info.severity);
        self.lints.push(Lint { code, severity, pointer, line: None, column: None, message, help });
    }

    /// Takes steps from the budget; `false` when there are none left.
    pub(super) const fn spend(&mut self, steps: usize) -> bool {
        match self.left.checked_sub(steps as u64) {
            Some(left) => self.left = left,
            None => self.cut = true,
        }
        !self.cut
    }

    pub(super) fn finish(self) {
        if self.cut {
            let message = format!("there is too much for `{}` to be checked to its end", self.info.code);
            let (code, severity) = (UNCHECKED.code, UNCHECKED.severity);
            self.lints.push(Lint {
                code,
                severity,
                pointer: String::new(),
                line: None,
                column: None,
                message,
                help: None,
            });
        }
    }
}

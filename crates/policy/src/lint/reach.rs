//! How far a rule reaches: whether one rule finds all that another finds, parameter by parameter.
//!
//! Parameters must be equal unless [`WIDER`] says how one value includes another. A number or severity
//! with its comparison is one condition.

use std::collections::{BTreeMap, BTreeSet};

use stopgate_model::Severity;

use super::scope::{RuleAt, Setting};
use crate::trigger::params::{ParamSpec, ParamType};
use crate::trigger::types::{CommaList, Comparison, Number, NumberList};

/// The conditions of a rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reach {
    gate: String,
    trigger: String,
    values: BTreeMap<&'static str, Value>,
}

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Absent,
    Text(String),
    Number(f64),
    List(BTreeSet<String>),
    /// Its value is a parameter of the policy.
    Open(String),
}

/// How a value of a parameter makes a rule find more.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Wider {
    /// A list with more members.
    More,
    /// A list with fewer members.
    Fewer,
    /// A lower number.
    Lower,
    /// This word.
    Word(&'static str),
    /// Only an absent one.
    Absent,
}

use Wider::{Absent, Fewer, Lower, More, Word};

/// Gate, trigger, parameter, how it makes the rule find more. One that is absent here asks nothing.
const WIDER: &[(&str, &str, &str, Wider)] = &[
    ("vulnerabilities", "package", "package_type", Word("all")),
    ("vulnerabilities", "package", "fix_available", Absent),
    ("vulnerabilities", "package", "vendor_only", Word("false")),
    ("vulnerabilities", "package", "max_days_since_creation", Lower),
    ("vulnerabilities", "package", "max_days_since_fix", Lower),
    ("vulnerabilities", "package", "package_path_exclude", Absent),
    ("vulnerabilities", "package", "inherited_from_base", Absent),
    ("vulnerabilities", "package", "known_exploited_vulnerability", Absent),
    ("vulnerabilities", "package", "vex", Word("ignore")),
    ("vulnerabilities", "kev_list", "vex", Word("ignore")),
    ("vulnerabilities", "denylist", "vex", Word("ignore")),
    ("vulnerabilities", "denylist", "vulnerability_ids", More),
    ("vulnerabilities", "denylist", "vendor_only", Word("false")),
    ("vulnerabilities", "stale_feed_data", "max_days_since_sync", Lower),
    ("licenses", "denylist_exact_match", "licenses", More),
    ("licenses", "denylist_exact_match", "package_type", Absent),
    ("licenses", "denylist_partial_match", "licenses", More),
    ("licenses", "denylist_partial_match", "package_type", Absent),
    ("passwd_file", "denylist_usernames", "user_names", More),
    ("passwd_file", "denylist_userids", "user_ids", More),
    ("passwd_file", "denylist_groupids", "group_ids", More),
    ("passwd_file", "denylist_shells", "shells", More),
    ("image_config", "label", "required", More),
    ("packages", "denylist", "version", Absent),
    ("packages", "verify", "only_packages", More),
    ("packages", "verify", "only_directories", More),
    ("packages", "verify", "check", Absent),
    ("licenses", "expression", "allow", Fewer),
    ("licenses", "expression", "except", Fewer),
    ("licenses", "expression", "package_type", More),
    ("ancestry", "allowed_base_image_digest", "base_digest", Fewer),
    ("ancestry", "allowed_base_image_tag", "base_tag", Fewer),
    ("ancestry", "denylist_ancestor_image_digest", "ancestor_digest", More),
    ("ancestry", "denylist_ancestor_image_tag", "ancestor_tag", More),
    ("completeness", "gaps_present", "code", More),
    ("completeness", "gaps_present", "path", Absent),
    ("completeness", "gaps_present", "class", Absent),
    ("stig", "stig_evaluations_outdated", "max_days_since_stig_evaluation", Lower),
    ("tag_drift", "packages_added", "package_type", More),
    ("tag_drift", "packages_removed", "package_type", More),
    ("tag_drift", "packages_modified", "package_type", More),
    ("image_source_drift", "package_downgraded", "package_types", More),
    ("image_source_drift", "package_removed", "package_types", More),
    ("npms", "blacklisted_name_version", "version", Absent),
    ("ruby_gems", "blacklist", "version", Absent),
];

/// As [`WIDER`], for lists that `type` makes allowed or denied ones.
const BY_TYPE: &[(&str, &str, &str)] =
    &[("dockerfile", "effective_user", "users"), ("dockerfile", "exposed_ports", "ports")];

impl Reach {
    pub(super) fn of(at: &RuleAt<'_>) -> Self {
        let values = at.specs().iter().map(|spec| (spec.name, value(spec, at.setting_of(spec.name, spec.default))));
        Self { gate: at.rule.gate.clone(), trigger: at.rule.trigger.clone(), values: values.collect() }
    }

    /// Whether a rule with these conditions finds all that the other finds. `false` when it cannot be told.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.values.iter().all(|(name, own)| {
            let theirs = other.get(name);
            own == theirs || self.is_wider(name, other)
        })
    }

    fn get(&self, name: &str) -> &Value {
        self.values.get(name).unwrap_or(&Value::Absent)
    }

    fn is_wider(&self, name: &'static str, other: &Self) -> bool {
        if let Some(condition) = name.strip_suffix("_comparison").filter(|name| self.values.contains_key(name)) {
            return self.condition_is_wider(condition, other);
        }
        if self.values.contains_key(format!("{name}_comparison").as_str()) {
            return self.condition_is_wider(name, other);
        }
        match (self.wider(name), self.get(name), other.get(name)) {
            (Some(Lower | More | Fewer | Absent), Value::Absent, _) => true,
            (Some(Lower), Value::Number(own), Value::Number(other)) => own <= other,
            (Some(More), Value::List(own), Value::List(other)) => own.is_superset(other),
            (Some(Fewer), Value::List(own), Value::List(other)) => own.is_subset(other),
            (Some(Word(word)), Value::Text(own), Value::Text(_)) => own == word,
            _ => false,
        }
    }

    fn wider(&self, name: &str) -> Option<Wider> {
        let is_own =
            |gate: &str, trigger: &str, param: &str| gate == self.gate && trigger == self.trigger && param == name;
        if BY_TYPE.iter().any(|(gate, trigger, param)| is_own(gate, trigger, param)) {
            let denies = *self.get("type") == Value::Text("denylist".to_owned());
            return Some(if denies { More } else { Fewer });
        }
        WIDER.iter().find(|(gate, trigger, param, _)| is_own(gate, trigger, param)).map(|(.., wider)| *wider)
    }

    /// A value with its comparison: whether what meets the other's condition meets the own one.
    fn condition_is_wider(&self, name: &str, other: &Self) -> bool {
        let comparison = format!("{name}_comparison");
        let part = |reach: &Self| {
            let Value::Text(word) = reach.get(&comparison) else { return None };
            Some((Comparison::read(word).ok()?, reach.get(name).clone()))
        };
        match (part(self), part(other)) {
            (Some((_, Value::Absent)), Some(_)) => true,
            (Some((own, Value::Number(number))), Some((theirs, Value::Number(given)))) => {
                implies((theirs, given), (own, number))
            }
            (Some((own, Value::Text(left))), Some((theirs, Value::Text(right)))) => {
                match (Severity::read(&left), Severity::read(&right)) {
                    (Ok(left), Ok(right)) => Severity::ALL
                        .iter()
                        .filter(|severity| theirs.holds(*severity, &right))
                        .all(|severity| own.holds(severity, &left)),
                    _ => false,
                }
            }
            _ => false,
        }
    }
}

fn value(spec: &ParamSpec, setting: Setting<'_>) -> Value {
    let text = match setting {
        Setting::Open(text) => return Value::Open(text.to_owned()),
        Setting::Absent => return Value::Absent,
        Setting::Given(text) | Setting::Default(text) => text,
    };
    let plain = || Value::Text(text.to_owned());
    match spec.kind.validator {
        "BooleanString" => Value::Text(text.trim().to_lowercase()),
        "IntegerString" | "FloatString" => Number::read(text.trim()).map_or_else(
            |_| plain(),
            |number| {
                // Scores of EPSS above 1 are percentages.
                let percent = spec.name.starts_with("epss") && number.0 > 1.0;
                Value::Number(if percent { number.0 / 100.0 } else { number.0 })
            },
        ),
        "CommaDelimitedStringList" => {
            CommaList::read(text).map_or_else(|_| plain(), |list| Value::List(list.0.into_iter().collect()))
        }
        "CommaDelimitedStringOfNumbers" => NumberList::read(text).map_or_else(
            |_| plain(),
            |list| Value::List(list.0.into_iter().map(|number| number.to_string()).collect()),
        ),
        "EnumString" => Value::Text(word(spec, text)),
        _ => plain(),
    }
}

/// The word of an enumeration that an older or differently written one stands for.
fn word(spec: &ParamSpec, text: &str) -> String {
    match text {
        "whitelist" => "allowlist".to_owned(),
        "blacklist" => "denylist".to_owned(),
        _ => spec.kind.words.iter().find(|word| word.eq_ignore_ascii_case(text)).map_or(text, |word| *word).to_owned(),
    }
}

/// Whether every number that meets the first condition meets the second.
fn implies((narrow, n): (Comparison, f64), (wide, w): (Comparison, f64)) -> bool {
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less, NotEqual};
    match (wide, narrow) {
        (AtLeast, AtLeast | Greater | Equal) | (Greater | NotEqual, Greater) => n >= w,
        (Greater, AtLeast | Equal) | (NotEqual, AtLeast) => n > w,
        (AtMost, AtMost | Less | Equal) | (Less | NotEqual, Less) => n <= w,
        (Less, AtMost | Equal) | (NotEqual, AtMost) => n < w,
        #[expect(clippy::float_cmp, reason = "both are as written, nothing was computed")]
        (Equal, Equal) | (NotEqual, NotEqual) => n == w,
        #[expect(clippy::float_cmp, reason = "both are as written, nothing was computed")]
        (NotEqual, Equal) => n != w,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{BY_TYPE, WIDER, implies};
    use crate::registry::{self, Lookup};
    use crate::trigger::params::ParamType;
    use crate::trigger::types::Comparison;

    #[test]
    fn the_tables_name_parameters_that_exist() {
        let rows = WIDER.iter().map(|(gate, trigger, param, _)| (gate, trigger, param));
        for (gate, trigger, param) in rows.chain(BY_TYPE.iter().map(|(gate, trigger, param)| (gate, trigger, param))) {
            let Lookup::Found(row) = registry::find(gate, trigger) else { panic!("{gate}.{trigger}") };
            assert!(row.params().iter().any(|spec| spec.name == *param), "{gate}.{trigger} {param}");
        }
    }

    #[test]
    fn one_condition_implies_another_exactly_when_no_number_tells_them_apart() {
        let words = ["=", "!=", "<", ">", "<=", ">="].map(|word| Comparison::read(word).unwrap());
        let numbers: Vec<f64> = (0..=12).map(|half| f64::from(half) / 2.0).collect();
        for narrow in words {
            for wide in words {
                for (n, w) in [(1.0, 2.0), (2.0, 2.0), (3.0, 2.0)] {
                    let expected = numbers.iter().all(|x| !narrow.holds(x, &n) || wide.holds(x, &w));
                    assert_eq!(implies((narrow, n), (wide, w)), expected, "{narrow:?} {n} within {wide:?} {w}");
                }
            }
        }
    }
}

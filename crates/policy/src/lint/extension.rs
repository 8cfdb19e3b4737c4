//! The side-car: exceptions that are too broad, over or useless, and additions to rules that change nothing.

use std::collections::{BTreeSet, HashSet};

use super::patterns::{cost, is_anything};
use super::scope::{Scope, Told};
use super::{LintInfo, LintSeverity, LintSubject};
use crate::document::error::child;
use crate::document::extension::named;
use crate::document::suggest::{did_you_mean, shown};
use crate::document::{Exception, Extension, Mode, Rule, RuleExtension, Selector};
use crate::pattern::Pattern;

fn exceptions<'p>(scope: &Scope<'p>) -> impl Iterator<Item = (String, &'p Exception)> {
    let all = scope.policy.extension.as_ref().map_or(&[][..], |extension| &extension.exceptions);
    all.iter().enumerate().map(|(index, exception)| (child("/exceptions", index), exception))
}

fn rules<'p>(scope: &Scope<'p>) -> impl Iterator<Item = (String, &'p str, &'p RuleExtension)> {
    let rules = scope.policy.extension.as_ref().map(|extension: &Extension| &extension.rules);
    rules.into_iter().flatten().map(|(id, added)| (child("/rules", id), id.as_str(), added))
}

pub(super) static EXCEPTION_TOO_BROAD: LintInfo = LintInfo {
    code: "exception-too-broad",
    severity: LintSeverity::Warn,
    subject: LintSubject::Extension,
    summary: "An exception names neither a vulnerability, nor a rule, nor a trigger.",
    why: "It accepts findings that nobody has looked at, among them those of tomorrow. Name what was looked at.",
    bad: &["rule stop vulnerabilities.kev_list", r#"exception {"select": {"purl": "pkg:npm/*"}}"#],
    good: &[
        "rule stop vulnerabilities.kev_list",
        r#"exception {"select": {"purl": "pkg:npm/*", "vulnerability": "CVE-2021-44228"}}"#,
    ],
    check: |scope, told| {
        for (at, exception) in exceptions(scope) {
            let select = &exception.select;
            let bounds = |pattern: &Option<Pattern>| pattern.as_ref().is_some_and(|pattern| !is_anything(pattern));
            if ![&select.vulnerability, &select.rule, &select.trigger].into_iter().any(bounds) {
                let message =
                    format!("the exception `{}` names no vulnerability, rule or trigger", shown(&exception.id));
                told.tell(child(&at, "select"), message, "add `vulnerability`, `rule` or `trigger`");
            }
        }
    },
};

pub(super) static EXCEPTION_EXPIRED: LintInfo = LintInfo {
    code: "exception-expired",
    severity: LintSeverity::Warn,
    subject: LintSubject::Extension,
    summary: "An exception has ended.",
    why: "Its findings count again. Remove it, or have it approved anew.",
    bad: &["rule stop always.always", r#"exception {"expires": "2026-06-01T00:00:00Z"}"#],
    good: &["rule stop always.always", r#"exception {"expires": "2027-01-31T00:00:00Z"}"#],
    check: |scope, told| {
        for (at, exception) in exceptions(scope).filter(|(_, exception)| scope.is_past(exception.expires.time)) {
            let message =
                format!("the exception `{}` ended on {}", shown(&exception.id), shown(&exception.expires.text));
            told.tell(child(&at, "expires"), message, "remove it, or have it approved anew");
        }
    },
};

pub(super) static EXCEPTION_EXPIRING: LintInfo = LintInfo {
    code: "exception-expiring",
    severity: LintSeverity::Note,
    subject: LintSubject::Extension,
    summary: "An exception ends within 14 days.",
    why: "From then on its findings count again and may stop artifacts that pass today.",
    bad: &["rule stop always.always", r#"exception {"expires": "2026-06-15T00:00:00Z"}"#],
    good: &["rule stop always.always", r#"exception {"expires": "2026-06-15T00:00:01Z"}"#],
    check: |scope, told| {
        for (at, exception) in exceptions(scope).filter(|(_, exception)| scope.is_soon(exception.expires.time)) {
            let (id, end) = (shown(&exception.id), shown(&exception.expires.text));
            let message = format!("the exception `{id}` of `{}` ends on {end}", shown(&exception.owner));
            told.tell(child(&at, "expires"), message, "");
        }
    },
};

pub(super) static EXCEPTION_NEVER_MATCHES: LintInfo = LintInfo {
    code: "exception-never-matches",
    severity: LintSeverity::Warn,
    subject: LintSubject::Extension,
    summary: "An exception names a rule, gate, trigger or control that the policy does not have.",
    why: "It accepts nothing, so the findings that it was made for still count.",
    bad: &["rule stop always.always", r#"exception {"select": {"rule": "r2"}}"#],
    good: &["rule stop always.always", r#"exception {"select": {"rule": "r1"}}"#],
    check: never_matches,
};

fn never_matches(scope: &Scope<'_>, told: &mut Told<'_>) {
    let names = |of: fn(&Rule) -> &[String]| -> BTreeSet<&str> {
        let rules = scope.policy.rule_sets.iter().flat_map(|set| &set.rules);
        rules.flat_map(of).map(String::as_str).collect()
    };
    type Field<'n> = (&'static str, BTreeSet<&'n str>, fn(&Selector) -> &Option<Pattern>);
    let fields: [Field<'_>; 4] = [
        ("rule", names(|rule| std::slice::from_ref(&rule.id)), |select| &select.rule),
        ("gate", names(|rule| std::slice::from_ref(&rule.gate)), |select| &select.gate),
        ("trigger", names(|rule| std::slice::from_ref(&rule.trigger)), |select| &select.trigger),
        ("control", names(|rule| &rule.extension.controls), |select| &select.control),
    ];
    for (at, exception) in exceptions(scope) {
        for (field, names, pattern) in &fields {
            let Some(pattern) = pattern(&exception.select) else { continue };
            if pattern.literal().is_some_and(|name| names.contains(name)) {
                continue;
            }
            if !told.spend(1 + names.len() * cost(pattern)) {
                return;
            }
            if names.iter().any(|name| pattern.matches(name).unwrap_or(false)) {
                continue;
            }
            let (id, name) = (shown(&exception.id), shown(pattern.as_str()));
            let message = format!("the exception `{id}` matches nothing: the policy has no {field} `{name}`");
            let help = did_you_mean(pattern.as_str(), names.iter().copied()).unwrap_or_default();
            told.tell(child(&child(&at, "select"), field), message, &help);
        }
    }
}

pub(super) static ENFORCED_ALREADY: LintInfo = LintInfo {
    code: "enforced-already",
    severity: LintSeverity::Note,
    subject: LintSubject::Extension,
    summary: "The time from which a rule is enforced has come.",
    why: "The rule counts with its own action. The entry can go.",
    bad: &["rule stop always.always", r#"added r1 {"enforce_from": "2026-06-01T00:00:00Z"}"#],
    good: &["rule stop always.always", r#"added r1 {"enforce_from": "2026-06-02T00:00:00Z"}"#],
    check: |scope, told| {
        for (at, id, added) in rules(scope).filter(|(_, _, added)| added.mode == Mode::Enforce) {
            if let Some(from) = added.enforce_from.as_ref().filter(|from| scope.is_past(from.time)) {
                let message = format!("rule `{}` is enforced since {}", shown(id), shown(&from.text));
                told.tell(child(&at, "enforce_from"), message, "remove `enforce_from`");
            }
        }
    },
};

pub(super) static OLD_WITHOUT_EFFECT: LintInfo = LintInfo {
    code: "old-without-effect",
    severity: LintSeverity::Warn,
    subject: LintSubject::Extension,
    summary: "A rule that is off or audited has due dates or a time of enforcement.",
    why: "A rule that is off is not run, and an audited one warns at most, whatever is due. Only `enforce` reads `old` \
          and `enforce_from`.",
    bad: &["rule stop always.always", r#"added r1 {"mode": "off", "old": {"from": "first_seen", "days": 30}}"#],
    good: &["rule stop always.always", r#"added r1 {"old": {"from": "first_seen", "days": 30}}"#],
    check: |scope, told| {
        for (at, id, added) in rules(scope).filter(|(_, _, added)| added.mode != Mode::Enforce) {
            for (field, given) in [("old", added.old.is_some()), ("enforce_from", added.enforce_from.is_some())] {
                if given {
                    let (id, mode) = (shown(id), added.mode.name());
                    let message = format!("rule `{id}`: `{field}` has no effect, as its mode is `{mode}`");
                    told.tell(child(&at, field), message, "");
                }
            }
        }
    },
};

pub(super) static PARAMETER_UNUSED: LintInfo = LintInfo {
    code: "parameter-unused",
    severity: LintSeverity::Warn,
    subject: LintSubject::Extension,
    summary: "No rule uses a parameter of the policy.",
    why: "Values that are given for it change nothing. A rule uses a parameter when a value is exactly `${name}`.",
    bad: &[
        "rule warn packages.denylist name=${tool}",
        r#"parameter {"name": "tool", "type": "string", "default": "nc"}"#,
        r#"parameter {"name": "tol", "type": "string"}"#,
    ],
    good: &[
        "rule warn packages.denylist name=${tool}",
        r#"parameter {"name": "tool", "type": "string", "default": "nc"}"#,
    ],
    check: |scope, told| {
        let rules = scope.policy.rule_sets.iter().flat_map(|set| &set.rules);
        let used: HashSet<&str> = rules.flat_map(|rule| &rule.params).filter_map(|param| named(&param.value)).collect();
        let parameters = scope.policy.extension.as_ref().map_or(&[][..], |extension| &extension.parameters);
        for (index, parameter) in parameters.iter().enumerate() {
            if !used.contains(parameter.name.as_str()) {
                let message = format!("no rule uses the parameter `{}`", shown(&parameter.name));
                told.tell(child("/parameters", index), message, "");
            }
        }
    },
};

//! What a side-car leaves of a rule's action, and what its exceptions accept: the only places where a comparison asks.

use jiff::Timestamp;
use stopgate_model::Action;

use crate::document::extension::{Exception, Mode, Selector, VersionSelector};
use crate::document::policy::{Policy, Rule};
use crate::pattern::Pattern;

/// When a rule is enforced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Enforced {
    /// It never stops anything.
    Never,
    Always,
    /// From this time on.
    From(Timestamp),
}

/// When a rule is enforced. Every question about a rule's action in a comparison is asked here.
pub(super) fn enforced(rule: &Rule) -> Enforced {
    match (rule.action, rule.extension.mode, &rule.extension.enforce_from) {
        (Action::Stop, Mode::Enforce, None) => Enforced::Always,
        (Action::Stop, Mode::Enforce, Some(from)) => Enforced::From(from.time),
        _ => Enforced::Never,
    }
}

/// Whether a rule stops everything that it finds. One that gives old findings time stops less, which is enough to
/// ask what it stops and not enough to rely on it.
pub(super) fn stops_all_it_finds(rule: &Rule) -> bool {
    rule.extension.old.is_none()
}

/// Whether whatever the exceptions of `policy` accept, those of `other` accept as long in the same thing.
///
/// Sound for exceptions that select by the thing alone: a finding of one policy and the finding of the other that it
/// implies are about the same vulnerability, package, path and image, but not of the same rule.
pub(super) fn accepts_no_more(policy: &Policy, other: &Policy, as_of: Timestamp) -> bool {
    exceptions(policy).iter().filter(|exception| as_of < exception.expires.time).all(|exception| {
        let select = &exception.select;
        let by_thing = [&select.gate, &select.trigger, &select.rule, &select.control].iter().all(|part| part.is_none());
        by_thing && exceptions(other).iter().any(|other| covers(other, exception))
    })
}

fn exceptions(policy: &Policy) -> &[Exception] {
    policy.extension().map_or(&[], |extension| &extension.exceptions)
}

fn covers(wide: &Exception, narrow: &Exception) -> bool {
    wide.expires.time >= narrow.expires.time && same(&wide.select, &narrow.select)
}

fn same(one: &Selector, other: &Selector) -> bool {
    let text = |pattern: &Option<Pattern>| pattern.as_ref().map(|pattern| pattern.as_str().to_owned());
    let parts = |select: &Selector| {
        let named = [&select.vulnerability, &select.purl, &select.path, &select.gate, &select.trigger, &select.rule];
        let others = [&select.control, &select.image, &select.tag];
        let texts: Vec<Option<String>> = named.into_iter().chain(others).map(text).collect();
        (texts, select.version.as_ref().map(version))
    };
    parts(one) == parts(other)
}

fn version(selector: &VersionSelector) -> String {
    match selector {
        VersionSelector::Exactly(pattern) => pattern.as_str().to_owned(),
        VersionSelector::Range(parts) => {
            let parts: Vec<String> =
                parts.iter().map(|(comparison, version)| format!("{} {version}", comparison.word())).collect();
            parts.join(", ")
        }
    }
}

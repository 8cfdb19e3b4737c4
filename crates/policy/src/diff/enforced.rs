//! What a side-car leaves of a rule's action: the only place where a comparison asks.

use jiff::Timestamp;
use stopgate_model::Action;

use crate::document::extension::Mode;
use crate::document::policy::Rule;

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

/// Whether a rule stops everything that it finds. One that gives old findings time stops less.
pub(super) fn stops_all_it_finds(rule: &Rule) -> bool {
    rule.extension.old.is_none()
}

/// Whether a rule gives the findings of another no more time than that one does.
///
/// What is new has none under either. What was there before is due so many days after one date, which is the same for
/// both when they find the same.
pub(super) fn gives_no_more_time(rule: &Rule, other: &Rule) -> bool {
    match (rule.extension.old, other.extension.old) {
        (None, _) => true,
        (Some(grace), Some(longer)) => grace.from == longer.from && grace.days <= longer.days,
        (Some(_), None) => false,
    }
}

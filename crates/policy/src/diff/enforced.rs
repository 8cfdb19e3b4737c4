//! From when on a rule stops what it finds.

use jiff::Timestamp;
use stopgate_model::Action;

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
    if rule.action == Action::Stop { Enforced::Always } else { Enforced::Never }
}

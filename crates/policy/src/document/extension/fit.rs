//! Whether a side-car fits its policy: it names the policy's rules, and due dates where there are dates.

use super::{Extension, GraceFrom};
use crate::document::error::{PolicyError, child};
use crate::document::policy::{Policy, Rule};
use crate::document::suggest::{did_you_mean, shown};

/// Everything that does not fit. Pointers are into the side-car.
pub(crate) fn check(extension: &Extension, policy: &Policy) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    if extension.policy_id != policy.id {
        let message =
            format!("the side-car is for policy `{}`: expected `{}`", shown(&extension.policy_id), shown(&policy.id));
        errors.push(PolicyError::new("/policy_id", message));
    }
    for (id, added) in &extension.rules {
        let mut rules = policy.rule_sets.iter().flat_map(|set| &set.rules).filter(|rule| rule.id == *id).peekable();
        if rules.peek().is_none() {
            let ids = policy.rule_sets.iter().flat_map(|set| &set.rules).map(|rule| rule.id.as_str());
            let error = PolicyError::new(child("/rules", id), format!("the policy has no rule `{}`", shown(id)));
            errors.push(match did_you_mean(id, ids) {
                Some(help) => error.help(help),
                None => error,
            });
        }
        let dated =
            |rule: &Rule| matches!(rule.trigger.as_str(), "package" | "kev_list" | "kev_due" | "remediation_due");
        if let Some(old) = added.old
            && old.from != GraceFrom::FirstSeen
            && rules.any(|rule| rule.gate != "vulnerabilities" || !dated(rule))
        {
            let message = format!(
                "rule `{}`: `old.from` is `{}`, which only findings about vulnerabilities have: expected `first_seen`",
                shown(id),
                old.from.name()
            );
            errors.push(PolicyError::new(child(&child(&child("/rules", id), "old"), "from"), message));
        }
    }
    errors
}

//! Parts of a policy that nothing uses.

use super::scope::Scope;
use super::{LintInfo, LintSeverity, LintSubject};
use crate::document::Mapping;
use crate::document::error::child;
use crate::document::suggest::shown;

pub(super) static RULE_SET_UNUSED: LintInfo = LintInfo {
    code: "rule-set-unused",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "No mapping names a rule set.",
    why: "Its rules are never run. Name it in `rule_set_ids` of a mapping, or remove it.",
    bad: &[
        "set a image",
        "rule stop always.always",
        "set b image",
        "rule warn always.always",
        "mapping * * * rule_sets=a",
    ],
    good: &["set a image", "rule stop always.always", "mapping * * * rule_sets=a"],
    check: |scope, told| {
        let used = used(scope, |mapping| &mapping.rule_sets, scope.policy.rule_sets.len());
        for (index, set) in scope.policy.rule_sets.iter().enumerate() {
            if !used.get(index).copied().unwrap_or(false) {
                let message = format!("no mapping names the rule set `{}`, so its rules are never run", shown(&set.id));
                told.tell(child("/rule_sets", index), message, "");
            }
        }
    },
};

pub(super) static RULE_SET_EMPTY: LintInfo = LintInfo {
    code: "rule-set-empty",
    severity: LintSeverity::Note,
    subject: LintSubject::Policy,
    summary: "A rule set has no rule.",
    why: "It checks nothing.",
    bad: &["set a image", "rule stop always.always", "set b image"],
    good: &["set a image", "rule stop always.always", "set b image", "rule warn files.suid_or_guid_set"],
    check: |scope, told| {
        for (index, set) in scope.policy.rule_sets.iter().enumerate().filter(|(_, set)| set.rules.is_empty()) {
            told.tell(
                child(&child("/rule_sets", index), "rules"),
                format!("the rule set `{}` has no rule", shown(&set.id)),
                "",
            );
        }
    },
};

pub(super) static ALLOWLIST_UNUSED: LintInfo = LintInfo {
    code: "allowlist-unused",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "No mapping names an allowlist.",
    why: "Its items accept nothing. Name it in `allowlist_ids` of a mapping, or remove it.",
    bad: &["rule stop always.always", "item always always", "mapping * * * allowlists="],
    good: &["rule stop always.always", "item always always"],
    check: |scope, told| {
        let used = used(scope, |mapping| &mapping.allowlists, scope.policy.allowlists.len());
        for (index, list) in scope.policy.allowlists.iter().enumerate() {
            if !used.get(index).copied().unwrap_or(false) {
                let message = format!("no mapping names the allowlist `{}`, so it accepts nothing", shown(&list.id));
                told.tell(child("/allowlists", index), message, "");
            }
        }
    },
};

/// Which members of a list some mapping names; one that was added counts.
fn used(scope: &Scope<'_>, names: fn(&Mapping) -> &Vec<usize>, count: usize) -> Vec<bool> {
    let mut used = vec![false; count];
    let policy = scope.policy;
    for mapping in policy.mappings.iter().chain(&policy.source_mappings).chain(&policy.sbom_mappings) {
        for index in names(mapping) {
            if let Some(slot) = used.get_mut(*index) {
                *slot = true;
            }
        }
    }
    used
}

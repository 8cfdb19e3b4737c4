//! Rules that are there twice.

use std::collections::{BTreeSet, HashMap};

use super::reach::Reach;
use super::scope::RuleAt;
use super::together::together;
use super::{LintInfo, LintSeverity, LintSubject};

pub(super) static RULE_DUPLICATE: LintInfo = LintInfo {
    code: "rule-duplicate",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "Two rules that run together have the same conditions.",
    why: "Every finding comes twice. When their actions differ, the weaker one changes nothing.",
    bad: &["rule stop files.suid_or_guid_set", "rule warn files.suid_or_guid_set"],
    good: &["rule stop files.suid_or_guid_set"],
    check: |scope, told| {
        let mut reported = BTreeSet::new();
        for rules in together(scope, told) {
            let mut first: HashMap<String, RuleAt<'_>> = HashMap::new();
            for at in rules {
                if !told.spend(1) {
                    return;
                }
                let key = format!("{:?}", Reach::of(&at));
                let Some(earlier) = first.get(&key).copied() else {
                    first.insert(key, at);
                    continue;
                };
                let weaker = if at.rule.action > earlier.rule.action { earlier } else { at };
                let stronger = if at.rule.action > earlier.rule.action { at } else { earlier };
                if replaces(&stronger, &weaker) && reported.insert((weaker.set, weaker.index)) {
                    let message = format!("{} has the same conditions as {}", weaker.name(), stronger.name());
                    told.tell(weaker.pointer(), message, "remove one of them");
                }
                first.insert(key, stronger);
            }
        }
    },
};

/// Whether a rule serves all that the other serves, given that it finds all that the other finds: it is in
/// force whenever the other is, asks for as much, and shows the same controls.
pub(super) fn replaces(own: &RuleAt<'_>, other: &RuleAt<'_>) -> bool {
    let (rule, others) = (&own.rule.extension, &other.rule.extension);
    let same = rule.mode == others.mode && rule.enforce_from == others.enforce_from && rule.old == others.old;
    let plain = rule.mode == crate::document::Mode::Enforce && rule.enforce_from.is_none() && rule.old.is_none();
    let controls = others.controls.iter().all(|control| rule.controls.contains(control));
    own.rule.action >= other.rule.action && (same || plain) && controls
}

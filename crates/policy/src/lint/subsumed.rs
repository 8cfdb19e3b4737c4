//! Rules that find nothing which another rule does not find.

use std::collections::BTreeSet;

use super::duplicates::replaces;
use super::reach::Reach;
use super::scope::{RuleAt, Told};
use super::together::together;
use super::{LintInfo, LintSeverity, LintSubject};

pub(super) static RULE_SUBSUMED: LintInfo = LintInfo {
    code: "rule-subsumed",
    severity: LintSeverity::Warn,
    subject: LintSubject::Policy,
    summary: "A rule finds nothing that another rule of the same trigger does not find.",
    why: "The other rule is wider and asks for at least as much, so this one only doubles findings. Remove it, or \
          leave its share out of the wider one. A wider rule with a weaker action is no such case.",
    bad: &[
        "rule stop vulnerabilities.package package_type=all; severity_comparison=>=; severity=high",
        "rule stop vulnerabilities.package package_type=os; severity_comparison==; severity=high",
    ],
    good: &[
        "rule warn vulnerabilities.package package_type=all; severity_comparison=>=; severity=medium",
        "rule stop vulnerabilities.package package_type=all; severity_comparison=>=; severity=high",
    ],
    check: |scope, told| {
        let mut reported = BTreeSet::new();
        for rules in together(scope, told) {
            let rules: Vec<(RuleAt<'_>, Reach)> = rules.into_iter().map(|at| (at, Reach::of(&at))).collect();
            for (index, later) in rules.iter().enumerate() {
                for earlier in rules.iter().take(index) {
                    if !told.spend(1) {
                        return;
                    }
                    compare(earlier, later, &mut reported, told);
                }
            }
        }
    },
};

fn compare(
    earlier: &(RuleAt<'_>, Reach),
    later: &(RuleAt<'_>, Reach),
    reported: &mut BTreeSet<(usize, usize)>,
    told: &mut Told<'_>,
) {
    if earlier.1 == later.1 {
        return;
    }
    let within = |narrow: &(RuleAt<'_>, Reach), wide: &(RuleAt<'_>, Reach)| {
        replaces(&wide.0, &narrow.0) && wide.1.covers(&narrow.1)
    };
    let (narrow, wide) = if within(later, earlier) {
        (&later.0, &earlier.0)
    } else if within(earlier, later) {
        (&earlier.0, &later.0)
    } else {
        return;
    };
    if reported.insert((narrow.set, narrow.index)) {
        let message = format!("{} finds nothing that {} does not find", narrow.name(), wide.name());
        told.tell(narrow.pointer(), message, "remove it, or narrow the other rule");
    }
}

//! Rules of one trigger that run on the same artifacts: those of rule sets that one mapping names.

use std::collections::{BTreeMap, BTreeSet};

use super::scope::{RuleAt, Scope, Told};

/// Groups of two and more rules. Rules of a rule set that no mapping names are grouped by themselves.
pub(super) fn together<'p>(scope: &Scope<'p>, told: &mut Told<'_>) -> Vec<Vec<RuleAt<'p>>> {
    let mut groups = Vec::new();
    for sets in mapped_together(scope, told) {
        let mut triggers: BTreeMap<(&str, &str), Vec<RuleAt<'p>>> = BTreeMap::new();
        for rule in sets.iter().flat_map(|set| scope.rules_of(*set)).filter(|at| at.rule.trigger().is_some()) {
            if !told.spend(1) {
                return groups;
            }
            triggers.entry((&rule.rule.gate, &rule.rule.trigger)).or_default().push(rule);
        }
        groups.extend(triggers.into_values().filter(|rules| rules.len() > 1));
    }
    groups
}

/// The rule sets of each mapping, each combination once.
fn mapped_together(scope: &Scope<'_>, told: &mut Told<'_>) -> BTreeSet<Vec<usize>> {
    let mut combinations = BTreeSet::new();
    let mut mapped: BTreeSet<usize> = BTreeSet::new();
    let policy = scope.policy;
    for mapping in policy.mappings.iter().chain(&policy.source_mappings).chain(&policy.sbom_mappings) {
        if !told.spend(1 + mapping.rule_sets.len()) {
            return combinations;
        }
        let sets: BTreeSet<usize> = mapping.rule_sets.iter().copied().collect();
        mapped.extend(&sets);
        combinations.insert(sets.into_iter().collect());
    }
    let alone = (0..policy.rule_sets.len()).filter(|set| !mapped.contains(set));
    combinations.extend(alone.map(|set| vec![set]));
    combinations
}

//! What was changed between two policies, for people: rules, allowlists, mappings and image lists by their ids.

use std::collections::{HashMap, HashSet};

use stopgate_model::Action;

use super::effort::Effort;
use super::given::Given;
use super::implication::covers;
use super::stops::Meanings;
use crate::document::policy::{Allowlist, AllowlistItem, ImageRule, Mapping, Policy, Rule, RuleSet};

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyChange {
    /// What kind of change.
    pub kind: ChangeKind,
    /// What was changed: `rule set/rule`, `allowlist/item`, a mapping, an entry of an image list.
    pub what: String,
    /// What is different, one clause.
    pub text: String,
}

/// Kinds of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It stops less than before.
    Loosened,
    /// It stops more than before.
    Tightened,
    /// It is different, and neither.
    Changed,
}

impl ChangeKind {
    /// One word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Loosened => "loosened",
            Self::Tightened => "tightened",
            Self::Changed => "changed",
        }
    }
}

/// All changes, in the order of the documents.
pub(super) fn changes<'p>(old: &mut Meanings<'p>, new: &mut Meanings<'p>) -> Vec<PolicyChange> {
    let (before, after) = (old.policy, new.policy);
    let mut all = Vec::new();
    rules(old, new, &Effort::default(), &mut all);
    items(before, after, &mut all);
    for (what, old, new) in [
        ("mapping", &before.mappings, &after.mappings),
        ("source mapping", &before.source_mappings, &after.source_mappings),
        ("SBOM mapping", &before.sbom_mappings, &after.sbom_mappings),
    ] {
        mappings(what, old, new, &mut all);
    }
    images("allowed image", &before.allowed_images, &after.allowed_images, &mut all);
    images("denied image", &before.denied_images, &after.denied_images, &mut all);
    all
}

fn push(all: &mut Vec<PolicyChange>, kind: ChangeKind, what: String, text: impl Into<String>) {
    all.push(PolicyChange { kind, what, text: text.into() });
}

/// Pairs of one list, those alone in either, in the order of the second with the removed ones behind.
fn pairs<'t, T>(old: &'t [T], new: &'t [T], key: impl Fn(&T) -> String) -> Vec<(Option<&'t T>, Option<&'t T>)> {
    let mut known: HashMap<String, &T> = old.iter().map(|one| (key(one), one)).collect();
    let mut found: Vec<(Option<&T>, Option<&T>)> = new.iter().map(|one| (known.remove(&key(one)), Some(one))).collect();
    found.extend(old.iter().filter(|one| known.contains_key(&key(one))).map(|one| (Some(one), None)));
    found
}

fn rules<'p>(old: &mut Meanings<'p>, new: &mut Meanings<'p>, effort: &Effort, all: &mut Vec<PolicyChange>) {
    for (before, after) in pairs(&old.policy.rule_sets, &new.policy.rule_sets, |set: &RuleSet| set.id.clone()) {
        let rules_of = |set: Option<&'p RuleSet>| set.map_or(&[][..], |set| set.rules.as_slice());
        let Some(set) = before.or(after) else { continue };
        for (before, after) in pairs(rules_of(before), rules_of(after), |rule: &Rule| rule.id.clone()) {
            let what = |rule: &Rule| format!("rule `{}/{}`", set.id, rule.id);
            match (before, after) {
                (None, Some(rule)) => push(all, ChangeKind::Added, what(rule), said(rule)),
                (Some(rule), None) => push(all, ChangeKind::Removed, what(rule), said(rule)),
                (Some(before), Some(after)) => {
                    if let Some((kind, text)) = rule_change(old, new, (before, after), effort) {
                        push(all, kind, what(after), text);
                    }
                }
                (None, None) => {}
            }
        }
    }
}

/// What a rule says, shortly.
fn said(rule: &Rule) -> String {
    let params: Vec<String> = rule.params.iter().map(|param| format!("{}={}", param.name, param.value)).collect();
    let params = if params.is_empty() { String::new() } else { format!(" with {}", params.join(", ")) };
    format!("{} on `{}.{}`{params}", rule.action.name().to_uppercase(), rule.gate, rule.trigger)
}

fn rule_change(
    old: &mut Meanings<'_>,
    new: &mut Meanings<'_>,
    (before, after): (&Rule, &Rule),
    effort: &Effort,
) -> Option<(ChangeKind, String)> {
    let text = difference(before, after)?;
    let (ours, theirs) = (old.of(before), new.of(after));
    let (ours, theirs) = (&ours.conditions, &theirs.conditions);
    let forward = ours.is_empty() || covers(before, ours, after, theirs, effort);
    let backward = theirs.is_empty() || covers(after, theirs, before, ours, effort);
    let kind = match (forward, backward) {
        // A rule that only warns, or says the same in other words, stops as much as before.
        (true, true) | (false, false) => ChangeKind::Changed,
        (true, false) => ChangeKind::Tightened,
        (false, true) => ChangeKind::Loosened,
    };
    Some((kind, text))
}

/// What is different about a rule; `None` when nothing is.
fn difference(before: &Rule, after: &Rule) -> Option<String> {
    if (&before.gate, &before.trigger) != (&after.gate, &after.trigger) {
        return Some(format!("was {}, is {}", said(before), said(after)));
    }
    let mut parts = Vec::new();
    if before.action != after.action {
        let word = |action: Action| action.name().to_uppercase();
        parts.push(format!("was {}, is {}", word(before.action), word(after.action)));
    }
    let names = before.params.iter().chain(&after.params).map(|param| param.name.as_str());
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if seen.contains(&name) {
            continue;
        }
        seen.push(name);
        let value = |rule: &Rule| Given::of(rule).and_then(|given| given.text(name).map(str::to_owned));
        let (one, other) = (value(before), value(after));
        if one != other {
            let shown = |value: Option<String>| value.map_or("not given".to_owned(), |value| format!("`{value}`"));
            parts.push(format!("`{name}` was {}, is {}", shown(one), shown(other)));
        }
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn items(old: &Policy, new: &Policy, all: &mut Vec<PolicyChange>) {
    for (before, after) in pairs(&old.allowlists, &new.allowlists, |list: &Allowlist| list.id.clone()) {
        let Some(list) = before.or(after) else { continue };
        let (before, after) = (items_of(before), items_of(after));
        for (before, after) in pairs(&before, &after, |item| item.0.id.clone()) {
            let what = |item: &ItemRef<'_>| format!("allowlist item `{}/{}`", list.id, item.0.id);
            match (before, after) {
                (None, Some(item)) => push(all, ChangeKind::Added, what(item), item.said()),
                (Some(item), None) => push(all, ChangeKind::Removed, what(item), item.said()),
                (Some(before), Some(after)) if before.said() != after.said() => {
                    let text = format!("was {}, is {}", before.said(), after.said());
                    push(all, before.kind(*after), what(after), text);
                }
                _ => {}
            }
        }
    }
}

fn items_of(list: Option<&Allowlist>) -> Vec<ItemRef<'_>> {
    list.map(|list| list.items.iter().map(ItemRef).collect()).unwrap_or_default()
}

/// An item, to be compared by what it accepts.
#[derive(Clone, Copy)]
struct ItemRef<'p>(&'p AllowlistItem);

impl ItemRef<'_> {
    fn said(self) -> String {
        let until = self.0.expires_on.as_ref().map_or(String::new(), |expiry| format!(" until {}", expiry.text));
        format!("`{}` of gate `{}`{until}", self.0.trigger_id, self.0.gate)
    }

    fn kind(self, after: Self) -> ChangeKind {
        let same = (&self.0.gate, &self.0.trigger_id) == (&after.0.gate, &after.0.trigger_id);
        let until = super::accepted::until;
        match until(self.0).cmp(&until(after.0)) {
            std::cmp::Ordering::Less if same => ChangeKind::Loosened,
            std::cmp::Ordering::Greater if same => ChangeKind::Tightened,
            _ => ChangeKind::Changed,
        }
    }
}

fn mappings(kind: &str, old: &[Mapping], new: &[Mapping], all: &mut Vec<PolicyChange>) {
    let name = |mapping: &Mapping| format!("{kind} `{}`", mapping.id);
    let asks = |mapping: &Mapping| super::regions::asked(mapping);
    for (before, after) in pairs(old, new, |mapping: &Mapping| mapping.id.clone()) {
        match (before, after) {
            (None, Some(mapping)) => push(all, ChangeKind::Added, name(mapping), asks(mapping)),
            (Some(mapping), None) => push(all, ChangeKind::Removed, name(mapping), asks(mapping)),
            (Some(before), Some(after)) => {
                let mut parts = Vec::new();
                let mut compare = |what: &str, one: String, other: String| {
                    if one != other {
                        parts.push(format!("{what} was {one}, is {other}"));
                    }
                };
                compare("it", asks(before), asks(after));
                compare("its list of rule sets", before.rule_set_ids.join(", "), after.rule_set_ids.join(", "));
                compare("its list of allowlists", before.allowlist_ids.join(", "), after.allowlist_ids.join(", "));
                if !parts.is_empty() {
                    push(all, ChangeKind::Changed, name(after), parts.join("; "));
                }
            }
            (None, None) => {}
        }
    }
    order(kind, &ids(old, |mapping| &mapping.id), &ids(new, |mapping| &mapping.id), all);
}

fn ids<'t, T>(list: &'t [T], id: impl Fn(&'t T) -> &'t String) -> Vec<&'t str> {
    list.iter().map(|one| id(one).as_str()).collect()
}

/// The first entry that matches counts, so an order is a change.
fn order(kind: &str, old: &[&str], new: &[&str], all: &mut Vec<PolicyChange>) {
    let of = |list: &[&str], other: &[&str]| -> Vec<String> {
        let other: HashSet<&str> = other.iter().copied().collect();
        list.iter().filter(|id| other.contains(*id)).map(|id| format!("`{id}`")).collect()
    };
    let (before, after) = (of(old, new), of(new, old));
    if before != after {
        let text = format!("was {}, is {}", before.join(", "), after.join(", "));
        push(all, ChangeKind::Changed, format!("the order of {kind}s"), text);
    }
}

fn images(kind: &str, old: &[ImageRule], new: &[ImageRule], all: &mut Vec<PolicyChange>) {
    let name = |rule: &ImageRule| format!("{kind} `{}`", rule.id);
    let asks = |rule: &ImageRule| super::regions::asked_image(rule);
    for (before, after) in pairs(old, new, |rule: &ImageRule| rule.id.clone()) {
        match (before, after) {
            (None, Some(rule)) => push(all, ChangeKind::Added, name(rule), asks(rule)),
            (Some(rule), None) => push(all, ChangeKind::Removed, name(rule), asks(rule)),
            (Some(before), Some(after)) if asks(before) != asks(after) => {
                push(all, ChangeKind::Changed, name(after), format!("was {}, is {}", asks(before), asks(after)));
            }
            _ => {}
        }
    }
}

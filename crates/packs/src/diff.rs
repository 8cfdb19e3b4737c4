//! What two renderings of packs differ in: controls, rules, parameters.
//!
//! Rules are told apart by what they are in the rule library, not by their ids, so that packs of different
//! frameworks can be compared as well as two releases of one.

use std::collections::BTreeMap;

use crate::library::action_word;
use crate::{RenderedControl, RenderedPack, RenderedRule, ResolvedParameter};

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum DifferenceKind {
    /// Only the new one has it.
    Added,
    /// Only the old one has it.
    Removed,
    /// Both have it.
    Changed,
}

impl DifferenceKind {
    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What became of it.
    pub kind: DifferenceKind,
    /// Control, rule of the library, or parameter.
    pub id: String,
    /// What it is, or how it changed; one clause each.
    pub texts: Vec<String>,
}

/// What two packs differ in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PackDiff {
    /// Controls, in the order of the new pack, removed ones last.
    pub controls: Vec<Difference>,
    /// Rules.
    pub rules: Vec<Difference>,
    /// Parameters.
    pub parameters: Vec<Difference>,
}

impl PackDiff {
    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.controls.is_empty() && self.rules.is_empty() && self.parameters.is_empty()
    }
}

/// Compares two renderings.
pub fn diff(old: &RenderedPack, new: &RenderedPack) -> PackDiff {
    let control = |rendered: &RenderedControl| (rendered.control.id.clone(), control_facts(rendered));
    let parameter = |known: &ResolvedParameter| (known.parameter.key.clone(), parameter_facts(known));
    PackDiff {
        controls: compare(old.controls.iter().map(control), new.controls.iter().map(control)),
        rules: compare(rule_facts(old), rule_facts(new)),
        parameters: compare(old.parameters.iter().map(parameter), new.parameters.iter().map(parameter)),
    }
}

/// What is said of one thing: a name and a text for each fact, the one that describes it first.
type Facts = Vec<(String, String)>;

fn control_facts(rendered: &RenderedControl) -> Facts {
    let control = &rendered.control;
    let list = |texts: Vec<String>| texts.join(", ");
    let rules = control.rules.iter().map(|reference| {
        let action = reference.action.map(|action| format!(" as {}", action_word(action))).unwrap_or_default();
        let params: Vec<String> = reference.params.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        format!("{}{action}{}", reference.rule, params.concat())
    });
    let conditions = |all: &[crate::Condition]| list(all.iter().map(|one| one.name().to_owned()).collect());
    facts([
        ("title", rendered.named.title.clone()),
        ("assessed", control.assess.name().to_owned()),
        ("owner", control.owner.name().to_owned()),
        ("needs", list(control.prerequisites.iter().map(ToString::to_string).collect())),
        ("rules", list(rules.collect())),
        ("not assessed", control.not_assessed.clone()),
        ("not applicable", conditions(&control.not_applicable)),
        ("inherently met", conditions(&control.inherently_met)),
    ])
}

fn parameter_facts(known: &ResolvedParameter) -> Facts {
    let parameter = &known.parameter;
    facts([
        ("label", parameter.label.clone()),
        ("type", parameter.kind.name().to_owned()),
        ("default", parameter.default.clone()),
        ("value", known.value.clone()),
        ("required", parameter.required.to_string()),
    ])
}

/// The rules for images; one for source trees only repeats its sibling.
fn rule_facts(pack: &RenderedPack) -> Vec<(String, Facts)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let siblings: Vec<(&str, &Option<String>)> =
        pack.rules.iter().filter(|rule| rule.for_sources).map(|rule| (rule.library.as_str(), &rule.item)).collect();
    let mut all = Vec::new();
    for rule in pack.rules.iter().filter(|rule| !rule.for_sources) {
        let item = rule.item.as_ref().map(|item| format!(" {item}")).unwrap_or_default();
        let key = format!("{}{item}", rule.library);
        let count = counts.entry(key.clone()).or_default();
        *count += 1;
        let key = if *count > 1 { format!("{key} ({count})") } else { key };
        all.push((key, facts_of_rule(pack, rule, siblings.contains(&(&*rule.library, &rule.item)))));
    }
    all
}

fn facts_of_rule(pack: &RenderedPack, rule: &RenderedRule, sources: bool) -> Facts {
    let controls: Vec<&str> = pack.controls_of(&rule.id).collect();
    let mut all = facts([
        ("finds", rule.summary.clone()),
        ("action", action_word(rule.action).to_owned()),
        ("trigger", format!("{}.{}", rule.gate, rule.trigger)),
        ("controls", controls.join(", ")),
        ("what to do", rule.recommendation.clone()),
        ("source trees", if sources { "yes" } else { "no" }.to_owned()),
    ]);
    all.extend(rule.params.iter().cloned());
    all
}

fn facts<const N: usize>(rows: [(&str, String); N]) -> Facts {
    rows.into_iter().map(|(name, text)| (name.to_owned(), text)).collect()
}

fn compare(
    old: impl IntoIterator<Item = (String, Facts)>,
    new: impl IntoIterator<Item = (String, Facts)>,
) -> Vec<Difference> {
    let old: Vec<(String, Facts)> = old.into_iter().collect();
    let mut left: BTreeMap<&str, &Facts> = old.iter().map(|(id, facts)| (id.as_str(), facts)).collect();
    let mut all = Vec::new();
    for (id, facts) in new {
        match left.remove(id.as_str()) {
            None => all.push(whole(DifferenceKind::Added, id, &facts)),
            Some(before) => {
                let texts = changes(before, &facts);
                if !texts.is_empty() {
                    all.push(Difference { kind: DifferenceKind::Changed, id, texts });
                }
            }
        }
    }
    let gone = old.iter().filter(|(id, _)| left.contains_key(id.as_str()));
    all.extend(gone.map(|(id, facts)| whole(DifferenceKind::Removed, id.clone(), facts)));
    all
}

/// A thing that only one side has, by what describes it.
fn whole(kind: DifferenceKind, id: String, facts: &Facts) -> Difference {
    let text = facts.first().map(|(_, text)| text.clone()).filter(|text| !text.is_empty());
    Difference { kind, id, texts: text.into_iter().collect() }
}

fn changes(before: &Facts, after: &Facts) -> Vec<String> {
    let value = |facts: &Facts, name: &str| facts.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone());
    let mut names: Vec<&String> = before.iter().chain(after).map(|(name, _)| name).collect();
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(*name));
    let change = |name: &String| {
        let (old, new) = (value(before, name), value(after, name));
        (old != new).then(|| format!("{name}: {} -> {}", shown(old), shown(new)))
    };
    names.into_iter().filter_map(change).collect()
}

fn shown(text: Option<String>) -> String {
    match text {
        Some(text) if text.is_empty() => "nothing".to_owned(),
        Some(text) => format!("`{text}`"),
        None => "none".to_owned(),
    }
}

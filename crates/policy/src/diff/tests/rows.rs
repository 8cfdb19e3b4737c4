//! The table of triggers against the triggers themselves: a clause holds for a thing exactly when the rule fires for
//! it, and clauses with one key of ids give one id.

use stopgate_model::ImageReference;

use super::dice::Dice;
use super::options;
use super::rules::any_rule;
use crate::diff::clause::{Clause, Ids, Quantity, Subject, Thing};
use crate::diff::draft::{Built, Draft};
use crate::diff::knowledge::{Meaning, meaning};
use crate::diff::regions::Place;
use crate::diff::value::{Dim, Test};
use crate::document::policy::Rule;
use crate::tests::{document, policy};
use crate::trigger::ArtifactType;

const RULES: u64 = 500;
const THINGS: usize = 24;

pub(super) fn draft() -> Draft {
    let tag = ImageReference::parse("docker.io/team/app:1").unwrap();
    let place = Place { tag, digest: None, image_id: None, name: (String::new(), String::new()) };
    Draft::new(ArtifactType::Image, place, options().as_of, false)
}

/// A policy with one random rule.
fn rule(seed: u64) -> crate::Policy {
    let mut document = document(&[]);
    document["rule_sets"][0]["rules"] = serde_json::json!([any_rule(&mut Dice::new(seed))]);
    policy(&document)
}

/// Things of a subject that differ in what these clauses ask.
pub(super) fn things(clauses: &[&Clause], dice: &mut Dice) -> Vec<Thing> {
    let tests = || clauses.iter().flat_map(|clause| &clause.tests);
    let mut dims: Vec<Dim> = Vec::new();
    for test in tests() {
        if !dims.contains(&test.dim) {
            dims.push(test.dim);
        }
    }
    let one = |dice: &mut Dice| {
        let mut thing = Thing::default();
        for dim in &dims {
            let points = dim.scale.points(tests().filter(|test: &&Test| test.dim == *dim));
            thing.values.push((dim.name, points[dice.below(points.len())].value.clone()));
        }
        for like in clauses.iter().flat_map(|clause| &clause.likes) {
            let known =
                thing.values.iter().find(|(name, _)| *name == like.dim.name).and_then(|(_, value)| value.as_text());
            // What an expression says of a text that is known is no choice.
            let wanted = match known {
                Some(text) => like.regex.matches(text).unwrap(),
                None => dice.one_in(2),
            };
            thing.matches.push((like.dim.name, std::rc::Rc::clone(&like.regex), wanted));
        }
        thing
    };
    (0..THINGS).map(|_| one(dice)).collect()
}

fn meets(clause: &Clause, thing: &Thing) -> bool {
    let tests = clause.tests.iter().all(|test| thing.value(test.dim).is_some_and(|value| test.holds(value)));
    let likes = clause.likes.iter().all(|like| {
        let said = thing
            .matches
            .iter()
            .find(|(name, regex, _)| *name == like.dim.name && regex.as_str() == like.regex.as_str());
        said.is_some_and(|(_, _, said)| *said == like.wanted)
    });
    tests && likes
}

fn fires(built: &Built, rule: &Rule) -> Option<Vec<String>> {
    let hits = built.run(rule.trigger().unwrap(), &rule.id)?;
    // What cannot be told is no answer.
    hits.missing.is_empty().then(|| hits.found.into_iter().map(|hit| hit.id).collect())
}

#[test]
fn clauses_hold_exactly_when_their_rules_fire() {
    let mut seen = std::collections::BTreeMap::<String, (usize, usize)>::new();
    for seed in 0..RULES {
        let policy = rule(seed);
        let rule = &policy.rule_sets[0].rules[0];
        let Meaning::Fires(clauses) = meaning(rule) else { continue };
        if clauses.iter().any(|clause| clause.subject.name == "rule") {
            continue;
        }
        let mut dice = Dice::new(seed ^ 0x77);
        let mut subjects: Vec<&Subject> = Vec::new();
        for clause in &clauses {
            if !subjects.contains(&&clause.subject) {
                subjects.push(&clause.subject);
            }
        }
        for subject in subjects {
            let own: Vec<&Clause> = clauses.iter().filter(|clause| clause.subject == *subject).collect();
            let mut all = things(&own, &mut dice);
            all.extend(own.iter().flat_map(|clause| crate::diff::cover::things(clause, 3)));
            for thing in all {
                let mut draft = draft();
                if subject.key == "USER" {
                    draft.user.clear();
                }
                // Every other time nothing is there.
                let there = own[0].quantity == Quantity::Some || dice.one_in(2);
                if there && !(subject.place)(&mut draft, &subject.key, &thing) {
                    continue;
                }
                let Some(built) = draft.build() else { continue };
                let Some(found) = fires(&built, rule) else { continue };
                // Rules about several things that are missing fire for each that is.
                let expected = match own[0].quantity {
                    Quantity::Some => own.iter().any(|clause| meets(clause, &thing)),
                    Quantity::None => own.iter().any(|clause| !there || !meets(clause, &thing)),
                };
                let name = format!("{}.{}", rule.gate, rule.trigger);
                assert_eq!(!found.is_empty(), expected, "{name} {:?}\n{thing:?}", rule.params);
                let count = seen.entry(name).or_default();
                if expected { count.0 += 1 } else { count.1 += 1 }
            }
        }
    }
    for (name, (fired, quiet)) in &seen {
        let always = matches!(
            name.as_str(),
            "always.always"
                | "malware.scan_not_run"
                | "ancestry.no_ancestors_analyzed"
                | "stig.no_stig_evaluations_available"
        );
        assert!(*fired > 0 && (*quiet > 0 || always), "{name}: {fired} fired, {quiet} did not");
    }
    assert!(seen.len() >= 30, "{:?}", seen.keys());
}

#[test]
fn clauses_with_one_key_give_one_id() {
    let policies: Vec<crate::Policy> = (0..RULES).map(rule).collect();
    let rules: Vec<&Rule> = policies.iter().map(|policy| &policy.rule_sets[0].rules[0]).collect();
    let meanings: Vec<Vec<Clause>> = rules
        .iter()
        .map(|rule| match meaning(rule) {
            Meaning::Fires(clauses) => clauses,
            _ => Vec::new(),
        })
        .collect();
    let same = |one: &Clause, other: &Clause| match (&one.ids, &other.ids) {
        (Ids::Of { key, .. }, Ids::Of { key: other_key, .. }) => key == other_key && one.subject == other.subject,
        _ => false,
    };
    let mut compared = 0;
    for (number, ours) in meanings.iter().enumerate() {
        let Some(clause) = ours.first() else { continue };
        let others = (number + 1..rules.len()).filter_map(|other| {
            let clause = meanings[other].iter().find(|other| same(clause, other))?;
            Some((other, clause))
        });
        for (other, theirs) in others.take(3) {
            for thing in things(&[clause, theirs], &mut Dice::new(number as u64)).into_iter().take(8) {
                let mut draft = draft();
                if !(clause.subject.place)(&mut draft, &clause.subject.key, &thing) {
                    continue;
                }
                let Some(built) = draft.build() else { continue };
                if let (Some(one), Some(two)) = (fires(&built, rules[number]), fires(&built, rules[other]))
                    && !one.is_empty()
                    && !two.is_empty()
                {
                    assert_eq!(one, two, "{:?} and {:?}", rules[number].params, rules[other].params);
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 200, "{compared}");
}

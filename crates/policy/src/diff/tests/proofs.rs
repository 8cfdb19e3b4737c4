//! Proofs against the means of witnesses: where a direction is proved, no thing that a condition asks for may make a
//! witness, at any time at which an answer may change.

use serde_json::{Value, json};
use stopgate_model::Decision;

use super::bundles::pair;
use super::dice::Dice;
use super::rows::{draft, things as any_things};
use super::rules::any_rule;
use super::{check_witness, options, rounds};
use crate::diff::clause::Clause;
use crate::diff::cover::things;
use crate::diff::diff;
use crate::diff::draft::Draft;
use crate::diff::effort::Effort;
use crate::diff::knowledge::{Meaning, meaning};
use crate::diff::regions::{Fate, regions};
use crate::diff::stops::Meanings;
use crate::tests::{document, policy};
use crate::trigger::ArtifactType;

const PAIRS: u64 = 60;

#[test]
fn no_condition_makes_a_witness_where_a_proof_stands() {
    let mut tried = 0;
    for seed in 5_000..5_000 + rounds(PAIRS) {
        let (old, new) = pair(seed);
        let (old, new) = (policy(&old), policy(&new));
        if !diff(&old, &new, &options()).forward.is_proved() {
            continue;
        }
        let mut meanings = Meanings::new(&old, options().as_of);
        let regions = regions(&old, &new, ArtifactType::Image, false, &Effort::default()).unwrap();
        for region in &regions {
            let Fate::Mapped(mapping) = region.old else { continue };
            let stops = meanings.stops(mapping);
            let mut times = stops.times();
            times.push(options().as_of);
            for (stop, place) in stops.all.iter().filter(|stop| stop.clause.is_some()).zip(region.places.iter().cycle())
            {
                let clause = stop.clause.as_ref().unwrap();
                for (thing, now) in things(clause, 12).iter().zip(times.iter().cycle()) {
                    let mut draft = Draft::new(ArtifactType::Image, place.clone(), *now, false);
                    if !(clause.subject.place)(&mut draft, &clause.subject.key, thing) {
                        continue;
                    }
                    let Some(built) = draft.build() else { continue };
                    let decisions = (built.evaluate(&old).decision, built.evaluate(&new).decision);
                    assert!(
                        decisions.0 != Decision::Stop || decisions.1 == Decision::Stop,
                        "seed {seed}: {:?} {thing:?}",
                        stop.rule.id
                    );
                    tried += usize::from(decisions.0 == Decision::Stop);
                }
            }
        }
    }
    assert!(tried > 200, "{tried}");
}

/// Rules of one trigger.
fn family(dice: &mut Dice, like: &Value, most: usize) -> Vec<Value> {
    let wanted = 1 + dice.below(most);
    let mut found: Vec<Value> = Vec::new();
    for _ in 0..400 {
        let mut other = any_rule(dice);
        if other["gate"] == like["gate"] && other["trigger"] == like["trigger"] && found.len() < wanted {
            other["id"] = json!(format!("r{}", found.len()));
            found.push(other);
        }
    }
    found
}

#[test]
fn several_rules_of_one_trigger_cover_what_they_are_proved_to_cover() {
    let (mut proved, mut decided, mut tried) = (0, 0, 0);
    for seed in 0..rounds(250) {
        let mut dice = Dice::new(seed ^ 0x3333);
        let like = any_rule(&mut dice);
        let mut made = |most: usize| {
            let mut document = document(&[]);
            document["rule_sets"][0]["rules"] = family(&mut dice, &like, most).into();
            policy(&document)
        };
        let (old, new) = (made(2), made(5));
        let report = diff(&old, &new, &options());
        for direction in [&report.forward, &report.backward] {
            tried += 1;
            proved += usize::from(direction.is_proved());
            decided += usize::from(direction.is_proved() || direction.witness().is_some());
            if let Some(witness) = direction.witness() {
                check_witness(witness, &old, &new);
            }
        }
        let rules = old.rule_sets[0].rules.iter().chain(&new.rule_sets[0].rules);
        let clauses: Vec<Clause> = rules
            .flat_map(|rule| match meaning(rule) {
                Meaning::Fires(clauses) => clauses,
                _ => Vec::new(),
            })
            .collect();
        for subject in clauses.iter().map(|clause| &clause.subject) {
            let own: Vec<&Clause> = clauses.iter().filter(|clause| clause.subject == *subject).collect();
            for thing in any_things(&own, &mut dice) {
                let mut draft = draft();
                if !(subject.place)(&mut draft, &subject.key, &thing) {
                    continue;
                }
                let Some(built) = draft.build() else { continue };
                let stops = |policy| built.evaluate(policy).decision == Decision::Stop;
                let (before, after) = (stops(&old), stops(&new));
                assert!(!(report.forward.is_proved() && before && !after), "seed {seed}: {thing:?}");
                assert!(!(report.backward.is_proved() && after && !before), "seed {seed}: {thing:?}");
            }
        }
    }
    assert!(proved * 10 > tried && decided * 10 > tried * 9, "{proved} proved and {decided} decided of {tried}");
}

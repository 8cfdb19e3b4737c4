//! Proofs against the means of witnesses: where a direction is proved, no thing that a condition asks for may make a
//! witness, at any time at which an answer may change.

use super::bundles::pair;
use super::{options, rounds};
use crate::diff::cover::things;
use crate::diff::diff;
use crate::diff::draft::Draft;
use crate::diff::regions::{Fate, regions};
use crate::diff::stops::Meanings;
use crate::tests::policy;
use crate::trigger::ArtifactType;
use stopgate_model::Decision;

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
        let regions = regions(&old, &new, ArtifactType::Image, false).unwrap();
        for region in &regions {
            let Fate::Mapped(mapping) = region.old else { continue };
            let stops = meanings.stops(mapping, false);
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

//! Random pairs of bundles against brute force: no claim may be refuted by any artifact of a small universe, every
//! witness must hold, and most pairs must be decided.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use stopgate_model::Decision;

use super::bundles::pair;
use super::dice::Dice;
use super::universe::{artifact, somewhere};
use super::{check_witness, options, rounds};
use crate::diff::diff;
use crate::tests::{Case, policy};

/// Pairs of an ordinary run.
const PAIRS: u64 = 1_000;
/// Artifacts of the universe, and how many of them each pair is tried on.
const ARTIFACTS: u64 = 600;
const TRIED: usize = 60;

static UNIVERSE: LazyLock<Vec<Case>> = LazyLock::new(|| (0..ARTIFACTS).map(artifact).collect());

/// Artifacts of the universe for one pair, each somewhere at some time.
pub(super) fn tried(seed: u64, count: usize) -> impl Iterator<Item = Case> {
    let mut dice = Dice::new(seed);
    (0..count).map(move |_| {
        let mut case = UNIVERSE[dice.below(UNIVERSE.len())].clone();
        (case.tag, case.now) = somewhere(&mut dice);
        case
    })
}

#[test]
fn no_claim_is_refuted_and_every_witness_holds() {
    let pairs = rounds(PAIRS);
    let mut answers: BTreeMap<&str, u64> = BTreeMap::new();
    for seed in 1..=pairs {
        let (old_document, new_document) = pair(seed);
        let (old, new) = (policy(&old_document), policy(&new_document));
        let report = diff(&old, &new, &options());
        *answers.entry(report.answer.name()).or_default() += 1;
        for direction in [&report.forward, &report.backward] {
            if let Some(witness) = direction.witness() {
                check_witness(witness, &old, &new);
            }
        }
        for case in tried(seed, TRIED) {
            let stops = |policy| case.evaluate(policy).decision == Decision::Stop;
            let (stops_old, stops_new) = (stops(&old), stops(&new));
            let shown =
                || format!("seed {seed}, {} at {}\n{case:?}\n{old_document}\n{new_document}", case.tag, case.now);
            assert!(!(report.forward.is_proved() && stops_old && !stops_new), "not stricter: {}", shown());
            assert!(!(report.backward.is_proved() && stops_new && !stops_old), "not looser: {}", shown());
        }
    }
    let of = |name: &str| answers.get(name).copied().unwrap_or(0);
    assert!(of("undecided") * 10 <= pairs, "{answers:?}");
    for answer in ["equal", "stricter", "looser", "incomparable"] {
        assert!(of(answer) >= 50, "{answers:?}");
    }
}

//! Random pairs of bundles against brute force: no claim may be refuted by any artifact of a small universe, every
//! witness must hold, and most pairs must be decided.

use std::collections::BTreeMap;
use std::sync::{LazyLock, Mutex};

use stopgate_model::Decision;

use super::bundles::pair;
use super::dice::Dice;
use super::universe::{artifact, somewhere};
use super::{check_witness, options, rounds};
use crate::Policy;
use crate::diff::{DiffReport, diff};
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

/// Compares pairs in several threads, since each takes its time.
pub(super) fn each_of(pairs: u64, compare: impl Fn(u64) + Sync) {
    const THREADS: u64 = 4;
    std::thread::scope(|scope| {
        for first in 1..=THREADS {
            let compare = &compare;
            scope.spawn(move || (first..=pairs).step_by(THREADS as usize).for_each(compare));
        }
    });
}

/// Asserts that an artifact refutes nothing that was proved.
pub(super) fn refute(case: &Case, (old, new): (&Policy, &Policy), report: &DiffReport, shown: &dyn Fn() -> String) {
    let stops = |policy| case.evaluate(policy).decision == Decision::Stop;
    for (direction, one, other) in [(&report.forward, old, new), (&report.backward, new, old)] {
        let holds = !direction.is_proved() || !stops(one) || stops(other);
        assert!(holds, "{} at {}, {}\n{case:?}", case.tag, case.now, shown());
    }
}

#[test]
fn no_claim_is_refuted_and_every_witness_holds() {
    let pairs = rounds(PAIRS);
    let answers: Mutex<BTreeMap<&str, u64>> = Mutex::default();
    each_of(pairs, |seed| {
        let (old_document, new_document) = pair(seed);
        let (old, new) = (policy(&old_document), policy(&new_document));
        let report = diff(&old, &new, &options());
        *answers.lock().unwrap().entry(report.answer.name()).or_default() += 1;
        for direction in [&report.forward, &report.backward] {
            if let Some(witness) = direction.witness() {
                check_witness(witness, &old, &new);
            }
        }
        for case in tried(seed, TRIED) {
            refute(&case, (&old, &new), &report, &|| format!("seed {seed}\n{old_document}\n{new_document}"));
        }
    });
    let answers = answers.into_inner().unwrap();
    let of = |name: &str| answers.get(name).copied().unwrap_or(0);
    assert!(of("undecided") * 10 <= pairs, "{answers:?}");
    for answer in ["equal", "stricter", "looser", "incomparable"] {
        assert!(of(answer) >= 50, "{answers:?}");
    }
}

//! `stopgate debug evaluate`: the time of one evaluation, without reading, analysing and matching.

use std::time::Instant;

use serde_json::json;

use crate::arguments::{Deciding, Global, SourceArguments};
use crate::clock;
use crate::decision::{Decision, Origin, data, ground};
use crate::failure::Failure;
use crate::output::to_stdout;

pub(super) fn run(global: &Global, source: &SourceArguments, deciding: &Deciding, runs: u32) -> Result<u8, Failure> {
    let now = clock::now(deciding.as_of.as_deref())?;
    let loaded = Origin::of(&deciding.policy)?.load_valid()?;
    let database = data(deciding.advisories.as_deref(), now)?;
    let decision = Decision::make(ground(global, source, deciding, &loaded, database.as_ref(), now)?, loaded)?;
    let policy = &decision.loaded.policy;
    let context = decision.context();
    let mut times: Vec<u128> = (0..runs.max(1))
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(stopgate_policy::evaluate(policy, &context));
            start.elapsed().as_micros()
        })
        .collect();
    times.sort_unstable();
    let document = json!({
        "rules": policy.rule_sets.iter().map(|set| set.rules.len()).sum::<usize>(),
        "packages": decision.ground.artifact.packages.len(),
        "findings": decision.evaluation.findings.len(),
        "min_us": times.first(),
        "median_us": times.get(times.len() / 2),
    });
    to_stdout(|out| writeln!(out, "{document}"))?;
    Ok(0)
}

//! Every rule of every pack finds nothing on one artifact, having looked, and something on another.
//!
//! Rules that do the same are one rule here, so that each artifact is decided once, under one policy with all of them.
//! What such a rule counts in a pack, and which controls it serves, other stories tell.

mod artifacts;
mod exceptions;
mod rules;
mod sboms;
mod trees;

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, anyhow, bail};
use serde_json::Value;

use crate::hardened::{Desk, WHOLE};
use artifacts::Artifact;
use exceptions::{NEITHER, NOT_AVAILABLE};
use rules::Rules;

const POLICY: &str = "rules.json";

/// What became of the rules, by their places.
#[derive(Default)]
struct Seen {
    silent: BTreeSet<usize>,
    fired: BTreeSet<usize>,
}

impl Seen {
    /// What one artifact shows: a rule that found nothing counts when it was decided.
    fn add(&mut self, rules: &Rules, check: &Value) -> Result<()> {
        let evaluation = &check["evaluation"];
        let for_sources = match evaluation["matched_mapping_rule"]["id"].as_str() {
            Some("images") => false,
            Some("sources") => true,
            other => bail!("the mapping is {other:?}"),
        };
        let place = |id: &str| id.strip_prefix('r')?.parse::<usize>().ok();
        let findings = check["findings"].as_array().context("findings")?.iter();
        let fired: BTreeSet<usize> = findings.filter_map(|one| place(one["rule_id"].as_str()?)).collect();
        // "rule `r1`: it was not checked: …"
        let problems = evaluation["evaluation_problems"].as_array().context("problems")?.iter();
        let open = problems.map(|one| one["details"].as_str().and_then(|text| place(text.split('`').nth(1)?)));
        let open: BTreeSet<usize> = open.collect::<Option<_>>().context("a problem of no rule")?;
        let asked = rules.all.iter().enumerate().filter(|(_, rule)| rule.deed.for_sources == for_sources);
        self.silent.extend(asked.map(|(at, _)| at).filter(|at| !fired.contains(at) && !open.contains(at)));
        self.fired.extend(fired);
        Ok(())
    }

    fn join(mut self, other: Self) -> Self {
        self.silent.extend(other.silent);
        self.fired.extend(other.fired);
        self
    }
}

fn decide(desk: &Desk, rules: &Rules, artifacts: &[(usize, &Artifact)]) -> Result<Seen> {
    let mut seen = Seen::default();
    for (at, artifact) in artifacts {
        let _turn = desk.turn(artifact.past());
        let words = artifact.words(desk, &format!("artifact-{at}"))?;
        let words = format!("check {words} --policy {POLICY} -q -o json");
        let run = desk.stopgate.run(words.split(' '))?;
        run.json().and_then(|check| seen.add(rules, &check)).context(artifact.what())?;
    }
    Ok(seen)
}

#[test]
fn every_rule_of_every_pack_passes_and_fails() -> Result<()> {
    const THREADS: usize = 4;
    let desk = Desk::new()?;
    let rules = Rules::of_packs(&desk, &desk.given("whole", &WHOLE)?.base_digest)?;
    let not_available: BTreeSet<&str> = NOT_AVAILABLE.iter().flat_map(|(ids, _)| *ids).copied().collect();
    assert_eq!(rules.left_out.iter().map(String::as_str).collect::<BTreeSet<_>>(), not_available);
    std::fs::write(desk.folder(POLICY), rules.policy().to_string())?;
    let all: Vec<Artifact> = Artifact::all().collect();
    let (desk, rules, all) = (&desk, &rules, &all);
    let seen = std::thread::scope(|scope| {
        let of_thread = |from: usize| -> Vec<_> { all.iter().enumerate().skip(from).step_by(THREADS).collect() };
        let threads: Vec<_> =
            (0..THREADS).map(|from| scope.spawn(move || decide(desk, rules, &of_thread(from)))).collect();
        let ended = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?);
        ended.collect::<Result<Vec<_>>>()
    })?;
    let seen = seen.into_iter().fold(Seen::default(), Seen::join);
    let told = rules.all.iter().enumerate().flat_map(|(at, rule)| {
        let lacks = [("passes", seen.silent.contains(&at)), ("fails", seen.fired.contains(&at))];
        lacks.into_iter().filter(|(_, is)| !is).map(move |(word, _)| format!("never {word}: {rule}"))
    });
    let told: Vec<String> = told.collect();
    let pinned: Vec<String> = NEITHER.iter().map(|(what, _)| (*what).to_owned()).collect();
    assert_eq!(told, pinned, "\n{}", told.join("\n"));
    assert!(rules.places >= 3000 && rules.all.len() >= 250, "{} rules, {} of their own", rules.places, rules.all.len());
    Ok(())
}

//! An image that is hardened on purpose passes the packs of the frameworks, and what is left is what no flag can supply.
//! Each property that is broken fails exactly the controls that name it.

mod remainder;
mod verdicts;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, anyhow};
use serde_json::Value;

use crate::hardened::{Row, WHOLE, rows};
use remainder::{LEFT, Why};
use verdicts::{States, Verdicts};

/// The packs, each with its short name in the tables.
const PACKS: [(&str, &str); 6] = [
    ("cis", "cis-docker"),
    ("53", "nist-800-53-moderate"),
    ("190", "nist-800-190"),
    ("ib", "dod-ironbank"),
    ("disa", "disa-image-guide"),
    ("fr", "fedramp-moderate"),
];
fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn controls(report: &Value) -> Result<&[Value]> {
    Ok(report["controls"].as_array().with_context(|| format!("no controls in {report}"))?)
}

/// What became of controls that were not in this state.
fn turned(whole: &States, broken: &States, state: &str) -> BTreeSet<String> {
    let is = |states: &States, id: &str| states.get(id).is_some_and(|known| known == state);
    broken.keys().filter(|id| is(broken, id) && !is(whole, id)).cloned().collect()
}

/// Controls by the short names of packs.
type Pins<'a> = BTreeMap<&'a str, BTreeSet<String>>;

fn pins(text: &str) -> Pins<'_> {
    let packs = text.split(" | ").filter_map(|pack| pack.split_once(' '));
    packs.map(|(pack, ids)| (pack, ids.split(' ').map(str::to_owned).collect())).collect()
}

#[test]
fn the_whole_image_passes_and_what_is_left_is_pinned() -> Result<()> {
    let verdicts = Verdicts::new()?;
    let whole = verdicts.desk.given("whole", &WHOLE)?;
    for ((short, pack), (of, pinned)) in PACKS.into_iter().zip(LEFT) {
        assert_eq!(short, of);
        // There is no further search for secrets that could be named.
        assert!(
            verdicts.empty(pack).iter().all(|key| *key == "further_secret_names"),
            "{pack}: {:?}",
            verdicts.empty(pack)
        );
        let check = verdicts.desk.stopgate.run(verdicts.words("check", pack, &whole)?.split(' '))?;
        let findings = check.json()?["findings"].clone();
        let loud = findings.as_array().into_iter().flatten().filter(|finding| finding["action"] != "go");
        assert_eq!((check.code, loud.collect::<Vec<_>>()), (0, vec![]), "{pack}");
        let report = verdicts.evidence(pack, &whole)?;
        assert_eq!(report["decision"], "pass", "{pack}");
        let mut seen: BTreeMap<Why, Vec<&str>> = BTreeMap::new();
        for control in controls(&report)? {
            if let Some(why) = Why::of(control).map_err(|told| anyhow!("{pack}: {told}"))? {
                seen.entry(why).or_default().push(text(control, "id"));
            }
        }
        let seen: Vec<(Why, String)> = seen.into_iter().map(|(why, ids)| (why, ids.join(" "))).collect();
        let pinned: Vec<(Why, String)> = pinned.iter().map(|(why, ids)| (*why, (*ids).to_owned())).collect();
        assert_eq!(seen, pinned, "{pack}");
    }
    Ok(())
}

/// Decides a row, and tells what is not as pinned.
fn wrong(verdicts: &Verdicts, whole: &[States], at: usize, row: &Row) -> Result<Vec<String>> {
    let _turn = verdicts.desk.turn(row.past);
    let given = verdicts.desk.given(&format!("row-{at}"), row)?;
    let (mut fails, mut unknown) = (Pins::new(), Pins::new());
    for ((short, pack), before) in PACKS.iter().zip(whole) {
        let after = verdicts.states(pack, &given)?;
        for (pins, states) in [(&mut fails, ["not-satisfied"].as_slice()), (&mut unknown, &["not-assessed", "error"])] {
            let ids: BTreeSet<String> = states.iter().flat_map(|state| turned(before, &after, state)).collect();
            if !ids.is_empty() {
                pins.insert(short, ids);
            }
        }
    }
    let told = [("fails", fails, row.fails), ("unknown", unknown, row.unknown)];
    let wrong = told.into_iter().filter(|(_, seen, pinned)| *seen != pins(pinned));
    Ok(wrong
        .map(|(name, seen, pinned)| format!("{}\n    {name} {seen:?}\n    pinned {:?}", row.what, pins(pinned)))
        .collect())
}

#[test]
fn each_broken_property_fails_the_controls_that_name_it() -> Result<()> {
    const THREADS: usize = 4;
    let verdicts = Verdicts::new()?;
    let given = verdicts.desk.given("whole", &WHOLE)?;
    let whole: Vec<States> = PACKS.iter().map(|(_, pack)| verdicts.states(pack, &given)).collect::<Result<_>>()?;
    let of_thread = &|from: usize| -> Result<Vec<String>> {
        let own = rows().enumerate().skip(from).step_by(THREADS);
        let told = own.map(|(at, row)| wrong(&verdicts, &whole, at, row).context(row.what));
        Ok(told.collect::<Result<Vec<_>>>()?.concat())
    };
    let told = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|from| scope.spawn(move || of_thread(from))).collect();
        let ended = threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread panicked"))?);
        ended.collect::<Result<Vec<_>>>()
    })?;
    let told = told.concat();
    assert!(told.is_empty(), "{}", told.join("\n"));
    assert!(rows().count() >= 40);
    Ok(())
}

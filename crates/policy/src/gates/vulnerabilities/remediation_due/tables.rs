//! The tables of `frameworks/`: which inputs give which time.

use std::sync::LazyLock;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::clock::{Begin, Clocked, Row};
use crate::regexes::Fault;

const BOD: &str = include_str!("../../../../../../frameworks/bod-26-04.json");
const VDR: &str = include_str!("../../../../../../frameworks/fedramp-vdr.json");

/// What the tables have in common.
#[derive(Deserialize)]
struct Table<R> {
    schema: String,
    source: String,
    version: String,
    rows: Vec<R>,
    #[serde(default)]
    evaluate: Vec<Evaluate>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodRow {
    exposed: bool,
    in_kev: bool,
    automatable: bool,
    total_impact: bool,
    /// `None`: at the next upgrade.
    days: Option<u32>,
    triage: bool,
}

/// Hours by column: reachable and likely to be exploited, likely alone, not likely.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VdrRow {
    class: String,
    rating: u32,
    reachable_likely: u32,
    unreachable_likely: u32,
    unlikely: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Evaluate {
    class: String,
    hours: u32,
}

impl<R: DeserializeOwned> Table<R> {
    fn read(text: &str) -> Result<Self, String> {
        let table: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if table.schema == "stopgate-clock/1" { Ok(table) } else { Err(table.schema) }
    }

    fn source(&self) -> String {
        format!("{} {}", self.source, self.version)
    }
}

fn read<R>(table: &'static LazyLock<Result<Table<R>, String>>) -> Result<&'static Table<R>, Fault> {
    table.as_ref().map_err(|error| Fault(format!("the table of times cannot be read: {error}")))
}

static BOD_TABLE: LazyLock<Result<Table<BodRow>, String>> = LazyLock::new(|| Table::read(BOD));
static VDR_TABLE: LazyLock<Result<Table<VdrRow>, String>> = LazyLock::new(|| Table::read(VDR));

/// Inputs of BOD 26-04.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bod {
    pub(super) exposed: Option<bool>,
    pub(super) in_kev: bool,
    pub(super) automatable: Option<bool>,
    pub(super) total_impact: Option<bool>,
}

impl Bod {
    pub(super) fn clocked(self, begin: Begin, upgrade_days: Option<u32>) -> Result<Clocked, Fault> {
        let table = read(&BOD_TABLE)?;
        let may_be = |known: Option<bool>, value: bool| known.is_none_or(|known| known == value);
        let rows = table.rows.iter().filter(|row| {
            row.in_kev == self.in_kev
                && may_be(self.exposed, row.exposed)
                && may_be(self.automatable, row.automatable)
                && may_be(self.total_impact, row.total_impact)
        });
        let hours = |row: &BodRow| row.days.or(upgrade_days).map(|days| days.saturating_mul(24));
        let word = |value: bool| if value { "yes" } else { "no" }.to_owned();
        let impact = |total: bool| if total { "total" } else { "partial" }.to_owned();
        Ok(Clocked {
            rows: rows.map(|row| Row { hours: hours(row), triage: row.triage }).collect(),
            begin,
            row: vec![
                ("exposed", self.exposed.map(word)),
                ("in_kev", Some(word(self.in_kev))),
                ("automatable", self.automatable.map(word)),
                ("technical_impact", self.total_impact.map(impact)),
            ],
            before_evaluation: false,
            force: "must",
            source: table.source(),
        })
    }
}

/// Inputs of FedRAMP's times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vdr {
    pub(super) class: &'static str,
    pub(super) rating: Option<u32>,
    pub(super) reachable: Option<bool>,
    pub(super) likely: Option<bool>,
}

impl Vdr {
    /// Without a rating only the time for the evaluation runs, from when it was first seen.
    pub(super) fn clocked(self, evaluated: Option<Begin>, seen: Begin) -> Result<Clocked, Fault> {
        let table = read(&VDR_TABLE)?;
        let word = |value: bool| if value { "yes" } else { "no" }.to_owned();
        let class = ("class", Some(self.class.to_owned()));
        let Some(rating) = self.rating else {
            let own = table.evaluate.iter().filter(|row| row.class == self.class);
            return Ok(Clocked {
                rows: own.map(|row| Row { hours: Some(row.hours), triage: false }).collect(),
                begin: seen,
                row: vec![class, ("rating", Some("none yet".to_owned()))],
                before_evaluation: true,
                force: "should",
                source: table.source(),
            });
        };
        let own = table.rows.iter().filter(|row| row.class == self.class && row.rating == rating);
        let mut rows: Vec<Row> =
            own.flat_map(|row| self.columns(row)).map(|hours| Row { hours: Some(hours), triage: false }).collect();
        if rows.is_empty() && rating == 1 {
            rows.push(Row { hours: None, triage: false });
        }
        Ok(Clocked {
            rows,
            begin: evaluated.unwrap_or(seen),
            row: vec![
                class,
                ("rating", Some(format!("N{rating}"))),
                ("reachable", self.reachable.map(word)),
                ("likely_exploitable", self.likely.map(word)),
            ],
            before_evaluation: false,
            force: "should",
            source: table.source(),
        })
    }

    fn columns(self, row: &VdrRow) -> Vec<u32> {
        let reached = self.reachable.is_none_or(|reachable| reachable);
        let not_reached = self.reachable.is_none_or(|reachable| !reachable);
        let likely = self.likely.is_none_or(|likely| likely);
        let unlikely = self.likely.is_none_or(|likely| !likely);
        [
            (likely && reached, row.reachable_likely),
            (likely && not_reached, row.unreachable_likely),
            (unlikely, row.unlikely),
        ]
        .into_iter()
        .filter_map(|(may_be, hours)| may_be.then_some(hours))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{BOD_TABLE, Bod, VDR_TABLE, Vdr};
    use crate::engine::scene::{FirstSeen, Since};
    use crate::gates::vulnerabilities::remediation_due::Unknown;
    use crate::gates::vulnerabilities::remediation_due::clock::{Begin, Outcome};

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// When it is due, and whether triage is asked for.
    fn due(inputs: Bod, seen: &str, listed: Option<&str>) -> Option<(String, Option<bool>)> {
        let seen = FirstSeen::At(time(&format!("{seen}T00:00:00Z")));
        let listed = listed.map_or(Since::Never, |date| Since::At(time(&format!("{date}T00:00:00Z"))));
        let clocked = inputs.clocked(Begin::earliest(seen, listed), None).unwrap();
        match clocked.decide(Unknown::Worst, time("2030-01-01T00:00:00Z")) {
            Outcome::Overdue(answer) => Some((answer.end.shown[..10].to_owned(), answer.triage)),
            _ => None,
        }
    }

    const fn bod([exposed, in_kev, automatable, total]: [bool; 4]) -> Bod {
        Bod { exposed: Some(exposed), in_kev, automatable: Some(automatable), total_impact: Some(total) }
    }

    #[test]
    fn the_table_of_bod_26_04_gives_these_dates() {
        for (inputs, seen, listed, expected) in [
            (bod([true, true, true, true]), "2026-12-10", Some("2026-12-08"), Some(("2026-12-11", true))),
            (bod([true, false, false, false]), "2026-12-01", None, Some(("2027-01-30", false))),
            (bod([false, false, false, true]), "2026-12-01", None, None),
            (bod([false, true, false, true]), "2026-12-20", Some("2026-12-10"), Some(("2026-12-24", false))),
        ] {
            let expected = expected.map(|(date, triage)| (date.to_owned(), Some(triage)));
            assert_eq!(due(inputs, seen, listed), expected, "{inputs:?}");
        }
    }

    #[test]
    fn every_input_has_one_row_and_a_worse_one_never_gives_more_time() {
        let table = BOD_TABLE.as_ref().unwrap();
        assert_eq!(table.rows.len(), 16);
        let hours = |bits: u32| {
            let bit = |at: u32| bits >> at & 1 == 1;
            let rows = bod([bit(0), bit(1), bit(2), bit(3)]).clocked(Begin::Unknown, Some(u32::MAX / 24)).unwrap().rows;
            assert_eq!(rows.len(), 1, "{bits:b}");
            rows[0].hours.unwrap()
        };
        for bits in 0..16 {
            for at in 0..4 {
                assert!(hours(bits | 1 << at) <= hours(bits), "{bits:04b} {at}");
            }
        }
    }

    #[test]
    fn fedramp_has_a_row_for_each_class_and_rating() {
        let table = VDR_TABLE.as_ref().unwrap();
        assert_eq!((table.rows.len(), table.evaluate.len()), (12, 3));
        for row in &table.rows {
            assert!(row.reachable_likely <= row.unreachable_likely && row.unreachable_likely <= row.unlikely);
        }
        let hours = |class, rating, reachable, likely| {
            let inputs = Vdr { class, rating, reachable, likely };
            let clocked = inputs.clocked(None, Begin::Unknown).unwrap();
            clocked.rows.iter().map(|row| row.hours).collect::<Vec<_>>()
        };
        assert_eq!(hours("d", Some(5), Some(true), Some(true)), [Some(12)]);
        assert_eq!(hours("c", Some(3), None, None), [16, 32, 128].map(|days| Some(days * 24)));
        assert_eq!(hours("b", Some(2), None, Some(false)), [Some(192 * 24)]);
        assert_eq!(hours("b", Some(1), None, None), [None]);
        assert_eq!(hours("c", None, None, None), [Some(5 * 24)]);
    }
}

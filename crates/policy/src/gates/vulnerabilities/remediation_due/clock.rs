//! From the rows of a table that may hold, and a start, to what is due.

use jiff::Timestamp;

use super::Unknown;
use crate::document::Expiry;
use crate::engine::scene::{FirstSeen, Since};
use crate::gates::vulnerabilities::due::{End, Start};
use crate::trigger::{Admission, Need};

/// A clock with the inputs of one match.
pub(super) struct Clocked {
    /// The rows that the known inputs leave.
    pub(super) rows: Vec<Row>,
    pub(super) begin: Begin,
    /// The inputs, `None` where nobody told.
    pub(super) row: Vec<(&'static str, Option<String>)>,
    /// Whether the time is the one for the evaluation, which is a warning at most.
    pub(super) before_evaluation: bool,
    /// `must` or `should`.
    pub(super) force: &'static str,
    pub(super) source: String,
}

/// A row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Row {
    /// Hours; `None`: there is no date.
    pub(super) hours: Option<u32>,
    pub(super) triage: bool,
}

/// When a time starts, as far as that is known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Begin {
    At(Start),
    /// Then or earlier.
    AtLatest(Start),
    Unknown,
}

/// What is due.
pub(super) struct Answer {
    pub(super) start: Start,
    pub(super) end: End,
    pub(super) hours: u32,
    /// `None` when the rows that may hold disagree.
    pub(super) triage: Option<bool>,
}

pub(super) enum Outcome {
    Overdue(Answer),
    /// Not before then.
    Later(End),
    NoDate,
    Missing(Need),
}

impl Outcome {
    pub(super) fn admission(self) -> Admission {
        match self {
            Self::Overdue(_) => Admission::Yes,
            Self::Later(end) => Admission::From(end.at),
            Self::NoDate => Admission::No,
            Self::Missing(need) => Admission::Missing(need),
        }
    }
}

impl Begin {
    pub(super) fn first_seen(seen: FirstSeen) -> Self {
        match seen {
            FirstSeen::At(at) => Self::At(Start { at, is_date: false, basis: "first_seen" }),
            FirstSeen::Unknown => Self::Unknown,
        }
    }

    pub(super) fn evaluated(time: &Expiry) -> Self {
        Self::At(Start { at: time.time, is_date: time.text.trim().len() == 10, basis: "evaluated_at" })
    }

    /// The earlier of first seen and listed.
    pub(super) fn earliest(seen: FirstSeen, listed: Since) -> Self {
        match (Self::first_seen(seen), listed) {
            (begin, Since::Never) => begin,
            (Self::At(seen), Since::At(at)) if at <= seen.at => Self::At(of_listing(at)),
            (Self::At(seen), Since::At(_)) => Self::At(seen),
            // One of the two is known: the other may be earlier.
            (Self::At(seen), Since::Unknown) => Self::AtLatest(seen),
            (_, Since::At(at)) => Self::AtLatest(of_listing(at)),
            (_, Since::Unknown) => Self::Unknown,
        }
    }

    /// The later of both: since then the present row holds.
    pub(super) fn row_since(seen: FirstSeen, listed: Since) -> Self {
        match (Self::first_seen(seen), listed) {
            (Self::At(seen), Since::At(at)) if at > seen.at => Self::At(of_listing(at)),
            (begin, _) => begin,
        }
    }
}

fn of_listing(at: Timestamp) -> Start {
    Start { at, is_date: true, basis: "kev_date_added" }
}

impl Clocked {
    pub(super) fn decide(&self, unknown: Unknown, now: Timestamp) -> Outcome {
        let least = |row: &&Row| (row.hours.is_none(), row.hours, !row.triage);
        let (Some(worst), Some(mildest)) = (self.rows.iter().min_by_key(least), self.rows.iter().max_by_key(least))
        else {
            return Outcome::Missing(Need::Assessment);
        };
        if unknown == Unknown::Worst || worst.hours == mildest.hours {
            return self.of_row(*worst, now);
        }
        match (self.of_row(*mildest, now), self.of_row(*worst, now)) {
            (overdue @ Outcome::Overdue(_), _) => overdue,
            (_, later @ Outcome::Later(_)) => later,
            (_, Outcome::Missing(need)) => Outcome::Missing(need),
            _ => Outcome::Missing(Need::Assessment),
        }
    }

    fn of_row(&self, row: Row, now: Timestamp) -> Outcome {
        let Some(hours) = row.hours else { return Outcome::NoDate };
        let (Begin::At(start) | Begin::AtLatest(start)) = self.begin else { return Outcome::Missing(Need::FirstSeen) };
        let Some(end) = End::after(start, hours) else { return Outcome::NoDate };
        if now >= end.at {
            let triage = self.rows.iter().all(|other| other.triage == row.triage).then_some(row.triage);
            return Outcome::Overdue(Answer { start, end, hours, triage });
        }
        match self.begin {
            Begin::AtLatest(_) => Outcome::Missing(Need::FirstSeen),
            Begin::At(_) | Begin::Unknown => Outcome::Later(end),
        }
    }
}

/// Hours as people say them.
pub(super) fn duration(hours: u32) -> String {
    match (hours / 24, hours % 24) {
        (1, 0) => "1 day".to_owned(),
        (days, 0) => format!("{days} days"),
        _ => format!("{hours} hours"),
    }
}

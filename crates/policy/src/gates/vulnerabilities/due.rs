//! Due dates: until when a vulnerability may stay, by a clock.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use stopgate_model::{DueDate, Evidence};

use crate::trigger::{Admission, Hit};

/// When a time ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct End {
    /// The first moment at which it has passed.
    pub(super) at: Timestamp,
    /// As people read it: a date, or a time.
    pub(super) shown: String,
}

impl End {
    /// A date without a time lasts to the end of that day in UTC.
    pub(super) fn of_date(text: &str) -> Option<Self> {
        let date: Date = text.get(..10)?.parse().ok()?;
        Some(Self { at: midnight(date.checked_add(1.day()).ok()?)?, shown: date.to_string() })
    }

    /// Some hours after a start. From a date whole days are counted, to the end of the last one.
    pub(super) fn after(start: Start, hours: u32) -> Option<Self> {
        let time = start.at.checked_add(SignedDuration::from_hours(i64::from(hours))).ok()?;
        let shown = time.to_string();
        if start.is_date { Self::of_date(&shown) } else { Some(Self { at: time, shown }) }
    }
}

/// When a clock starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Start {
    pub(super) at: Timestamp,
    /// Whether it is a date without a time.
    pub(super) is_date: bool,
    /// What gives it: `first_seen`, `kev_date_added`, `evaluated_at`.
    pub(super) basis: &'static str,
}

fn midnight(date: Date) -> Option<Timestamp> {
    Some(date.in_tz("UTC").ok()?.timestamp())
}

/// Whether something counts that is due then: in the days before as a warning, from the end on in full.
pub(super) fn admission(end: &End, days_before: u32, now: Timestamp) -> Admission {
    if now >= end.at {
        return Admission::Yes;
    }
    // Days beyond the calendar reach back to its begin.
    let first = end.at.checked_sub(SignedDuration::from_hours(24 * i64::from(days_before)));
    match first {
        Ok(first) if now < first => Admission::From(first),
        Ok(_) | Err(_) => Admission::Until(end.at),
    }
}

/// The hit with its due date: as evidence, and in its message.
pub(super) fn dated(mut hit: Hit, due: DueDate, what: &str) -> Hit {
    let state = match (&due.due_at, due.overdue) {
        (Some(at), true) => format!("due {at}, which has passed"),
        (Some(at), false) => format!("due {at}"),
        (None, _) => "due at a time that is not known, which counts as passed".to_owned(),
    };
    hit.message = format!("{}; {what}: {state}", hit.message);
    hit.warning |= !due.overdue;
    let condition = format!("{} time has not passed", due.clock);
    hit.evidence(Evidence::Due(Box::new(due))).because(condition, state)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{End, Start, admission};
    use crate::trigger::Admission;

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_date_lasts_to_its_end_and_a_time_to_its_moment() {
        assert_eq!(End::of_date("2024-02-28T10:00:00Z").unwrap().at, time("2024-02-29T00:00:00Z"));
        assert_eq!((End::of_date("2024-02-30"), End::of_date(""), End::of_date("9999-12-31")), (None, None, None));
        let start = |is_date| Start { at: time("2026-12-08T00:00:00Z"), is_date, basis: "first_seen" };
        let dated = End::after(start(true), 72).unwrap();
        assert_eq!((dated.at, dated.shown.as_str()), (time("2026-12-12T00:00:00Z"), "2026-12-11"));
        let timed = End::after(start(false), 12).unwrap();
        assert_eq!((timed.at, timed.shown.as_str()), (time("2026-12-08T12:00:00Z"), "2026-12-08T12:00:00Z"));
    }

    #[test]
    fn what_is_due_soon_warns_and_what_is_overdue_counts() {
        let end = End::of_date("2026-06-09").unwrap();
        let at = |days, now: &str| admission(&end, days, time(now));
        assert_eq!(at(0, "2026-06-10T00:00:00Z"), Admission::Yes);
        assert_eq!(at(0, "2026-06-09T23:59:59Z"), Admission::From(end.at));
        assert_eq!(at(2, "2026-06-08T00:00:00Z"), Admission::Until(end.at));
        assert_eq!(at(2, "2026-06-07T23:59:59Z"), Admission::From(time("2026-06-08T00:00:00Z")));
        assert_eq!(at(u32::MAX, "2026-01-01T00:00:00Z"), Admission::Until(end.at));
    }
}

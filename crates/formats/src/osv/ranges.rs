//! Events of a range, paired to spans of versions.

use std::cmp::Ordering;

use stopgate_version::{Format, Version, compare};

/// Where a span of affected versions ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// Nowhere.
    Open,
    /// Before this version, which has the fix.
    Fixed(String),
    /// With this version; which one has the fix is not known.
    LastAffected(String),
    /// Before this version, for which nothing is said.
    Limit(String),
}

/// Affected versions between two events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// First affected version; `None` from the beginning (`0` in documents).
    pub introduced: Option<String>,
    /// Where it ends.
    pub end: End,
}

/// One event of a range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    Introduced(String),
    Fixed(String),
    LastAffected(String),
    Limit(String),
}

impl Event {
    fn version(&self) -> &str {
        match self {
            Self::Introduced(version) | Self::Fixed(version) | Self::LastAffected(version) | Self::Limit(version) => {
                version
            }
        }
    }
}

/// Spans of events. They are sorted by version where the format can compare all of them, else taken as they come.
pub(super) fn spans(mut events: Vec<Event>, format: &str) -> Vec<Span> {
    sort(&mut events, format);
    let mut spans = Vec::new();
    let mut open: Option<Option<String>> = None;
    for event in events {
        let end = match event {
            Event::Introduced(version) => {
                // A second beginning before an end adds nothing.
                open.get_or_insert_with(|| (version != "0").then_some(version));
                continue;
            }
            // `limit: *` is the schema's way to say that there is none.
            Event::Limit(version) if version == "*" => continue,
            Event::Fixed(version) => End::Fixed(version),
            Event::LastAffected(version) => End::LastAffected(version),
            Event::Limit(version) => End::Limit(version),
        };
        if let Some(introduced) = open.take() {
            spans.push(Span { introduced, end });
        }
    }
    spans.extend(open.map(|introduced| Span { introduced, end: End::Open }));
    spans
}

/// Longer ranges are taken as they come.
const SORTED_EVENTS: usize = 2000;

fn sort(events: &mut Vec<Event>, format: &str) {
    let format = Format::of_data(format);
    // "0" is before every version, whatever the format says.
    let order = |a: &Event, b: &Event| match (a.version(), b.version()) {
        (a, b) if a == b => Some(Ordering::Equal),
        ("0", _) => Some(Ordering::Less),
        (_, "0") => Some(Ordering::Greater),
        (a, b) => compare(format, a, b).ok(),
    };
    let readable = |event: &Event| event.version() == "0" || Version::parse(format, event.version()).is_ok();
    if format == Format::Unknown || events.len() > SORTED_EVENTS || !events.iter().all(readable) {
        return;
    }
    // By insertion, since the versions are anybody's: a comparator with a flaw must not be able to stop the program.
    for event in std::mem::take(events) {
        let place = events.partition_point(|placed| order(placed, &event) != Some(Ordering::Greater));
        events.insert(place, event);
    }
}

#[cfg(test)]
mod tests {
    use super::{End, Event, Span, spans};

    fn introduced(version: &str) -> Event {
        Event::Introduced(version.into())
    }

    fn fixed(version: &str) -> Event {
        Event::Fixed(version.into())
    }

    fn span(introduced: Option<&str>, end: End) -> Span {
        Span { introduced: introduced.map(str::to_owned), end }
    }

    #[test]
    fn events_are_paired_in_the_order_of_versions() {
        let events = vec![introduced("0"), introduced("2.0"), fixed("1.10"), fixed("2.3")];
        let expected = [span(None, End::Fixed("1.10".into())), span(Some("2.0"), End::Fixed("2.3".into()))];
        assert_eq!(spans(events, "semver"), expected);
    }

    #[test]
    fn the_last_span_may_stay_open() {
        assert_eq!(spans(vec![introduced("1.2")], "gem"), [span(Some("1.2"), End::Open)]);
        let events = vec![introduced("0"), Event::LastAffected("3".into()), introduced("5"), Event::Limit("*".into())];
        let expected = [span(None, End::LastAffected("3".into())), span(Some("5"), End::Open)];
        assert_eq!(spans(events, "python"), expected);
    }

    #[test]
    fn an_unknown_format_keeps_the_documents_order_and_strays_are_nothing() {
        let events = vec![fixed("1"), introduced("b"), fixed("a"), fixed("z")];
        assert_eq!(spans(events, ""), [span(Some("b"), End::Fixed("a".into()))]);
        assert!(spans(Vec::new(), "").is_empty());
    }
}

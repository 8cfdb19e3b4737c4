//! What is new and what was there before, since when, and until when what was there before is a warning only.

use jiff::{SignedDuration, Timestamp};
use stopgate_model::Evidence;

use super::scene::{History, Since};
use crate::document::extension::{Grace, GraceFrom};
use crate::trigger::{Hit, Need};

/// What the previous state says of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Past {
    /// `None` without a previous state.
    pub(super) is_new: Option<bool>,
    /// `None` when it is not known.
    pub(super) first_seen: Option<Timestamp>,
}

impl Past {
    /// Looks a finding up by its fingerprint, else its match by vulnerability and package.
    pub(super) fn of(history: Option<&History>, hit: &Hit, fingerprint: &str, now: Timestamp) -> Self {
        let Some(history) = history else { return Self { is_new: None, first_seen: None } };
        match history.findings.get(fingerprint).or_else(|| seen_match(history, hit)) {
            Some(first_seen) => Self { is_new: Some(false), first_seen: *first_seen },
            None => Self { is_new: Some(true), first_seen: Some(now) },
        }
    }
}

/// A rule that is new to the policy may report a match that is not new to the artifact.
fn seen_match<'h>(history: &'h History, hit: &Hit) -> Option<&'h Option<Timestamp>> {
    let of = |wanted: fn(&Evidence) -> Option<&str>| hit.evidence.iter().find_map(wanted);
    let id = of(|evidence| match evidence {
        Evidence::Vulnerability { id, .. } => Some(id),
        _ => None,
    })?;
    let purl = of(|evidence| match evidence {
        Evidence::Package { purl, .. } => Some(purl),
        _ => None,
    })?;
    history.first_seen.get(&(id.to_owned(), purl.to_owned()))
}

/// How far a finding counts under a grace period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Standing {
    /// As the rule says.
    Full,
    /// As a warning, until this time.
    WarnUntil(Timestamp),
    /// As a warning: the clock has not begun to run.
    Warn,
    /// It cannot be told without this input.
    Unknown(Need),
}

impl Grace {
    /// Decides for one finding.
    pub(super) fn standing(self, past: Past, hit: &Hit, now: Timestamp) -> Standing {
        if past.is_new == Some(true) {
            return Standing::Full;
        }
        let start = match self.from {
            GraceFrom::FirstSeen => past.first_seen.map_or(Since::Unknown, Since::At),
            GraceFrom::FixSeen => hit.fix_seen,
            GraceFrom::KevAdded => hit.kev_added,
        };
        match start {
            Since::Never if past.is_new.is_some() => Standing::Warn,
            Since::At(start) => match start.checked_add(SignedDuration::from_hours(24 * i64::from(self.days))) {
                // What is overdue counts whether it is new or not.
                Ok(due) if now >= due => Standing::Full,
                _ if past.is_new.is_none() => Standing::Unknown(Need::Baseline),
                Ok(due) => Standing::WarnUntil(due),
                Err(_) => Standing::Warn,
            },
            // A fix or a listing of unknown date may be older than any period.
            Since::Unknown if self.from != GraceFrom::FirstSeen => Standing::Full,
            Since::Unknown if past.is_new.is_some() => Standing::Unknown(Need::FirstSeen),
            Since::Never | Since::Unknown => Standing::Unknown(Need::Baseline),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Past, Standing};
    use crate::document::extension::{Grace, GraceFrom};
    use crate::engine::scene::Since;
    use crate::trigger::{Hit, Need};

    #[test]
    fn what_was_there_before_has_time_and_what_is_new_has_none() {
        let time = |day: &str| format!("2026-06-{day}T00:00:00Z").parse().unwrap();
        let now = time("10");
        let mut hit = Hit::with_id("x", "x");
        let grace = |from, days| Grace { from, days };
        let past = |is_new, first_seen| Past { is_new, first_seen };
        let (first, fix, kev) = (GraceFrom::FirstSeen, GraceFrom::FixSeen, GraceFrom::KevAdded);
        let old = past(Some(false), Some(time("01")));
        for (grace, past, expected) in [
            (grace(first, 30), past(Some(true), Some(now)), Standing::Full),
            (grace(first, 9), old, Standing::Full),
            (grace(first, 10), old, Standing::WarnUntil(time("11"))),
            (grace(first, 10), past(Some(false), None), Standing::Unknown(Need::FirstSeen)),
            (grace(first, 10), past(None, None), Standing::Unknown(Need::Baseline)),
            (grace(first, u32::MAX), old, Standing::Warn),
            (grace(fix, 1), old, Standing::Warn),
            (grace(fix, 1), past(None, None), Standing::Unknown(Need::Baseline)),
        ] {
            assert_eq!(grace.standing(past, &hit, now), expected, "{grace:?} {past:?}");
        }
        hit.fix_seen = Since::Unknown;
        assert_eq!(grace(fix, 1000).standing(old, &hit, now), Standing::Full, "unknown is never clean");
        hit.kev_added = Since::At(time("08"));
        assert_eq!(grace(kev, 2).standing(past(None, None), &hit, now), Standing::Full, "overdue, new or not");
        assert_eq!(grace(kev, 3).standing(past(None, None), &hit, now), Standing::Unknown(Need::Baseline));
        assert_eq!(grace(kev, 3).standing(old, &hit, now), Standing::WarnUntil(time("11")));
    }
}

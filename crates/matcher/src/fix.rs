//! Fixes of a match: joined over its rows; the suggested version is the smallest above the installed one.

use std::cmp::Ordering;

use stopgate_model::{Fix, FixState};
use stopgate_version::{Format, compare};

/// Joins the fix of one more row.
pub(crate) fn join(into: &mut Fix, other: Fix) {
    let rank = |state: FixState| match state {
        FixState::Fixed => 3,
        FixState::WontFix => 2,
        FixState::NotFixed => 1,
        FixState::Unknown => 0,
    };
    if rank(other.state) > rank(into.state) {
        into.state = other.state;
    }
    for version in other.versions {
        if !into.versions.contains(&version) {
            into.versions.push(version);
        }
    }
    for available in other.available {
        if !into.available.contains(&available) {
            into.available.push(available);
        }
    }
}

/// The smallest fix version above the installed one, under the package's own order.
pub(crate) fn suggested(fix: &Fix, format: Format, installed: &str) -> Option<String> {
    let above = fix.versions.iter().filter(|version| compare(format, version, installed) == Ok(Ordering::Greater));
    let least = above.min_by(|a, b| compare(format, a, b).unwrap_or(Ordering::Equal));
    least.or(if fix.versions.len() == 1 { fix.versions.first() } else { None }).cloned()
}

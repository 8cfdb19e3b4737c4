//! Extended support (RHEL's EUS, Ubuntu's ESM): what there is stands in the plain release, what fixes it in either.

use std::collections::HashSet;
use std::rc::Rc;

use stopgate_model::{AvailableFix, Fix, FixState};
use stopgate_version::{Format, Version};
use stopgate_vulndb::Row;

use crate::compiled::Holds;
use crate::found::{Correction, Found, identities, remove};
use crate::qualifier::Traits;
use crate::search::{Outcome, Search, Target};
use crate::subject::Subject;

pub(crate) fn search<'d>(search: &Search<'d>, subject: &Subject<'_>, target: &Target<'_>, out: &mut Outcome<'d>) {
    let mut disclosed = search.distro(subject, target, &search.resolution.scopes, true).vulnerable;
    // The version is asked for at each range here, so one that is empty matches nothing.
    let Some(version) = search.version(subject, target).filter(|_| !disclosed.is_empty()) else { return };
    let resolutions = resolutions(search, subject, target);
    let fixes: Vec<Row<'d>> = resolutions.iter().copied().filter(|row| is_fixed(row, &version)).collect();
    let fixed = identities(search.database, &fixes);
    remove(search.database, &mut disclosed, &fixed);
    if subject.is_owner {
        out.evidence.owned(subject.package.id, fixed, "Distro Not Vulnerable");
    }
    disclosed.retain_mut(|found| patch(search, found, &resolutions, &version));
    out.found.append(&mut disclosed);
}

/// Rows about the name in the plain release and in the channel.
fn resolutions<'d>(search: &Search<'d>, subject: &Subject<'_>, target: &Target<'_>) -> Vec<Row<'d>> {
    let traits = Traits { subject, distro: &search.resolution.distro, as_source: target.as_source };
    let scopes: Vec<_> = search.resolution.scopes.iter().chain(&search.resolution.channel_scopes).collect();
    let mut rows = Vec::new();
    for name in &target.names {
        for scope in &scopes {
            let found = search.database.lookup(**scope, name).filter(|row| !row.unaffected());
            rows.extend(found.filter(|row| traits.fit(search.database, row)));
        }
    }
    rows
}

/// Whether the version is at or past a fix of the row.
fn is_fixed(row: &Row<'_>, version: &Version) -> bool {
    let fix = row.fix();
    fix.state == FixState::Fixed
        && fix.versions.iter().any(|fixed| {
            // COMPAT: a fix that cannot be compared counts as reached.
            version.compare(&Version::new(version.format(), fixed)).map_or(true, std::cmp::Ordering::is_ge)
        })
}

/// Puts the fixes that this stream can reach in place of the disclosure's own; `false` when nothing affects the
/// version any more.
fn patch<'d>(search: &Search<'d>, found: &mut Found<'d>, resolutions: &[Row<'d>], version: &Version) -> bool {
    let mut constraints: Vec<String> = Vec::new();
    if search.compiled.joined(&found.row, Some(version)) == Holds::Yes {
        constraints.push(found.row.constraint_text().into_owned());
    }
    let mut versions: Vec<String> = Vec::new();
    let mut available: Vec<AvailableFix> = Vec::new();
    let mut state = FixState::Unknown;
    for row in resolutions.iter().filter(|row| search.id_of(row) == found.id) {
        let fix = row.fix();
        if fix.state == FixState::WontFix && state != FixState::Fixed {
            state = FixState::WontFix;
        }
        let needed = needed(row, &fix, version);
        let reachable: Vec<&String> = needed.iter().filter(|fix| is_reachable(search, fix)).collect();
        if reachable.is_empty() {
            if !needed.is_empty() && is_eus(search) && state != FixState::Fixed {
                state = FixState::NotFixed;
                constraints.push(row.constraint_text().into_owned());
            }
            continue;
        }
        constraints.push(row.constraint_text().into_owned());
        versions.extend(reachable.into_iter().cloned());
        available.extend(fix.available);
        if state != FixState::Fixed {
            state = fix.state;
        }
    }
    if constraints.is_empty() {
        return false;
    }
    found.correction = Some(Rc::new(correction(&found.row, state, versions, &available)));
    true
}

fn correction(row: &Row<'_>, state: FixState, mut versions: Vec<String>, available: &[AvailableFix]) -> Correction {
    let mut fix = row.fix();
    if state == FixState::Fixed {
        let mut seen = HashSet::new();
        versions.retain(|version| seen.insert(version.clone()));
        fix.available = versions
            .iter()
            .filter_map(|version| {
                available.iter().filter(|one| one.version == *version).min_by(|one, two| one.date.cmp(&two.date))
            })
            .cloned()
            .collect();
        fix.versions = versions;
    }
    let state = if state == FixState::Unknown { fix.state } else { state };
    Correction { fix: Fix { state, ..fix }, constraint: None, advisories: None }
}

/// Fixes of a row above the version.
fn needed(row: &Row<'_>, fix: &Fix, version: &Version) -> Vec<String> {
    let format = Format::of_data(row.constraint_format());
    let above = |fixed: &&String| version.compare(&Version::new(format, fixed)).is_ok_and(std::cmp::Ordering::is_lt);
    fix.versions.iter().filter(above).cloned().collect()
}

fn is_eus(search: &Search<'_>) -> bool {
    search.resolution.distro == "redhat"
}

/// Whether a fix is made for the minor release in use or an earlier one. Ubuntu has one stream per release.
fn is_reachable(search: &Search<'_>, fix: &str) -> bool {
    let Ok(major) = search.resolution.major.parse::<u64>() else { return true };
    if !is_eus(search) {
        return true;
    }
    let minor: u64 = search.resolution.minor.parse().unwrap_or(0);
    match release_of(fix) {
        Some((fix_major, fix_minor)) => fix_major == major && fix_minor <= minor,
        None => true,
    }
}

/// `.el9_4` of `5.14.0-427.el9_4` as numbers; a missing minor is 0.
fn release_of(version: &str) -> Option<(u64, u64)> {
    let version = version.split_once(':').map_or(version, |(_, rest)| rest);
    let release = version.rsplit_once('-').map_or(version, |(_, release)| release);
    let digits = |text: &str| text.split(|c: char| !c.is_ascii_digit()).next().map(str::to_owned).unwrap_or_default();
    let (major, rest) = release.match_indices(".el").find_map(|(at, mark)| {
        let rest = release.get(at + mark.len()..)?;
        let major = digits(rest);
        (!major.is_empty()).then(|| (major.clone(), rest.get(major.len()..).unwrap_or("").to_owned()))
    })?;
    let minor = rest.strip_prefix('_').map(digits).filter(|minor| !minor.is_empty());
    Some((major.parse().ok()?, minor.and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::release_of;

    #[test]
    fn releases_in_versions() {
        assert_eq!(release_of("5.14.0-503.11.1.el9_5"), Some((9, 5)));
        assert_eq!(release_of("0:82-1.el8_10.2"), Some((8, 10)));
        assert_eq!(release_of("1.0-1.el7"), Some((7, 0)));
        assert_eq!(release_of("1.0-1"), None);
    }
}

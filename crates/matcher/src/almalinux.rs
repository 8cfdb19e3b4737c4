//! AlmaLinux: RHEL's data says what there is, AlmaLinux's own data says from which version on it is fixed there.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

use stopgate_model::{Advisory, Fix, FixState, MatchKind};
use stopgate_version::{EpochStrategy, Format, Version};
use stopgate_vulndb::{IdNumber, Row};

use crate::compiled::Holds;
use crate::found::{Correction, Found, identities, remove};
use crate::ids::NumberSet;
use crate::qualifier::Traits;
use crate::rpm::{MATCHER, with_epoch};
use crate::search::{Outcome, Partition, Search, Target};
use crate::subject::Subject;

pub(crate) fn search<'d>(search: &Search<'d>, subject: &Subject<'_>, out: &mut Outcome<'d>) {
    let package = subject.package;
    if package.name.ends_with("-debuginfo") || package.name.ends_with("-debugsource") {
        return;
    }
    let mut own = Target::own(subject, MATCHER, EpochStrategy::Native);
    own.names.truncate(1);
    own.version = Cow::Owned(with_epoch(package));
    let mut disclosed = disclosures(search, subject, &own, out);
    for source in Target::sources(subject, MATCHER, EpochStrategy::Native) {
        let mut found = disclosures(search, subject, &source, out);
        for found in &mut found {
            found.kind = MatchKind::ExactIndirect;
        }
        disclosed.append(&mut found);
    }
    if disclosed.is_empty() {
        return;
    }
    let corrections = corrections(search, subject);
    if !corrections.is_empty() {
        let version = Version::new(Format::Rpm, &own.version);
        let fixed: Vec<Row<'d>> = corrections
            .iter()
            .copied()
            .filter(|row| search.compiled.joined(row, Some(&version)) == Holds::Yes)
            .collect();
        remove(search.database, &mut disclosed, &identities(search.database, &fixed));
        correct(search, &mut disclosed, &corrections);
    }
    if subject.is_owner {
        let settled = search.not_among(&corrections, disclosed.iter().map(|found| &found.row));
        out.evidence.owned(package.id, settled, "Alma Unaffected");
    }
    out.found.append(&mut disclosed);
}

/// RHEL's records that affect the version.
fn disclosures<'d>(
    search: &Search<'d>,
    subject: &Subject<'_>,
    target: &Target<'_>,
    out: &mut Outcome<'d>,
) -> Vec<Found<'d>> {
    let mut partition = search.distro(subject, target, &search.resolution.scopes, true);
    let vulnerable = std::mem::take(&mut partition.vulnerable);
    if subject.is_owner {
        let settled = search.not_among(&partition.fixed, vulnerable.iter().map(|found| &found.row));
        out.evidence.owned(subject.package.id, settled, "Distro Fixed");
    }
    let Partition { .. } = partition;
    vulnerable
}

/// AlmaLinux's rows about the package and its source package.
fn corrections<'d>(search: &Search<'d>, subject: &Subject<'_>) -> Vec<Row<'d>> {
    let package = subject.package;
    let source = package.upstreams.iter().find(|upstream| !upstream.name.is_empty() && upstream.name != package.name);
    let names = std::iter::once(&package.name).chain(source.map(|source| &source.name));
    let traits = Traits { subject, distro: &search.resolution.distro, as_source: false };
    let mut rows = Vec::new();
    for name in names {
        for scope in &search.resolution.exact_scopes {
            let found = search.database.lookup(*scope, name).filter(Row::unaffected);
            rows.extend(found.filter(|row| traits.fit(search.database, row)));
        }
    }
    rows
}

/// Puts AlmaLinux's lowest fix in place of RHEL's.
fn correct<'d>(search: &Search<'d>, disclosed: &mut [Found<'d>], corrections: &[Row<'d>]) {
    let known: Vec<(Row<'d>, NumberSet<IdNumber>)> =
        corrections.iter().map(|row| (*row, search.database.identities(row.vulnerability()).collect())).collect();
    for found in disclosed {
        let ids: Vec<IdNumber> = search.database.identities(found.row.vulnerability()).collect();
        let mut best: Option<(Version, Row<'d>)> = None;
        for (row, _) in known.iter().filter(|(_, theirs)| ids.iter().any(|id| theirs.contains(id))) {
            let Some(version) = fixed_from(row) else { continue };
            let better = best.as_ref().is_none_or(|(least, other)| match version.compare(least) {
                Ok(Ordering::Less) => true,
                Ok(Ordering::Equal) => name(search, row) < name(search, other),
                _ => false,
            });
            if better {
                best = Some((version, *row));
            }
        }
        if let Some((version, row)) = best {
            found.correction = Some(Rc::new(correction(search, version.text(), &row)));
        }
    }
}

fn name<'d>(search: &Search<'d>, row: &Row<'d>) -> &'d str {
    search.database.id(row.vulnerability())
}

/// The version in a row `>= version` or `= version`.
fn fixed_from(row: &Row<'_>) -> Option<Version> {
    let text = row.constraint_text();
    let version = text.strip_prefix(">=").map(str::trim).or_else(|| text.strip_prefix("= "))?;
    Version::parse(Format::Rpm, version).ok().filter(|version| !version.text().is_empty())
}

fn correction(search: &Search<'_>, version: &str, row: &Row<'_>) -> Correction {
    let mut advisories = row.advisories();
    if advisories.is_empty() {
        advisories.extend(advisory(search.database.id(row.vulnerability()), &search.resolution.major));
    }
    let mut available = row.fix().available;
    available.retain(|available| available.version == version);
    Correction {
        fix: Fix { state: FixState::Fixed, versions: vec![version.to_owned()], available },
        constraint: Some(format!("< {version} (rpm)")),
        advisories: Some(advisories),
    }
}

/// The address of an erratum follows from its name.
fn advisory(id: &str, major: &str) -> Option<Advisory> {
    if !id.starts_with("ALSA-") || major.is_empty() {
        return None;
    }
    let page = id.replacen(':', "-", 1);
    let link = format!("https://errata.almalinux.org/{major}/{page}.html");
    Some(Advisory { id: id.to_owned(), link })
}

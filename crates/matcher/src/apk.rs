//! apk packages: the distribution's data is the authority; NVD's, by CPE, counts only where that is silent.

use std::borrow::Cow;
use std::rc::Rc;

use stopgate_model::Fix;
use stopgate_version::EpochStrategy;
use stopgate_vulndb::{IdNumber, Row};

use crate::by_cpe::CpeTarget;
use crate::cpe::Cpe;
use crate::found::{Correction, Found, identities, remove};
use crate::ids::NumberSet;
use crate::search::{Outcome, Search, Target};
use crate::subject::Subject;

const MATCHER: &str = "apk-matcher";

pub(crate) fn search<'d>(search: &Search<'d>, subject: &Subject<'_>, out: &mut Outcome<'d>) {
    let targets: Vec<Target<'_>> = std::iter::once(Target::own(subject, MATCHER, EpochStrategy::Native))
        .chain(Target::sources(subject, MATCHER, EpochStrategy::Native))
        .collect();
    let mut vulnerable = Vec::new();
    let mut settled = NumberSet::default();
    for target in &targets {
        let mut partition = search.distro(subject, target, &search.resolution.scopes, false);
        settled.extend(search.settled(&partition));
        remove(search.database, &mut partition.vulnerable, &identities(search.database, &partition.unaffected));
        vulnerable.append(&mut partition.vulnerable);
    }
    if search.options.by_cpe {
        let mut by_cpe = from_nvd(search, subject, &targets, out);
        let known = identities(search.database, vulnerable.iter().map(|found| &found.row));
        remove(search.database, &mut by_cpe, &known);
        remove(search.database, &mut by_cpe, &settled);
        vulnerable.append(&mut by_cpe);
    }
    if subject.is_owner {
        out.evidence.owned(subject.package.id, denied(search, &targets), "distro-nak");
        out.evidence.owned(subject.package.id, settled, "distro-fixed");
    }
    out.found.append(&mut vulnerable);
}

fn from_nvd<'d>(
    search: &Search<'d>,
    subject: &Subject<'_>,
    targets: &[Target<'_>],
    out: &mut Outcome<'d>,
) -> Vec<Found<'d>> {
    let own = CpeTarget::own(subject, MATCHER);
    let sources = subject.package.upstreams.iter().filter(|upstream| !upstream.name.is_empty());
    let mut all = Vec::new();
    for (target, source) in targets.iter().skip(1).zip(sources) {
        let cpes = own.cpes.iter().map(|cpe| {
            let cpe = match &source.version {
                Some(version) if !version.is_empty() => Cpe { version: version.clone(), ..cpe.clone() },
                _ => cpe.clone(),
            };
            cpe.replaced(&subject.package.name, &source.name)
        });
        all.push(CpeTarget { cpes: cpes.collect(), version: Cow::Borrowed(&*target.version), matcher: MATCHER });
    }
    let mut found = search.cpes(subject, &own, out);
    for target in &all {
        found.append(&mut search.cpes(subject, target, out));
    }
    if !search.resolution.distro.is_empty() {
        let unknown = Rc::new(Correction { fix: Fix::default(), constraint: None, advisories: None });
        for one in &mut found {
            // NVD's fix is a version of the upstream project, never one of apk.
            if !one.row.fix().versions.is_empty() {
                one.correction = Some(Rc::clone(&unknown));
            }
        }
    }
    found
}

/// Ids that the distribution says never affect the packages of these names.
fn denied(search: &Search<'_>, targets: &[Target<'_>]) -> NumberSet<IdNumber> {
    let rows = targets.iter().filter_map(|target| target.names.first()).flat_map(|name| {
        search.resolution.scopes.iter().flat_map(|scope| search.database.lookup(*scope, name)).filter(is_denial)
    });
    let rows: Vec<Row<'_>> = rows.collect();
    identities(search.database, &rows)
}

fn is_denial(row: &Row<'_>) -> bool {
    !row.unaffected() && &*row.constraint_text() == "< 0" && row.constraint_format().eq_ignore_ascii_case("apk")
}

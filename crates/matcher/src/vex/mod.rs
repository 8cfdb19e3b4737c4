//! VEX: matches that a supplier says are not affected, or fixed, do not count.
//!
//! Of the statements about a match the latest holds: by time, then by their order. So `affected` brings back what an
//! earlier statement removed. A statement holds for a match when it names one of the vulnerability's ids, and
//! - a product of it is the artifact ([`product::Identity`]), or it names no product at all; with sub-components, one of
//!   them must be the package;
//! - or, without sub-components, a product of it is the package itself.
//!
//! A match of an advisory that is about several CVEs only goes when each of them is denied.

mod product;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::HashMap;

use jiff::Timestamp;
use stopgate_model::{
    Artifact, Match, MatchReport, Package, PackageId, Purl, RemovedMatch, RemovedReason, VexStatement, VexStatus,
    Vulnerability,
};

use self::product::{Identity, is_package};

/// Moves matches that a statement denies to the removed ones.
pub(crate) fn apply(
    artifact: &Artifact,
    packages: &HashMap<PackageId, &Package>,
    statements: &[VexStatement],
    report: &mut MatchReport,
) {
    if statements.is_empty() {
        return;
    }
    let known = Known::new(artifact, statements);
    for matched in std::mem::take(&mut report.matches) {
        match known.denial(&matched, packages.get(&matched.package).copied()) {
            Some(denial) => {
                let reason = RemovedReason::Vex {
                    document: denial.document.clone(),
                    status: denial.status,
                    justification: denial.justification,
                };
                report.removed.push(RemovedMatch { matched, reason });
            }
            None => report.matches.push(matched),
        }
    }
}

/// Statements, and what of them concerns the artifact.
struct Known<'a> {
    identity: Identity<'a>,
    statements: Vec<Said<'a>>,
    /// Places in `statements` by vulnerability id in lower case.
    by_id: HashMap<String, Vec<usize>>,
}

struct Said<'a> {
    statement: &'a VexStatement,
    /// `None`, which is before every time, when it is not known.
    time: Option<Timestamp>,
    scope: OnceCell<Scope>,
}

/// What a statement is about, as far as the artifact is concerned.
struct Scope {
    /// A product is the artifact.
    artifact: bool,
    /// Packages: sub-components where there are any, else products.
    packages: Vec<Purl>,
}

impl<'a> Known<'a> {
    fn new(artifact: &'a Artifact, statements: &'a [VexStatement]) -> Self {
        let mut by_id: HashMap<String, Vec<usize>> = HashMap::new();
        let mut list = Vec::with_capacity(statements.len());
        for (place, statement) in statements.iter().enumerate() {
            for id in std::iter::once(&statement.vulnerability).chain(&statement.aliases) {
                by_id.entry(id.to_ascii_lowercase()).or_default().push(place);
            }
            list.push(Said { statement, time: statement.timestamp.parse().ok(), scope: OnceCell::new() });
        }
        Self { identity: Identity::of(&artifact.source), statements: list, by_id }
    }

    /// The statement by which a match does not count.
    fn denial(&self, matched: &Match, package: Option<&Package>) -> Option<&'a VexStatement> {
        let purl = package.and_then(|package| Purl::parse(&package.purl).ok());
        let own = &matched.vulnerability.id;
        let (cves, mut others): (Vec<&str>, Vec<&str>) =
            ids(&matched.vulnerability).into_iter().partition(|id| is_cve(id));
        if cves.len() < 2 {
            others.extend(cves);
            return self.latest(&others, purl.as_ref()).filter(|said| denies(said));
        }
        others.push(own);
        let each = cves.iter().map(|cve| {
            let ids: Vec<&str> = others.iter().chain([cve]).copied().collect();
            self.latest(&ids, purl.as_ref()).filter(|said| denies(said))
        });
        each.collect::<Option<Vec<_>>>()?.into_iter().next()
    }

    /// The latest statement about a package under any of these ids.
    fn latest(&self, ids: &[&str], package: Option<&Purl>) -> Option<&'a VexStatement> {
        let places = ids.iter().filter_map(|id| self.by_id.get(&id.to_ascii_lowercase())).flatten();
        let said = places.filter_map(|place| self.statements.get(*place).map(|said| (*place, said)));
        let about = said.filter(|(_, said)| self.holds(said, package));
        about.max_by_key(|(place, said)| (said.time, *place)).map(|(_, said)| said.statement)
    }

    fn holds(&self, one: &Said<'_>, package: Option<&Purl>) -> bool {
        let scope = one.scope.get_or_init(|| self.scope(one.statement));
        let named = || package.is_some_and(|package| scope.packages.iter().any(|said| is_package(said, package)));
        if one.statement.subcomponents.is_empty() { scope.artifact || named() } else { scope.artifact && named() }
    }

    fn scope(&self, statement: &VexStatement) -> Scope {
        let artifact =
            statement.products.is_empty() || statement.products.iter().any(|product| self.identity.is(product));
        let parts = if statement.subcomponents.is_empty() { &statement.products } else { &statement.subcomponents };
        Scope { artifact, packages: parts.iter().filter_map(|part| Purl::parse(part).ok()).collect() }
    }
}

/// All ids of a vulnerability, each once.
fn ids(vulnerability: &Vulnerability) -> Vec<&str> {
    let related = vulnerability.related.iter().map(|related| &related.id);
    let mut ids: Vec<&str> = Vec::new();
    for id in std::iter::once(&vulnerability.id).chain(&vulnerability.aliases).chain(related) {
        if !ids.iter().any(|known| known.eq_ignore_ascii_case(id)) {
            ids.push(id);
        }
    }
    ids
}

fn is_cve(id: &str) -> bool {
    id.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("CVE-"))
}

const fn denies(statement: &VexStatement) -> bool {
    matches!(statement.status, VexStatus::NotAffected | VexStatus::Fixed)
}

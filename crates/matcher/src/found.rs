//! Records that hold for a package, before they become matches.

use std::rc::Rc;

use stopgate_model::{Advisory, Fix, MatchKind};
use stopgate_vulndb::{Database, IdNumber, Row};

use crate::ids::NumberSet;

/// A record that holds for a package.
#[derive(Clone)]
pub(crate) struct Found<'d> {
    pub(crate) row: Row<'d>,
    /// Number of the record's own id.
    pub(crate) id: IdNumber,
    pub(crate) kind: MatchKind,
    pub(crate) searched: Rc<Searched>,
    /// What other data says in place of the row.
    pub(crate) correction: Option<Rc<Correction>>,
}

/// What was searched.
pub(crate) struct Searched {
    /// grype's name of the matcher.
    pub(crate) matcher: &'static str,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) scope: String,
}

/// A fix that replaces the row's.
pub(crate) struct Correction {
    pub(crate) fix: Fix,
    /// Range and format, for people.
    pub(crate) constraint: Option<String>,
    pub(crate) advisories: Option<Vec<Advisory>>,
}

/// All ids under which the records are known.
pub(crate) fn identities<'r>(database: &Database, rows: impl IntoIterator<Item = &'r Row<'r>>) -> NumberSet<IdNumber> {
    rows.into_iter().flat_map(|row| database.identities(row.vulnerability())).collect()
}

/// Drops the records that share an id with `ids`, and with them every other record of the same name.
pub(crate) fn remove<'d>(database: &Database, found: &mut Vec<Found<'d>>, ids: &NumberSet<IdNumber>) {
    if ids.is_empty() || found.is_empty() {
        return;
    }
    let touched = |one: &&Found<'d>| database.identities(one.row.vulnerability()).any(|id| ids.contains(&id));
    let names: NumberSet<IdNumber> = found.iter().filter(touched).map(|one| one.id).collect();
    if !names.is_empty() {
        found.retain(|one| !names.contains(&one.id));
    }
}

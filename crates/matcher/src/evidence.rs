//! What data says about one package that speaks against matches of others: a distribution that fixed its package fixed
//! the libraries in it too.

use std::collections::HashMap;

use stopgate_model::{Package, PackageId};
use stopgate_vulndb::{Database, IdNumber};

use crate::found::Found;
use crate::ids::{NumberMap, NumberSet};
use crate::subject::Subject;

type Reason = &'static str;

/// Evidence of a run.
#[derive(Default)]
pub(crate) struct Evidence {
    /// For packages that this one owns.
    by_owner: NumberMap<PackageId, Vec<(NumberSet<IdNumber>, Reason)>>,
    /// For packages of the same type, name and version.
    by_package: HashMap<(String, String, String), NumberSet<IdNumber>>,
}

impl Evidence {
    /// The ids do not count for packages that `owner` owns.
    pub(crate) fn owned(&mut self, owner: PackageId, ids: NumberSet<IdNumber>, reason: Reason) {
        if !ids.is_empty() {
            self.by_owner.entry(owner).or_default().push((ids, reason));
        }
    }

    /// The ids do not count for packages like this one.
    pub(crate) fn same_package(&mut self, package: &Package, ids: &NumberSet<IdNumber>) {
        self.by_package.entry(key(package)).or_default().extend(ids);
    }

    /// Takes up the evidence of another search.
    pub(crate) fn merge(&mut self, other: Self) {
        for (owner, mut all) in other.by_owner {
            self.by_owner.entry(owner).or_default().append(&mut all);
        }
        for (package, ids) in other.by_package {
            self.by_package.entry(package).or_default().extend(ids);
        }
    }

    /// Why a record does not count for a package; `None` when it does.
    pub(crate) fn against(&self, database: &Database, subject: &Subject<'_>, found: &Found<'_>) -> Option<Reason> {
        let same = if self.by_package.is_empty() { None } else { self.by_package.get(&key(subject.package)) };
        let owners = subject.owners.iter().filter_map(|owner| self.by_owner.get(owner)).flatten();
        let mut all =
            same.map(|ids| (ids, "UnaffectedPackageEntry")).into_iter().chain(owners.map(|(ids, r)| (ids, *r)));
        all.find(|(ids, _)| database.identities(found.row.vulnerability()).any(|id| ids.contains(&id)))
            .map(|(_, reason)| reason)
    }
}

fn key(package: &Package) -> (String, String, String) {
    (package.package_type.id().to_owned(), package.name.clone(), package.version.clone())
}

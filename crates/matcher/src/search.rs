//! The searches that matchers are made of: by the name of a distribution's package, and by the name in an ecosystem.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use stopgate_model::{MatchKind, Upstream};
use stopgate_version::{EpochStrategy, Format, Version};
use stopgate_vulndb::{Database, IdNumber, RecordStatus, Resolution, Row, ScopeId};

use crate::MatchOptions;
use crate::compiled::{Compiled, Holds};
use crate::evidence::Evidence;
use crate::found::{Found, Searched, identities, remove};
use crate::ids::NumberSet;
use crate::qualifier::Traits;
use crate::subject::Subject;

/// What all searches of a run share.
pub(crate) struct Search<'d> {
    pub(crate) database: &'d Database,
    pub(crate) options: &'d MatchOptions,
    pub(crate) resolution: Resolution,
    /// `redhat:9.4`, for reports.
    pub(crate) distro_text: String,
    pub(crate) compiled: Compiled,
    /// Versions and ranges that could not be compared, by format of the version.
    pub(crate) uncomparable: RefCell<BTreeMap<Format, Uncomparable>>,
    /// Ecosystems by package type.
    pub(crate) ecosystems: RefCell<Vec<(String, Option<ScopeId>)>>,
}

/// Comparisons of one format that could not be made: how many, and the first of them.
pub(crate) struct Uncomparable {
    pub(crate) comparisons: u64,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) range: String,
}

/// What a matcher found for a package, and what it learned that speaks against other matches.
#[derive(Default)]
pub(crate) struct Outcome<'d> {
    pub(crate) found: Vec<Found<'d>>,
    pub(crate) evidence: Evidence,
}

/// A name and a version to search for.
pub(crate) struct Target<'a> {
    pub(crate) names: Vec<Cow<'a, str>>,
    pub(crate) version: Cow<'a, str>,
    pub(crate) epochs: EpochStrategy,
    pub(crate) matcher: &'static str,
    /// Whether this is the source package.
    pub(crate) as_source: bool,
}

/// Rows of a name, told apart by version.
#[derive(Default)]
pub(crate) struct Partition<'d> {
    /// The version is affected.
    pub(crate) vulnerable: Vec<Found<'d>>,
    /// It is not, by rows that affect other versions.
    pub(crate) fixed: Vec<Row<'d>>,
    /// It is not, by rows that say so.
    pub(crate) unaffected: Vec<Row<'d>>,
}

impl<'a> Target<'a> {
    /// The package itself.
    pub(crate) fn own(subject: &Subject<'a>, matcher: &'static str, epochs: EpochStrategy) -> Self {
        let version = Cow::Borrowed(subject.package.version.as_str());
        Self { names: subject.names(), version, epochs, matcher, as_source: false }
    }

    /// Its source packages.
    pub(crate) fn sources(
        subject: &Subject<'a>,
        matcher: &'static str,
        epochs: EpochStrategy,
    ) -> impl Iterator<Item = Self> {
        let package = subject.package;
        package.upstreams.iter().filter(|upstream| !upstream.name.is_empty()).map(move |upstream: &Upstream| {
            let version = upstream.version.as_deref().filter(|version| !version.is_empty());
            Self {
                names: vec![Cow::Borrowed(&upstream.name)],
                version: Cow::Borrowed(version.unwrap_or(&package.version)),
                epochs,
                matcher,
                as_source: true,
            }
        })
    }
}

impl<'d> Search<'d> {
    /// Number of a record's own id.
    pub(crate) fn id_of(&self, row: &Row<'_>) -> IdNumber {
        self.database.identities(row.vulnerability()).next().unwrap_or(IdNumber(u32::MAX))
    }

    /// Rows of the distribution about a name, told apart by version. Unaffected rows are qualified only on request:
    /// grype does so for rpm alone.
    pub(crate) fn distro(
        &self,
        subject: &Subject<'_>,
        target: &Target<'_>,
        scopes: &[ScopeId],
        qualify_unaffected: bool,
    ) -> Partition<'d> {
        let mut partition = Partition::default();
        if scopes.is_empty() || target.version.eq_ignore_ascii_case("unknown") {
            return partition;
        }
        let version = self.version(subject, target);
        let traits = Traits { subject, distro: &self.resolution.distro, as_source: target.as_source };
        for name in &target.names {
            let direct = !target.as_source && **name == *subject.package.name;
            let kind = if direct { MatchKind::ExactDirect } else { MatchKind::ExactIndirect };
            let mut searched = None;
            for scope in scopes {
                for row in self.database.lookup(*scope, name) {
                    if row.unaffected() {
                        let fits = !qualify_unaffected || traits.fit(self.database, &row);
                        if fits && self.compiled.any(&row, version.as_ref()) && self.is_readable(&row) {
                            partition.unaffected.push(row);
                        }
                    } else if traits.fit(self.database, &row) {
                        match self.affects(subject, &row, version.as_ref()) {
                            Holds::Yes => {
                                let searched = searched
                                    .get_or_insert_with(|| self.searched(target, name, self.distro_text.clone()));
                                partition.vulnerable.push(self.found(row, kind, searched));
                            }
                            Holds::No | Holds::Uncomparable => partition.fixed.push(row),
                            Holds::Unreadable => {}
                        }
                    }
                }
            }
        }
        partition
    }

    /// The usual search of a distribution: what is affected and not denied; the rest is evidence.
    pub(crate) fn usual(&self, subject: &Subject<'_>, target: &Target<'_>, out: &mut Outcome<'d>) {
        let mut partition = self.distro(subject, target, &self.resolution.scopes, false);
        if subject.is_owner {
            let settled = self.settled(&partition);
            out.evidence.owned(subject.package.id, settled, "distro-fixed");
        }
        remove(self.database, &mut partition.vulnerable, &identities(self.database, &partition.unaffected));
        out.found.append(&mut partition.vulnerable);
    }

    /// Ids of the records that do not affect the version: those that share no id with one that does, and those that
    /// say so.
    pub(crate) fn settled(&self, partition: &Partition<'d>) -> NumberSet<IdNumber> {
        let mut settled = self.not_among(&partition.fixed, partition.vulnerable.iter().map(|found| &found.row));
        settled.extend(identities(self.database, &partition.unaffected));
        settled
    }

    /// Ids of the rows whose record shares no id with one of `others`.
    pub(crate) fn not_among<'r>(
        &self,
        rows: &[Row<'d>],
        others: impl IntoIterator<Item = &'r Row<'r>>,
    ) -> NumberSet<IdNumber> {
        let others = identities(self.database, others);
        let touched = |row: &&Row<'d>| self.database.identities(row.vulnerability()).any(|id| others.contains(&id));
        let names: NumberSet<IdNumber> = rows.iter().filter(touched).map(|row| self.id_of(row)).collect();
        identities(self.database, rows.iter().filter(|row| !names.contains(&self.id_of(row))))
    }

    /// Rows of an ecosystem about the package's names.
    pub(crate) fn ecosystem(&self, subject: &Subject<'_>, target: &Target<'_>, out: &mut Outcome<'d>) {
        let package = subject.package;
        if target.version.eq_ignore_ascii_case("unknown") {
            return;
        }
        let Some(scope) = self.ecosystem_scope(subject) else { return };
        let version = self.version(subject, target);
        let traits = Traits { subject, distro: &self.resolution.distro, as_source: false };
        let (mut found, mut unaffected) = (Vec::new(), Vec::new());
        for name in &target.names {
            let mut searched = None;
            for row in self.database.lookup(scope, name) {
                let withdrawn = self.database.status(row.vulnerability()) == RecordStatus::Rejected;
                if withdrawn || !traits.fit(self.database, &row) {
                    continue;
                }
                if row.unaffected() {
                    if self.compiled.any(&row, version.as_ref()) && self.is_readable(&row) {
                        unaffected.push(row);
                    }
                } else if self.affects(subject, &row, version.as_ref()) == Holds::Yes {
                    let scope = || package.package_type.id().to_owned();
                    let searched = searched.get_or_insert_with(|| self.searched(target, name, scope()));
                    found.push(self.found(row, MatchKind::ExactDirect, searched));
                }
            }
        }
        if !unaffected.is_empty() {
            let ids = identities(self.database, &unaffected);
            remove(self.database, &mut found, &ids);
            out.evidence.same_package(package, &ids);
        }
        out.found.append(&mut found);
    }

    /// The version to compare; `None` when the package has none, so that every record holds.
    #[expect(clippy::unused_self, reason = "reads as the other questions to the search do")]
    pub(crate) fn version(&self, subject: &Subject<'_>, target: &Target<'_>) -> Option<Version> {
        let text = &*target.version;
        (!text.is_empty()).then(|| Version::new(subject.format, text).with_epochs(target.epochs))
    }

    /// Whether the row's ranges hold the version; one that cannot be compared is remembered.
    pub(crate) fn affects(&self, subject: &Subject<'_>, row: &Row<'_>, version: Option<&Version>) -> Holds {
        let holds = self.compiled.joined(row, version);
        if holds == Holds::Uncomparable {
            let mut all = self.uncomparable.borrow_mut();
            let first = || Uncomparable {
                comparisons: 0,
                name: subject.package.name.clone(),
                version: version.map_or_else(String::new, |version| version.text().to_owned()),
                range: row.constraint_text().into_owned(),
            };
            all.entry(subject.format).or_insert_with(first).comparisons += 1;
        }
        holds
    }

    fn is_readable(&self, row: &Row<'_>) -> bool {
        self.compiled.joined(row, None) != Holds::Unreadable
    }

    #[expect(clippy::unused_self, reason = "reads as the other questions to the search do")]
    pub(crate) fn searched(&self, target: &Target<'_>, name: &str, scope: String) -> Rc<Searched> {
        let version = target.version.clone().into_owned();
        Rc::new(Searched { matcher: target.matcher, name: name.to_owned(), version, scope })
    }

    pub(crate) fn found(&self, row: Row<'d>, kind: MatchKind, searched: &Rc<Searched>) -> Found<'d> {
        Found { id: self.id_of(&row), row, kind, searched: Rc::clone(searched), correction: None }
    }

    fn ecosystem_scope(&self, subject: &Subject<'_>) -> Option<ScopeId> {
        let kind = &subject.package.package_type;
        let wanted = match (kind.id(), kind.language()) {
            ("" | "UnknownPackage", language) if !language.is_empty() => language,
            (id, _) => id,
        };
        let known = self.ecosystems.borrow().iter().find(|(id, _)| id == wanted).map(|(_, scope)| *scope);
        known.unwrap_or_else(|| {
            let scope = self.database.ecosystem_scope(wanted);
            self.ecosystems.borrow_mut().push((wanted.to_owned(), scope));
            scope
        })
    }
}

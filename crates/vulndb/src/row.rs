//! Rows: one statement of data about one package name in one scope.

use std::borrow::Cow;

use stopgate_model::{Advisory, AvailableFix, Fix, FixState};

use crate::build::{STATES, format_date};
use crate::file::layout::CPE_SCOPE;
use crate::index::{FixRecord, Index, Key, RowRecord, StatementRecord};
use crate::namespace::namespace;
use crate::{ConstraintId, IdNumber, ScopeId, VulnerabilityNumber};

/// A version constraint as data has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Constraint<'d> {
    /// Equal for equal (format, text) pairs of one build.
    pub id: ConstraintId,
    /// The constraint; empty means every version.
    pub text: &'d str,
    /// The format's name as data has it: `dpkg`, `semver`, `java`, or empty.
    pub format: &'d str,
}

impl Constraint<'_> {
    /// How its versions are compared; a format that nobody knows is compared fuzzily.
    pub fn version_format(&self) -> stopgate_version::Format {
        stopgate_version::Format::of_data(self.format)
    }
}

/// What data says about the fix of one range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FixStatement<'d> {
    /// State.
    pub state: FixState,
    /// Whether the state is `not-affected`, which [`FixState`] does not have.
    pub not_affected: bool,
    /// Version; empty when there is none.
    pub version: &'d str,
    /// When it became available.
    pub available: Option<AvailableFix>,
    /// Advisories.
    pub advisories: Vec<Advisory>,
}

/// One range of versions and its fix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range<'d> {
    /// Versions.
    pub constraint: Constraint<'d>,
    /// Fix, when data has one.
    pub fix: Option<FixStatement<'d>>,
}

/// Symbols of a Go package that make a module vulnerable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoImport<'d> {
    /// Import path.
    pub path: &'d str,
    /// Symbols; none means the whole package.
    pub symbols: Vec<&'d str>,
}

/// What must hold of a package beside its version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Qualifiers<'d> {
    /// Module `name:stream`; present and empty: must not be modular.
    pub rpm_modularity: Option<&'d str>,
    /// Architecture.
    pub architecture: Option<&'d str>,
    /// CPEs of platforms, one of which must be the artifact's.
    pub platform_cpes: Vec<&'d str>,
    /// Go symbols.
    pub go_imports: Vec<GoImport<'d>>,
    /// Holds for packages of Root.io alone.
    pub rootio: bool,
}

/// CPE attributes of a row; empty means any. Versions stand in the ranges.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpeAttributes<'d> {
    /// `a`, `o` or `h`.
    pub part: &'d str,
    /// Vendor.
    pub vendor: &'d str,
    /// Product.
    pub product: &'d str,
    /// Edition.
    pub edition: &'d str,
    /// Language.
    pub language: &'d str,
    /// Software edition.
    pub software_edition: &'d str,
    /// Target hardware.
    pub target_hardware: &'d str,
    /// Target software.
    pub target_software: &'d str,
    /// Other.
    pub other: &'d str,
}

/// One statement: this vulnerability affects (or does not affect) these versions of this package.
#[derive(Clone, Copy)]
pub struct Row<'d> {
    index: &'d Index,
    scope: u32,
    name: &'d str,
    record: RowRecord,
    statement: StatementRecord,
}

impl std::fmt::Debug for Row<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Row")
            .field("name", &self.name)
            .field("namespace", &self.namespace())
            .field("vulnerability", &self.index.vulnerability(self.record.vulnerability).map(|record| record.name))
            .field("constraint", &self.constraint_text())
            .finish_non_exhaustive()
    }
}

impl<'d> Row<'d> {
    /// Rows of a key. A row whose statement is damaged is left out and counted as a fault of the index.
    pub(crate) fn of_key(index: &'d Index, key: Option<Key<'d>>) -> impl Iterator<Item = Self> + use<'d> {
        let rows = key.map_or(0..0, |key| key.first..key.first.saturating_add(key.rows));
        rows.map_while(move |row| {
            let key = key?;
            let record = index.row(key.scope, row)?;
            let statement = index.statement(record.statement);
            Some(statement.map(|statement| Self { index, scope: key.scope, name: key.name, record, statement }))
        })
        .flatten()
    }

    /// The vulnerability.
    pub const fn vulnerability(&self) -> VulnerabilityNumber {
        VulnerabilityNumber(self.record.vulnerability)
    }

    /// Whether the row says that the versions are not affected.
    pub const fn unaffected(&self) -> bool {
        self.record.unaffected
    }

    /// Where the row belongs; `None` for rows that were found by CPE.
    pub fn scope(&self) -> Option<ScopeId> {
        (self.scope != CPE_SCOPE).then_some(ScopeId(self.scope))
    }

    /// Package name as data has it; for CPE rows the product.
    pub const fn package(&self) -> &'d str {
        self.name
    }

    /// The ranges. None at all: every version is affected.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = Range<'d>> + use<'d> {
        let index = self.index;
        self.range_numbers().into_iter().map(move |(constraint, fix)| Range {
            constraint: constraint_of(index, constraint),
            fix: fix.and_then(|number| index.fix(number)).map(|record| statement_of(index, record)),
        })
    }

    /// The constraints of the ranges alone: what matching reads.
    pub fn constraints(&self) -> impl Iterator<Item = Constraint<'d>> + use<'d> {
        let (index, statement) = (self.index, self.statement);
        (0..statement.ranges).map_while(move |range| {
            let (constraint, _) = index.range(statement.first_range.saturating_add(range))?;
            Some(constraint_of(index, constraint))
        })
    }

    /// Whether there are no ranges, so that every version is meant.
    pub const fn all_versions(&self) -> bool {
        self.statement.ranges == 0
    }

    fn range_numbers(&self) -> Vec<(u32, Option<u32>)> {
        let first = self.statement.first_range;
        (0..self.statement.ranges).map_while(|range| self.index.range(first.saturating_add(range))).collect()
    }

    /// All constraints joined with `||`, for people.
    pub fn constraint_text(&self) -> Cow<'d, str> {
        let mut texts = self.constraints().map(|constraint| constraint.text).filter(|text| !text.is_empty());
        let Some(first) = texts.next() else { return Cow::Borrowed("") };
        texts.fold(Cow::Borrowed(first), |joined, text| Cow::Owned(format!("{joined}||{text}")))
    }

    /// The alphabetically first format of the ranges, for people and for constraints that were joined.
    pub fn constraint_format(&self) -> &'d str {
        let constraints = self.constraints().filter(|constraint| !constraint.text.is_empty());
        constraints.map(|constraint| constraint.format).filter(|format| !format.is_empty()).min().unwrap_or_default()
    }

    /// State and versions over all ranges, as grype joins them: one fixed range makes the row fixed.
    pub fn fix(&self) -> Fix {
        let mut joined = Fix::default();
        for fix in self.fixes() {
            match STATES.get(usize::from(fix.state)) {
                Some(&"fixed") => {
                    joined.state = FixState::Fixed;
                    joined.versions.push(fix.version.to_owned());
                    joined.available.extend(available_of(&fix));
                }
                Some(&"wont-fix") if joined.state != FixState::Fixed => joined.state = FixState::WontFix,
                Some(&"not-fixed") if joined.state != FixState::Fixed => joined.state = FixState::NotFixed,
                _ => {}
            }
        }
        joined
    }

    fn fixes(&self) -> impl Iterator<Item = FixRecord<'d>> + use<'d> {
        let index = self.index;
        self.range_numbers().into_iter().filter_map(move |(_, fix)| index.fix(fix?))
    }

    /// Advisories of all ranges.
    pub fn advisories(&self) -> Vec<Advisory> {
        self.fixes().flat_map(|fix| advisories_of(self.index, fix.advisories)).collect()
    }

    /// Whether there are qualifiers at all.
    pub const fn is_qualified(&self) -> bool {
        self.statement.qualifiers != 0
    }

    /// Qualifiers.
    pub fn qualifiers(&self) -> Qualifiers<'d> {
        let mut words = self.index.list(self.statement.qualifiers);
        let flags = words.next().unwrap_or(0);
        let mut text = || self.index.text(words.next().unwrap_or(0));
        let (modularity, architecture) = (text(), text());
        let mut qualifiers = Qualifiers {
            rpm_modularity: (flags & 1 != 0).then_some(modularity),
            architecture: (flags & 2 != 0).then_some(architecture),
            rootio: flags & 4 != 0,
            ..Qualifiers::default()
        };
        let count = words.next().unwrap_or(0);
        qualifiers.platform_cpes = words.by_ref().take(count as usize).map(|cpe| self.index.text(cpe)).collect();
        let count = words.next().unwrap_or(0);
        for _ in 0..count {
            let Some(path) = words.next() else { break };
            let symbols = words.next().unwrap_or(0);
            qualifiers.go_imports.push(GoImport {
                path: self.index.text(path),
                symbols: words.by_ref().take(symbols as usize).map(|symbol| self.index.text(symbol)).collect(),
            });
        }
        qualifiers
    }

    /// CVE ids of this statement.
    pub fn cves(&self) -> impl Iterator<Item = &'d str> + use<'d> {
        let index = self.index;
        index.id_list(self.statement.cves).map(move |id| index.id_text(id))
    }

    /// The same as numbers.
    pub fn cve_ids(&self) -> impl Iterator<Item = IdNumber> + use<'d> {
        self.index.id_list(self.statement.cves).map(IdNumber)
    }

    /// CPE attributes of a CPE row.
    pub fn cpe(&self) -> Option<CpeAttributes<'d>> {
        let [part, vendor, product, edition, language, software_edition, target_hardware, target_software, other] =
            self.index.cpe(self.record.cpe?)?;
        Some(CpeAttributes {
            part,
            vendor,
            product,
            edition,
            language,
            software_edition,
            target_hardware,
            target_software,
            other,
        })
    }

    /// grype's namespace, for example `debian:distro:debian:12`.
    pub fn namespace(&self) -> String {
        let provider = self.index.vulnerability(self.record.vulnerability).map_or(0, |record| record.provider);
        let kind = self.index.scopes.get(self.scope as usize).map(|scope| &scope.kind);
        namespace(self.index.provider(provider), kind, self.name)
    }
}

fn constraint_of(index: &Index, number: u32) -> Constraint<'_> {
    // A constraint that cannot be read is one that no version satisfies; the fault is counted.
    let (text, format) = index.constraint(number).unwrap_or(("(", ""));
    Constraint { id: ConstraintId(number), text, format }
}

fn statement_of<'d>(index: &'d Index, record: FixRecord<'d>) -> FixStatement<'d> {
    let name = STATES.get(usize::from(record.state)).copied().unwrap_or_default();
    FixStatement {
        state: FixState::parse(name).unwrap_or_default(),
        not_affected: name == "not-affected",
        version: record.version,
        available: available_of(&record),
        advisories: advisories_of(index, record.advisories),
    }
}

fn available_of(record: &FixRecord<'_>) -> Option<AvailableFix> {
    (record.date != 0).then(|| AvailableFix {
        version: record.version.to_owned(),
        date: format_date(record.date),
        kind: record.kind.to_owned(),
    })
}

fn advisories_of(index: &Index, list: u32) -> Vec<Advisory> {
    let mut advisories = Vec::new();
    let mut words = index.list(list);
    while let Some((id, link)) = words.next().zip(words.next()) {
        advisories.push(Advisory { id: index.text(id).to_owned(), link: index.text(link).to_owned() });
    }
    advisories
}

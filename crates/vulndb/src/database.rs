//! The open database: one build of vulnerability data.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use stopgate_model::{DataIdentity, Distro, Gap, GapCode, Severity};

use crate::build::Signals;
use crate::distro::{Resolution, resolve};
use crate::file::layout::CPE_SCOPE;
use crate::file::{Bytes, Container, DetailsReader, Kind};
use crate::index::Index;
use crate::names::fold_case;
use crate::namespace::namespace;
use crate::scope::{ScopeId, ScopeKind};
use crate::{IdNumber, RecordStatus, Row, VulnerabilityNumber, store};

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file system said no.
    #[error("cannot read `{}`", path.display())]
    Io {
        /// File.
        path: PathBuf,
        /// Cause.
        #[source]
        source: std::io::Error,
    },
    /// The file is not what it should be.
    #[error("the vulnerability data in `{file}` is damaged: {what}; import or update it again")]
    Damaged {
        /// File.
        file: String,
        /// What is wrong.
        what: String,
    },
}

/// One build of vulnerability data, open for reading.
#[derive(Debug)]
pub struct Database {
    pub(crate) index: Index,
    pub(crate) details: DetailsReader,
}

impl Database {
    /// Opens the current build of a store; `None` when the store has none.
    pub fn open(store: &Path) -> Result<Option<Self>, OpenError> {
        store::open_current(store)
    }

    /// Opens the build that was current before the present one, while the store still has it.
    pub fn open_previous(store: &Path) -> Result<Option<Self>, OpenError> {
        store::open_previous(store)
    }

    /// Opens a build that lies in memory.
    pub fn from_bytes(
        index: impl Into<Cow<'static, [u8]>>,
        details: impl Into<Cow<'static, [u8]>>,
    ) -> Result<Self, OpenError> {
        let (index, details) = (Bytes::Memory(index.into()), Bytes::Memory(details.into()));
        Self::from_parts((index, "memory (index)"), (details, "memory (details)"))
    }

    pub(crate) fn from_parts(index: (Bytes, &str), details: (Bytes, &str)) -> Result<Self, OpenError> {
        let damaged = |file: &str, what: String| OpenError::Damaged { file: file.to_owned(), what };
        let container = Container::open(index.0, Kind::Index).map_err(|what| damaged(index.1, what))?;
        let opened = Index::open(container).map_err(|what| damaged(index.1, what))?;
        let container = Container::open(details.0, Kind::Details).map_err(|what| damaged(details.1, what))?;
        if container.stamp() != opened.stamp() {
            return Err(damaged(details.1, "it belongs to another build".to_owned()));
        }
        Ok(Self { index: opened, details: DetailsReader::new(container) })
    }

    /// Which data.
    pub const fn identity(&self) -> &DataIdentity {
        &self.index.meta.identity
    }

    /// What of the source could not be read when this build was made, and damage that was met since it was opened.
    pub fn gaps(&self) -> Vec<Gap> {
        let unread = self.index.meta.unread.iter().map(|unread| {
            let message = format!("{}: {} could not be read, for example {}", unread.what, unread.count, unread.first);
            let mut gap = Gap::new(GapCode::DataRecordUnreadable, message);
            gap.seen = Some(unread.count);
            gap
        });
        let faults = self.index.faults();
        let damage = (faults > 0).then(|| {
            let mut gap = Gap::new(GapCode::DataRecordUnreadable, "the vulnerability data is damaged; import it again");
            gap.seen = Some(faults);
            gap
        });
        unread.chain(damage).collect()
    }

    pub(crate) fn signals(&self) -> Signals {
        self.details.signals()
    }

    /// How many vulnerability records there are; their numbers count from 0.
    pub fn len(&self) -> u32 {
        self.index.vulnerabilities()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The scopes of a distribution.
    pub fn resolve(&self, distro: &Distro) -> Resolution {
        let mut resolution = resolve(distro, &self.index.meta.aliases, &self.index.scopes);
        let mut namespaces = Vec::new();
        for scope in &resolution.scopes {
            let Some(scope) = self.index.scopes.get(scope.0 as usize) else { continue };
            for provider in &scope.providers {
                namespaces.push(namespace(self.index.provider(*provider), Some(&scope.kind), ""));
            }
        }
        namespaces.sort();
        namespaces.dedup();
        resolution.namespaces = namespaces;
        resolution
    }

    /// The scope of a package type or language, through the data's aliases; `None` when no row is about it.
    pub fn ecosystem_scope(&self, package_type: &str) -> Option<ScopeId> {
        let aliases = &self.index.meta.aliases.ecosystems;
        let alias = aliases.iter().find(|(from, _)| from.eq_ignore_ascii_case(package_type));
        let wanted = alias.map_or(package_type, |(_, to)| to);
        let found = self.index.scopes.iter().position(|scope| match &scope.kind {
            ScopeKind::Ecosystem(ecosystem) => ecosystem.eq_ignore_ascii_case(wanted),
            ScopeKind::Os(_) => false,
        });
        found.map(|number| ScopeId(number as u32))
    }

    /// What a scope is; `None` when the number is not of this build.
    pub fn scope(&self, scope: ScopeId) -> Option<&ScopeKind> {
        self.index.scopes.get(scope.0 as usize).map(|scope| &scope.kind)
    }

    /// Every scope with its number of rows.
    pub fn scopes(&self) -> impl Iterator<Item = (ScopeId, &ScopeKind, u64)> + '_ {
        self.index.scopes.iter().enumerate().map(|(number, scope)| (ScopeId(number as u32), &scope.kind, scope.rows))
    }

    /// Rows about a package name (any case) in a scope, affected and unaffected.
    pub fn lookup<'d>(&'d self, scope: ScopeId, name: &str) -> impl Iterator<Item = Row<'d>> + use<'d> {
        let key = self
            .index
            .scopes
            .get(scope.0 as usize)
            .and_then(|found| self.index.find_key(scope.0, &found.folding().fold(name)));
        Row::of_key(&self.index, key)
    }

    /// Rows whose CPE has this product (any case); the other attributes are the caller's to compare.
    pub fn lookup_cpe<'d>(&'d self, product: &str) -> impl Iterator<Item = Row<'d>> + use<'d> {
        Row::of_key(&self.index, self.index.find_key(CPE_SCOPE, &fold_case(product)))
    }

    /// Canonical architecture of a name (`x86_64` is `amd64`).
    pub fn architecture<'d>(&'d self, name: &'d str) -> &'d str {
        let aliases = &self.index.meta.aliases.architectures;
        aliases.iter().find(|(alias, _)| alias == name).map_or(name, |(_, canonical)| canonical)
    }

    /// Id of a record; empty when the number is not of this build.
    pub fn id(&self, number: VulnerabilityNumber) -> &str {
        self.index.vulnerability(number.0).map_or("", |record| record.name)
    }

    /// Provider of a record.
    pub fn provider(&self, number: VulnerabilityNumber) -> &str {
        self.index.vulnerability(number.0).map_or("", |record| self.index.provider(record.provider))
    }

    /// Severity by the record itself.
    pub fn severity(&self, number: VulnerabilityNumber) -> Severity {
        self.index.vulnerability(number.0).map_or(Severity::Unknown, |record| record.severity)
    }

    /// Status of a record.
    pub fn status(&self, number: VulnerabilityNumber) -> RecordStatus {
        self.index.vulnerability(number.0).map_or(RecordStatus::Active, |record| record.status)
    }

    /// The record's own id first, then its aliases and the CVEs of its rows.
    pub fn identities(&self, number: VulnerabilityNumber) -> impl Iterator<Item = IdNumber> + '_ {
        let ids = self.index.vulnerability(number.0).map_or(0, |record| record.ids);
        self.index.id_list(ids).map(IdNumber)
    }

    /// Whether two records name the same weakness: one's ids contain an id of the other.
    pub fn same_weakness(&self, a: VulnerabilityNumber, b: VulnerabilityNumber) -> bool {
        a == b || self.identities(a).any(|id| self.identities(b).any(|other| other == id))
    }

    /// Whether an id of the record is on the list of known exploited vulnerabilities.
    pub fn is_known_exploited(&self, number: VulnerabilityNumber) -> bool {
        self.identities(number).any(|id| self.details.is_kev(id.0))
    }

    /// The number of an id in any case; `None` when this build does not name it.
    pub fn id_number(&self, id: &str) -> Option<IdNumber> {
        self.index.find_id(id).map(IdNumber)
    }

    /// Text of an id.
    pub fn id_text(&self, id: IdNumber) -> &str {
        self.index.id_text(id.0)
    }

    /// Records that have this id.
    pub fn with_id(&self, id: IdNumber) -> impl Iterator<Item = VulnerabilityNumber> + '_ {
        self.index.members(id.0).map(VulnerabilityNumber)
    }

    /// Rows about these records, in every scope. Nothing leads from a record to its rows, so all rows are read.
    pub fn rows_about<'d>(&'d self, records: &BTreeSet<VulnerabilityNumber>) -> Vec<Row<'d>> {
        let keys = (0..self.index.keys()).filter_map(|number| self.index.key(number));
        let rows = keys.flat_map(|key| Row::of_key(&self.index, Some(key)));
        rows.filter(|row| records.contains(&row.vulnerability())).collect()
    }

    /// Records that have this id as name or alias (any case).
    pub fn find(&self, id: &str) -> Vec<VulnerabilityNumber> {
        self.id_number(id).map(|id| self.with_id(id).collect()).unwrap_or_default()
    }
}

//! Vulnerability data, compiled into one immutable memory-mapped index per build.
//!
//! Read in this order: what a caller asks ([`Database`], [`Row`], [`Resolution`]), how data comes in
//! ([`import`], [`build`]), and below that the files themselves.

mod build;
mod cvss;
mod database;
mod diff;
mod distro;
mod file;
mod grype;
mod import;
mod index;
mod meta;
mod names;
mod namespace;
mod osv;
mod row;
mod scope;
mod store;
mod vulnerability;

#[cfg(test)]
mod tests;

pub use database::{Database, OpenError};
pub use diff::{Change, ChangedName};
pub use distro::Resolution;
pub use grype::{GrypeError, Listing, ListingError};
pub use import::{ImportError, ImportOptions, ImportSource, import, import_archive, import_listed};
pub use osv::{OsvDocument, build};
pub use row::{Constraint, CpeAttributes, FixStatement, GoImport, Qualifiers, Range, Row};
pub use scope::{OsRelease, ScopeId, ScopeKind};

/// Number of a vulnerability record inside one build; never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VulnerabilityNumber(pub u32);

/// Number of a vulnerability id (a name or an alias, in any case) inside one build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdNumber(pub u32);

/// Number of a (format, text) pair of a version constraint inside one build: the key for compiled constraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConstraintId(pub u32);

/// What a record says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum RecordStatus {
    /// Active; also when the record says nothing.
    #[default]
    Active,
    /// Being analysed.
    Analyzing,
    /// Rejected or withdrawn: not to be matched in language searches.
    Rejected,
    /// In contention.
    Disputed,
}

impl RecordStatus {
    const ALL: [Self; 4] = [Self::Active, Self::Analyzing, Self::Rejected, Self::Disputed];

    fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

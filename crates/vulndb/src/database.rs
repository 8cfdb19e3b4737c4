//! The open database.

use std::path::{Path, PathBuf};

use stopgate_model::{DataIdentity, Distro, Gap, Severity, Vulnerability};

use crate::scope::{Resolution, ScopeId};
use crate::{IdNumber, RecordStatus, Row, VulnerabilityNumber};

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
    #[error("`{file}` is damaged: {what}; run `stopgate db update` or `stopgate db import` again")]
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
    identity: DataIdentity,
}

impl Database {
    /// Opens the current build of a store; `None` when the store has none.
    pub fn open(_store: &Path) -> Result<Option<Self>, OpenError> {
        Ok(None)
    }
    /// Opens a build that lies in memory.
    pub fn from_bytes(_index: &'static [u8], _details: &'static [u8]) -> Result<Self, OpenError> {
        Err(OpenError::Damaged { file: "index".into(), what: "too short".into() })
    }
    /// Which data.
    pub const fn identity(&self) -> &DataIdentity {
        &self.identity
    }
    /// What of the source could not be read when this build was made.
    pub fn gaps(&self) -> Vec<Gap> {
        Vec::new()
    }
    /// The scopes of a distribution.
    pub fn resolve(&self, distro: &Distro) -> Resolution {
        crate::scope::resolve(distro)
    }
    /// The scope of a package type or language, through the data's aliases.
    pub fn ecosystem_scope(&self, _package_type: &str) -> Option<ScopeId> {
        None
    }
    /// Rows about a package name (any case) in a scope, affected and unaffected.
    pub fn lookup<'d>(&'d self, _scope: ScopeId, _name: &str) -> impl Iterator<Item = Row<'d>> + use<'d> {
        std::iter::empty()
    }
    /// Rows whose CPE has this product (any case); the other attributes are the caller's to compare.
    pub fn lookup_cpe<'d>(&'d self, _product: &str) -> impl Iterator<Item = Row<'d>> + use<'d> {
        std::iter::empty()
    }
    /// Canonical architecture of a name (`x86_64` is `amd64`).
    pub fn architecture<'d>(&'d self, name: &'d str) -> &'d str {
        name
    }
    /// Id of a record; empty when the number is not of this build.
    pub fn id(&self, _number: VulnerabilityNumber) -> &str {
        ""
    }
    /// Provider of a record.
    pub fn provider(&self, _number: VulnerabilityNumber) -> &str {
        ""
    }
    /// Severity by the record itself.
    pub fn severity(&self, _number: VulnerabilityNumber) -> Severity {
        Severity::Unknown
    }
    /// Status of a record.
    pub fn status(&self, _number: VulnerabilityNumber) -> RecordStatus {
        RecordStatus::Active
    }
    /// The record's own id first, then its aliases and the CVEs of its rows.
    pub fn identities(&self, _number: VulnerabilityNumber) -> impl Iterator<Item = IdNumber> + '_ {
        std::iter::empty()
    }
    /// Whether two records name the same weakness: one's ids contain an id of the other.
    pub fn same_weakness(&self, _a: VulnerabilityNumber, _b: VulnerabilityNumber) -> bool {
        false
    }
    /// The number of an id in any case; `None` when this build does not name it.
    pub fn id_number(&self, _id: &str) -> Option<IdNumber> {
        None
    }
    /// Text of an id.
    pub fn id_text(&self, _id: IdNumber) -> &str {
        ""
    }
    /// Records that have this id as name or alias (any case).
    pub fn find(&self, _id: &str) -> Vec<VulnerabilityNumber> {
        Vec::new()
    }
    /// The record behind a row with all that data says of it: namespace, related records and advisories are the row's.
    pub fn vulnerability_of(&self, _row: &Row<'_>) -> Vulnerability {
        unreachable()
    }
    /// A record without a row; `None` when the number is not of this build.
    pub fn vulnerability(&self, _number: VulnerabilityNumber) -> Option<Vulnerability> {
        None
    }
}

fn unreachable() -> Vulnerability {
    Vulnerability {
        id: String::new(),
        namespace: String::new(),
        provider: String::new(),
        aliases: Vec::new(),
        severity: Severity::Unknown,
        cvss: Vec::new(),
        related: Vec::new(),
        data_source: String::new(),
        urls: Vec::new(),
        description: String::new(),
        kev: Vec::new(),
        epss: Vec::new(),
        cwes: Vec::new(),
        advisories: Vec::new(),
        published: String::new(),
        modified: String::new(),
    }
}

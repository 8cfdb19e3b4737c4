//! Identity of a vulnerability-data build: part of every verdict.

use crate::Digest;

/// Rows that one provider contributed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProviderRows {
    /// Provider, for example `nvd`.
    pub provider: String,
    /// When it was captured, RFC 3339; empty when unknown.
    pub captured: String,
    /// Vulnerability records.
    pub vulnerabilities: u64,
    /// Affected rows.
    pub affected: u64,
    /// Unaffected rows.
    pub unaffected: u64,
}

/// Which data.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DataIdentity {
    /// When it was built, RFC 3339.
    pub built: String,
    /// Digest of the source: the database file or the folder of advisories.
    pub digest: Digest,
    /// Schema of the source, `v6.1.9`, or `osv`.
    pub schema: String,
    /// Where it came from: an address without credentials, or `embedded demo data`.
    pub origin: String,
    /// Providers, sorted.
    pub providers: Vec<ProviderRows>,
}

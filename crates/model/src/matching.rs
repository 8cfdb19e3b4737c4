//! Matches: package + vulnerability + how.

use std::sync::Arc;

use crate::{DataIdentity, Fix, Gap, PackageId, VexJustification, VexStatus, Vulnerability};

/// How a match was found (grype's match types).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MatchKind {
    /// By the package's own name.
    ExactDirect,
    /// By the name of its source package.
    ExactIndirect,
    /// By a CPE.
    Cpe,
}

impl MatchKind {
    /// grype's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExactDirect => "exact-direct-match",
            Self::ExactIndirect => "exact-indirect-match",
            Self::Cpe => "cpe-match",
        }
    }
}

/// One search that found a match.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatchDetail {
    /// How.
    pub kind: MatchKind,
    /// grype's matcher name, for example `dpkg-matcher`.
    pub matcher: String,
    /// Name that was searched: the package's, its source's or a CPE.
    pub searched_name: String,
    /// Version that was compared.
    pub searched_version: String,
    /// Distribution `id:version` or ecosystem that was searched; empty for CPE.
    pub searched_scope: String,
    /// The range that holds the version, as data has it, with its format: `< 1.2 (deb)`.
    pub found_constraint: String,
    /// The CPE of the data; empty for others.
    pub found_cpe: String,
}

/// A known vulnerability of a package.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// The package.
    pub package: PackageId,
    /// The record.
    pub vulnerability: Arc<Vulnerability>,
    /// The fix for this package.
    pub fix: Fix,
    /// Smallest fix version above the installed one.
    pub suggested_version: Option<String>,
    /// The searches that found it, best first.
    pub details: Vec<MatchDetail>,
}

/// Why a match does not count.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum RemovedReason {
    /// Data of the distribution or a vendor says otherwise; grype's reason text.
    Evidence(String),
    /// The package is owned by a package of the distribution, whose own record covers it.
    OwnedByDistroPackage(PackageId),
    /// A VEX statement says that it does not affect the artifact, or is fixed in it.
    Vex {
        /// The document.
        document: String,
        /// What it says: not affected, or fixed.
        status: VexStatus,
        /// Why.
        justification: Option<VexJustification>,
    },
    /// A rule of the user.
    Rule(String),
}

/// A match that does not count, kept with its reason.
#[derive(Debug, Clone, PartialEq)]
pub struct RemovedMatch {
    /// The match.
    pub matched: Match,
    /// Why it does not count.
    pub reason: RemovedReason,
}

/// All matches of an artifact.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchReport {
    /// What counts, in the order of the artifact's packages, then by id.
    pub matches: Vec<Match>,
    /// What does not, with reasons.
    pub removed: Vec<RemovedMatch>,
    /// The data that was asked.
    pub data: DataIdentity,
    /// Whether there is data for the artifact's distribution; `None` when it has no distribution.
    pub distro_has_data: Option<bool>,
    /// grype namespaces of the distribution that were searched.
    pub distro_namespaces: Vec<String>,
    /// Scopes, versions or records that could not be decided.
    pub gaps: Vec<Gap>,
}

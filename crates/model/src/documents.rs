//! What others found out about an artifact: malware scans, STIG evaluations, attestations. The documents are
//! given beside the artifact; `None` means that none was given, which is not the same as an empty one.

use crate::Digest;

/// Documents about one artifact.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Documents {
    /// Malware scans, one per scanner.
    pub malware: Option<Vec<MalwareScan>>,
    /// STIG evaluations.
    pub stig: Option<Vec<StigEvaluation>>,
    /// Statements about the artifact with the signatures that verify.
    pub attestations: Option<Vec<Attestation>>,
}

/// The result of one scanner (Anchore's malware document).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MalwareScan {
    /// `clamav`.
    pub scanner: String,
    /// What it found, sorted.
    pub findings: Vec<MalwareFinding>,
    /// Files that it did not scan, with the reason: too large, unreadable.
    pub skipped: Vec<SkippedFile>,
    /// Version of its signatures, as it says.
    pub database: String,
    /// When it ran, RFC 3339; empty when unknown.
    pub scanned_at: String,
}

/// A file that a scanner takes for malware.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MalwareFinding {
    /// Path from the root.
    pub path: String,
    /// Signature, for example `Eicar-Test-Signature`.
    pub signature: String,
}

/// A file that was left out of a scan.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SkippedFile {
    /// Path from the root.
    pub path: String,
    /// One clause.
    pub reason: String,
}

/// An evaluation of a STIG profile (HDF `exec-json`).
#[derive(Debug, Clone, PartialEq)]
pub struct StigEvaluation {
    /// Profile name.
    pub profile: String,
    /// When it ran, RFC 3339; empty when unknown.
    pub evaluated_at: String,
    /// Its controls.
    pub controls: Vec<StigControl>,
}

/// One control of a STIG evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct StigControl {
    /// Id, for example `SV-257777`.
    pub id: String,
    /// Title.
    pub title: String,
    /// HDF impact, 0 to 1: from 0.7 on category I, from 0.4 on category II, above 0 category III, else none.
    pub impact: f64,
    /// Result.
    pub status: StigStatus,
}

/// Result of a STIG control: the worst of its tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StigStatus {
    /// Every test passed.
    Passed,
    /// A test failed.
    Failed,
    /// It was not reviewed: skipped, or without a result.
    NotReviewed,
    /// It does not apply (impact 0).
    NotApplicable,
    /// A test could not be run.
    Error,
}

impl StigStatus {
    const ALL: [Self; 5] = [Self::Passed, Self::Failed, Self::NotReviewed, Self::NotApplicable, Self::Error];

    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotReviewed => "not_reviewed",
            Self::NotApplicable => "not_applicable",
            Self::Error => "error",
        }
    }

    /// The status of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

/// An in-toto statement, and who vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attestation {
    /// Predicate type, for example `https://slsa.dev/provenance/v1`.
    pub predicate_type: String,
    /// Digests of what it is about.
    pub subjects: Vec<Digest>,
    /// Names of the trusted keys or identities whose signature verifies; empty when none does.
    pub signers: Vec<String>,
    /// Builder of a SLSA provenance.
    pub builder: Option<String>,
    /// Source of a SLSA provenance, as a URI with its revision.
    pub source: Option<String>,
    /// File that it was read from.
    pub document: String,
}

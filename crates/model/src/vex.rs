//! VEX statements (OpenVEX 0.2, CSAF 2.0, CycloneDX).

/// Status of a product under a vulnerability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VexStatus {
    /// Not affected.
    NotAffected,
    /// Affected.
    Affected,
    /// Fixed.
    Fixed,
    /// Under investigation.
    UnderInvestigation,
}

/// Why a product is not affected (OpenVEX's five, and Anchore's sixth).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VexJustification {
    /// `component_not_present`.
    ComponentNotPresent,
    /// `vulnerable_code_not_present`.
    VulnerableCodeNotPresent,
    /// `vulnerable_code_not_in_execute_path`.
    VulnerableCodeNotInExecutePath,
    /// `vulnerable_code_cannot_be_controlled_by_adversary`.
    VulnerableCodeCannotBeControlledByAdversary,
    /// `inline_mitigations_already_exist`.
    InlineMitigationsAlreadyExist,
    /// `fix_not_planned`.
    FixNotPlanned,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VexStatement {
    /// Vulnerability id; aliases count.
    pub vulnerability: String,
    /// Products: purls, digests or names as written; empty = whatever the document is about.
    pub products: Vec<String>,
    /// Sub-components: purls.
    pub subcomponents: Vec<String>,
    /// Status.
    pub status: VexStatus,
    /// Justification.
    pub justification: Option<VexJustification>,
    /// Impact or action statement.
    pub statement: String,
    /// Document, for reports.
    pub document: String,
    /// RFC 3339; empty when unknown.
    pub timestamp: String,
}

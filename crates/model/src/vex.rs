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

impl VexStatus {
    const ALL: [Self; 4] = [Self::NotAffected, Self::Affected, Self::Fixed, Self::UnderInvestigation];

    /// The status of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

    /// Name in OpenVEX documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotAffected => "not_affected",
            Self::Affected => "affected",
            Self::Fixed => "fixed",
            Self::UnderInvestigation => "under_investigation",
        }
    }
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

impl VexJustification {
    const ALL: [Self; 6] = [
        Self::ComponentNotPresent,
        Self::VulnerableCodeNotPresent,
        Self::VulnerableCodeNotInExecutePath,
        Self::VulnerableCodeCannotBeControlledByAdversary,
        Self::InlineMitigationsAlreadyExist,
        Self::FixNotPlanned,
    ];

    /// The justification of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|justification| justification.name() == name)
    }

    /// Name in OpenVEX documents; `fix_not_planned` is Anchore's.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ComponentNotPresent => "component_not_present",
            Self::VulnerableCodeNotPresent => "vulnerable_code_not_present",
            Self::VulnerableCodeNotInExecutePath => "vulnerable_code_not_in_execute_path",
            Self::VulnerableCodeCannotBeControlledByAdversary => "vulnerable_code_cannot_be_controlled_by_adversary",
            Self::InlineMitigationsAlreadyExist => "inline_mitigations_already_exist",
            Self::FixNotPlanned => "fix_not_planned",
        }
    }
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VexStatement {
    /// Vulnerability id.
    pub vulnerability: String,
    /// Its other ids.
    pub aliases: Vec<String>,
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

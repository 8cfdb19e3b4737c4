//! Findings: a rule that fired, on what, and why.

use crate::{Action, AllowlistMatch, Digest, ExceptionMatch, PackageId, Remediation, Severity};

/// What a finding rests on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Evidence {
    /// A package.
    Package {
        /// Id in the artifact.
        id: PackageId,
        /// Name.
        name: String,
        /// Version.
        version: String,
        /// Type (syft).
        package_type: String,
        /// Package URL.
        purl: String,
        /// Primary location.
        path: Option<String>,
        /// Its layer.
        layer: Option<Digest>,
    },
    /// A vulnerability.
    Vulnerability {
        /// Id.
        id: String,
        /// Other ids.
        aliases: Vec<String>,
        /// Severity.
        severity: Severity,
        /// Fix versions.
        fixed_in: Vec<String>,
        /// Fix state (grype).
        fix_state: String,
        /// Link.
        link: String,
        /// Known to be exploited.
        known_exploited: bool,
    },
    /// A file.
    File {
        /// Path.
        path: String,
        /// `st_mode`, when it matters.
        mode: Option<u32>,
        /// Its layer.
        layer: Option<Digest>,
        /// Lines, when they matter.
        lines: Vec<u32>,
    },
    /// A line of the Dockerfile.
    DockerfileLine {
        /// Number, from 1.
        line: u32,
        /// The instruction.
        text: String,
        /// Whether the Dockerfile was given rather than guessed.
        actual: bool,
    },
    /// A field of the image configuration.
    Config {
        /// `User`, `ExposedPorts` …
        field: String,
        /// Its value.
        value: String,
    },
    /// The vulnerability data, or another document.
    Data {
        /// What was seen.
        text: String,
    },
    /// Until when a vulnerability may stay.
    Due(Box<DueDate>),
}

/// A due date by a clock.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DueDate {
    /// `kev`, `bod-26-04`, `fedramp-vdr`.
    pub clock: String,
    /// The inputs that chose the row of its table, with their values.
    pub row: Vec<(String, String)>,
    /// The inputs that nobody told, and that count as their worse value.
    pub assumed: Vec<String>,
    /// When it starts, a date or RFC 3339; `None` when that is not known.
    pub start: Option<String>,
    /// What gives the start: `first_seen`, `kev_date_added` …
    pub start_basis: String,
    /// Hours from the start; `None` when the source gives a date.
    pub hours: Option<u32>,
    /// The last day, or the last moment, RFC 3339; `None` when it is not known.
    pub due_at: Option<String>,
    /// `must` or `should`.
    pub force: String,
    /// Whether a forensic triage is asked for; `None` when it is not known.
    pub triage: Option<bool>,
    /// Whether it has passed.
    pub overdue: bool,
    /// Where the time comes from, with its version.
    pub source: String,
}

/// A condition of a rule with the value that met it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Condition {
    /// Parameter and what it asks: `severity >= high`.
    pub condition: String,
    /// The value that was seen.
    pub actual: String,
}

/// A rule that fired.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Anchore's id of the finding, to which allowlists refer.
    pub trigger_id: String,
    /// Ids that older engines gave to the same finding.
    pub legacy_ids: Vec<String>,
    /// Gate.
    pub gate: String,
    /// Trigger.
    pub trigger: String,
    /// What happened, for a person.
    pub message: String,
    /// Action that counts: the rule's, or go when allowlisted.
    pub action: Action,
    /// Action of the rule.
    pub rule_action: Action,
    /// Rule.
    pub rule_id: String,
    /// Rule set of the rule (Anchore's `policy_id` of a finding).
    pub rule_set_id: String,
    /// Name of the rule set.
    pub rule_set_name: String,
    /// Recommendation of the rule.
    pub recommendation: String,
    /// The allowlist item that matched.
    pub allowlist: Option<AllowlistMatch>,
    /// The exception that accepts it; `allowlist` then has its id.
    pub exception: Option<ExceptionMatch>,
    /// Whether the base image has the same finding; `None` without a base.
    pub inherited_from_base: Option<bool>,
    /// Whether the previous state has it not; `None` without a previous state.
    pub is_new: Option<bool>,
    /// When it was first seen, RFC 3339; `None` when it is not known.
    pub first_seen: Option<String>,
    /// When the rule's own action begins to count for it, RFC 3339; `None` when it counts already.
    pub due: Option<String>,
    /// Stable identity: sha256 over gate, trigger, CVE alias (else path, else instruction), purl without version.
    pub fingerprint: String,
    /// Severity, for vulnerabilities.
    pub severity: Option<Severity>,
    /// Controls that the rule serves.
    pub controls: Vec<String>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// What to do.
    pub remediation: Option<Remediation>,
    /// The rule's conditions with the values that met them.
    pub explain: Vec<Condition>,
}

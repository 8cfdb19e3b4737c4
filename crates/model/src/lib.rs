//! The nouns of Stopgate: what an artifact is, what was found in it, and what a policy says of it.
//!
//! Nothing here reads a clock, does I/O or knows a wire format; documents are made in `formats`.
//! The types read in this order: identity, what an artifact holds, what is known of it, what is decided.

pub mod limits;

mod artifact;
mod config;
mod control;
mod data;
mod details;
mod digest;
mod distro;
mod dockerfile;
mod documents;
mod evaluation;
mod file;
mod finding;
mod gap;
mod license;
mod matching;
mod package;
mod package_type;
mod plan;
mod purl;
mod python_regex;
mod reference;
mod relationship;
mod remediation;
mod report;
mod search;
mod vex;
mod vulnerability;

pub use artifact::{
    Analyzer, Artifact, ImageSource, LayerInfo, RetrievedFile, SbomHead, SourceDescription, SourceKind,
};
pub use config::{Healthcheck, HistoryEntry, ImageConfig};
pub use control::{ControlClass, ControlResult, ControlState};
pub use data::{DataIdentity, ProviderRows};
pub use details::{Details, SUPPLIER_FIELDS};
pub use digest::{Digest, DigestAlgorithm, DigestError};
pub use distro::Distro;
pub use dockerfile::{Dockerfile, DockerfileMode, Instruction};
pub use documents::{
    Attestation, Documents, MalwareFinding, MalwareScan, SkippedFile, StigControl, StigEvaluation, StigStatus,
};
pub use evaluation::{
    Action, AllowlistMatch, Decision, Evaluation, ExceptionMatch, ExceptionNote, ExceptionReport, FinalReason,
    ImageRuleMatch, MappingMatch, MissingInput, Problem, ProblemKind, ProblemSeverity,
};
pub use file::{FileEntry, FileIndex, FileIndexBuilder, FileKind, LinkError};
pub use finding::{Condition, DueDate, Evidence, Finding};
pub use gap::{Gap, GapClass, GapCode};
pub use license::{License, LicenseKind};
pub use matching::{Match, MatchDetail, MatchKind, MatchReport, RemovedMatch, RemovedReason};
pub use package::{Confidence, Cpe, EvidenceKind, Location, OwnedFile, Package, PackageId, Upstream};
pub use package_type::{PackageType, PackageTypeInfo};
pub use plan::{FindingRef, FixPlan, Installed, Obstacle, Place, Remaining, Step, StepKind};
pub use purl::{Purl, PurlError};
pub use python_regex::{Anchors, RustRegex};
pub use reference::{ImageReference, ReferenceError};
pub use relationship::{Element, Relationship, RelationshipKind};
pub use remediation::Remediation;
pub use report::{CheckReport, ControlReport, Engine, MatchSeen, PackIdentity, PolicyIdentity, Verdict};
pub use search::{ConfigHit, ConfigPlace, SECRET_SEARCHES, SearchHit};
pub use vex::{VexJustification, VexStatement, VexStatus};
pub use vulnerability::{
    Advisory, AvailableFix, Cvss, Epss, Fix, FixState, Kev, RelatedVulnerability, Severity, Vulnerability,
};

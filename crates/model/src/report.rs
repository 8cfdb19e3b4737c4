//! A verdict with all that it rests on: the input of every output of `check`.

use crate::{Artifact, ControlResult, DataIdentity, Decision, Digest, Evaluation, FixPlan, Gap};

/// Version of the engine, and of what its answers depend on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Engine {
    /// `stopgate`.
    pub name: String,
    /// Version of the program.
    pub version: String,
    /// Hash of matcher and trigger versions: equal semantics, equal answers.
    pub semantics: String,
}

/// Raised whenever a matcher, a trigger or a cataloger gives another answer than before.
const SEMANTICS: &str = "1";

impl Engine {
    /// This program.
    pub fn own() -> Self {
        Self {
            name: "stopgate".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            semantics: SEMANTICS.to_owned(),
        }
    }
}

/// Which policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyIdentity {
    /// Id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Digest of the document's canonical JSON.
    pub digest: Digest,
    /// Pack id with version, or the file's name.
    pub origin: String,
}

/// The answer and its exit code (DESIGN section 4.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// The answer.
    pub decision: Decision,
    /// 0 pass, 1 stop, 2 undecided.
    pub exit_code: u8,
}

impl Verdict {
    /// The verdict of an evaluation.
    pub const fn of(evaluation: &Evaluation) -> Self {
        let exit_code = match evaluation.decision {
            Decision::Pass => 0,
            Decision::Stop => 1,
            Decision::Undecided => 2,
        };
        Self { decision: evaluation.decision, exit_code }
    }
}

/// A match, and since when it is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MatchSeen {
    /// Vulnerability id.
    pub vulnerability: String,
    /// Package URL of the package.
    pub purl: String,
    /// RFC 3339; `None` when it was there before anybody looked.
    pub first_seen: Option<String>,
}

/// All that a document about a verdict may show.
#[derive(Debug, Clone)]
pub struct CheckReport<'a> {
    /// The answer.
    pub verdict: Verdict,
    /// What was checked.
    pub artifact: &'a Artifact,
    /// The policy.
    pub policy: &'a PolicyIdentity,
    /// The policy document as compact JSON.
    pub policy_json: &'a str,
    /// The vulnerability data; `None` when there was none.
    pub data: Option<&'a DataIdentity>,
    /// The evaluation.
    pub evaluation: &'a Evaluation,
    /// Gaps of analysis and matching, sorted.
    pub gaps: &'a [Gap],
    /// What to do about it, when somebody asks.
    pub plan: Option<&'a FixPlan>,
    /// Matches with the time at which each was first seen; `None` when nobody asks for them later.
    pub first_seen: Option<&'a [MatchSeen]>,
}

/// A pack, as reports about its controls name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PackIdentity {
    /// Id, with its variant: `fedramp-moderate`.
    pub id: String,
    /// Title.
    pub title: String,
    /// Version of the pack.
    pub version: String,
    /// Id of the framework.
    pub framework: String,
    /// Its name.
    pub framework_name: String,
    /// Its version.
    pub framework_version: String,
    /// Who publishes it.
    pub publisher: String,
}

/// All that a document about the controls of a framework may show.
#[derive(Debug, Clone)]
pub struct ControlReport<'a> {
    /// The verdict under the pack's policy.
    pub check: CheckReport<'a>,
    /// The pack.
    pub pack: &'a PackIdentity,
    /// Its controls, in the framework's order.
    pub controls: &'a [ControlResult],
}

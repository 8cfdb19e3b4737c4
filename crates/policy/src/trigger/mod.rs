//! What a trigger is: typed parameters, declared needs, and a pure function of one of two kinds.
//!
//! *Match triggers* decide one vulnerability match at a time, so their outcomes can be kept per rule
//! and identity; *image triggers* see the whole artifact.

pub(crate) mod hit;
pub(crate) mod need;
pub(crate) mod params;
pub(crate) mod types;

use std::fmt::Debug;
use std::sync::Arc;

use stopgate_model::Condition;

use params::{Param, ParamError, ParamSpec, Params};

pub use hit::{Hit, Hits};
pub use need::{Need, Presence};

use crate::engine::scene::{MatchView, Occurrence, Scene};
use crate::regexes::Fault;

/// What a rule set is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ArtifactType {
    /// Container images.
    Image,
    /// Source trees and single files.
    Source,
    /// SBOMs that name no image.
    Sbom,
}

impl ArtifactType {
    /// Every type.
    pub const ALL: [Self; 3] = [Self::Image, Self::Source, Self::Sbom];

    /// Name in documents.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Source => "source",
            Self::Sbom => "sbom",
        }
    }
}

/// Whether a gate or trigger should still be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It should.
    Active,
    /// It works, and something better exists.
    Deprecated,
    /// It is not run any more.
    Eol,
}

impl State {
    /// Name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deprecated => "deprecated",
            Self::Eol => "eol",
        }
    }
}

/// For images only.
pub(crate) const IMAGE: &[ArtifactType] = &[ArtifactType::Image];
/// For everything.
pub(crate) const ANY: &[ArtifactType] = &ArtifactType::ALL;

/// What a trigger says of itself.
#[derive(Debug, Clone, Copy)]
pub struct TriggerInfo {
    /// Gate.
    pub gate: &'static str,
    /// Name.
    pub name: &'static str,
    /// Names of older engines, the one that ids were made with first.
    pub aliases: &'static [&'static str],
    /// One sentence.
    pub summary: &'static str,
    /// What it reads whatever its parameters are. Absent: the engine reports it, the trigger is not called.
    pub needs: &'static [Need],
    /// Rule sets that may hold it.
    pub artifact_types: &'static [ArtifactType],
    /// State.
    pub state: State,
    /// What to use instead.
    pub superseded_by: Option<&'static str>,
    /// Form of its ids.
    pub trigger_id: &'static str,
}

impl TriggerInfo {
    /// An active trigger for images with md5 ids and no needs: the fields that most triggers share.
    pub(crate) const fn new(gate: &'static str, name: &'static str, summary: &'static str) -> Self {
        Self {
            gate,
            name,
            aliases: &[],
            summary,
            needs: &[],
            artifact_types: IMAGE,
            state: State::Active,
            superseded_by: None,
            trigger_id: "md5 of gate, trigger and a fixed text",
        }
    }

    /// Whether a lower-case name means this trigger.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}

/// Declares a trigger.
pub(crate) trait Trigger: Sync + 'static {
    type Params: Params;
    const INFO: TriggerInfo;

    /// What a rule with these parameters reads.
    fn needs(_: &Self::Params) -> Vec<Need> {
        Self::INFO.needs.to_vec()
    }
    /// The input whose absence this trigger exists to report.
    fn absence(_: &Self::Params) -> Option<Need> {
        None
    }
    /// Lower-case texts, one of which every path contains that it looks for. `None`: it cannot be told.
    fn path_texts(_: &Self::Params) -> Option<&[String]> {
        None
    }
    /// Parameters that were accepted but cannot be used.
    fn faults(params: &Self::Params) -> Vec<String> {
        params.faults()
    }
}

/// A trigger that sees the whole artifact.
pub(crate) trait ImageTrigger: Trigger {
    fn fire(params: &Self::Params, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault>;
}

/// A trigger that decides one vulnerability match at a time.
pub(crate) trait MatchTrigger: Trigger {
    /// Decides from the match and the package alone.
    fn decide(params: &Self::Params, view: &MatchView<'_>) -> Result<Option<Hit>, Fault>;
    /// What becomes of a match that a VEX statement removes.
    fn vex(_: &Self::Params) -> RemovedByVex {
        RemovedByVex::Left
    }
    /// Filters on the occurrence: its path, when it was first seen, the base image, the time.
    fn admits(_: &Self::Params, _: &Occurrence<'_, '_>) -> Result<Admission, Fault> {
        Ok(Admission::Yes)
    }
    /// The hit where it stands, at this time: what only the occurrence tells.
    fn placed(_: &Self::Params, hit: Hit, _: &Occurrence<'_, '_>) -> Hit {
        hit
    }
    /// The conditions that an occurrence does not meet, with the values that were seen; for explanations.
    fn refusals(_: &Self::Params, _: &Occurrence<'_, '_>) -> Vec<Condition> {
        Vec::new()
    }
}

/// What becomes of a match that a VEX statement removes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RemovedByVex {
    /// It is left out.
    Left,
    /// It is found, and accepted by the statement.
    Accepted,
    /// It counts as if there were no statement.
    Counted,
}

/// Whether an occurrence of a match counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Admission {
    Yes,
    /// It does, and from this time on otherwise.
    Until(jiff::Timestamp),
    No,
    /// Not yet; it will from this time on.
    From(jiff::Timestamp),
    /// It cannot be told without this input.
    Missing(Need),
}

/// A trigger, whatever its parameters are.
pub trait AnyTrigger: Sync {
    /// What it says of itself.
    fn info(&self) -> &TriggerInfo;
    /// Its parameters.
    fn params(&self) -> &'static [ParamSpec];
    /// Makes a rule of it, or tells all that is wrong with the parameters.
    fn bind(&self, given: &[Param]) -> Result<Arc<dyn BoundTrigger>, Vec<ParamError>>;
}

/// A trigger with its parameters: what a rule does.
pub trait BoundTrigger: Send + Sync + Debug {
    /// What the rule reads.
    fn needs(&self) -> Vec<Need>;
    /// The input whose absence it reports.
    fn absence(&self) -> Option<Need>;
    /// Why it cannot run.
    fn faults(&self) -> Vec<String>;
    /// Lower-case texts, one of which every path contains that it looks for. `None`: it cannot be told.
    fn path_texts(&self) -> Option<&[String]> {
        None
    }
    /// Runs it.
    fn run(&self, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault>;
    /// The conditions that a match does not meet; `None` when the trigger does not decide matches one by one.
    fn refusals<'a>(&self, _: &Scene<'a>, _: &MatchView<'a>) -> Option<Vec<Condition>> {
        None
    }
}

/// An image trigger as a row of the registry.
pub(crate) struct OfImage<T>(pub(crate) T);
/// A match trigger as a row of the registry.
pub(crate) struct OfMatch<T>(pub(crate) T);

struct BoundImage<T: Trigger>(T::Params);
struct BoundMatch<T: Trigger>(T::Params);

impl<T: ImageTrigger> AnyTrigger for OfImage<T> {
    fn info(&self) -> &TriggerInfo {
        &T::INFO
    }
    fn params(&self) -> &'static [ParamSpec] {
        T::Params::SPEC
    }
    fn bind(&self, given: &[Param]) -> Result<Arc<dyn BoundTrigger>, Vec<ParamError>> {
        Ok(Arc::new(BoundImage::<T>(T::Params::parse(given)?)))
    }
}

impl<T: MatchTrigger> AnyTrigger for OfMatch<T> {
    fn info(&self) -> &TriggerInfo {
        &T::INFO
    }
    fn params(&self) -> &'static [ParamSpec] {
        T::Params::SPEC
    }
    fn bind(&self, given: &[Param]) -> Result<Arc<dyn BoundTrigger>, Vec<ParamError>> {
        Ok(Arc::new(BoundMatch::<T>(T::Params::parse(given)?)))
    }
}

impl<T: Trigger> Debug for BoundImage<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
impl<T: Trigger> Debug for BoundMatch<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: ImageTrigger> BoundTrigger for BoundImage<T> {
    fn needs(&self) -> Vec<Need> {
        T::needs(&self.0)
    }
    fn absence(&self) -> Option<Need> {
        T::absence(&self.0)
    }
    fn faults(&self) -> Vec<String> {
        T::faults(&self.0)
    }
    fn path_texts(&self) -> Option<&[String]> {
        T::path_texts(&self.0)
    }
    fn run(&self, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        T::fire(&self.0, scene, hits)
    }
}

impl<T: MatchTrigger> BoundTrigger for BoundMatch<T> {
    fn needs(&self) -> Vec<Need> {
        T::needs(&self.0)
    }
    fn absence(&self) -> Option<Need> {
        T::absence(&self.0)
    }
    fn faults(&self) -> Vec<String> {
        T::faults(&self.0)
    }
    fn refusals<'a>(&self, scene: &Scene<'a>, view: &MatchView<'a>) -> Option<Vec<Condition>> {
        Some(T::refusals(&self.0, &Occurrence { view, scene }))
    }
    fn run(&self, scene: &Scene<'_>, hits: &mut Hits) -> Result<(), Fault> {
        let removed = match T::vex(&self.0) {
            RemovedByVex::Left => &[][..],
            RemovedByVex::Accepted | RemovedByVex::Counted => scene.removed_by_vex(),
        };
        for view in scene.matches().iter().chain(removed) {
            let Some(hit) = T::decide(&self.0, view)? else { continue };
            let vex = view.vex.as_ref().filter(|_| T::vex(&self.0) == RemovedByVex::Accepted);
            let occurrence = Occurrence { view, scene };
            match (T::admits(&self.0, &occurrence)?, vex) {
                (Admission::Yes, None) => hits.push(T::placed(&self.0, hit, &occurrence))?,
                (Admission::Until(time), None) => {
                    hits.until(time);
                    hits.push(T::placed(&self.0, hit, &occurrence))?;
                }
                (Admission::Yes | Admission::Until(_), Some(vex)) => {
                    hits.push(T::placed(&self.0, hit, &occurrence).accepted(vex))?;
                }
                (Admission::From(time), None) => hits.until(time),
                (Admission::Missing(need), None) => hits.missing(need),
                // Whether an accepted match counts, now or later, changes no answer.
                (Admission::No, _) | (_, Some(_)) => {}
            }
        }
        Ok(())
    }
}

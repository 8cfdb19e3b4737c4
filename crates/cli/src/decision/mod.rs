//! The way from inputs to a verdict: match, evaluate, compare with what was there before. Every command that
//! decides goes it, so that all of them decide alike.

pub(crate) mod documents;
mod gather;
mod policy;
mod state;

use jiff::Timestamp;
use stopgate_matcher::{MatchOptions, find_matches};
use stopgate_model::{
    Artifact, CheckReport, ControlResult, Engine, Evaluation, FixPlan, Gap, ImageReference, MatchReport, MatchSeen,
    Verdict,
};
use stopgate_packs::control_states;
use stopgate_policy::{Ancestor, BaseCandidate, BaseImage, Bases, EvalContext, History, Means};
use stopgate_vulndb::Database;

pub(crate) use gather::{data, ground};
pub(crate) use policy::{Loaded, Origin, values_of_options};
use state::Other;

use crate::failure::Failure;

/// What a decision is about, and what it rests on beside the policy.
pub(crate) struct Ground<'d> {
    pub(crate) artifact: Artifact,
    pub(crate) tag: ImageReference,
    pub(crate) database: Option<&'d Database>,
    pub(crate) now: Timestamp,
    pub(crate) strict_names: bool,
    /// Whether the artifact was read from an SBOM.
    pub(crate) from_sbom: bool,
    /// Images that the artifact was built from, as they were named.
    pub(crate) bases: Vec<(String, Artifact)>,
    pub(crate) baseline: Baseline,
    pub(crate) vex: Vec<stopgate_model::VexStatement>,
}

/// The state before.
pub(crate) enum Baseline {
    /// None was given.
    None,
    /// An earlier artifact.
    Artifact(Box<Artifact>),
    /// An earlier verdict.
    Check(History),
}

impl<'d> Ground<'d> {
    /// An artifact with vulnerability data, and nothing else.
    pub(crate) const fn new(
        artifact: Artifact,
        tag: ImageReference,
        database: Option<&'d Database>,
        now: Timestamp,
    ) -> Self {
        Self {
            artifact,
            tag,
            database,
            now,
            strict_names: false,
            from_sbom: false,
            bases: Vec::new(),
            baseline: Baseline::None,
            vex: Vec::new(),
        }
    }
}

/// A verdict with all that it rests on.
pub(crate) struct Decision<'d> {
    pub(crate) ground: Ground<'d>,
    pub(crate) loaded: Loaded,
    pub(crate) matches: Option<MatchReport>,
    pub(crate) evaluation: Evaluation,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) state: State,
    /// The matches with the time at which each was first seen, for the state after this one.
    first_seen: Vec<MatchSeen>,
}

/// What other artifacts say about this one.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) ancestors: Option<Vec<Ancestor>>,
    pub(crate) base: Option<BaseImage>,
    pub(crate) history: Option<History>,
}

impl<'d> Decision<'d> {
    /// Decides.
    pub(crate) fn make(ground: Ground<'d>, loaded: Loaded) -> Result<Self, Failure> {
        let matches = ground.matches(&ground.artifact);
        let state = State::of(&ground, &loaded)?;
        let evaluation = stopgate_policy::evaluate(&loaded.policy, &ground.context(&state, matches.as_ref()));
        let mut gaps = ground.artifact.gaps.clone();
        gaps.extend(matches.iter().flat_map(|report| report.gaps.iter().cloned()));
        gaps.sort();
        gaps.dedup();
        let first_seen = state::first_seen(&ground.artifact, matches.as_ref(), state.history.as_ref(), ground.now);
        Ok(Self { ground, loaded, matches, evaluation, gaps, state, first_seen })
    }

    pub(crate) fn verdict(&self) -> Verdict {
        Verdict::of(&self.evaluation)
    }

    /// What the decision was evaluated with.
    pub(crate) fn context(&self) -> EvalContext<'_> {
        self.ground.context(&self.state, self.matches.as_ref())
    }

    /// The fewest steps after which nothing stops any more; `candidates` are base images to build on instead.
    pub(crate) fn fix_plan(&self, candidates: &[(String, Artifact)]) -> FixPlan {
        let candidates: Vec<BaseCandidate<'_>> =
            candidates.iter().map(|(name, artifact)| BaseCandidate { name, artifact }).collect();
        let layers = |artifact: &Artifact| artifact.source.image().map_or(0, |image| image.layers.len());
        let current = self.ground.bases.iter().map(|(_, base)| base).max_by_key(|base| layers(base));
        let rematch = |artifact: &Artifact| self.ground.matches(artifact);
        let means =
            Means { rematch: &rematch, bases: current.map(|current| Bases { current, candidates: &candidates }) };
        stopgate_policy::fix_plan(&self.loaded.policy, &self.context(), &self.evaluation, &means)
    }

    /// States of the pack's controls; none for a policy that is no pack.
    pub(crate) fn controls(&self) -> Vec<ControlResult> {
        let Some(pack) = &self.loaded.pack else { return Vec::new() };
        control_states(pack, &self.loaded.policy, &self.evaluation, &self.context())
    }

    /// What documents about the verdict show.
    pub(crate) fn report<'a>(&'a self, policy_json: &'a str) -> CheckReport<'a> {
        CheckReport {
            verdict: self.verdict(),
            artifact: &self.ground.artifact,
            policy: &self.loaded.identity,
            policy_json,
            data: self.matches.as_ref().map(|report| &report.data),
            evaluation: &self.evaluation,
            gaps: &self.gaps,
            plan: None,
            // Without data nothing is known of matches, which is not the same as having none.
            first_seen: self.matches.as_ref().map(|_| self.first_seen.as_slice()),
        }
    }
}

impl Ground<'_> {
    /// Matches an artifact against the data, with what VEX documents say of it.
    pub(crate) fn matches(&self, artifact: &Artifact) -> Option<MatchReport> {
        let options = MatchOptions { vex: self.vex.clone(), ..MatchOptions::default() };
        self.database.map(|database| find_matches(artifact, database, &options))
    }

    fn context<'a>(&'a self, state: &'a State, matches: Option<&'a MatchReport>) -> EvalContext<'a> {
        let mut context = EvalContext::new(&self.artifact, &self.tag, self.now, Engine::own());
        context.matches = matches;
        context.strict_names = self.strict_names;
        context.from_sbom = self.from_sbom;
        context.ancestors = state.ancestors.as_deref();
        context.base = state.base.as_ref();
        context.history = state.history.as_ref();
        context.previous = match &self.baseline {
            Baseline::Artifact(artifact) => Some(artifact),
            Baseline::None | Baseline::Check(_) => None,
        };
        context
    }

    /// Evaluates another artifact with the same policy, tag, data and time.
    fn evaluate_other(&self, artifact: Artifact, loaded: &Loaded) -> Other {
        let matches = self.matches(&artifact);
        let mut context = EvalContext::new(&artifact, &self.tag, self.now, Engine::own());
        context.matches = matches.as_ref();
        context.strict_names = self.strict_names;
        context.from_sbom = self.from_sbom;
        let evaluation = stopgate_policy::evaluate(&loaded.policy, &context);
        Other { artifact, matches, evaluation }
    }
}

impl State {
    fn of(ground: &Ground<'_>, loaded: &Loaded) -> Result<Self, Failure> {
        let history = match &ground.baseline {
            Baseline::None => None,
            Baseline::Check(history) => Some(history.clone()),
            Baseline::Artifact(artifact) => Some(ground.evaluate_other((**artifact).clone(), loaded).history()),
        };
        let mut state = Self { history, ..Self::default() };
        if ground.bases.is_empty() {
            return Ok(state);
        }
        let mut ancestors = Vec::new();
        for (name, base) in &ground.bases {
            ancestors.push((state::ancestor(&ground.artifact, base, name)?, base));
        }
        // The nearest is the one with the most layers.
        ancestors.sort_by_key(|(ancestor, _)| std::cmp::Reverse(ancestor.layers));
        if let Some((_, nearest)) = ancestors.first() {
            state.base = Some(ground.evaluate_other((*nearest).clone(), loaded).base_image());
        }
        state.ancestors = Some(ancestors.into_iter().map(|(ancestor, _)| ancestor).collect());
        Ok(state)
    }
}

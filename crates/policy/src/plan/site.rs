//! Where a plan is made: an artifact as it is, or as it would be on another base image, and what the policy says of
//! it after steps.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use stopgate_model::{
    Artifact, Documents, Element, Evaluation, FileIndexBuilder, Finding, Match, MatchReport, Package, PackageId,
    RemovedReason, StepKind,
};

use super::apply::{PASSWD, apply};
use super::red::Red;
use crate::document::{Policy, Rule};
use crate::engine::{Ancestor, BaseImage, EvalContext, evaluate};

/// Matches the packages of an artifact again; `None` when there is no vulnerability data.
pub type Rematch<'a> = dyn Fn(&Artifact) -> Option<MatchReport> + 'a;

pub(super) struct Site<'a> {
    pub(super) policy: &'a Policy,
    pub(super) context: &'a EvalContext<'a>,
    pub(super) rematch: &'a Rematch<'a>,
    pub(super) artifact: Cow<'a, Artifact>,
    pub(super) matches: Option<Cow<'a, MatchReport>>,
    pub(super) base: Option<Cow<'a, BaseImage>>,
    pub(super) ancestors: Option<Cow<'a, [Ancestor]>>,
    packages: OnceCell<HashMap<PackageId, usize>>,
    by_package: OnceCell<HashMap<PackageId, Vec<usize>>>,
}

/// The matches of a report that rules may count, each with its place: rules may ignore VEX statements.
pub(super) fn that_rules_see(report: &MatchReport) -> impl Iterator<Item = (usize, &Match)> {
    let removed = report.removed.iter().enumerate();
    let by_vex = removed.filter(|(_, removed)| matches!(removed.reason, RemovedReason::Vex { .. }));
    let by_vex = by_vex.map(|(place, removed)| (report.matches.len() + place, &removed.matched));
    report.matches.iter().enumerate().chain(by_vex)
}

/// What differs on another base image.
pub(super) struct Moved {
    pub(super) artifact: Artifact,
    pub(super) base: BaseImage,
    pub(super) ancestors: Option<Vec<Ancestor>>,
}

impl<'a> Site<'a> {
    /// The artifact as it is.
    pub(super) fn as_it_is(policy: &'a Policy, context: &'a EvalContext<'a>, rematch: &'a Rematch<'a>) -> Self {
        Self {
            policy,
            context,
            rematch,
            artifact: Cow::Borrowed(context.artifact),
            matches: context.matches.map(Cow::Borrowed),
            base: context.base.map(Cow::Borrowed),
            ancestors: context.ancestors.map(Cow::Borrowed),
            packages: OnceCell::new(),
            by_package: OnceCell::new(),
        }
    }

    /// The artifact as it would be on another base image.
    pub(super) fn moved(&self, moved: Moved) -> Self {
        let matches = self.rematched(&moved.artifact);
        Self {
            policy: self.policy,
            context: self.context,
            rematch: self.rematch,
            artifact: Cow::Owned(moved.artifact),
            matches: matches.map(Cow::Owned),
            base: Some(Cow::Owned(moved.base)),
            ancestors: moved.ancestors.map(Cow::Owned),
            packages: OnceCell::new(),
            by_package: OnceCell::new(),
        }
    }

    /// What the policy says of an artifact in this place.
    pub(super) fn evaluate(&self, artifact: &Artifact, matches: Option<&MatchReport>) -> Evaluation {
        self.evaluate_on(artifact, matches, self.base.as_deref())
    }

    /// What the policy says of a base image, which has none itself.
    pub(super) fn evaluate_base(&self, artifact: &Artifact, matches: Option<&MatchReport>) -> Evaluation {
        self.evaluate_on(artifact, matches, None)
    }

    fn evaluate_on(&self, artifact: &Artifact, matches: Option<&MatchReport>, base: Option<&BaseImage>) -> Evaluation {
        let context = EvalContext {
            artifact,
            matches,
            engine: self.context.engine.clone(),
            base,
            ancestors: self.ancestors.as_deref(),
            ..*self.context
        };
        evaluate(self.policy, &context)
    }

    /// What the policy says after steps: everything is substituted, matched and evaluated again.
    pub(super) fn after(&self, steps: &[&StepKind]) -> Evaluation {
        let changed = apply(&self.artifact, steps);
        if changed.packages {
            let matches = self.rematched(&changed.artifact);
            return self.evaluate(&changed.artifact, matches.as_ref());
        }
        self.evaluate(&changed.artifact, self.matches.as_deref())
    }

    /// What stops it after steps.
    pub(super) fn red_after(&self, steps: &[&StepKind]) -> Red {
        self.red(&self.after(steps))
    }

    /// What stops it, of an evaluation in this place.
    pub(super) fn red(&self, evaluation: &Evaluation) -> Red {
        Red::of(self, evaluation)
    }

    /// Without data at first there is none later.
    pub(super) fn rematched(&self, artifact: &Artifact) -> Option<MatchReport> {
        self.matches.as_ref().and_then(|_| (self.rematch)(artifact))
    }

    /// The rule of a finding.
    pub(super) fn rule(&self, finding: &Finding) -> Option<&'a Rule> {
        let policy: &'a Policy = self.policy;
        let sets = policy.rule_sets.iter().filter(|set| set.id == finding.rule_set_id);
        sets.flat_map(|set| &set.rules).find(|rule| rule.id == finding.rule_id)
    }

    /// A package of the artifact.
    pub(super) fn package(&self, id: PackageId) -> Option<&Package> {
        let index = self.packages.get_or_init(|| {
            let all = self.artifact.packages.iter().enumerate();
            all.rev().map(|(position, package)| (package.id, position)).collect()
        });
        self.artifact.packages.get(*index.get(&id)?)
    }

    /// The matches of a package.
    pub(super) fn matches_of(&self, id: PackageId) -> impl Iterator<Item = &Match> {
        let report = self.matches.as_deref();
        let index = self.by_package.get_or_init(|| {
            let mut index: HashMap<PackageId, Vec<usize>> = HashMap::new();
            for (place, matched) in report.into_iter().flat_map(that_rules_see) {
                index.entry(matched.package).or_default().push(place);
            }
            index
        });
        let places = index.get(&id).into_iter().flatten();
        places.filter_map(move |place| {
            let (matches, removed) = report.map(|report| (&report.matches, &report.removed))?;
            matches.get(*place).or_else(|| removed.get(*place - matches.len()).map(|removed| &removed.matched))
        })
    }

    /// The match of a package with a vulnerability.
    pub(super) fn matched(&self, id: PackageId, vulnerability: &str) -> Option<&Match> {
        self.matches_of(id).find(|matched| matched.vulnerability.id == vulnerability)
    }

    /// A small artifact: these packages and how the image is built, and nothing of its files. What one package or
    /// one instruction brings about can be asked of it cheaply.
    pub(super) fn excerpt(&self, packages: Vec<Package>) -> Artifact {
        let whole = self.artifact.as_ref();
        let holds = |element: &Element| match element {
            Element::Package(id) => packages.iter().any(|package| package.id == *id),
            _ => false,
        };
        let edges = whole.relationships.iter().filter(|edge| holds(&edge.from) && holds(&edge.to));
        Artifact {
            source: whole.source.clone(),
            config: whole.config.clone(),
            distro: whole.distro.clone(),
            relationships: edges.cloned().collect(),
            packages,
            files: whole.files.as_ref().map(|_| FileIndexBuilder::default().finish()),
            dockerfile: whole.dockerfile.clone(),
            secrets: whole.secrets.as_ref().map(|_| Vec::new()),
            hidden_secrets: whole.hidden_secrets.as_ref().map(|_| Vec::new()),
            config_secrets: whole.config_secrets.clone(),
            content: whole.content.as_ref().map(|_| Vec::new()),
            retrieved: whole
                .retrieved
                .as_ref()
                .map(|files| files.iter().filter(|file| file.path == PASSWD).cloned().collect()),
            documents: Documents::default(),
            gaps: Vec::new(),
            analyzer: whole.analyzer.clone(),
            sbom: whole.sbom.clone(),
        }
    }
}

//! Plans through the front door: an artifact, a policy, advisories as a table; steps and what remains as lines.

mod bases;
mod build;
mod laws;
mod packages;
mod rest;

use std::cmp::Ordering;
use std::sync::Arc;

use serde_json::Value;
use stopgate_model::{
    Artifact, Fix, FixPlan, FixState, Match, MatchReport, Package, RemovedMatch, Severity, Vulnerability,
};
use stopgate_version::{Format, compare};

use super::{Bases, Means, fix_plan};
use crate::tests::{Case, document, engine, policy, record};
use crate::{EvalContext, Policy, evaluate};

/// No vulnerability is known.
pub(super) const NO_DATA: &[&str] = &[];

/// Who is affected from a version on, up to a fix.
#[derive(Debug, Clone)]
pub(super) struct Advisory {
    pub(super) id: String,
    pub(super) package: String,
    pub(super) from: Option<String>,
    pub(super) fixed: Option<String>,
    pub(super) wont_fix: bool,
}

/// `CVE-1 openssl 3.0.2` fixed in, `CVE-1 openssl 2..3.0.2` from and fixed in, `CVE-1 openssl` not fixed,
/// `CVE-1 openssl wont` never.
pub(super) fn advisories(lines: &[impl AsRef<str>]) -> Vec<Advisory> {
    lines
        .iter()
        .map(|line| {
            let mut words = line.as_ref().split(' ').map(str::to_owned);
            let (id, package, range) = (words.next().unwrap(), words.next().unwrap(), words.next());
            let wont_fix = range.as_deref() == Some("wont");
            let range = range.filter(|_| !wont_fix).unwrap_or_default();
            let (from, fixed) = range.split_once("..").unwrap_or(("", &range));
            let filled = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            Advisory { id, package, from: filled(from), fixed: filled(fixed), wont_fix }
        })
        .collect()
}

impl Advisory {
    /// Data of a distribution speaks of source packages.
    fn affects(&self, package: &Package) -> bool {
        let format = Format::of_package_type(package.package_type.id());
        let source = package.upstreams.first();
        let name = source.map_or(&package.name, |source| &source.name);
        let version = source.and_then(|source| source.version.as_ref()).unwrap_or(&package.version);
        let is = |other: &str, orders: &[Ordering]| {
            compare(format, version, other).is_ok_and(|order| orders.contains(&order))
        };
        *name == self.package
            && !version.is_empty()
            && self.from.as_ref().is_none_or(|from| is(from, &[Ordering::Equal, Ordering::Greater]))
            && self.fixed.as_ref().is_none_or(|fixed| is(fixed, &[Ordering::Less]))
    }

    fn matched(&self, package: &Package) -> Match {
        let versions: Vec<String> = self.fixed.clone().into_iter().collect();
        let state = match (&self.fixed, self.wont_fix) {
            (_, true) => FixState::WontFix,
            (Some(_), false) => FixState::Fixed,
            (None, false) => FixState::NotFixed,
        };
        Match {
            package: package.id,
            vulnerability: Arc::new(Vulnerability { ..record(&self.id, Severity::High) }),
            suggested_version: versions.first().cloned(),
            fix: Fix { state, versions, ..Fix::default() },
            details: Vec::new(),
        }
    }
}

/// A matcher over a table of advisories.
pub(super) fn matches(artifact: &Artifact, advisories: &[Advisory], like: &MatchReport) -> MatchReport {
    let pairs = artifact.packages.iter().flat_map(|package| advisories.iter().map(move |advisory| (package, advisory)));
    let found = pairs.filter(|(package, advisory)| advisory.affects(package));
    let found = found.map(|(package, advisory)| advisory.matched(package));
    // What a statement removed at first it removes again.
    let statement = |matched: &Match| {
        like.removed.iter().find(|removed| removed.matched.vulnerability.id == matched.vulnerability.id)
    };
    let (removed, matches): (Vec<Match>, Vec<Match>) = found.partition(|matched| statement(matched).is_some());
    let removed = removed.into_iter().filter_map(|matched| {
        let reason = statement(&matched)?.reason.clone();
        Some(RemovedMatch { matched, reason })
    });
    MatchReport { matches, removed: removed.collect(), ..like.clone() }
}

/// An artifact and the data about it.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) case: Case,
    pub(super) advisories: Vec<Advisory>,
}

impl World {
    pub(super) fn new(mut case: Case, lines: &[impl AsRef<str>]) -> Self {
        let advisories = advisories(lines);
        case.report = case.report.map(|report| matches(&case.artifact, &advisories, &report));
        Self { case, advisories }
    }

    pub(super) fn rematch(&self) -> impl Fn(&Artifact) -> Option<MatchReport> + '_ {
        |artifact| self.case.report.as_ref().map(|report| matches(artifact, &self.advisories, report))
    }

    pub(super) fn context(&self) -> EvalContext<'_> {
        let mut context = EvalContext::new(&self.case.artifact, &self.case.tag, self.case.now, engine());
        context.matches = self.case.report.as_ref();
        context.base = self.case.base.as_ref();
        context.ancestors = self.case.ancestors.as_deref();
        context
    }

    pub(super) fn plan_with(&self, policy: &Policy, bases: Option<Bases<'_>>) -> FixPlan {
        let context = self.context();
        let rematch = self.rematch();
        fix_plan(policy, &context, &evaluate(policy, &context), &Means { rematch: &rematch, bases })
    }

    pub(super) fn plan(&self, rules: &[&str]) -> Vec<String> {
        lines(&self.plan_with(&policy(&document(rules)), None))
    }

    pub(super) fn plan_of(&self, document: &Value) -> Vec<String> {
        lines(&self.plan_with(&policy(document), None))
    }
}

/// Steps with the number of findings that they end, what remains with `!`, and the decision.
pub(super) fn lines(plan: &FixPlan) -> Vec<String> {
    let steps = plan.steps.iter().map(|step| format!("{} ({})", step.sentence(), step.clears.len()));
    let remaining =
        plan.remaining.iter().map(|left| format!("! {}: {}", left.finding.rule_id, left.obstacle.sentence()));
    steps.chain(remaining).chain([plan.after.decision.name().to_owned()]).collect()
}

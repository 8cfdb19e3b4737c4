//! What the site knows of vulnerabilities: the side-car's assessments, for the clocks of frameworks.

use super::exceptions::ExceptionIndex;
use super::scene::{EvalContext, MatchView};
use crate::document::{Assessment, Policy};

/// The assessments of a policy's side-car; none without one.
#[derive(Default)]
pub(super) struct Assessed<'p> {
    all: &'p [Assessment],
    index: Option<&'p ExceptionIndex>,
}

/// What is known of one match. For each value the first assessment that gives it counts.
#[derive(Default)]
pub(crate) struct Known<'p> {
    assessments: Vec<&'p Assessment>,
}

impl<'p> Assessed<'p> {
    pub(super) fn of(policy: &'p Policy) -> Self {
        let all = policy.extension().map_or(&[][..], |extension| &extension.assessments);
        Self { all, index: Some(&policy.assessments) }
    }

    pub(super) fn about(&self, view: &MatchView<'_>, context: &EvalContext<'_>) -> Known<'p> {
        let Some(index) = self.index.filter(|_| !self.all.is_empty()) else { return Known::default() };
        let ids: Vec<&str> = view.ids().collect();
        let named = index.candidates(&ids).into_iter().filter_map(|position| self.all.get(position));
        Known { assessments: named.filter(|one| one.select.meets_match(view, context)).collect() }
    }
}

impl Known<'_> {
    pub(crate) fn get<T>(&self, value: impl Fn(&Assessment) -> Option<T>) -> Option<T> {
        self.assessments.iter().find_map(|assessment| value(assessment))
    }
}

//! Exceptions of side-cars: whether those of one policy accept a finding that those of the other do not.
//!
//! A selector asks about the rule (gate, trigger, id, controls), which is known here, about what the finding shows
//! (vulnerability, package, path), and about the image. What two findings show is the same when both are of one rule,
//! or have their ids by one function of the thing; otherwise nothing is taken from it.

use std::collections::HashMap;

use jiff::Timestamp;

use super::accepted::includes;
use super::clause::{Clause, Form, Ids};
use super::effort::{Effort, Work};
use super::knowledge::{MATCH, UNKNOWN};
use super::stops::Stop;
use crate::document::extension::{Exception, Selector, VersionSelector};
use crate::document::policy::{Policy, Rule};
use crate::pattern::Pattern;

/// The exceptions of two policies, of which the other's are to accept no more.
pub(super) struct Exceptions<'p> {
    /// Those of the other that the one has not in any case, for findings that show the same.
    left: Vec<&'p Exception>,
    /// The same, for findings that may show something else.
    left_unlike: Vec<&'p Exception>,
    /// Those of the other that have not ended.
    pub(super) theirs: Vec<&'p Exception>,
    ours: Index<'p>,
}

/// Exceptions by the vulnerability that they name.
#[derive(Default)]
struct Index<'p> {
    named: HashMap<&'p str, Vec<&'p Exception>>,
    others: Vec<&'p Exception>,
}

impl<'p> Index<'p> {
    fn new(exceptions: &'p [Exception]) -> Self {
        let mut index = Self::default();
        for exception in exceptions {
            match exception.select.vulnerability.as_ref().and_then(Pattern::literal) {
                Some(id) => index.named.entry(id).or_default().push(exception),
                None => index.others.push(exception),
            }
        }
        index
    }

    /// Those that may select whatever this one selects.
    fn wider(&self, exception: &Exception) -> impl Iterator<Item = &'p Exception> + '_ {
        let id = exception.select.vulnerability.as_ref().and_then(Pattern::literal);
        let named = id.and_then(|id| self.named.get(id)).map_or(&[][..], Vec::as_slice);
        named.iter().chain(&self.others).copied()
    }
}

fn exceptions(policy: &Policy) -> &[Exception] {
    policy.extension().map_or(&[], |extension| &extension.exceptions)
}

impl<'p> Exceptions<'p> {
    pub(super) fn new(one: &'p Policy, other: &'p Policy, as_of: Timestamp, effort: &Effort) -> Self {
        let theirs: Vec<&Exception> =
            exceptions(other).iter().filter(|exception| as_of < exception.expires.time).collect();
        let mut all = Self { left: Vec::new(), left_unlike: Vec::new(), theirs, ours: Index::new(exceptions(one)) };
        let is_left = |exception: &&&Exception, alike| !all.is_had(exception, None, alike, effort);
        let left: Vec<&Exception> = all.theirs.iter().filter(|one| is_left(one, true)).copied().collect();
        let left_unlike: Vec<&Exception> = all.theirs.iter().filter(|one| is_left(one, false)).copied().collect();
        (all.left, all.left_unlike) = (left, left_unlike);
        all
    }

    /// Whether no exception of the other policy selects a finding of this condition.
    pub(super) fn spare(&self, candidate: &Stop<'_>, clause: &Clause) -> bool {
        !self.theirs.iter().any(|exception| reaches(exception, candidate.rule, clause))
    }

    /// Texts that the other policy's exceptions ask for: of a vulnerability, of a tag, of an image's name.
    pub(super) fn samples(&self) -> impl Iterator<Item = [Option<String>; 3]> + '_ {
        self.left.iter().map(|exception| {
            let select = &exception.select;
            [&select.vulnerability, &select.tag, &select.image].map(|pattern| sample(pattern.as_ref()?))
        })
    }

    /// Whether the finding of `candidate` is accepted at no time at which that of `stop` for the same thing is not.
    pub(super) fn accept_no_more(
        &self,
        (stop, own): (&Stop<'_>, &Clause),
        (candidate, clause): (&Stop<'_>, &Clause),
        effort: &Effort,
    ) -> bool {
        if self.theirs.is_empty() {
            return true;
        }
        let is_same_rule = stop.text == candidate.text;
        // What breaks is never accepted.
        if own.may_break && !is_same_rule {
            return self.spare(candidate, clause);
        }
        let alike = is_same_rule || show_the_same((stop.rule, own), (candidate.rule, clause));
        let left = if alike { &self.left } else { &self.left_unlike };
        left.iter().all(|exception| {
            !reaches(exception, candidate.rule, clause) || self.is_had(exception, Some(stop.rule), alike, effort)
        })
    }

    /// Whether the one policy has an exception that selects as much for at least as long: for a finding of this rule,
    /// or of any.
    fn is_had(&self, exception: &Exception, rule: Option<&Rule>, alike: bool, effort: &Effort) -> bool {
        if !effort.take(Work::Items, self.ours.wider(exception).count() + 1) {
            return false;
        }
        self.ours.wider(exception).any(|wide| {
            wide.expires.time >= exception.expires.time
                && rule.map_or_else(|| asks_of_no_rule(&wide.select), |rule| selects_rule(&wide.select, rule))
                && selects_as_much(&wide.select, &exception.select, alike, effort)
        })
    }
}

/// A text that a pattern matches.
fn sample(pattern: &Pattern) -> Option<String> {
    match pattern.regex() {
        Some(regex) => super::sample::texts(regex.as_ref().ok()?).into_iter().next(),
        None => Some(pattern.as_str().replace('*', "x")),
    }
}

/// Whether an exception may select a finding of a condition.
fn reaches(exception: &Exception, rule: &Rule, clause: &Clause) -> bool {
    // Of the triggers that are known only those about matches show a vulnerability.
    let shows_one = clause.subject.name == MATCH || clause.subject.name == UNKNOWN;
    selects_rule(&exception.select, rule) && (shows_one || exception.select.vulnerability.is_none())
}

/// Whether what a selector asks of the rule holds. An expression that fails selects nothing.
fn selects_rule(select: &Selector, rule: &Rule) -> bool {
    let is = |pattern: &Option<Pattern>, text: &str| {
        pattern.as_ref().is_none_or(|pattern| pattern.matches(text).unwrap_or(false))
    };
    let serves = |control: &Pattern| rule.extension.controls.iter().any(|own| control.matches(own).unwrap_or(false));
    is(&select.gate, &rule.gate)
        && is(&select.trigger, &rule.trigger)
        && is(&select.rule, &rule.id)
        && select.control.as_ref().is_none_or(serves)
}

fn asks_of_no_rule(select: &Selector) -> bool {
    [&select.gate, &select.trigger, &select.rule, &select.control].iter().all(|part| part.is_none())
}

/// Whether what the wide selector asks of the finding and of the image follows from what the narrow one asks.
fn selects_as_much(wide: &Selector, narrow: &Selector, alike: bool, effort: &Effort) -> bool {
    let follows = |wide: &Option<Pattern>, narrow: &Option<Pattern>| match (wide, narrow) {
        (None, _) => true,
        (Some(wide), Some(narrow)) => includes(wide, narrow, effort),
        (Some(_), None) => false,
    };
    let shown = [(&wide.vulnerability, &narrow.vulnerability), (&wide.purl, &narrow.purl), (&wide.path, &narrow.path)];
    let of_image = [(&wide.image, &narrow.image), (&wide.tag, &narrow.tag)];
    let asks_what_is_shown = shown.iter().any(|(wide, _)| wide.is_some()) || wide.version.is_some();
    (alike || !asks_what_is_shown)
        && shown.into_iter().chain(of_image).all(|(wide, narrow)| follows(wide, narrow))
        && (wide.version.is_none() || wide.version.as_ref().map(version) == narrow.version.as_ref().map(version))
}

/// Whether the findings of two conditions for one thing show the same.
pub(super) fn show_the_same((rule, clause): (&Rule, &Clause), (other_rule, other): (&Rule, &Clause)) -> bool {
    match (&clause.ids, &other.ids) {
        (Ids::Of { key, form }, Ids::Of { key: other_key, form: other_form }) => {
            let one_trigger = rule.gate == other_rule.gate && rule.trigger == other_rule.trigger;
            key == other_key && form == other_form && (one_trigger || *form == Form::Vulnerability)
        }
        _ => false,
    }
}

fn version(selector: &VersionSelector) -> String {
    match selector {
        VersionSelector::Exactly(pattern) => pattern.as_str().to_owned(),
        VersionSelector::Range(parts) => {
            let parts: Vec<String> =
                parts.iter().map(|(comparison, version)| format!("{} {version}", comparison.word())).collect();
            parts.join(", ")
        }
    }
}

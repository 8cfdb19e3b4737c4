//! Which exception accepts a finding: the first in the side-car's order that selects it and has not ended.
//! And what is to be said of exceptions: ending, ended, without a match, too broad.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use stopgate_model::{AllowlistMatch, Evidence, ExceptionMatch, ExceptionNote, ExceptionReport, Finding, PackageType};
use stopgate_version::{Format, compare};

use super::scene::{EvalContext, MatchView};
use crate::document::extension::{Exception, Selector, VersionSelector};
use crate::pattern::Pattern;

/// An exception ends soon within this time.
const SOON: SignedDuration = SignedDuration::from_hours(24 * 14);
/// Findings that one exception may accept without being too broad.
const MOST_MATCHES: u64 = 50;
/// Pieces of evidence of one kind from which on a finding may show only part of them.
const CUT_EVIDENCE: usize = 100;

/// Positions of exceptions, or assessments, by the vulnerability that they name, so that thousands of them cost nothing.
#[derive(Debug, Default)]
pub(crate) struct ExceptionIndex {
    by_vulnerability: HashMap<String, Vec<usize>>,
    others: Vec<usize>,
}

impl ExceptionIndex {
    pub(crate) fn new<'s>(selectors: impl Iterator<Item = &'s Selector>) -> Self {
        let mut index = Self::default();
        for (position, select) in selectors.enumerate() {
            match select.vulnerability.as_ref().and_then(Pattern::literal) {
                Some(id) => index.by_vulnerability.entry(id.to_owned()).or_default().push(position),
                None => index.others.push(position),
            }
        }
        index
    }

    pub(super) fn candidates(&self, ids: &[&str]) -> Vec<usize> {
        let named = ids.iter().filter_map(|id| self.by_vulnerability.get(*id)).flatten();
        let mut positions: Vec<usize> = named.chain(&self.others).copied().collect();
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}

/// The exceptions of one evaluation, and how often each was used.
pub(super) struct Exceptions<'p> {
    all: &'p [Exception],
    index: &'p ExceptionIndex,
    matched: Vec<u64>,
}

impl<'p> Exceptions<'p> {
    pub(super) fn new(all: &'p [Exception], index: &'p ExceptionIndex) -> Self {
        Self { all, index, matched: vec![0; all.len()] }
    }

    /// The exception that accepts a finding, with the time at which it ends.
    pub(super) fn accept(
        &mut self,
        finding: &Finding,
        aliases: &[&str],
        context: &EvalContext<'_>,
    ) -> Option<(AllowlistMatch, ExceptionMatch, Timestamp)> {
        let about = About::new(finding, aliases, context);
        let position = self.index.candidates(&about.vulnerability_ids()).into_iter().find(|position| {
            self.all
                .get(*position)
                .is_some_and(|exception| context.now < exception.expires.time && exception.select.meets(&about))
        })?;
        if let Some(count) = self.matched.get_mut(position) {
            *count += 1;
        }
        let exception = self.all.get(position)?;
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let listed = AllowlistMatch {
            id: exception.id.clone(),
            name: "exceptions".to_owned(),
            item_id: exception.id.clone(),
            via: Some("exception"),
            expires_on: Some(exception.expires.text.clone()),
        };
        let matched = ExceptionMatch {
            id: exception.id.clone(),
            reason: exception.reason.clone(),
            justification: text(&exception.justification),
            owner: exception.owner.clone(),
            approver: text(&exception.approver),
            ticket: text(&exception.ticket),
            expires: exception.expires.text.clone(),
        };
        Some((listed, matched, exception.expires.time))
    }

    /// What became of each.
    pub(super) fn reports(&self, now: Timestamp) -> Vec<ExceptionReport> {
        self.all
            .iter()
            .zip(&self.matched)
            .map(|(exception, matched)| ExceptionReport {
                id: exception.id.clone(),
                matched: *matched,
                expires: exception.expires.text.clone(),
                owner: exception.owner.clone(),
                notes: notes(exception, *matched, now),
            })
            .collect()
    }
}

fn notes(exception: &Exception, matched: u64, now: Timestamp) -> Vec<ExceptionNote> {
    let select = &exception.select;
    let unbound = select.vulnerability.is_none() && select.rule.is_none() && select.trigger.is_none();
    let expired = now >= exception.expires.time;
    let expiring = !expired && exception.expires.time.duration_since(now) <= SOON;
    [
        (expiring, ExceptionNote::Expiring),
        (expired, ExceptionNote::Expired),
        (!expired && matched == 0, ExceptionNote::MatchedNothing),
        (unbound || matched > MOST_MATCHES, ExceptionNote::TooBroad),
    ]
    .into_iter()
    .filter_map(|(holds, note)| holds.then_some(note))
    .collect()
}

/// A finding, as selectors ask about it.
struct About<'f, 'c> {
    finding: &'f Finding,
    aliases: &'f [&'f str],
    context: &'f EvalContext<'c>,
}

/// A package of the evidence.
struct PackageView<'f> {
    purl: &'f str,
    version: &'f str,
    kind: &'f str,
}

impl<'f, 'c> About<'f, 'c> {
    const fn new(finding: &'f Finding, aliases: &'f [&'f str], context: &'f EvalContext<'c>) -> Self {
        Self { finding, aliases, context }
    }

    fn vulnerabilities(&self) -> impl Iterator<Item = (&'f str, &'f [String])> {
        self.finding.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Vulnerability { id, aliases, .. } => Some((id.as_str(), aliases.as_slice())),
            _ => None,
        })
    }

    fn packages(&self) -> impl Iterator<Item = PackageView<'f>> {
        self.finding.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Package { purl, version, package_type, .. } => {
                Some(PackageView { purl, version, kind: package_type })
            }
            _ => None,
        })
    }

    fn paths(&self) -> impl Iterator<Item = &'f str> {
        self.finding.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Package { path, .. } => path.as_deref(),
            Evidence::File { path, .. } => Some(path.as_str()),
            _ => None,
        })
    }

    fn vulnerability_ids(&self) -> Vec<&'f str> {
        let own = self
            .vulnerabilities()
            .flat_map(|(id, aliases)| std::iter::once(id).chain(aliases.iter().map(String::as_str)));
        own.chain(self.aliases.iter().copied()).collect()
    }
}

impl Selector {
    /// Whether everything that is given holds. A finding that folds several packages or vulnerabilities into one
    /// is met only when the selector holds for each of them.
    fn meets(&self, about: &About<'_, '_>) -> bool {
        let finding = about.finding;
        let is = |pattern: &Option<Pattern>, text: &str| pattern.as_ref().is_none_or(|pattern| matches(pattern, text));
        is(&self.gate, &finding.gate)
            && is(&self.trigger, &finding.trigger)
            && is(&self.rule, &finding.rule_id)
            && is(&self.tag, &about.context.tag.full_tag())
            && self.control.as_ref().is_none_or(|id| finding.controls.iter().any(|own| matches(id, own)))
            && self.vulnerability.as_ref().is_none_or(|pattern| meets_vulnerability(pattern, about))
            && self.purl.as_ref().is_none_or(|purl| every(about.packages(), |package| meets_purl(purl, package.purl)))
            && self.version.as_ref().is_none_or(|version| every(about.packages(), |package| version.meets(&package)))
            && self.path.as_ref().is_none_or(|pattern| every(about.paths(), |path| matches(pattern, path)))
            && self.image.as_ref().is_none_or(|pattern| meets_image(pattern, about.context))
    }
}

impl Selector {
    /// The same for a match, of which there is no finding yet: which rule will make one, nobody knows, so a selector
    /// that names a gate, trigger, rule or control selects nothing.
    pub(super) fn meets_match(&self, view: &MatchView<'_>, context: &EvalContext<'_>) -> bool {
        let is = |pattern: &Option<Pattern>, test: &dyn Fn(&Pattern) -> bool| pattern.as_ref().is_none_or(test);
        let package = view.package;
        let seen = PackageView { purl: &package.purl, version: &package.version, kind: package.package_type.id() };
        let finding = [&self.gate, &self.trigger, &self.rule, &self.control];
        finding.into_iter().all(Option::is_none)
            && is(&self.tag, &|pattern| matches(pattern, &context.tag.full_tag()))
            && is(&self.vulnerability, &|pattern| view.ids().any(|id| matches(pattern, id)))
            && is(&self.purl, &|pattern| meets_purl(pattern, &package.purl))
            && self.version.as_ref().is_none_or(|version| version.meets(&seen))
            && is(&self.path, &|pattern| view.path().is_some_and(|path| matches(pattern, path)))
            && is(&self.image, &|pattern| meets_image(pattern, context))
    }
}

/// An expression that fails selects nothing.
fn matches(pattern: &Pattern, text: &str) -> bool {
    pattern.matches(text).unwrap_or(false)
}

/// Whether there is one, none may be hidden, and all hold.
fn every<T>(items: impl Iterator<Item = T>, holds: impl Fn(T) -> bool) -> bool {
    let mut count = 0;
    for item in items {
        count += 1;
        if count >= CUT_EVIDENCE || !holds(item) {
            return false;
        }
    }
    count > 0
}

fn meets_vulnerability(pattern: &Pattern, about: &About<'_, '_>) -> bool {
    let several = about.vulnerabilities().count() > 1;
    every(about.vulnerabilities(), |(id, aliases)| {
        let further = if several { &[][..] } else { about.aliases };
        let ids = std::iter::once(id).chain(aliases.iter().map(String::as_str)).chain(further.iter().copied());
        ids.into_iter().any(|id| matches(pattern, id))
    })
}

/// A package URL without version means every version, one without qualifiers any qualifiers.
fn meets_purl(pattern: &Pattern, purl: &str) -> bool {
    let bare = purl.split(['?', '#']).next().unwrap_or(purl);
    let name = bare.rfind('/').map_or(0, |slash| slash + 1);
    let version = bare.get(name..).and_then(|rest| rest.find('@')).map(|at| name + at);
    let without_version = version.and_then(|at| bare.get(..at)).unwrap_or(bare);
    !purl.is_empty() && [purl, bare, without_version].iter().any(|text| matches(pattern, text))
}

fn meets_image(pattern: &Pattern, context: &EvalContext<'_>) -> bool {
    let tag = context.tag;
    let name = format!("{}/{}", tag.registry, tag.repository);
    let of_image = context.artifact.source.image().is_some_and(|image| {
        let id = &image.image_id;
        [image.manifest_digest.to_string(), id.to_string(), id.hex().to_owned()]
            .iter()
            .any(|text| matches(pattern, text))
    });
    of_image || matches(pattern, &name)
}

impl VersionSelector {
    fn meets(&self, package: &PackageView<'_>) -> bool {
        match self {
            Self::Exactly(pattern) => matches(pattern, package.version),
            Self::Range(parts) => {
                let format = match Format::of_package_type(PackageType::named(package.kind).id()) {
                    Format::Unknown => Format::Semantic,
                    format => format,
                };
                // A version that cannot be compared is in no range: an exception accepts only what is sure.
                parts.iter().all(|(comparison, version)| {
                    compare(format, package.version, version).is_ok_and(|order| comparison.holds_for(order))
                })
            }
        }
    }
}

//! Drafts of which side-cars say more: findings that were there before, and images that exceptions name.

use jiff::SignedDuration;
use stopgate_model::ImageReference;

use super::Question;
use crate::diff::draft::{Built, Draft, Repair};
use crate::diff::implication::Open;
use crate::document::extension::GraceFrom;
use crate::document::policy::Policy;

/// Most images of exceptions that are tried.
const IMAGES: usize = 4;

impl Question<'_, '_> {
    /// The drafts, each with its variants: with findings that are not due under the other policy, and under names that
    /// its exceptions ask for.
    pub(super) fn varied(&self, open: &Open<'_, '_>, drafts: Vec<Draft>) -> Vec<Draft> {
        let ages = self.ages(open);
        let tags: Vec<ImageReference> = self.exceptions.samples().filter_map(named).take(IMAGES).collect();
        if ages.is_empty() && tags.is_empty() {
            return drafts;
        }
        let variants = |draft: Draft| {
            let aged = ages.iter().map(|days| aged(&draft, *days));
            let elsewhere = tags.iter().map(|tag| {
                let mut draft = draft.clone();
                draft.place.tag = tag.clone();
                draft
            });
            let all: Vec<Draft> = aged.chain(elsewhere).collect();
            std::iter::once(draft).chain(all)
        };
        drafts.into_iter().flat_map(variants).collect()
    }

    /// Days after which a finding is due under the condition's rule and may not be due under the other policy's rules.
    fn ages(&self, open: &Open<'_, '_>) -> Vec<i64> {
        let rules = self.other.rule_sets.iter().flat_map(|set| &set.rules);
        if !rules.into_iter().any(|rule| rule.extension.old.is_some()) {
            return Vec::new();
        }
        match open.stop.rule.extension.old {
            Some(grace) if grace.from != GraceFrom::KevAdded => vec![i64::from(grace.days)],
            Some(_) => Vec::new(),
            None => vec![1],
        }
    }
}

/// The draft with findings, matches and fixes that were first seen so many days ago.
fn aged(draft: &Draft, days: i64) -> Draft {
    let mut draft = draft.clone();
    draft.findings_seen = Some(days);
    for weakness in draft.packages.iter_mut().flat_map(|parcel| &mut parcel.weaknesses) {
        if let Repair::Fixed(age @ None) = &mut weakness.repair {
            *age = Some(days);
        }
    }
    draft
}

/// The image that an exception names.
fn named([_, tag, image]: [Option<String>; 3]) -> Option<ImageReference> {
    let text = tag.or_else(|| image.filter(|name| name.contains('/')).map(|name| format!("{name}:1")))?;
    ImageReference::parse(&text).ok()
}

/// Writes into the history what both policies find.
pub(super) fn remember(built: &mut Built, policies: [&Policy; 2], days: i64) -> Option<()> {
    let seen = built.now.checked_sub(SignedDuration::from_hours(days.checked_mul(24)?)).ok()?;
    let found = policies.map(|policy| built.evaluate(policy).findings);
    if let Some(history) = &mut built.history {
        let known = found.into_iter().flatten().map(|finding| (finding.fingerprint, Some(seen)));
        history.findings.extend(known);
    }
    Some(())
}

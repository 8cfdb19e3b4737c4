//! Which item of an allowlist accepts a finding: the first in the list that matches and has not expired.
//!
//! An index keeps large lists free: items are found by their exact id, by the literal part before a
//! `+` or by the literal part behind the last `+`; only patterns of another form are tried one by one.

use std::collections::HashMap;

use jiff::Timestamp;
use stopgate_model::AllowlistMatch;

use crate::document::policy::{Allowlist, AllowlistItem};

/// Positions of items, by gate and what is literal in their pattern.
#[derive(Debug, Default)]
pub(crate) struct AllowlistIndex {
    gates: HashMap<String, GateIndex>,
}

#[derive(Debug, Default)]
struct GateIndex {
    exact: HashMap<String, Vec<usize>>,
    before_plus: HashMap<String, Vec<usize>>,
    behind_plus: HashMap<String, Vec<usize>>,
    others: Vec<usize>,
}

impl AllowlistIndex {
    pub(crate) fn new(items: &[AllowlistItem]) -> Self {
        let mut index = Self::default();
        for (position, item) in items.iter().enumerate() {
            index.gates.entry(item.gate.clone()).or_default().add(position, item);
        }
        index
    }
}

impl GateIndex {
    fn add(&mut self, position: usize, item: &AllowlistItem) {
        let text = item.trigger_id.as_str();
        let literal = |part: &str| !part.contains('*');
        if let Some(id) = item.pattern.literal() {
            self.exact.entry(id.to_owned()).or_default().push(position);
            return;
        }
        if item.pattern.is_glob() {
            match (text.split_once('+'), text.rsplit_once('+')) {
                (Some((before, _)), _) if literal(before) => {
                    self.before_plus.entry(before.to_owned()).or_default().push(position);
                    return;
                }
                (_, Some((_, behind))) if literal(behind) => {
                    self.behind_plus.entry(behind.to_owned()).or_default().push(position);
                    return;
                }
                _ => {}
            }
        }
        self.others.push(position);
    }

    /// Positions of all items that may match, in no order.
    fn candidates<'s>(&'s self, id: &str) -> impl Iterator<Item = usize> + use<'s> {
        let of = |map: &'s HashMap<String, Vec<usize>>, key: Option<&str>| {
            key.and_then(|key| map.get(key)).map_or(&[][..], Vec::as_slice)
        };
        let lists = [
            of(&self.exact, Some(id)),
            of(&self.before_plus, id.split_once('+').map(|(before, _)| before)),
            of(&self.behind_plus, id.rsplit_once('+').map(|(_, behind)| behind)),
            self.others.as_slice(),
        ];
        lists.into_iter().flatten().copied()
    }
}

impl Allowlist {
    /// The item that accepts a finding with this id, or with one of its older ids. Its expiry is a time
    /// at which the answer may change.
    pub(crate) fn accepts(
        &self,
        gate: &str,
        id: &str,
        legacy_ids: &[String],
        now: Timestamp,
    ) -> Option<(AllowlistMatch, Option<Timestamp>)> {
        let index = self.index.gates.get(gate)?;
        let own = self.first(index, id, now).map(|position| (position, None));
        let legacy =
            legacy_ids.iter().filter_map(|id| self.first(index, id, now)).min().map(|at| (at, Some("legacy_id")));
        let (position, via) = match (own, legacy) {
            (Some(own), Some(legacy)) if legacy.0 < own.0 => legacy,
            (own, legacy) => own.or(legacy)?,
        };
        let item = self.items.get(position)?;
        let matched = AllowlistMatch {
            id: self.id.clone(),
            name: self.name.clone(),
            item_id: item.id.clone(),
            via,
            expires_on: item.expires_on.as_ref().map(|expiry| expiry.text.clone()),
        };
        Some((matched, item.expires_on.as_ref().map(|expiry| expiry.time)))
    }

    fn first(&self, index: &GateIndex, id: &str, now: Timestamp) -> Option<usize> {
        index
            .candidates(id)
            .filter(|position| self.items.get(*position).is_some_and(|item| item.accepts(id, now)))
            .min()
    }
}

impl AllowlistItem {
    /// Whether it has not expired and its pattern matches. An expression that fails accepts nothing.
    fn accepts(&self, id: &str, now: Timestamp) -> bool {
        let expired = self.expires_on.as_ref().is_some_and(|expiry| now >= expiry.time);
        !expired && self.pattern.matches(id).unwrap_or(false)
    }
}

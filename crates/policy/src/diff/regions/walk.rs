//! The walk over the combinations of names, part by part: which entries of both policies are left, and which of them
//! count first.

use std::collections::HashMap;
use std::ops::Range;

use super::parts::PartCell;
use super::{Fate, FateKey, PLACES, Parts, Region, Slot};
use crate::diff::effort::{Effort, Work};
use crate::trigger::ArtifactType;

/// An entry of a policy's lists or mappings, which stand in the order in which they count.
pub(super) struct Entry<'p> {
    /// Places of its patterns among the bits of the parts; `None` where it does not ask.
    pub(super) numbers: Vec<Option<usize>>,
    /// The parts in front of this number decide whether it matches; all behind them match it.
    pub(super) decided: usize,
    pub(super) fate: Fate<'p>,
}

/// All regions.
pub(super) fn walk<'p>(
    parts: &Parts,
    (old, new): (Vec<Entry<'p>>, Vec<Entry<'p>>),
    kind: ArtifactType,
    effort: &Effort,
) -> Result<Vec<Region<'p>>, String> {
    let sides = [0..old.len(), old.len()..old.len() + new.len()];
    let entries: Vec<Entry<'p>> = old.into_iter().chain(new).collect();
    let whole = Entries::all(entries.len());
    let mut walk = Walk {
        parts,
        runs: sides.iter().flat_map(|side| runs(&entries, side.clone())).collect(),
        firsts: sides.iter().flat_map(|side| firsts(&entries, side.clone())).collect(),
        entries,
        sides,
        matching: Vec::new(),
        decided: Vec::new(),
        kind,
        effort,
        known: HashMap::new(),
        regions: Vec::new(),
    };
    walk.prepare().and_then(|()| walk.go_on(&whole, &mut Vec::new(), false)).ok_or_else(|| {
        format!("the {} entries of mappings and image lists have too many combinations", walk.entries.len())
    })?;
    Ok(walk.regions)
}

/// For each entry, the first of those directly in front of it that come to the same.
fn runs(entries: &[Entry<'_>], side: Range<usize>) -> Vec<usize> {
    let mut found: Vec<usize> = Vec::new();
    let mut last: Option<(FateKey, usize)> = None;
    for (number, entry) in entries.iter().enumerate().take(side.end).skip(side.start) {
        let key = entry.fate.key();
        let start = last.filter(|(known, _)| *known == key).map_or(number, |(_, start)| start);
        last = Some((key, start));
        found.push(start);
    }
    found
}

/// For each entry, the first that comes to the same and is decided no later: it may stand for this one.
fn firsts(entries: &[Entry<'_>], side: Range<usize>) -> Vec<usize> {
    let mut known: HashMap<(FateKey, usize), usize> = HashMap::new();
    let mut found = Vec::new();
    for (number, entry) in entries.iter().enumerate().take(side.end).skip(side.start) {
        let earlier = (0..=entry.decided).filter_map(|decided| known.get(&(entry.fate.key(), decided)));
        found.push(earlier.copied().min().unwrap_or(number));
        known.entry((entry.fate.key(), entry.decided)).or_insert(number);
    }
    found
}

/// A set of entries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Entries(Vec<u64>);

const BITS: usize = u64::BITS as usize;

impl Entries {
    fn none(count: usize) -> Self {
        Self(vec![0; count.div_ceil(BITS)])
    }

    fn all(count: usize) -> Self {
        let mut all = Self::none(count);
        (0..count).for_each(|entry| all.insert(entry));
        all
    }

    fn insert(&mut self, entry: usize) {
        if let Some(word) = self.0.get_mut(entry / BITS) {
            *word |= 1 << (entry % BITS);
        }
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(word, other)| *word |= other);
    }

    fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(word, other)| word & other).collect())
    }

    /// The bits of one word that lie in a range.
    fn mask(word: usize, range: &Range<usize>) -> u64 {
        let first = range.start.saturating_sub(word * BITS).min(BITS);
        let end = range.end.saturating_sub(word * BITS).min(BITS);
        let below = |count: usize| if count == BITS { u64::MAX } else { (1 << count) - 1 };
        below(end) & !below(first)
    }

    fn first_in(&self, range: &Range<usize>) -> Option<usize> {
        let words = self.0.iter().enumerate().skip(range.start / BITS);
        let mut found = words.map(|(at, word)| (at, word & Self::mask(at, range))).filter(|(_, word)| *word != 0);
        found.next().map(|(at, word)| at * BITS + word.trailing_zeros() as usize)
    }

    fn remove(&mut self, range: &Range<usize>) {
        for (at, word) in self.0.iter_mut().enumerate().skip(range.start / BITS) {
            *word &= !Self::mask(at, range);
        }
    }
}

/// The entries that a cell of a part matches: of any registry, and of Docker Hub.
struct Matching {
    plain: Entries,
    hub: Entries,
}

/// A walk over the combinations. Cells that leave the same entries are one step.
struct Walk<'w, 'p> {
    parts: &'w Parts,
    entries: Vec<Entry<'p>>,
    /// The entries of the old policy, and those of the new one.
    sides: [Range<usize>; 2],
    runs: Vec<usize>,
    firsts: Vec<usize>,
    /// For each part, what its cells match.
    matching: Vec<Vec<Matching>>,
    /// For each number of parts, the entries that are decided by them.
    decided: Vec<Entries>,
    kind: ArtifactType,
    effort: &'w Effort,
    known: HashMap<(FateKey, FateKey), usize>,
    regions: Vec<Region<'p>>,
}

impl<'w> Walk<'w, '_> {
    /// Looks up once what every cell matches; `None` when that takes too long.
    fn prepare(&mut self) -> Option<()> {
        let count = self.entries.len();
        for (at, (_, part)) in self.parts.parts.iter().enumerate() {
            let mut unasked = Entries::none(count);
            let mut asked: HashMap<usize, Entries> = HashMap::new();
            for (number, entry) in self.entries.iter().enumerate() {
                match entry.numbers.get(at).copied().flatten() {
                    Some(pattern) => asked.entry(pattern).or_insert_with(|| Entries::none(count)).insert(number),
                    None => unasked.insert(number),
                }
            }
            let matched = |bits: &[bool]| {
                let mut matched = unasked.clone();
                let patterns = bits.iter().enumerate().filter(|(_, bit)| **bit).map(|(number, _)| number);
                patterns.filter_map(|number| asked.get(&number)).for_each(|entries| matched.add(entries));
                matched
            };
            let steps = part.cells.iter().map(|cell| cell.bits.plain.len() / 8 + unasked.0.len() + 1).sum();
            self.effort.take(Work::Names, steps).then_some(())?;
            let of_cell = |cell: &PartCell| Matching { plain: matched(&cell.bits.plain), hub: matched(&cell.bits.hub) };
            self.matching.push(part.cells.iter().map(of_cell).collect());
        }
        for parts in 0..=self.parts.parts.len() {
            let mut decided = Entries::none(count);
            let all = self.entries.iter().enumerate().filter(|(_, entry)| entry.decided <= parts);
            all.for_each(|(number, _)| decided.insert(number));
            self.decided.push(decided);
        }
        Some(())
    }

    /// Goes on with the entries that match so far; `None` when it takes too long.
    fn go_on(&mut self, alive: &Entries, chosen: &mut Vec<&'w PartCell>, is_hub: bool) -> Option<()> {
        let parts = self.parts;
        let at = chosen.len();
        let Some((slot, part)) = parts.parts.get(at) else {
            self.end(alive, chosen);
            return Some(());
        };
        self.effort.take(Work::Names, part.cells.len() * (alive.0.len() + 4)).then_some(())?;
        let hub = is_hub && *slot == Slot::Repository;
        let mut numbers: HashMap<(Entries, bool), usize> = HashMap::new();
        let mut steps: Vec<(Entries, &PartCell)> = Vec::new();
        for (cell, matching) in part.cells.iter().zip(self.matching.get(at)?) {
            let matched = if hub { &matching.hub } else { &matching.plain };
            let left = self.counting(alive.and(matched), at + 1);
            let number = *numbers.entry((left.clone(), cell.bits.is_hub)).or_insert(steps.len());
            match steps.get_mut(number) {
                Some((_, other)) if other.sample.is_none() => *other = cell,
                Some(_) => {}
                None => steps.push((left, cell)),
            }
        }
        for (left, cell) in steps {
            chosen.push(cell);
            let done = self.go_on(&left, chosen, is_hub || cell.bits.is_hub);
            chosen.pop();
            done?;
        }
        Some(())
    }

    /// The entries that still count when so many parts are known. Those behind one that matches whatever follows do
    /// not, and those directly in front of it that come to the same need not be told apart from it.
    fn counting(&self, mut left: Entries, parts: usize) -> Entries {
        let Some(decided) = self.decided.get(parts) else { return left };
        let decided = left.and(decided);
        for side in &self.sides {
            let Some(entry) = decided.first_in(side) else { continue };
            let (Some(run), Some(first)) = (self.runs.get(entry), self.firsts.get(entry)) else { continue };
            left.remove(&(*run..side.end));
            left.insert(*first);
        }
        left
    }

    fn end(&mut self, alive: &Entries, chosen: &[&PartCell]) {
        let fates = self.sides.each_ref().map(|side| {
            let entry = alive.first_in(side).and_then(|entry| self.entries.get(entry));
            entry.map_or(Fate::Unmapped, |entry| entry.fate)
        });
        let [old, new] = fates;
        let number = *self.known.entry((old.key(), new.key())).or_insert(self.regions.len());
        if number == self.regions.len() {
            self.regions.push(Region { kind: self.kind, old, new, places: Vec::new() });
        }
        if let Some(region) = self.regions.get_mut(number)
            && region.places.len() < PLACES
        {
            region.places.extend(self.parts.place(chosen, self.kind));
        }
    }
}

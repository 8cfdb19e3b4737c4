//! The contents of a tree, each once, however many files have it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use stopgate_model::{FileEntry, FileIndex, FileKind};

use super::Verdict;
use super::told::Told;
use crate::links::Place;

/// The contents of a tree.
pub(super) struct Contents<'f> {
    files: &'f FileIndex,
    /// Positions of files, equal contents side by side, regular files first.
    order: Vec<u32>,
    /// Where contents lie that are visible as hard links only: the path, and the layer in which or below which it is.
    hidden: BTreeMap<String, usize>,
    /// By the position in `order` of the first file with the content.
    verdicts: Mutex<BTreeMap<u32, Verdict>>,
}

impl<'f> Contents<'f> {
    pub(super) fn new(files: &'f FileIndex) -> Self {
        let known = |(entry, _): &(FileEntry<'_>, u32)| entry.is_file() && entry.sha256.is_some();
        let mut order: Vec<u32> = files.iter().zip(0..).filter(known).map(|(_, position)| position).collect();
        let key = |position: &u32| files.at(*position as usize).map(|entry| (entry.sha256, entry.kind, *position));
        order.sort_by(|a, b| key(a).cmp(&key(b)));
        let mut contents = Self { files, order, hidden: BTreeMap::new(), verdicts: Mutex::default() };
        let mut hidden = BTreeMap::new();
        for place in contents.firsts().filter(|entry| entry.kind == FileKind::HardLink).map(|entry| Place::of(&entry)) {
            let layer: &mut usize = hidden.entry(place.path).or_default();
            *layer = place.layer.max(*layer);
        }
        contents.hidden = hidden;
        contents
    }

    /// The layers in which contents must be looked at.
    pub(super) fn layers(&self) -> BTreeSet<usize> {
        let below_links = self.hidden.values().max().map_or(0, |highest| highest + 1);
        self.firsts().map(|entry| entry.layer as usize).chain(0..below_links).collect()
    }

    /// One file per content.
    fn firsts(&self) -> impl Iterator<Item = FileEntry<'f>> {
        let entry = |position: u32| self.files.at(position as usize);
        let digest = move |position: u32| entry(position).and_then(|entry| entry.sha256);
        self.order.chunk_by(move |a, b| digest(*a) == digest(*b)).filter_map(move |same| entry(*same.first()?))
    }

    /// Where the files with this content begin in `order`.
    fn find(&self, sha256: &[u8; 32]) -> Option<u32> {
        let digest = |position: &u32| self.files.at(*position as usize).and_then(|entry| entry.sha256);
        let start = self.order.partition_point(|position| digest(position) < Some(sha256));
        self.order.get(start).filter(|position| digest(position) == Some(sha256)).map(|_| start as u32)
    }

    /// Whether what lies at a path of a layer is to be looked at.
    pub(super) fn wants(&self, layer: usize, path: &str) -> bool {
        if self.hidden.get(path).is_some_and(|highest| layer <= *highest) {
            return true;
        }
        let Some(entry) = self.files.get(&format!("/{path}")).filter(|entry| entry.layer as usize == layer) else {
            return false;
        };
        let start = entry.sha256.filter(|_| entry.kind == FileKind::Regular).and_then(|sha256| self.find(sha256));
        let first = start.and_then(|start| self.order.get(start as usize));
        first.and_then(|first| self.files.at(*first as usize)).is_some_and(|first| first.path == entry.path)
    }

    pub(super) fn set(&self, sha256: &[u8; 32], verdict: Verdict) {
        if let Some(start) = self.find(sha256) {
            self.verdicts.lock().unwrap_or_else(PoisonError::into_inner).insert(start, verdict);
        }
    }

    /// What was said of all files.
    pub(super) fn told(self) -> Told {
        let mut told = Told::default();
        let verdicts = self.verdicts.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (mut start, mut verdict) = (None, None);
        for (position, place) in self.order.iter().zip(0_u32..) {
            let Some(entry) = self.files.at(*position as usize) else { continue };
            if start != entry.sha256 {
                (start, verdict) = (entry.sha256, verdicts.get(&place));
            }
            match verdict {
                Some(verdict) => told.add(entry.path, verdict),
                None => told.skip(entry.path, "its content was not found again"),
            }
        }
        for entry in self.files.iter().filter(|entry| entry.is_file() && entry.sha256.is_none()) {
            told.skip(entry.path, "its content could not be read");
        }
        told
    }
}

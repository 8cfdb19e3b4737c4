//! The merged view: the facts of the visible files of an artifact, and what assembly makes of them.

use serde::de::DeserializeOwned;
use stopgate_model::{Digest, Distro, EvidenceKind, FileIndex, Gap, Location, Package};

use crate::{Facts, Record};

/// What kind of source is assembled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceClass {
    /// An image.
    Image,
    /// A directory or a single file.
    Directory,
}

/// The facts that one cataloger took from one visible file.
#[derive(Debug, Clone, Copy)]
pub struct FileFacts<'a> {
    /// Real path, with a leading slash.
    pub path: &'a str,
    /// DiffID of the layer that holds the bytes.
    pub layer: Option<&'a Digest>,
    /// Name of the cataloger.
    pub cataloger: &'a str,
    /// What it found.
    pub facts: &'a Facts,
}

/// The visible tree with its facts. Hidden files (whiteouts, overwritten) are not in it.
pub struct MergedView<'a> {
    /// Image or directory.
    pub source: SourceClass,
    /// The squashed tree.
    pub files: &'a FileIndex,
    /// DiffIDs of the layers, lowest first; empty outside images.
    pub layers: &'a [Digest],
    /// Distribution, once detected.
    pub distro: Option<&'a Distro>,
    /// Facts of visible files, sorted by path, then cataloger.
    pub facts: &'a [FileFacts<'a>],
}

/// What assembly adds.
#[derive(Debug, Default)]
pub struct Found {
    /// Packages, with their locations.
    pub packages: Vec<Package>,
    /// Edges between them: (dependency, dependent), positions in `packages`.
    pub dependencies: Vec<(usize, usize)>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
}

impl<'a> MergedView<'a> {
    /// The facts that one cataloger took.
    pub fn of(&self, cataloger: &'a str) -> impl Iterator<Item = &FileFacts<'a>> {
        self.facts.iter().filter(move |file| file.cataloger == cataloger)
    }

    /// The records of one kind of a cataloger, with their files.
    pub fn records(&self, cataloger: &'a str, kind: &'a str) -> impl Iterator<Item = (&FileFacts<'a>, &'a Record)> {
        self.of(cataloger).flat_map(move |file| {
            file.facts.records.iter().filter(move |record| record.kind == kind).map(move |record| (file, record))
        })
    }

    /// The facts that a cataloger took from the file at this path, links followed.
    pub fn at(&self, cataloger: &str, path: &str) -> Option<&FileFacts<'a>> {
        let real = self.files.resolve(path).ok().flatten().map_or(path, |entry| entry.path);
        let start = self.facts.partition_point(|file| file.path < real);
        self.facts.get(start..)?.iter().take_while(|file| file.path == real).find(|file| file.cataloger == cataloger)
    }

    /// A location at a path of the tree: links are followed, and the layer that holds the bytes is named.
    pub fn location(&self, path: &str, evidence: EvidenceKind) -> Location {
        let entry = self.files.resolve(path).ok().flatten();
        Location {
            path: entry.map_or(path, |entry| entry.path).to_owned(),
            access_path: path.to_owned(),
            layer: entry.and_then(|entry| self.layers.get(entry.layer as usize)).cloned(),
            evidence,
        }
    }
}

impl Record {
    /// The record's struct. `None` when a cached record is of another shape.
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.json).ok()
    }
}

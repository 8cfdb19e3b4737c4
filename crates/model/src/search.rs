//! Hits of searches in file contents: for secrets, and for what a site looks for. Values are never kept.

use crate::Digest;

/// Lines of one file that match one pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SearchHit {
    /// Path from the root.
    pub path: String,
    /// DiffID of the layer that holds the file.
    pub layer: Option<Digest>,
    /// Name of the pattern, for example `AWS_ACCESS_KEY`; empty when a site looks for an expression without one.
    pub name: String,
    /// The pattern's text: part of Anchore's trigger ids.
    pub pattern: String,
    /// Line numbers, from 1.
    pub lines: Vec<u32>,
}

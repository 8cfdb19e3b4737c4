//! Typed edges between the elements of an artifact.

use crate::PackageId;

/// An end of a relationship.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Element {
    /// The artifact itself.
    Source,
    /// A package of it.
    Package(PackageId),
    /// A file of it, by path.
    File(String),
    /// An element of an input document that is none of these, by the document's id.
    Foreign(String),
}

/// What an edge says, read "from KIND to". `contains` source -> package, package -> file and
/// `evident-by` follow from the packages themselves and are not stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RelationshipKind {
    /// `from` is needed by `to` (syft: `dependency-of`).
    DependencyOf,
    /// `from` owns files that prove `to` (syft: `ownership-by-file-overlap`), with their paths.
    OwnershipByFileOverlap(Vec<String>),
    /// Any other kind that an input document names.
    Other(String),
}

/// An edge.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Relationship {
    /// Start (syft: `parent`).
    pub from: Element,
    /// End (syft: `child`).
    pub to: Element,
    /// Meaning.
    pub kind: RelationshipKind,
}
